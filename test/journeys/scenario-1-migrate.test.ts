import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Json } from '../http/json.ts';
import { startOauthWorld, type OauthWorld } from '../support/oauth-world.ts';
import { tell, testOfSandbox } from '../support/telling.ts';

const account = (address: string) => ({ address, password: `password of ${address}` });
const OFFICE = account('office@contoso.test');
const HELLO = account('hello@contoso.test');
const ORDERS = account('orders@contoso.test');
const SALES = account('sales@contoso.test');
const NEW_ACCOUNT = account('new-account@contoso.test');
const TEAM_GMAIL = account('team@gmail.test');
const TEAM_MICROSOFT = account('team@contoso.test');
const ANN = account('ann@hotmail.test');
const SHARED = 'info@contoso.test';
const LOCKED = account('locked@contoso.test');

tell('Scenario 1: Microsoft Basic Authentication Depreciation and Migration to OAuth', (telling) => {
  let world: OauthWorld;

  beforeAll(async () => {
    const people = [OFFICE, HELLO, ORDERS, SALES, NEW_ACCOUNT, TEAM_MICROSOFT, LOCKED];
    world = await startOauthWorld({
      ...telling,
      accounts: [...people, TEAM_GMAIL, ANN, { address: SHARED, delegates: [SALES.address] }],
      microsoft: [...people, { ...ANN, personal: true }],
      google: [TEAM_GMAIL],
    });
  });
  afterAll(() => world.end());
  beforeEach(async () => {
    await world.mail.reset();
    world.waitOutLimits();
  });

  const basic = (person: typeof OFFICE, more: Record<string, unknown> = {}): Promise<Json> =>
    world.connectWithPassword({ provider: 'MICROSOFT_365', ...person, ...more });

  describe('Follow the steps below to reauthorize your email', () => {
    let office: Json;
    let outcome: Json;

    beforeAll(async () => {
      office = await basic(OFFICE, { deleteAfterFetch: true });
      expect(office).toMatchObject({ authMethod: { kind: 'BASIC' }, scenario: { kind: 'MIGRATE_TO_OAUTH' } });
    });

    test('click on Microsoft Office 365, use Sign in with Microsoft, enter your Microsoft credentials', async () => {
      outcome = await world.migrate({ mailboxId: office.id, provider: 'MICROSOFT_365' }, OFFICE);
      expect(outcome).toMatchObject({ purpose: 'MIGRATE', status: expect.stringMatching(/^CO(MMITT|NFIRM)ED$/), rejection: null });
      expect(outcome.proofs.map(({ leg, succeeded }: Json) => [leg, succeeded])).toEqual([
        ['INCOMING', true],
        ['OUTGOING', true],
      ]);
    });

    test('successful authentication will be confirmed with a message', async () => {
      expect(outcome.message).toMatch(/^Signed in and verified\./);
      const confirmed = await world.reaches(outcome, 'CONFIRMED');
      expect(confirmed.message).toBe('Signed in and verified. The mailbox uses OAuth, and a later check succeeded too.');
    });

    test('the existing configuration is replaced with an OAuth-based configuration', async () => {
      const after = await world.mailbox(office.id);
      expect(after).toMatchObject({
        authMethod: { kind: 'OAUTH2', username: OFFICE.address, missingScopes: [] },
        status: { health: 'HEALTHY' },
        scenario: null,
        openAuthorization: null,
      });
      expect(await world.logsIn(office.id, OFFICE.address)).toEqual({ imap: 1, smtp: 1 });
    });

    test('direction and deleting after fetching are carried over', async () => {
      expect(await world.mailbox(office.id)).toMatchObject({ direction: 'BOTH', deleteAfterFetch: true, address: OFFICE.address });
    });

    test('view existing basic authentication details in the Others section', async () => {
      const { previousAuthMethod } = await world.mailbox(office.id);
      expect(previousAuthMethod).toMatchObject({
        authMethod: { kind: 'BASIC', username: OFFICE.address },
        incomingServer: office.incoming.server,
        outgoingServer: office.outgoing.server,
        canRollBack: true,
      });
    });

    test('and put back to work, while it is kept', async () => {
      const { mailbox } = await world.admin.act('RollBack', { mailboxId: office.id });
      expect(mailbox).toMatchObject({ status: { health: 'HEALTHY' } });
      expect((await world.mailbox(office.id)).authMethod.kind).toBe('BASIC');
      expect(await world.logsIn(office.id, OFFICE.address)).toEqual({ imap: 1, smtp: 1 });
      const { authorization } = await world.admin.ask('query ($id: ID!) { authorization(id: $id) { status message } }', {
        id: outcome.id,
      });
      expect(authorization).toEqual({
        status: 'ROLLED_BACK',
        message: 'This sign-in was taken back: the mailbox uses the credential it had before.',
      });
    });
  });

  describe('Note: This migration does not impact your helpdesk activities or email operations', () => {
    let hello: Json;
    beforeAll(async () => {
      hello = await basic(HELLO);
    });

    async function staysAsItWas(expected: { imap: number; smtp: number } = { imap: 1, smtp: 1 }): Promise<void> {
      await world.mail.reset();
      expect(await world.logsIn(hello.id, HELLO.address)).toEqual(expected);
      expect(await world.mailbox(hello.id)).toMatchObject({
        authMethod: { kind: 'BASIC', username: HELLO.address },
        status: { health: 'HEALTHY' },
        openAuthorization: null,
        previousAuthMethod: null,
      });
    }

    test('while nobody has signed in yet, the old credential goes on', async () => {
      await world.admin.act('MigrateToOAuth', { input: { mailboxId: hello.id, provider: 'MICROSOFT_365' } });
      expect(await world.logsIn(hello.id, HELLO.address)).toEqual({ imap: 1, smtp: 1 });
      expect((await world.mailbox(hello.id)).openAuthorization).toMatchObject({ status: 'AWAITING_USER' });
    });

    test('somebody else signed in: rejected, with the expected and the actual account', async () => {
      const { status, rejection, message } = await world.migrate({ mailboxId: hello.id, provider: 'MICROSOFT_365' }, SALES);
      expect({ status, rejection }).toMatchObject({
        status: 'REJECTED',
        rejection: {
          reason: 'ACCOUNT_MISMATCH',
          action: 'USE_RIGHT_ACCOUNT',
          expectedAddress: HELLO.address,
          actualAddress: SALES.address,
        },
      });
      expect(message).toContain(`start again as ${SALES.address}`);
      await staysAsItWas();
    });

    test('a permission was not granted: rejected, saying so', async () => {
      const choice = { consent: 'ACCEPT', untick: 'SMTP.Send' } as const;
      const { status, rejection } = await world.migrate({ mailboxId: hello.id, provider: 'MICROSOFT_365' }, HELLO, choice);
      expect({ status, reason: rejection.reason }).toEqual({ status: 'REJECTED', reason: 'CONSENT_REQUIRED' });
      expect(rejection.providerMessage).toContain('SMTP.Send');
      await staysAsItWas();
    });

    test('the consent was declined: rejected, and the next try is one click away', async () => {
      const choice = { consent: 'CANCEL' } as const;
      const { status, rejection } = await world.migrate({ mailboxId: hello.id, provider: 'MICROSOFT_365' }, HELLO, choice);
      expect({ status, reason: rejection.reason }).toEqual({ status: 'REJECTED', reason: 'CONSENT_DENIED' });
      await staysAsItWas();
    });

    test('only sending is refused: the rejection names that leg, and the other was proven', async () => {
      await world.mail.setRefusal(HELLO.address, 'OUTGOING');
      const { status, rejection, proofs } = await world.migrate({ mailboxId: hello.id, provider: 'MICROSOFT_365' }, HELLO);
      expect({ status, leg: rejection.leg }).toEqual({ status: 'REJECTED', leg: 'OUTGOING' });
      expect(proofs.map(({ leg, succeeded }: Json) => [leg, succeeded])).toEqual([
        ['INCOMING', true],
        ['OUTGOING', false],
      ]);
      await staysAsItWas();
    });

    test('only fetching is refused: the rejection names that leg', async () => {
      await world.mail.setRefusal(HELLO.address, 'INCOMING');
      const { status, rejection } = await world.migrate({ mailboxId: hello.id, provider: 'MICROSOFT_365' }, HELLO);
      expect({ status, leg: rejection.leg }).toEqual({ status: 'REJECTED', leg: 'INCOMING' });
      await staysAsItWas();
    });

    const enableSmtp = 'encountering errors in verifying: enable Authenticated SMTP; the rejection names the sending leg';
    testOfSandbox(telling, 'EXCHANGE_WORDS', enableSmtp, async () => {
      world.sandbox.setFault(HELLO.address, { kind: 'smtp-auth-disabled' });
      const { status, rejection, proofs } = await world.migrate({ mailboxId: hello.id, provider: 'MICROSOFT_365' }, HELLO);
      expect({ status, rejection }).toMatchObject({
        status: 'REJECTED',
        rejection: { leg: 'OUTGOING', reason: 'SMTP_AUTH_DISABLED', action: 'ENABLE_SMTP_AUTH' },
      });
      expect(rejection.message).toContain('enable Authenticated SMTP');
      expect(proofs.map(({ leg, succeeded }: Json) => [leg, succeeded])).toEqual([
        ['INCOMING', true],
        ['OUTGOING', false],
      ]);
      await staysAsItWas();
    });

    testOfSandbox(telling, 'EXCHANGE_WORDS', 'encountering errors in verifying: enable IMAP', async () => {
      world.sandbox.setFault(HELLO.address, { kind: 'imap-disabled' });
      const { status, rejection } = await world.migrate({ mailboxId: hello.id, provider: 'MICROSOFT_365' }, HELLO);
      expect({ status, rejection }).toMatchObject({
        status: 'REJECTED',
        rejection: { leg: 'INCOMING', reason: 'IMAP_DISABLED', action: 'ENABLE_IMAP' },
      });
      expect(rejection.message).toContain('Enable IMAP and Authenticated SMTP');
      expect(rejection.alternatives).toContain('MAILBOX_NOT_ACCESSIBLE');
      await staysAsItWas();
    });

    test('the mail server was down in the middle: it is tried again by itself, and succeeds', async () => {
      await world.mail.goAway();
      const { authorization } = await world.admin.act('MigrateToOAuth', { input: { mailboxId: hello.id, provider: 'MICROSOFT_365' } });
      await world.signIn(authorization, HELLO);
      const live = world.admin.subscribe('SignInProgress', { id: authorization.id });
      const waiting = await live.until(({ proofs }) => proofs.some(({ succeeded }: Json) => !succeeded));
      expect(waiting).toMatchObject({ status: 'VERIFYING', message: expect.stringContaining('trying the new sign-in again by itself') });
      expect((await world.mailbox(hello.id)).authMethod.kind).toBe('BASIC');
      await world.mail.comeBack();
      // The next try is due by then, however many have failed.
      world.clock.shift(61_000);
      expect(await live.until(({ status }) => status !== 'VERIFYING')).toMatchObject({ status: 'COMMITTED' });
      live.stop();
      await world.admin.act('RollBack', { mailboxId: hello.id });
    });

    test('the gateway was restarted in the middle: the sign-in that came back is not lost', async () => {
      world.microsoft.setTokenFault({ kind: 'unavailable' });
      const { authorization } = await world.admin.act('MigrateToOAuth', { input: { mailboxId: hello.id, provider: 'MICROSOFT_365' } });
      await world.signIn(authorization, HELLO);
      await world.reaches(authorization, 'VERIFYING');
      await world.stopGateway();
      world.microsoft.setTokenFault(null);
      await world.startGateway();
      world.clock.shift(30_000);
      expect((await world.settled(authorization)).status).toMatch(/^CO(MMITT|NFIRM)ED$/);
      expect((await world.mailbox(hello.id)).authMethod.kind).toBe('OAUTH2');
    });
  });

  test('For New Microsoft OAuth Setup: choose Incoming only, Outgoing only, or Both, and opt to delete emails after fetching', async () => {
    const incoming = await world.connect(
      { provider: 'MICROSOFT_365', address: ORDERS.address, direction: 'INCOMING', deleteAfterFetch: true },
      ORDERS,
    );
    expect(incoming).toMatchObject({
      direction: 'INCOMING',
      deleteAfterFetch: true,
      outgoing: null,
      status: { health: 'HEALTHY' },
    });
    const { mailbox } = await world.admin.ask(
      'query ($id: ID!) { mailbox(id: $id) { authMethod { ... on OAuth2Auth { grantedScopes } } } }',
      {
        id: incoming.id,
      },
    );
    expect(mailbox.authMethod.grantedScopes).toContain('https://outlook.office.com/IMAP.AccessAsUser.All');
    expect(mailbox.authMethod.grantedScopes).not.toContain('https://outlook.office.com/SMTP.Send');
    const both = await world.migrate({ mailboxId: incoming.id, provider: 'MICROSOFT_365', direction: 'OUTGOING' }, ORDERS);
    expect(both.status).toMatch(/^CO(MMITT|NFIRM)ED$/);
    expect(await world.mailbox(incoming.id)).toMatchObject({ direction: 'OUTGOING', deleteAfterFetch: false, incoming: null });
  });

  describe('Modifying Email Configuration', () => {
    test('to switch to a new Microsoft account, enter the new account credentials and follow the normal procedure', async () => {
      const mailbox = await basic(LOCKED);
      const asIs = await world.migrate({ mailboxId: mailbox.id, provider: 'MICROSOFT_365' }, LOCKED);
      expect(asIs.rejection).toBeNull();
      const outcome = await world.migrate({ mailboxId: mailbox.id, provider: 'MICROSOFT_365', address: NEW_ACCOUNT.address }, NEW_ACCOUNT);
      expect(outcome.rejection).toBeNull();
      expect(await world.mailbox(mailbox.id)).toMatchObject({
        address: NEW_ACCOUNT.address,
        signInAddress: NEW_ACCOUNT.address,
        authMethod: { username: NEW_ACCOUNT.address },
        previousAuthMethod: { authMethod: { kind: 'OAUTH2', username: LOCKED.address } },
      });
      expect(await world.logsIn(mailbox.id, NEW_ACCOUNT.address)).toEqual({ imap: 1, smtp: 1 });
    });

    test('to switch from a Gmail account to a Microsoft account, choose Microsoft Office 365 and sign in with Microsoft', async () => {
      const gmail = await world.connect({ provider: 'GMAIL', address: TEAM_GMAIL.address }, TEAM_GMAIL);
      expect(gmail.authMethod).toMatchObject({ kind: 'OAUTH2', username: TEAM_GMAIL.address });
      const outcome = await world.migrate(
        { mailboxId: gmail.id, provider: 'MICROSOFT_365', address: TEAM_MICROSOFT.address },
        TEAM_MICROSOFT,
      );
      expect(outcome.rejection).toBeNull();
      const after = await world.mailbox(gmail.id);
      expect(after).toMatchObject({ id: gmail.id, provider: 'MICROSOFT_365', address: TEAM_MICROSOFT.address });
      const { microsoft, gmail: google } = world.mail.providers;
      expect(after.incoming.server.port).toBe(microsoft.incoming.port);
      expect(after.previousAuthMethod.incomingServer.port).toBe(google.incoming.port);
    });

    const shared = 'using a shared mailbox: its address is the support address, and a member signs in for it';
    testOfSandbox(telling, 'TOKEN_OF_ANOTHER', shared, async () => {
      const info = await world.connect(
        { provider: 'MICROSOFT_365', address: SHARED, signInAddress: SALES.address, direction: 'INCOMING' },
        SALES,
      );
      expect(info).toMatchObject({
        address: SHARED,
        signInAddress: SALES.address,
        authMethod: { username: SALES.address },
        status: { health: 'HEALTHY' },
      });
      expect(await world.logsIn(info.id, SHARED)).toEqual({ imap: 1, smtp: 0 });
    });

    test('OAuth is supported for personal accounts like Outlook.com and Hotmail.com, which send through their own server', async () => {
      const ann = await world.connect({ provider: 'MICROSOFT_365', address: ANN.address }, ANN);
      const { incoming, personalOutgoing } = world.mail.providers.microsoft;
      expect(ann.incoming.server.port).toBe(incoming.port);
      expect(ann.outgoing.server.port).toBe(personalOutgoing.port);
      expect(ann.status.health).toBe('HEALTHY');
    });
  });

  test('the same for Gmail: from a password to Sign in with Google', async () => {
    const mailbox = await world.connectWithPassword({ provider: 'GMAIL', ...TEAM_GMAIL });
    const outcome = await world.migrate({ mailboxId: mailbox.id, provider: 'GMAIL' }, TEAM_GMAIL);
    expect(outcome.rejection).toBeNull();
    expect((await world.mailbox(mailbox.id)).authMethod).toMatchObject({ kind: 'OAUTH2', username: TEAM_GMAIL.address });
    expect(await world.logsIn(mailbox.id, TEAM_GMAIL.address)).toEqual({ imap: 1, smtp: 1 });
  });

  test('no password, token or code is in the log of all this', () => {
    for (const { password } of [OFFICE, HELLO, SALES]) expect(world.log()).not.toContain(password);
    expect(world.log()).not.toMatch(/eyJ[\w-]{10,}|refresh_token|code=/);
  });
});
