import { describe, expect, test } from 'vitest';
import { createOpenLogin } from '../../src/credentials/open-login.ts';
import type { RefreshGrant } from '../../src/credentials/refresh-grant.ts';
import { sealCandidate } from '../../src/credentials/seal-candidate.ts';
import type { LoginSetup, OAuth2Credential } from '../../src/domain/credential.ts';
import { diagnose } from '../../src/domain/diagnose/diagnose.ts';
import { gatewayEvidence } from '../../src/domain/diagnose/evidence-of.ts';
import type { CredentialId, MailboxId, WorkspaceId } from '../../src/domain/ids.ts';
import { placeOf } from '../../src/domain/sealed-secrets.ts';
import { createVault } from '../../src/vault/open-vault.ts';
import { Secret } from '../../src/vault/secret.ts';
import { setup } from '../domain/repair-fixtures.ts';
import { createVirtualClock } from '../support/virtual-clock.ts';
import { freshRing } from '../vault/rings.ts';

const ring = freshRing('k1');
const vault = createVault(() => ring);
const clock = createVirtualClock();
const log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const owner = { workspaceId: 'w1' as WorkspaceId, mailboxId: 'm1' as MailboxId };
const parts = { vault, clock, newId: () => 'c1' };
const open = createOpenLogin({ vault, clock, log });

const typed = (over = {}) => ({ username: 'support', password: 'main', outgoingUsername: null, outgoingPassword: null, ...over });

function sealed(over = {}) {
  const candidate = sealCandidate(parts, owner, typed(over), null);
  if (candidate.kind === 'MISSING') throw new Error(candidate.field);
  return candidate.credential;
}

function oauth(over: Partial<OAuth2Credential['grant']> = {}): OAuth2Credential {
  const identity = { id: 'o1' as CredentialId, secretVersion: 3 };
  return {
    kind: 'OAUTH2',
    ...identity,
    username: 'ann@acme.test',
    grant: {
      issuer: 'https://issuer.test',
      clientId: 'client',
      pin: { kind: 'GOOGLE', issuer: 'https://issuer.test', subject: 's' },
      refreshToken: vault.seal(new Secret('refresh'), placeOf(owner, identity, 'refreshToken')),
      accessToken: vault.seal(new Secret('stored-token'), placeOf(owner, identity, 'accessToken')),
      accessTokenExpiresAt: clock.now() + 6 * 60_000,
      grantedScopes: [],
      requiredScopes: [],
      consentedAt: 1,
      lastRefreshedAt: null,
      expiresAt: null,
      ...over,
    },
  };
}

async function loginOf(of: LoginSetup, leg: 'INCOMING' | 'OUTGOING', with_ = open, forceRefresh = false) {
  const opened = await with_(owner, of, leg, { forceRefresh });
  if (opened.kind === 'FAILED') throw new Error(opened.evidence.verdict ?? 'failed');
  const { proof } = opened.login;
  return {
    username: opened.login.username,
    secret: proof.kind === 'PASSWORD' ? proof.password.reveal() : proof.accessToken.reveal(),
    fresh: opened.fresh,
  };
}

describe('a password', () => {
  test('is opened for both legs', async () => {
    const of = setup('x', { credential: sealed() });
    expect(await loginOf(of, 'INCOMING')).toEqual({ username: 'support', secret: 'main', fresh: true });
    expect(await loginOf(of, 'OUTGOING')).toEqual({ username: 'support', secret: 'main', fresh: true });
  });

  test('of sending is its own when one was given, or the same under another name', async () => {
    const own = setup('x', { credential: sealed({ outgoingUsername: 'relay', outgoingPassword: 'other' }) });
    expect(await loginOf(own, 'OUTGOING')).toEqual({ username: 'relay', secret: 'other', fresh: true });
    const renamed = setup('x', { credential: sealed({ outgoingUsername: 'relay' }) });
    expect(await loginOf(renamed, 'OUTGOING')).toEqual({ username: 'relay', secret: 'main', fresh: true });
  });

  test('that belongs to another mailbox, or to no key at hand, is SECRET_UNAVAILABLE and nobody is asked to repair it', async () => {
    const of = setup('x', { credential: sealed() });
    const foreign = await open({ ...owner, mailboxId: 'm2' as MailboxId }, of, 'INCOMING', { forceRefresh: false });
    const stranger = createOpenLogin({ vault: createVault(() => freshRing('k2')), clock, log });
    for (const opened of [foreign, await stranger(owner, of, 'INCOMING', { forceRefresh: false })]) {
      expect(opened.kind).toBe('FAILED');
      if (opened.kind === 'FAILED')
        expect(diagnose(opened.evidence)).toMatchObject({ reason: 'SECRET_UNAVAILABLE', actor: 'GATEWAY_OPERATOR' });
    }
  });
});

