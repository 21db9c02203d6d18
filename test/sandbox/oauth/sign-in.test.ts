import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createCertificates } from '../../../sandbox/certificates.ts';
import { startOauthServer, type OauthServer } from '../../../sandbox/oauth/oauth-server.ts';
import { createGoogleProvider } from '../../../src/providers/google/google-provider.ts';
import { createMicrosoftProvider } from '../../../src/providers/microsoft/microsoft-provider.ts';
import type { RedeemOutcome, SignInProvider } from '../../../src/providers/provider.ts';
import { diagnose } from '../../../src/domain/diagnose/diagnose.ts';
import { Secret } from '../../../src/vault/secret.ts';
import { createOauthBrowser, signInAs } from '../../../sandbox/browser.ts';

const REDIRECT = 'http://localhost:4000/oauth/callback';
const alice = { address: 'alice@contoso.test', password: 'alice-1' };
const bob = { address: 'bob@outlook.test', password: 'bob-1', personal: true };

describe.each(['microsoft', 'google'] as const)('sign-in with %s', (flavour) => {
  let server: OauthServer;
  let provider: SignInProvider;
  let ca: string;

  beforeAll(async () => {
    const certificates = await createCertificates();
    ca = certificates.caPem;
    server = await startOauthServer({
      flavour,
      port: 0,
      tls: { key: certificates.keyPem, cert: certificates.certificatePem },
      app: { clientId: 'gateway', clientSecret: 'app-secret', redirectUris: [REDIRECT], name: 'Acme Help Desk' },
      people: [alice, bob],
    });
    const secret = () => new Secret('app-secret');
    const { authority, auth, token, revoke, certs, api } = server.endpoints;
    provider =
      flavour === 'microsoft'
        ? createMicrosoftProvider({
            clientId: 'gateway',
            authority,
            knownAuthorities: [new URL(server.origin).host],
            secret,
            ca: [ca],
            now: Date.now,
          })
        : createGoogleProvider({
            clientId: 'gateway',
            secret,
            issuer: server.origin,
            authUrl: auth,
            tokenUrl: token,
            revokeUrl: revoke,
            certsUrl: certs,
            gmailApiUrl: api,
            ca: [ca],
            now: () => Date.now(),
          });
  });
  afterAll(async () => {
    await server.stop();
  });

  interface Options {
    readonly untick?: string;
    readonly consent?: 'ACCEPT' | 'CANCEL';
  }

  async function callbackOf(
    person: { address: string; password: string },
    options: Options = {},
  ): Promise<{ callback: URL; verifier: string; nonce: string }> {
    const [verifier, nonce] = [randomBytes(32).toString('base64url'), randomBytes(16).toString('base64url')];
    const url = await provider.signInUrl({
      redirectUri: REDIRECT,
      state: 'the-state',
      nonce,
      codeChallenge: createHash('sha256').update(verifier).digest('base64url'),
      loginHint: person.address,
      selectAccount: false,
      direction: 'BOTH',
    });
    if (url.kind === 'FAILED') throw new Error(url.evidence.text);
    const browser = createOauthBrowser(ca, (location) => location.startsWith(REDIRECT));
    const callback = await signInAs(browser, url.url, person, {
      consent: options.consent ?? 'ACCEPT',
      ...(options.untick === undefined ? {} : { untick: options.untick }),
    });
    return { callback, verifier, nonce };
  }

  async function signIn(person: { address: string; password: string }, options: Options = {}): Promise<RedeemOutcome> {
    const { callback, verifier, nonce } = await callbackOf(person, options);
    expect(callback.searchParams.get('state')).toBe('the-state');
    return provider.redeem(
      {
        code: new Secret(callback.searchParams.get('code') ?? ''),
        verifier: new Secret(verifier),
        nonce,
        redirectUri: REDIRECT,
        direction: 'BOTH',
      },
      10_000,
    );
  }

  test('gives tokens, scopes and the account, and refreshes them', async () => {
    const outcome = await signIn(alice);
    if (outcome.kind === 'FAILED') throw new Error(JSON.stringify(outcome.evidence));
    expect(outcome.account.username).toBe(alice.address);
    expect(outcome.account.pin.kind).toBe(flavour === 'microsoft' ? 'MICROSOFT' : 'GOOGLE');
    expect(provider.missingScopes('BOTH', outcome.tokens.grantedScopes)).toEqual([]);
    expect(outcome.tokens.refreshToken).not.toBeNull();
    const refreshed = await provider.refresh(outcome.tokens.refreshToken!, provider.requiredScopes('BOTH'), 10_000);
    if (refreshed.kind === 'FAILED') throw new Error(JSON.stringify(refreshed.evidence));
    expect(refreshed.tokens.accessToken.reveal()).not.toBe(outcome.tokens.accessToken.reveal());
  });

  test('a personal account is known as one', async () => {
    const outcome = await signIn(bob);
    expect(outcome.kind === 'GRANTED' && outcome.account.personal).toBe(true);
  });

  test('a declined consent comes back as access_denied', async () => {
    const { callback } = await callbackOf(alice, { consent: 'CANCEL' });
    expect(callback.searchParams.get('error')).toBe('access_denied');
    expect(callback.searchParams.get('state')).toBe('the-state');
  });

  test('a scope that was unticked is seen as missing', async () => {
    const outcome = await signIn(alice, { untick: flavour === 'microsoft' ? 'SMTP.Send' : 'mail.google.com' });
    if (outcome.kind === 'FAILED') throw new Error(JSON.stringify(outcome.evidence));
    expect(provider.missingScopes('BOTH', outcome.tokens.grantedScopes)).toHaveLength(1);
  });

  test('a wrong verifier, a wrong nonce and a second use of the code give nothing', async () => {
    const grantOf = async (change: (grant: { verifier: string; nonce: string }) => { verifier: string; nonce: string }) => {
      const { callback, ...own } = await callbackOf(alice);
      const { verifier, nonce } = change(own);
      return {
        code: new Secret(callback.searchParams.get('code') ?? ''),
        verifier: new Secret(verifier),
        nonce,
        redirectUri: REDIRECT,
        direction: 'BOTH' as const,
      };
    };
    expect(
      (await provider.redeem(await grantOf((own) => ({ ...own, verifier: randomBytes(32).toString('base64url') })), 10_000)).kind,
    ).toBe('FAILED');
    expect((await provider.redeem(await grantOf((own) => ({ ...own, nonce: 'another' })), 10_000)).kind).toBe('FAILED');
    const once = await grantOf((own) => own);
    expect((await provider.redeem(once, 10_000)).kind).toBe('GRANTED');
    expect((await provider.redeem(once, 10_000)).kind).toBe('FAILED');
  });

  const refreshReason = async (token: Secret): Promise<{ reason: string; retryable: boolean } | 'GRANTED'> => {
    const outcome = await provider.refresh(token, provider.requiredScopes('BOTH'), 1_000);
    if (outcome.kind === 'GRANTED') return 'GRANTED';
    const { reason, retryable } = diagnose(outcome.evidence);
    return { reason, retryable };
  };

  test('every fault of the token endpoint is told apart, and none that passes looks like a dead grant', async () => {
    const outcome = await signIn(alice);
    const token = outcome.kind === 'GRANTED' ? outcome.tokens.refreshToken! : new Secret('');
    for (const kind of ['rate-limited', 'unavailable', 'html', 'html-200', 'hang', 'drop'] as const) {
      server.setTokenFault({ kind });
      const said = await refreshReason(token);
      expect(said, kind).toMatchObject({ retryable: true });
    }
    server.setTokenFault({ kind: 'secret-invalid' });
    expect(await refreshReason(token)).toMatchObject({ reason: 'APP_SECRET_INVALID', retryable: false });
    if (flavour === 'microsoft') {
      server.setTokenFault({ kind: 'secret-expired' });
      expect(await refreshReason(token)).toMatchObject({ reason: 'APP_SECRET_EXPIRED' });
    }
    server.setTokenFault(null);
    expect(await refreshReason(token)).toBe('GRANTED');
  });

  test('a revoked grant is dead, and stays dead', async () => {
    const outcome = await signIn(alice);
    const token = outcome.kind === 'GRANTED' ? outcome.tokens.refreshToken! : new Secret('');
    expect(server.endGrants(alice.address, 'revoked')).toBeGreaterThan(0);
    const said = await refreshReason(token);
    expect(said).toMatchObject({ retryable: false });
    expect(['OAUTH_GRANT_REVOKED', 'OAUTH_GRANT_INVALID']).toContain(said === 'GRANTED' ? said : said.reason);
  });

  test('revocation is confirmed where the provider has one', async () => {
    const outcome = await signIn(bob);
    const token = outcome.kind === 'GRANTED' ? outcome.tokens.refreshToken! : new Secret('');
    expect(await provider.revoke(token, 10_000)).toBe(flavour === 'google');
    if (flavour === 'google') expect(await refreshReason(token)).toMatchObject({ retryable: false });
  });
});
