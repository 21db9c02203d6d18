import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Json } from '../http/json.ts';
import { startOauthWorld, type OauthWorld } from '../support/oauth-world.ts';
import { tell, testOfSandbox } from '../support/telling.ts';

const account = (address: string) => ({ address, password: `password of ${address}` });
const SALES = account('sales@contoso.test');
const ORDERS = account('orders@gmail.test');
const STRANGER = account('stranger@contoso.test');
const EXPIRED = 'Your Microsoft Office 365 credentials have expired. Please sign in again.';

tell('Scenario 3: Reauthorization Required for Microsoft Office 365 OAuth Mailbox', (telling) => {
  let world: OauthWorld;
  let sales: Json;
  let orders: Json;

  beforeAll(async () => {
    world = await startOauthWorld({
      ...telling,
      accounts: [SALES, ORDERS, STRANGER],
      microsoft: [SALES, STRANGER],
      google: [ORDERS],
      // Every check renews the access token first, as after an hour: one with less than a minute left is never used. A refresh
      // token that is used twice ends its grant.
      server: { accessTokenSeconds: 50, rotate: true },
    });
    sales = await world.connect({ provider: 'MICROSOFT_365', address: SALES.address }, SALES);
    orders = await world.connect({ provider: 'GMAIL', address: ORDERS.address }, ORDERS);
  });
  afterAll(() => world.end());
  beforeEach(() => world.waitOutLimits());

  const isRed = ({ status }: Json): boolean => status.health === 'ACTION_REQUIRED';

  async function heals(mailbox: Json, person: typeof SALES): Promise<void> {
    const outcome = await world.signInAgain(mailbox.id, person);
    expect(outcome).toMatchObject({ purpose: 'REAUTHORIZE', rejection: null });
    expect(await world.mailbox(mailbox.id)).toMatchObject({ status: { health: 'HEALTHY' }, scenario: null });
    expect(await world.logsIn(mailbox.id, person.address)).toEqual({ imap: 1, smtp: 1 });
  }

  test(`if you see the message "${EXPIRED}"`, async () => {
    world.microsoft.endGrants(SALES.address, 'revoked');
    const { status, scenario } = await world.checkUntil(sales.id, isRed);
    expect(status).toMatchObject({
      reason: 'OAUTH_GRANT_REVOKED',
      actor: 'MAILBOX_OWNER',
      action: 'REAUTHORIZE',
      message: EXPIRED,
    });
    expect(scenario.kind).toBe('SIGN_IN_AGAIN');
  });

  test('you will see a banner inside your helpdesk', async () => {
    const { banner } = (await world.admin.ask('Banner')).workspace;
    expect(banner).toMatchObject({ severity: 'CRITICAL', mailboxCount: 1 });
    expect(banner.message).toMatch(/^Please reauthorize your Email settings\./);
  });

  test('click on Sign in with Microsoft to complete the reauthorization; every step says where it stands', async () => {
    const stepsOf = async (): Promise<string[]> =>
      (await world.mailbox(sales.id)).scenario.steps.map(({ title, state }: Json) => `${state} ${title}`);
    const before = await stepsOf();
    expect(before.find((step) => step.startsWith('CURRENT'))).toBe('CURRENT Click on Sign in with Microsoft');
    const { authorization } = await world.admin.act('SignInAgain', { mailboxId: sales.id });
    expect(authorization).toMatchObject({ status: 'AWAITING_USER', authorizationUrl: expect.stringContaining('/oauth/start/') });
    await world.signIn(authorization, SALES);
    const outcome = await world.settled(authorization);
    expect(outcome.message).toMatch(/^Signed in and verified\./);
    expect(await world.mailbox(sales.id)).toMatchObject({ status: { health: 'HEALTHY', message: expect.any(String) }, scenario: null });
    expect(await world.logsIn(sales.id, SALES.address)).toEqual({ imap: 1, smtp: 1 });
  });

  test('somebody else signs in: the mailbox goes on as before, and nothing of theirs is kept', async () => {
    const before = await world.mailbox(sales.id);
    const { status, rejection } = await world.signInAgain(sales.id, STRANGER);
    expect({ status, rejection }).toMatchObject({
      status: 'REJECTED',
      rejection: { reason: 'ACCOUNT_MISMATCH', expectedAddress: SALES.address, actualAddress: STRANGER.address },
    });
    expect((await world.mailbox(sales.id)).version).toBe(before.version);
    expect(await world.logsIn(sales.id, SALES.address)).toEqual({ imap: 1, smtp: 1 });
  });

  test('an account that merely carries the right name is another account', async () => {
    const { id } = world.microsoft.people.require(SALES.address);
    world.microsoft.people.put({ ...SALES, id: 'aaaaaaaa-0000-4000-8000-000000000000' });
    const impostor = await world.signInAgain(sales.id, SALES);
    expect(impostor.rejection).toMatchObject({ reason: 'ACCOUNT_MISMATCH' });
    expect(impostor.rejection.message).toContain('migrate the mailbox to it');
    world.microsoft.people.put({ ...SALES, id });
    world.waitOutLimits();
    await heals(sales, SALES);
  });

  testOfSandbox(telling, 'TOKEN_OF_ANOTHER', 'an account that was renamed is the same', async () => {
    const person = world.microsoft.people.require(SALES.address);
    const renamed = account('sales-team@contoso.test');
    world.sandbox.addAccount({ ...SALES, delegates: [renamed.address] });
    world.sandbox.addAccount(renamed);
    world.microsoft.people.put({ ...renamed, id: person.id });
    // Somebody else has the old name now.
    world.microsoft.people.put({ ...SALES, id: 'bbbbbbbb-0000-4000-8000-000000000000' });
    expect((await world.signInAgain(sales.id, renamed)).rejection).toBeNull();
    expect(await world.mailbox(sales.id)).toMatchObject({ address: SALES.address, authMethod: { username: renamed.address } });

    world.microsoft.people.put({ ...SALES, id: person.id });
    world.sandbox.addAccount(SALES);
    world.waitOutLimits();
    await heals(sales, SALES);
  });

  describe('FAQ: Why do Microsoft credentials expire? Microsoft credentials can expire for several reasons', () => {
    const causes: readonly [string, (world: OauthWorld) => void, Json][] = [
      [
        'such as password changes',
        ({ microsoft }) => microsoft.endGrants(SALES.address, 'revoked'),
        { reason: 'OAUTH_GRANT_REVOKED', actor: 'MAILBOX_OWNER', action: 'REAUTHORIZE', message: EXPIRED },
      ],
      [
        'or inactivity',
        ({ microsoft }) => microsoft.endGrants(SALES.address, 'inactive'),
        { reason: 'OAUTH_TOKEN_EXPIRED_INACTIVE', actor: 'MAILBOX_OWNER', action: 'REAUTHORIZE', message: EXPIRED },
      ],
      [
        'a sign-in frequency that the organization demands',
        ({ microsoft }) => microsoft.setSignInFault(SALES.address, 'session-expired'),
        { reason: 'OAUTH_SIGNIN_FREQUENCY', action: 'REAUTHORIZE', message: expect.stringContaining(EXPIRED) },
      ],
      [
        'a second factor that is demanded now',
        ({ microsoft }) => microsoft.setSignInFault(SALES.address, 'mfa-required'),
        { reason: 'MFA_REQUIRED', actor: 'MAILBOX_OWNER', action: 'REAUTHORIZE' },
      ],
      [
        'a consent that was withdrawn',
        ({ microsoft }) => microsoft.setSignInFault(SALES.address, 'consent-missing'),
        { reason: 'CONSENT_REQUIRED', action: 'REAUTHORIZE' },
      ],
    ];
    test.each(causes)('%s: said as what it is, and signing in again heals it', async (_, happen, status) => {
      happen(world);
      const red = await world.checkUntil(sales.id, isRed);
      expect(red.status).toMatchObject(status);
      expect(red.scenario.kind).toBe('SIGN_IN_AGAIN');
      await heals(sales, SALES);
    });

    const blocked: readonly [string, (world: OauthWorld) => void, (world: OauthWorld) => void, Json][] = [
      [
        'account closure',
        ({ microsoft }) => microsoft.setSignInFault(SALES.address, 'disabled'),
        ({ microsoft }) => microsoft.setSignInFault(SALES.address, null),
        { reason: 'ACCOUNT_DISABLED', actor: 'TENANT_ADMIN', action: 'ENABLE_ACCOUNT' },
      ],
      [
        'a policy of the organization',
        ({ microsoft }) => microsoft.setSignInFault(SALES.address, 'conditional-access'),
        ({ microsoft }) => microsoft.setSignInFault(SALES.address, null),
        { reason: 'CONDITIONAL_ACCESS_BLOCKED', actor: 'TENANT_ADMIN', action: 'CONTACT_ADMIN_POLICY' },
      ],
    ];
    test.each(blocked)('%s: an administrator has to act, and then it heals by itself', async (_, happen, mend, status) => {
      happen(world);
      const red = await world.checkUntil(sales.id, ({ status: { health } }) => health === 'ACTION_REQUIRED' || health === 'BLOCKED');
      expect(red.status).toMatchObject(status);
      expect(red.status.message).not.toContain('sign in again');
      mend(world);
      expect((await world.checkUntil(sales.id, ({ status: { health } }) => health === 'HEALTHY')).scenario).toBeNull();
    });
  });

  test('the token endpoint is out of order for a while: nobody is asked for anything', async () => {
    for (const kind of ['rate-limited', 'unavailable', 'html', 'html-200', 'drop'] as const) {
      world.waitOutLimits();
      world.microsoft.setTokenFault({ kind });
      await world.admin.act('CheckNow', { mailboxId: sales.id });
      await world.admin.act('CheckNow', { mailboxId: sales.id });
      const { status } = await world.mailbox(sales.id);
      expect(status, kind).toMatchObject({ health: 'DEGRADED', actor: 'NOBODY', action: 'WAIT_AND_RETRY' });
      world.microsoft.setTokenFault(null);
      await world.checkUntil(sales.id, (mailbox) => mailbox.status.health === 'HEALTHY');
    }
  });

  test('the same for Google, in its name', async () => {
    world.google.endGrants(ORDERS.address, 'revoked');
    const { status, scenario } = await world.checkUntil(orders.id, isRed);
    expect(status.message).toBe('Your Gmail credentials have expired. Please sign in again.');
    expect(scenario.kind).toBe('SIGN_IN_AGAIN');
    await heals(orders, ORDERS);
  });

  test('a mailbox that is removed: the grant ends at Google, and is only erased at Microsoft, which ends none', async () => {
    expect(await world.admin.act('RemoveMailbox', { mailboxId: orders.id })).toMatchObject({ grantRevoked: true });
    expect(world.google.livingGrants(ORDERS.address)).toBe(0);
    expect(await world.admin.act('RemoveMailbox', { mailboxId: sales.id })).toMatchObject({ grantRevoked: false });
  });
});
