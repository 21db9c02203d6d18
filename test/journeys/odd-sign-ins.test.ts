import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Json } from '../http/json.ts';
import { startOauthWorld, type OauthWorld } from '../support/oauth-world.ts';
import { startScriptedProvider, TENANT, type ScriptedProvider } from '../support/scripted-provider.ts';

const DAY_MS = 86_400_000;
const person = (address: string) => ({ address, password: `password of ${address}` });
const DOTTED = person('jo.doe@gmail.com');
const OTHER_DOTTED = person('jo.doe@acme.test');
const ALICE = person('alice@contoso.test');

describe('an account is known by its names', () => {
  let world: OauthWorld;

  beforeAll(async () => {
    const google = [DOTTED, OTHER_DOTTED];
    world = await startOauthWorld({ accounts: [...google, ALICE], google, microsoft: [ALICE] });
  });
  afterAll(() => world.end());
  beforeEach(() => {
    world.waitOutLimits();
  });

  test.each(['jodoe@gmail.com', 'J.O.Doe@googlemail.com'])('%s is the account jo.doe@gmail.com: Google has no other', async (address) => {
    const mailbox = await world.connect({ provider: 'GMAIL', address }, DOTTED);
    expect(mailbox).toMatchObject({ address, isShared: false, status: { health: 'HEALTHY' } });
    expect(await world.logsIn(mailbox.id, DOTTED.address)).toEqual({ imap: 1, smtp: 1 });
    await world.admin.act('RemoveMailbox', { mailboxId: mailbox.id });
  });

  test('at any other domain a dot makes another account', async () => {
    const { authorization } = await world.admin.act('ConnectMailbox', {
      input: { provider: 'GMAIL', address: 'jodoe@acme.test', authMethod: 'OAUTH2' },
    });
    await world.signIn(authorization, OTHER_DOTTED);
    expect((await world.settled(authorization)).rejection).toMatchObject({
      reason: 'ACCOUNT_MISMATCH',
      expectedAddress: 'jodoe@acme.test',
      actualAddress: OTHER_DOTTED.address,
    });
  });

  test.each([
    ['MICROSOFT_365', ALICE, 90],
    ['GMAIL', DOTTED, 180],
  ] as const)('%s: the grant says when it dies if nobody uses it', async (provider, owner, days) => {
    const before = world.clock.now();
    const mailbox = await world.connect({ provider, address: owner.address }, owner);
    const end = Date.parse(mailbox.authMethod.grantExpiresAt);
    expect(end).toBeGreaterThanOrEqual(before + days * DAY_MS);
    expect(end).toBeLessThanOrEqual(world.clock.now() + days * DAY_MS);
  });
});

describe('what a sign-in brought goes to its provider and to nobody else', () => {
  let world: OauthWorld;

  beforeAll(async () => {
    world = await startOauthWorld({ accounts: [ALICE], microsoft: [ALICE], environment: { NETWORK_ALLOW: '127.0.0.0/8:*;localhost:*' } });
  });
  afterAll(() => world.end());

  const move = (mailbox: Json, leg: 'incoming' | 'outgoing', host: string): Promise<Json> => {
    const { port, security } = mailbox[leg].server;
    return world.admin.act('EditMailbox', { input: { mailboxId: mailbox.id, [leg]: { host, port, security } } });
  };

  test('an admin cannot have its token sent to a host of his own; a password mailbox moves where it is told (the control)', async () => {
    const mailbox = await world.connect({ provider: 'MICROSOFT_365', address: ALICE.address }, ALICE);
    for (const leg of ['incoming', 'outgoing'] as const) {
      expect((await move(mailbox, leg, '127.0.0.1')).issues).toMatchObject([{ path: [leg, 'host'] }]);
      // The provider's own host, in other letters.
      expect((await move(mailbox, leg, 'LOCALHOST')).mailbox.id).toBe(mailbox.id);
    }
    await world.admin.act('RemoveMailbox', { mailboxId: mailbox.id });
    const basic = await world.connectWithPassword({ provider: 'MICROSOFT_365', ...ALICE });
    expect((await move(basic, 'incoming', '127.0.0.1')).mailbox.id).toBe(basic.id);
  });
});

