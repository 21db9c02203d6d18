import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Json } from '../http/json.ts';
import { startConnectProxy, type ConnectProxy } from '../support/connect-proxy.ts';
import { startOauthWorld, type OauthWorld } from '../support/oauth-world.ts';

const ALICE = { address: 'alice@contoso.test', password: 'alice-1' };
const CAROL = { address: 'carol@gmail.test', password: 'carol-1' };
const PASSWORD = 'proxy-password-7';

describe('a gateway whose https leaves through a proxy only', () => {
  let world: OauthWorld;
  let proxy: ConnectProxy;
  let alice: Json;
  let carol: Json;

  beforeAll(async () => {
    proxy = await startConnectProxy({ user: 'gateway', password: PASSWORD });
    world = await startOauthWorld({
      accounts: [ALICE, CAROL],
      microsoft: [ALICE],
      google: [CAROL],
      // So short-lived that every check has to renew it.
      server: { accessTokenSeconds: 50 },
      environment: { HTTPS_PROXY: `http://gateway:${PASSWORD}@localhost:${proxy.port}`, NO_PROXY: 'elsewhere.test' },
    });
    alice = await world.connect({ provider: 'MICROSOFT_365', address: ALICE.address }, ALICE);
    carol = await world.connect({ provider: 'GMAIL', address: CAROL.address }, CAROL);
  });
  afterAll(async () => {
    await world.end();
    await proxy.stop();
  });

  const refreshes = (): number =>
    (world.microsoft.tokenRequests()['refresh_token'] ?? 0) + (world.google.tokenRequests()['refresh_token'] ?? 0);
  const incidents = async (): Promise<readonly Json[]> =>
    (await world.admin.ask('query { workspace { incidents(open: true) { nodes { scope reason actor action message } } } }')).workspace
      .incidents.nodes;
  const both = (health: string) => async (): Promise<readonly Json[]> => {
    const seen = [];
    for (const { id } of [alice, carol]) seen.push(await world.checkUntil(id, ({ status }) => status.health === health));
    return seen;
  };

  test('connects and checks mailboxes of both providers; to the sign-in servers goes https, and nothing else goes through', async () => {
    const before = refreshes();
    await both('HEALTHY')();
    expect(refreshes()).toBeGreaterThan(before);
    expect(new Set(proxy.asked())).toEqual(new Set([new URL(world.microsoft.origin).host, new URL(world.google.origin).host]));
    expect(proxy.opened()).toBeGreaterThan(0);
  });

  test.each([
    [407, /user name and password/],
    [403, /does not let it connect/],
  ])(
    'when the proxy answers %i, there is one incident of the operator a provider, and nobody is asked to sign in',
    async (status, message) => {
      proxy.refuse(status);
      const before = refreshes();
      for (const { status: now, scenario } of await both('BLOCKED')()) {
        expect(now).toMatchObject({ reason: 'APP_MISCONFIGURED', actor: 'GATEWAY_OPERATOR', action: 'CHECK_NETWORK_THEN_RETRY' });
        expect(scenario).toBeNull();
      }
      const open = await incidents();
      expect(open.map(({ scope }) => scope).sort()).toEqual(['oauth-app:google', 'oauth-app:microsoft']);
      for (const incident of open) {
        expect(incident.message).toMatch(message);
        expect(incident.actor).toBe('GATEWAY_OPERATOR');
      }
      // No token went around it.
      expect(refreshes()).toBe(before);

      proxy.refuse(null);
      await both('HEALTHY')();
      await expect.poll(incidents, { timeout: 30_000 }).toEqual([]);
    },
  );

  test('when the proxy cannot get through, it passes: mailboxes are DEGRADED at most', async () => {
    proxy.refuse(502);
    for (const { status } of await both('DEGRADED')()) {
      expect(status.actor).toBe('NOBODY');
      expect(status.message).toContain("The gateway's proxy could not open a connection");
    }
    expect(await incidents()).toEqual([]);
    proxy.refuse(null);
    await both('HEALTHY')();
  });

  test('who signs in while the proxy refuses is told that it is nothing of theirs', async () => {
    const begun = await world.admin.act('SignInAgain', { mailboxId: carol.id });
    proxy.refuse(407);
    await world.signIn(begun.authorization, CAROL);
    const { status, rejection } = await world.settled(begun.authorization);
    proxy.refuse(null);
    expect({ status, rejection }).toMatchObject({
      status: 'REJECTED',
      rejection: { reason: 'APP_MISCONFIGURED' },
    });
    expect(rejection.message).toContain('no mailbox has to sign in again');
    expect((await world.signInAgain(carol.id, CAROL)).rejection).toBeNull();
  });

  test('a mailbox that is removed has its grant ended through it', async () => {
    // Tunnels that are open already would be used again and not be counted.
    proxy.refuse(null);
    const before = proxy.asked().length;
    expect(await world.admin.act('RemoveMailbox', { mailboxId: carol.id })).toMatchObject({ grantRevoked: true });
    expect(world.google.livingGrants(CAROL.address)).toBe(0);
    expect(proxy.asked().length).toBeGreaterThan(before);
  });

  test('user and password of the proxy are in no log and in no answer', async () => {
    expect(world.log()).not.toBe('');
    for (const leak of [PASSWORD, Buffer.from(`gateway:${PASSWORD}`).toString('base64')]) expect(world.log()).not.toContain(leak);
  });
});