describe('a grant', () => {
  const refreshed: { force: boolean }[] = [];
  const refreshGrant: RefreshGrant = (_owner, _credential, options) => {
    refreshed.push(options);
    return Promise.resolve({ kind: 'TOKEN', accessToken: new Secret('new-token'), expiresAt: clock.now() + 3_600_000, fresh: true });
  };
  const withRefresh = createOpenLogin({ vault, clock, log, refreshGrant });

  test('logs in with the stored access token while that lives more than five minutes', async () => {
    expect(await loginOf(setup('x', { provider: 'GMAIL', credential: oauth() }), 'INCOMING', withRefresh)).toMatchObject({
      secret: 'stored-token',
      fresh: false,
    });
    expect(refreshed).toEqual([]);
  });

  test('is refreshed five minutes early, and when a fresh one is demanded', async () => {
    const soon = oauth({ accessTokenExpiresAt: clock.now() + 5 * 60_000 });
    expect(await loginOf(setup('x', { provider: 'GMAIL', credential: soon }), 'INCOMING', withRefresh)).toMatchObject({
      secret: 'new-token',
      fresh: true,
    });
    await loginOf(setup('x', { provider: 'GMAIL', credential: oauth() }), 'INCOMING', withRefresh, true);
    expect(refreshed).toEqual([{ force: false }, { force: true }]);
  });

  test('that cannot be renewed just now goes on with its token while that lives; one that is dead, or a demand for a new one, does not', async () => {
    const context = { protocol: 'OAUTH', provider: 'GMAIL', host: null, authMethod: 'OAUTH2' } as const;
    const failing = (reason: 'PROVIDER_UNAVAILABLE' | 'OAUTH_GRANT_REVOKED') =>
      createOpenLogin({
        vault,
        clock,
        log,
        refreshGrant: () => Promise.resolve({ kind: 'FAILED', evidence: gatewayEvidence(reason, context) }),
      });
    const living = (ms: number) => setup('x', { provider: 'GMAIL', credential: oauth({ accessTokenExpiresAt: clock.now() + ms }) });
    expect(await loginOf(living(120_000), 'INCOMING', failing('PROVIDER_UNAVAILABLE'))).toMatchObject({
      secret: 'stored-token',
      fresh: false,
    });
    await expect(loginOf(living(120_000), 'INCOMING', failing('PROVIDER_UNAVAILABLE'), true)).rejects.toThrow('PROVIDER_UNAVAILABLE');
    await expect(loginOf(living(59_000), 'INCOMING', failing('PROVIDER_UNAVAILABLE'))).rejects.toThrow('PROVIDER_UNAVAILABLE');
    await expect(loginOf(living(120_000), 'INCOMING', failing('OAUTH_GRANT_REVOKED'))).rejects.toThrow('OAUTH_GRANT_REVOKED');
  });

  test("that cannot be refreshed because no application is configured is the operator's", async () => {
    const opened = await open(owner, setup('x', { provider: 'GMAIL', credential: oauth({ accessToken: null }) }), 'INCOMING', {
      forceRefresh: false,
    });
    expect(opened.kind === 'FAILED' && diagnose(opened.evidence)).toMatchObject({ reason: 'APP_MISCONFIGURED', actor: 'GATEWAY_OPERATOR' });
  });

  test('of Microsoft fetches as the mailbox and sends as the account; of Google both as the account', async () => {
    const shared = { address: 'support@acme.test', signInAddress: 'ann@acme.test', credential: oauth() };
    const microsoft = setup('x', { provider: 'MICROSOFT_365', ...shared });
    expect((await loginOf(microsoft, 'INCOMING')).username).toBe('support@acme.test');
    expect((await loginOf(microsoft, 'OUTGOING')).username).toBe('ann@acme.test');
    const google = setup('x', { provider: 'GMAIL', ...shared });
    expect((await loginOf(google, 'INCOMING')).username).toBe('ann@acme.test');
    expect((await loginOf(google, 'OUTGOING')).username).toBe('ann@acme.test');
  });
});

describe('a candidate', () => {
  test('seals every password for itself: nothing of it is in clear, and no two texts are alike', () => {
    const [one, two] = [sealed({ outgoingPassword: 'main' }), sealed({ outgoingPassword: 'main' })];
    expect(JSON.stringify(one)).not.toContain('"main"');
    expect(one.login.password).not.toBe(two.login.password);
    expect(one.login.password).not.toBe(one.outgoingLogin?.password);
  });

  test('asks for what can be kept no longer', () => {
    const lost = { ...sealed({ outgoingUsername: 'relay', outgoingPassword: 'other' }), id: 'elsewhere' as CredentialId };
    expect(sealCandidate(parts, owner, typed({ password: null }), lost)).toEqual({ kind: 'MISSING', field: 'password' });
    expect(sealCandidate(parts, owner, typed(), lost)).toEqual({ kind: 'MISSING', field: 'outgoingPassword' });
    expect(sealCandidate(parts, owner, typed({ password: null }), null)).toEqual({ kind: 'MISSING', field: 'password' });
  });
});
