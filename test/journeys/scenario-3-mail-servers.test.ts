import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Json } from '../http/json.ts';
import { createGraphqlClient } from '../support/graphql-client.ts';
import { fetchesWith, sendsWith } from '../support/mail-worker.ts';
import { startOauthWorld, type OauthWorld } from '../support/oauth-world.ts';
import { tell } from '../support/telling.ts';

const account = (address: string) => ({ address, password: `password of ${address}` });
const SALES = account('sales@contoso.test');
const ORDERS = account('orders@gmail.test');
const EXPIRED = 'Your Microsoft Office 365 credentials have expired. Please sign in again.';

/** Access tokens are good for an hour here, so whatever happens is seen by the mail servers first, which ask the sign-in servers. */
tell('Scenario 3, where the mail servers see it first', (telling) => {
  let world: OauthWorld;
  let sales: Json;
  let orders: Json;

  beforeAll(async () => {
    world = await startOauthWorld({ ...telling, accounts: [SALES, ORDERS], microsoft: [SALES], google: [ORDERS] });
    sales = await world.connect({ provider: 'MICROSOFT_365', address: SALES.address }, SALES);
    orders = await world.connect({ provider: 'GMAIL', address: ORDERS.address }, ORDERS);
  });
  afterAll(() => world.end());
  beforeEach(() => world.waitOutLimits());

  const isHealthy = ({ status }: Json): boolean => status.health === 'HEALTHY';
  const isRed = ({ status }: Json): boolean => status.health === 'ACTION_REQUIRED';
  const refreshes = (): number => world.microsoft.tokenRequests()['refresh_token'] ?? 0;

  async function access(id: string): Promise<Json> {
    const headers = { authorization: `Bearer ${world.workerToken}` };
    const response = await fetch(`${world.url}/v1/mailboxes/${id}/access`, { method: 'POST', headers });
    expect(response.status).toBe(200);
    return response.json();
  }

  test('a check is a real login on both servers with the token that is there: none is fetched for it', async () => {
    const before = refreshes();
    expect(await world.logsIn(sales.id, SALES.address)).toEqual({ imap: 1, smtp: 1 });
    expect(await world.logsIn(orders.id, ORDERS.address)).toEqual({ imap: 1, smtp: 1 });
    expect(refreshes()).toBe(before);
  });

  test('the grant is revoked while the token looks good for an hour: the mail servers refuse it, and the owner is asked to sign in', async () => {
    world.microsoft.endGrants(SALES.address, 'revoked');
    const { status, scenario } = await world.checkUntil(sales.id, isRed);
    expect(status).toMatchObject({ reason: 'OAUTH_GRANT_REVOKED', actor: 'MAILBOX_OWNER', action: 'REAUTHORIZE', message: EXPIRED });
    expect(scenario.kind).toBe('SIGN_IN_AGAIN');
    expect((await world.signInAgain(sales.id, SALES)).rejection).toBeNull();
    expect(await world.logsIn(sales.id, SALES.address)).toEqual({ imap: 1, smtp: 1 });
  });

  describe('the mail servers cannot ask whether a token is good', () => {
    afterEach(() => world.signIns.mendIntrospection());

    test('that is nobody’s fault: however often it is seen, nobody is asked for anything, and it heals by itself', async () => {
      const before = refreshes();
      world.signIns.cutIntrospection('microsoft');
      for (let times = 0; times < 3; times += 1) {
        const { status, scenario } = await world.check(sales.id);
        expect(status).toMatchObject({ health: 'DEGRADED', reason: 'PROVIDER_UNAVAILABLE', actor: 'NOBODY', action: 'WAIT_AND_RETRY' });
        expect(scenario).toBeNull();
        world.clock.shift(61_000);
      }
      world.signIns.mendIntrospection();
      await world.checkUntil(sales.id, isHealthy);
      expect(refreshes()).toBe(before);
    });

    test.each([
      ['Microsoft', 'microsoft'],
      ['Google', 'google'],
    ] as const)('with only %s out of reach, the mailboxes of the other go on', async (_, flavour) => {
      world.signIns.cutIntrospection(flavour);
      const [hit, spared] = flavour === 'microsoft' ? [sales, orders] : [orders, sales];
      expect((await world.check(hit.id)).status).toMatchObject({ health: 'DEGRADED', reason: 'PROVIDER_UNAVAILABLE' });
      expect((await world.check(spared.id)).status.health).toBe('HEALTHY');
      world.signIns.mendIntrospection();
      await world.checkUntil(hit.id, isHealthy);
    });

    test('a sign-in that comes back meanwhile is neither lost nor refused: it is proven once they can ask again', async () => {
      const { authorization } = await world.admin.act('SignInAgain', { mailboxId: sales.id });
      world.signIns.cutIntrospection('microsoft');
      await world.signIn(authorization, SALES);
      const live = world.admin.subscribe('SignInProgress', { id: authorization.id });
      const waiting = await live.until(({ proofs }) => proofs.some(({ succeeded }: Json) => !succeeded), 'a proof that did not succeed');
      expect(waiting.status).toBe('VERIFYING');
      world.signIns.mendIntrospection();
      // The next try is due by then, however many have failed.
      world.clock.shift(61_000);
      const done = await live.until(({ status }) => status !== 'VERIFYING', 'the sign-in to be proven');
      expect(done).toMatchObject({ status: 'COMMITTED', rejection: null });
      live.stop();
    });
  });

  test('the mail servers are gone and come back: nobody is asked for anything', async () => {
    await world.mail.goAway();
    expect((await world.check(sales.id)).status).toMatchObject({ health: 'DEGRADED', reason: world.mail.outage, actor: 'NOBODY' });
    await world.mail.comeBack();
    await world.checkUntil(sales.id, isHealthy);
    expect(await world.logsIn(sales.id, SALES.address)).toEqual({ imap: 1, smtp: 1 });
  });

  test('an account that is closed at the mail servers alone, and opened again: nobody has to sign in', async () => {
    await world.mail.setDisabled(SALES.address, true);
    const { status } = await world.checkUntil(sales.id, isRed);
    // Dovecot says why; Exchange, whom the sandbox speaks after, says the same as to a token that is no good.
    expect(status.reason).toBe({ dovecot: 'ACCOUNT_DISABLED', sandbox: 'ACCESS_TOKEN_REJECTED' }[telling.mail]);
    await world.mail.setDisabled(SALES.address, false);
    await world.checkUntil(sales.id, isHealthy);
  });

  describe('a worker that fetches and sends mail', () => {
    test.each([
      ['Microsoft', () => sales, SALES],
      ['Google', () => orders, ORDERS],
    ] as const)('gets a token from the gateway that really logs in on both servers, for %s', async (_, mailbox, person) => {
      const before = await world.mail.acceptedLogins(person.address);
      const { incoming, outgoing } = await access(mailbox().id);
      await fetchesWith(incoming, world.caPem);
      await sendsWith(outgoing, world.caPem);
      const after = await world.mail.acceptedLogins(person.address);
      expect({ imap: after.imap - before.imap, smtp: after.smtp - before.smtp }).toEqual({ imap: 1, smtp: 1 });
    });

    test('is the first to be refused: what it reports is looked into, and turns out to be a grant that ended', async () => {
      const { incoming } = await access(sales.id);
      world.microsoft.endGrants(SALES.address, 'revoked');
      const refused = await fetchesWith(incoming, world.caPem).then(
        () => null,
        (error: unknown) => error as { responseStatus?: string; responseText?: string },
      );
      expect(refused?.responseStatus).toBe('NO');
      const worker = createGraphqlClient(world.url, world.workerToken);
      const error = `NO ${refused?.responseText ?? ''}`;
      const { diagnosis } = await worker.act('ReportFailure', { mailboxId: sales.id, leg: 'INCOMING', error });
      expect(diagnosis.reason).not.toBeNull();
      await worker.close();
      const { status } = await world.checkUntil(sales.id, isRed);
      expect(status).toMatchObject({ reason: 'OAUTH_GRANT_REVOKED', message: EXPIRED });
      expect((await world.signInAgain(sales.id, SALES)).rejection).toBeNull();
      await fetchesWith((await access(sales.id)).incoming, world.caPem);
    });
  });
});