describe('a sign-in that ends unlike the usual one says what happened', () => {
  let world: OauthWorld;
  let provider: ScriptedProvider;
  let mailbox: Json;

  beforeAll(async () => {
    world = await startOauthWorld({ accounts: [ALICE], microsoft: [] });
    mailbox = await world.connectWithPassword({ provider: 'MICROSOFT_365', ...ALICE });
    provider = await startScriptedProvider('microsoft');
    await world.stopGateway();
    appendFileSync(join(world.database.folder, 'ca.pem'), `\n${provider.caPem}`);
    await world.startGateway(provider.environment);
  });
  afterAll(async () => {
    await provider.stop();
    await world.end();
  });
  beforeEach(() => {
    world.waitOutLimits();
  });

  /** The way of a browser to a callback whose code the token endpoint answers as it is told. */
  async function outcomeOf(answer: (nonce: string) => Promise<{ status: number; body: object }>): Promise<Json> {
    const { authorization } = await world.admin.act('MigrateToOAuth', { input: { mailboxId: mailbox.id, provider: 'MICROSOFT_365' } });
    const page = await fetch(authorization.authorizationUrl, { method: 'POST' });
    const cookie = (page.headers.get('set-cookie') ?? '').split(';')[0]!;
    const link = /href="([^"]+)"[^>]*>Continue/.exec(await page.text())![1]!.replaceAll('&amp;', '&');
    const asked = new URL(link).searchParams;
    provider.answer(await answer(asked.get('nonce')!));
    const callback = `${world.url}/oauth/callback/microsoft?code=a-code&state=${asked.get('state')!}`;
    expect((await fetch(callback, { headers: { cookie }, redirect: 'manual' })).status).toBe(303);
    return world.settled(authorization);
  }

  async function tokens(nonce: string, claims: Record<string, unknown>): Promise<Record<string, unknown>> {
    const own = { sub: 'subject', oid: 'object', tid: TENANT, nonce, preferred_username: ALICE.address };
    return {
      token_type: 'Bearer',
      access_token: 'an-access-token',
      refresh_token: 'a-refresh-token',
      expires_in: 3_600,
      scope: 'https://outlook.office.com/IMAP.AccessAsUser.All https://outlook.office.com/SMTP.Send',
      id_token: await provider.idToken({ ...own, ...claims }),
    };
  }

  test('the usual one gets as far as the mail servers (the control)', async () => {
    const { rejection } = await outcomeOf(async (nonce) => ({ status: 200, body: await tokens(nonce, {}) }));
    expect(rejection).toMatchObject({ leg: 'INCOMING' });
  });

  test('a wrong password where another one works is a wrong password, whatever Exchange says to every password', async () => {
    const { authorization } = await world.admin.act('ReenterPassword', { mailboxId: mailbox.id, password: 'wrong' });
    expect(authorization.rejection).toMatchObject({ leg: 'INCOMING', reason: 'BAD_CREDENTIALS', action: 'UPDATE_PASSWORD' });
    expect(authorization.rejection.alternatives).toContain('BASIC_AUTH_DISABLED');
  });

  test('an account without a name: nobody is called nothing', async () => {
    const { rejection } = await outcomeOf(async (nonce) => ({
      status: 200,
      body: await tokens(nonce, { preferred_username: undefined }),
    }));
    expect(rejection).toMatchObject({ reason: 'ACCOUNT_MISMATCH', expectedAddress: ALICE.address, actualAddress: null });
    expect(rejection.message).toBe(
      `The account that signed in gave no name, and ${ALICE.address} was expected. Sign in with that account.`,
    );
  });

  test('an identity token that was made for another application is not taken', async () => {
    const { rejection } = await outcomeOf(async (nonce) => ({ status: 200, body: await tokens(nonce, { aud: 'another-application' }) }));
    expect(rejection).toMatchObject({ reason: 'CLIENT_STATE_ERROR', leg: null });
  });

  test('a grant that cannot be renewed: nothing has expired', async () => {
    const { rejection } = await outcomeOf(async (nonce) => ({
      status: 200,
      body: { ...(await tokens(nonce, {})), refresh_token: undefined },
    }));
    expect(rejection).toMatchObject({ reason: 'OAUTH_GRANT_INVALID', action: 'REAUTHORIZE' });
    expect(rejection.message).toContain('only for about an hour');
  });

  test('a code that is refused, such as after a crash in between: the browser was the right one', async () => {
    const { rejection } = await outcomeOf(() =>
      Promise.resolve({
        status: 400,
        body: { error: 'invalid_grant', error_description: 'AADSTS54005: OAuth2 Authorization code was already redeemed.' },
      }),
    );
    expect(rejection).toMatchObject({ reason: 'CLIENT_STATE_ERROR', action: 'RESTART_SIGN_IN' });
    expect(rejection.message).not.toContain('browser');
  });
});
