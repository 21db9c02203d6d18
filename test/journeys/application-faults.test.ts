import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { WORK_TENANT } from '../../sandbox/oauth/people.ts';
import type { Json } from '../http/json.ts';
import { startOauthWorld, type OauthWorld } from '../support/oauth-world.ts';
import { tellEachOnce } from '../support/telling.ts';

const account = (address: string) => ({ address, password: `password of ${address}` });
const MICROSOFT = ['sales', 'office', 'news'].map((name) => account(`${name}@contoso.test`));
const ORDERS = account('orders@gmail.test');
const BASIC = account('desk@acme.test');

tellEachOnce('a fault of the OAuth application is the operator’s: no mailbox owner is asked to sign in', (telling) => {
  let world: OauthWorld;
  const mailboxes: Json[] = [];

  beforeAll(async () => {
    world = await startOauthWorld({
      ...telling,
      accounts: [...MICROSOFT, ORDERS, BASIC],
      microsoft: MICROSOFT,
      google: [ORDERS],
      server: { accessTokenSeconds: 50 },
      environment: { CHECK_INTERVAL_SECONDS: '2' },
    });
    for (const person of MICROSOFT) mailboxes.push(await world.connect({ provider: 'MICROSOFT_365', address: person.address }, person));
    await world.connect({ provider: 'GMAIL', address: ORDERS.address }, ORDERS);
  });
  afterAll(() => world.end());
  beforeEach(() => world.waitOutLimits());

  const overview = async (open: boolean): Promise<Json> =>
    (
      await world.admin.ask(
        `query ($open: Boolean!) { workspace { summary { healthy actionRequired blocked degraded } banner { message severity }
           incidents(open: $open) { nodes { scope reason actor action affectedCount message closedAt } } } }`,
        { open },
      )
    ).workspace;

  async function incidentIs(passes: (incident: Json) => boolean): Promise<Json> {
    const live = world.admin.subscribe('LiveList');
    try {
      return (await live.until((event) => event.__typename === 'IncidentChanged' && passes(event.incident))).incident;
    } finally {
      live.stop();
    }
  }

  test.each([
    ['secret-expired', 'APP_SECRET_EXPIRED', 'UPDATE_CLIENT_SECRET', 'oauth-app:microsoft'],
    ['secret-invalid', 'APP_SECRET_INVALID', 'UPDATE_CLIENT_SECRET', 'oauth-app:microsoft'],
    ['app-unknown', 'APP_NOT_FOUND', 'FIX_APP_REGISTRATION', 'oauth-app:microsoft'],
    ['app-disabled', 'APP_DISABLED', 'FIX_APP_REGISTRATION', 'oauth-app:microsoft'],
    ['tenant-unknown', 'TENANT_NOT_FOUND', 'FIX_TENANT', `tenant:${WORK_TENANT}`],
  ] as const)('%s: one incident, BLOCKED, and it heals by itself once it is mended', async (kind, reason, action, scope) => {
    const opened = incidentIs(({ affectedCount, closedAt }) => closedAt === null && affectedCount === MICROSOFT.length);
    world.microsoft.setTokenFault({ kind });
    await opened;
    const during = await overview(true);
    expect(during.incidents.nodes).toHaveLength(1);
    expect(during.incidents.nodes[0]).toMatchObject({
      scope,
      reason,
      action,
      actor: 'GATEWAY_OPERATOR',
      affectedCount: MICROSOFT.length,
    });
    expect(during.summary).toMatchObject({ blocked: MICROSOFT.length, actionRequired: 0 });
    for (const { id } of mailboxes) {
      const { status, scenario } = await world.mailbox(id);
      expect(status).toMatchObject({ health: 'BLOCKED', actor: 'GATEWAY_OPERATOR', reason });
      expect(scenario).toBeNull();
    }

    const closed = incidentIs(({ closedAt }) => closedAt !== null);
    world.microsoft.setTokenFault(null);
    await closed;
    await expect
      .poll(async () => (await overview(true)).summary, { timeout: 30_000, interval: 200 })
      .toMatchObject({
        healthy: MICROSOFT.length + 1,
        blocked: 0,
        actionRequired: 0,
      });
    expect((await overview(true)).incidents.nodes).toEqual([]);
  });

  test('who signs in meanwhile is told that it is nothing of theirs; afterwards the same works', async () => {
    const [person] = MICROSOFT;
    const [mailbox] = mailboxes;
    const { authorization } = await world.admin.act('SignInAgain', { mailboxId: mailbox.id });
    world.microsoft.setTokenFault({ kind: 'secret-expired' });
    await world.signIn(authorization, person!);
    const { status, rejection } = await world.settled(authorization);
    world.microsoft.setTokenFault(null);
    expect({ status, rejection }).toMatchObject({ status: 'REJECTED', rejection: { reason: 'APP_SECRET_EXPIRED' } });
    expect(rejection.message).toContain('no mailbox has to sign in again');
    expect((await world.signInAgain(mailbox.id, person!)).rejection).toBeNull();
  });

  test('a gateway without an application says so, where somebody begins and where somebody had begun', async () => {
    const { authorization } = await world.admin.act('SignInAgain', { mailboxId: mailboxes[0].id });
    await world.stopGateway();
    await world.startGateway({ MICROSOFT_CLIENT_ID: '' });
    expect(await world.admin.act('SignInAgain', { mailboxId: mailboxes[0].id })).toMatchObject({ __typename: 'ProviderNotConfigured' });
    const page = await fetch(authorization.authorizationUrl, { method: 'POST' });
    expect(page.status).toBe(502);
    expect(await page.text()).toContain('The sign-in cannot start now');
    await world.checkUntil(mailboxes[0].id, ({ status }) => status.health === 'BLOCKED');
    await world.stopGateway();
    await world.startGateway();
    await world.checkUntil(mailboxes[0].id, ({ status }) => status.health === 'HEALTHY');
  });
});
