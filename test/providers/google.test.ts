import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateKeyPairSync } from 'node:crypto';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { diagnose } from '../../src/domain/diagnose/diagnose.ts';
import type { Diagnosis } from '../../src/domain/diagnosis.ts';
import type { Evidence } from '../../src/domain/evidence.ts';
import type { RedeemOutcome, SignInProvider, SignInRequest } from '../../src/providers/provider.ts';
import { Secret } from '../../src/vault/secret.ts';
import { CLIENT_ID, startScriptedProvider, type Answer, type ScriptedProvider } from '../support/scripted-provider.ts';

const REDIRECT = 'http://localhost:4000/oauth/callback/google';
const MAIL = 'https://mail.google.com/';
const PROFILE = '/gmail/v1/users/me/profile';
const DEAD = 'Token has been expired or revoked.';

const tokens = (more: Record<string, unknown> = {}) => ({
  token_type: 'Bearer',
  scope: `${MAIL} openid email`,
  expires_in: 3599,
  access_token: 'an-access-token',
  refresh_token: 'a-refresh-token',
  ...more,
});
const refusal = (error: string, description: string, more: Record<string, unknown> = {}, status = 400): Answer => ({
  status,
  body: { error, error_description: description, ...more },
});
const apiError = (code: number, message: string, status: string, reason: string): Answer => ({
  status: code,
  body: { error: { code, message, status, errors: [{ message, domain: 'global', reason }] } },
});

describe('sign-in with Google', () => {
  let server: ScriptedProvider;
  let provider: SignInProvider;
  beforeAll(async () => {
    server = await startScriptedProvider('google');
  });
  afterAll(() => server.stop());
  beforeEach(() => {
    provider = server.provider();
    server.answerAt(PROFILE, { status: 200, body: { emailAddress: 'Carol@Gmail.test' } });
    server.seen();
  });

  const paths = (): readonly string[] => server.seen().map(({ path }) => path);

  async function refused(timeoutMs = 5_000): Promise<{ evidence: Evidence; diagnosis: Diagnosis }> {
    const outcome = await provider.refresh(new Secret('a-refresh-token'), [MAIL], timeoutMs);
    if (outcome.kind === 'GRANTED') throw new Error('It was granted.');
    return { evidence: outcome.evidence, diagnosis: diagnose(outcome.evidence) };
  }

  const idToken = (claims: Record<string, unknown> = {}): Promise<string> =>
    server.idToken({ sub: '1234567890', email: 'carol@gmail.test', nonce: 'the-nonce', ...claims });

  async function redeemed(body: Record<string, unknown>): Promise<RedeemOutcome> {
    server.answer({ status: 200, body });
    return provider.redeem(
      { code: new Secret('a-code'), verifier: new Secret('v'.repeat(43)), nonce: 'the-nonce', redirectUri: REDIRECT, direction: 'BOTH' },
      5_000,
    );
  }
  const said = (outcome: RedeemOutcome): Partial<Diagnosis> => (outcome.kind === 'GRANTED' ? {} : diagnose(outcome.evidence));

  async function urlOf(more: Partial<SignInRequest> = {}): Promise<URLSearchParams> {
    const outcome = await provider.signInUrl({
      redirectUri: REDIRECT,
      state: 'the-state',
      nonce: 'the-nonce',
      codeChallenge: 'c'.repeat(43),
      loginHint: 'carol@gmail.test',
      selectAccount: false,
      direction: 'INCOMING',
      ...more,
    });
    if (outcome.kind === 'FAILED') throw new Error(outcome.evidence.text);
    return new URL(outcome.url).searchParams;
  }

  describe('the consent page', () => {
    test('is asked for a refresh token each time: offline, with consent', async () => {
      const asked = await urlOf();
      expect([asked.get('access_type'), asked.get('prompt'), asked.get('login_hint')]).toEqual(['offline', 'consent', 'carol@gmail.test']);
      const chooser = await urlOf({ selectAccount: true });
      expect([chooser.get('prompt'), chooser.get('login_hint')]).toEqual(['select_account consent', null]);
    });

    test('is asked for the one scope that opens IMAP and SMTP, whatever the direction, and for nothing that was granted before', async () => {
      for (const direction of ['INCOMING', 'OUTGOING', 'BOTH'] as const) {
        const asked = await urlOf({ direction });
        expect(asked.get('scope')).toBe(`${MAIL} openid email`);
        expect(asked.get('include_granted_scopes')).toBeNull();
        expect(provider.missingScopes(direction, ['https://www.googleapis.com/auth/gmail.modify'])).toEqual([MAIL]);
      }
    });
  });

  describe('who signed in', () => {
    test('is the subject of the verified identity token; the Gmail profile gives the name', async () => {
      const outcome = await redeemed(tokens({ id_token: await idToken() }));
      if (outcome.kind === 'FAILED') throw new Error(outcome.evidence.text);
      expect(outcome.account).toEqual({
        pin: { kind: 'GOOGLE', issuer: server.origin, subject: '1234567890' },
        username: 'Carol@Gmail.test',
        personal: true,
      });
      expect(await redeemed(tokens({ id_token: await idToken({ hd: 'acme.test' }) }))).toMatchObject({ account: { personal: false } });
    });

    test('is nobody when the token is signed by somebody else, made for another client, issuer or flow, expired, or missing', async () => {
      const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
      const forged = await new SignJWT({ sub: '1', nonce: 'the-nonce', aud: CLIENT_ID, iss: server.origin })
        .setProtectedHeader({ alg: 'RS256', kid: 'key' })
        .setIssuedAt()
        .setExpirationTime('1h')
        .sign(privateKey);
      const wrong = [
        forged,
        await idToken({ aud: 'another-client' }),
        await idToken({ iss: 'https://evil.example' }),
        await idToken({ nonce: 'another' }),
        await idToken({ nonce: undefined }),
        'no.jwt.at-all',
        undefined,
      ];
      for (const id_token of wrong) expect((await redeemed(tokens({ id_token }))).kind, String(id_token)).toBe('FAILED');
      // Negative control: the right one is taken.
      expect((await redeemed(tokens({ id_token: await idToken() }))).kind).toBe('GRANTED');
    });
  });

  test('an unticked mail permission is told as what is missing, and the profile, which would be refused, is not asked', async () => {
    const outcome = await redeemed(tokens({ id_token: await idToken(), scope: 'openid email' }));
    if (outcome.kind === 'FAILED') throw new Error(outcome.evidence.text);
    expect(provider.missingScopes('BOTH', outcome.tokens.grantedScopes)).toEqual([MAIL]);
    expect(outcome.account.username).toBe('carol@gmail.test');
    expect(paths()).toEqual(['/token']);
  });

  test.each([
    [
      'the API is not switched on',
      apiError(403, 'Gmail API has not been used in project 1 before or it is disabled.', 'PERMISSION_DENIED', 'accessNotConfigured'),
      { reason: 'APP_MISCONFIGURED', actor: 'GATEWAY_OPERATOR' },
    ],
    [
      'the permission does not reach',
      apiError(403, 'Request had insufficient authentication scopes.', 'PERMISSION_DENIED', 'insufficientPermissions'),
      { reason: 'SCOPE_OR_AUDIENCE_WRONG' },
    ],
    [
      'there is no Gmail',
      apiError(400, 'Mail service not enabled', 'FAILED_PRECONDITION', 'failedPrecondition'),
      { reason: 'MAILBOX_NOT_ACCESSIBLE' },
    ],
  ] as const)('the Gmail profile says why it does not answer: %s', async (_, answer, expected) => {
    server.answerAt(PROFILE, answer);
    expect(said(await redeemed(tokens({ id_token: await idToken() })))).toMatchObject(expected);
  });

  // The code is used up by then: asked for again it would be refused, and the person would have signed in for nothing.
  test.each([
    ['too many ask', apiError(429, 'Too many concurrent requests for user', 'RESOURCE_EXHAUSTED', 'rateLimitExceeded')],
    ['it is out of order', apiError(500, 'Backend Error', 'INTERNAL', 'backendError')],
    ['a proxy answers', { status: 502, body: '<html>Bad Gateway</html>' }],
    ['the connection is cut', { kind: 'drop' }],
  ] as const)('a Gmail profile that cannot be had now loses no sign-in: the identity token gives the name (%s)', async (_, answer) => {
    server.answerAt(PROFILE, answer);
    expect(await redeemed(tokens({ id_token: await idToken() }))).toMatchObject({
      kind: 'GRANTED',
      account: { username: 'carol@gmail.test', pin: { subject: '1234567890' } },
    });
    expect(paths()).toEqual(['/token', PROFILE]);
  });

  test('while the keys of Google cannot be had, the code is not used up', async () => {
    const own = server.provider({ certsUrl: `${server.origin}/certs-out-of-order` } as never);
    server.answerAt('/certs-out-of-order', { status: 503, body: { error: 'unavailable' } });
    server.seen();
    const outcome = await own.redeem(
      { code: new Secret('a-code'), verifier: new Secret('v'.repeat(43)), nonce: 'the-nonce', redirectUri: REDIRECT, direction: 'BOTH' },
      5_000,
    );
    expect(said(outcome)).toMatchObject({ retryable: true });
    expect(paths()).not.toContain('/token');
  });

  test('an access token that is refused by the API is asked with once, and not renewed behind our back', async () => {
    server.answerAt(PROFILE, apiError(401, 'Invalid Credentials', 'UNAUTHENTICATED', 'authError'));
    expect((await redeemed(tokens({ id_token: await idToken() }))).kind).toBe('FAILED');
    expect(paths()).toEqual(['/token', PROFILE]);
  });

  describe('a refresh', () => {
    test('without a new refresh token leaves the one that was used good', async () => {
      server.answer({ status: 200, body: tokens({ refresh_token: undefined }) });
      const outcome = await provider.refresh(new Secret('a-refresh-token'), [MAIL], 5_000);
      expect(outcome).toMatchObject({ kind: 'GRANTED', tokens: { refreshToken: null } });
    });

    test('tells when the grant ends, as an application in testing does', async () => {
      const now = 1_800_000_000_000;
      const own = server.provider({ now: () => now });
      server.answer({ status: 200, body: tokens({ refresh_token_expires_in: 604_799 }) });
      const outcome = await own.refresh(new Secret('another'), [MAIL], 5_000);
      expect(outcome).toMatchObject({ kind: 'GRANTED', tokens: { grantExpiresAt: now + 604_799_000 } });
      server.answer({ status: 200, body: tokens() });
      expect(await own.refresh(new Secret('another'), [MAIL], 5_000)).toMatchObject({ tokens: { grantExpiresAt: null } });
    });

    test('is one request, whatever is answered, and follows nobody elsewhere', async () => {
      for (const answer of [
        { status: 503, body: { error: 'internal_failure', error_description: 'Backend Error' } },
        { status: 429, body: { error: 'rate_limit_exceeded' } },
        { status: 500, body: '<html>' },
        { status: 307, body: '', headers: { location: `${server.origin}/elsewhere` } },
        { status: 302, body: '{}', headers: { location: `${server.origin}/elsewhere` } },
        { kind: 'drop' },
      ] as const) {
        server.answer(answer);
        expect((await refused()).diagnosis.retryable, JSON.stringify(answer)).toBe(true);
        expect(paths(), JSON.stringify(answer)).toEqual(['/token']);
      }
    });

    test('that is throttled says for how long', async () => {
      server.answer({ status: 429, body: { error: 'rate_limit_exceeded' }, headers: { 'retry-after': '120' } });
      const { evidence, diagnosis } = await refused();
      expect(diagnosis).toMatchObject({ reason: 'RATE_LIMITED', retryable: true });
      expect(evidence.retryAfterMs).toBe(120_000);
    });

    test('that is never answered ends with its time', async () => {
      server.answer({ kind: 'hang' });
      const { evidence, diagnosis } = await refused(300);
      expect(evidence.codes).toContain('ETIMEDOUT');
      expect(diagnosis).toMatchObject({ reason: 'CONNECTION_TIMEOUT', retryable: true });
    });

    test.each([
      ['a page', 200, '<html>Welcome to the guest network</html>'],
      ['a page with an error', 502, '<html>502 Bad Gateway</html>'],
      ['nothing', 200, ''],
      ['a list', 200, '[]'],
      ['half an answer', 200, '{"access_token": "an-acc'],
      ['an answer without a token', 200, '{"token_type": "Bearer"}'],
      ['an empty token', 200, '{"access_token": ""}'],
    ])('%s instead of an answer is no token and says nothing about the grant', async (_, status, body) => {
      for (const type of ['text/html', 'application/json']) {
        server.answer({ status, body, headers: { 'content-type': type } });
        expect((await refused()).diagnosis, type).toMatchObject({ retryable: true });
      }
    });

    test.each([
      ['invalid_grant', DEAD, {}, 400, 'OAUTH_GRANT_REVOKED'],
      ['invalid_grant', 'Bad Request', {}, 400, 'OAUTH_GRANT_INVALID'],
      ['invalid_grant', 'reauth related error (invalid_rapt)', { error_subtype: 'invalid_rapt' }, 400, 'REAUTH_POLICY'],
      ['invalid_grant', 'reauth related error (rapt_required)', { error_subtype: 'rapt_required' }, 400, 'REAUTH_POLICY'],
      ['invalid_grant', 'Account has been deleted', {}, 400, 'ACCOUNT_NOT_FOUND'],
      ['invalid_grant', 'Not a valid email', {}, 400, 'ACCOUNT_NOT_FOUND'],
      ['invalid_grant', 'Account has been disabled', {}, 400, 'ACCOUNT_DISABLED'],
      ['invalid_client', 'Unauthorized', {}, 401, 'APP_SECRET_INVALID'],
      ['invalid_client', 'The OAuth client was not found.', {}, 401, 'APP_NOT_FOUND'],
      ['deleted_client', 'The OAuth client was deleted.', {}, 401, 'APP_NOT_FOUND'],
      ['disabled_client', 'The OAuth client was disabled.', {}, 401, 'APP_DISABLED'],
      [
        'admin_policy_enforced',
        'Access to your account data is restricted by policies within your organization.',
        {},
        400,
        'ADMIN_POLICY_BLOCKED',
      ],
      ['unauthorized_client', 'Client is unauthorized to retrieve access tokens using this method.', {}, 401, 'ADMIN_CONSENT_REQUIRED'],
    ] as const)('%s, "%s" (%o) is told as what it is', async (error, description, more, status, reason) => {
      server.answer(refusal(error, description, more, status));
      const { diagnosis } = await refused();
      expect(diagnosis).toMatchObject({ reason, retryable: false });
      // A fault of the application is never the mailbox owner's.
      if (/^APP_|^ADMIN_/.test(reason)) expect(diagnosis.actor).not.toBe('MAILBOX_OWNER');
    });

    test('internal_failure passes', async () => {
      server.answer(refusal('internal_failure', 'Backend Error', {}, 400));
      expect((await refused()).diagnosis).toMatchObject({ reason: 'PROVIDER_UNAVAILABLE', retryable: true });
    });
  });

  test('a revocation is confirmed only by a success, is one request, and needs no client', async () => {
    server.answerAt('/revoke', { status: 200, body: {} });
    expect(await provider.revoke(new Secret('a-refresh-token'), 5_000)).toBe(true);
    const [asked] = server.seen();
    expect([asked?.method, asked?.path, asked?.form.get('client_secret')]).toEqual(['POST', '/revoke', null]);
    // By its status alone, whatever the body (RFC 7009 section 2.2).
    server.answerAt('/revoke', { status: 200, body: '' });
    expect(await provider.revoke(new Secret('a-refresh-token'), 5_000)).toBe(true);
    expect(paths()).toEqual(['/revoke']);
    for (const answer of [
      { status: 400, body: { error: 'invalid_token' } },
      { status: 503, body: {} },
      { status: 200, body: '<html>' },
    ] as const) {
      server.answerAt('/revoke', answer);
      expect(await provider.revoke(new Secret('a-refresh-token'), 5_000)).toBe(false);
      expect(paths()).toEqual(['/revoke']);
    }
  });

  test('no token, code or secret is in the evidence of a failure, also when the answer repeats it', async () => {
    server.answer(refusal('invalid_grant', 'refresh_token=a-refresh-token client_secret=app-secret failed.'));
    expect(JSON.stringify(await refused())).not.toMatch(/a-refresh-token|app-secret/);
  });

  test('the library is loaded only where sign-in with Google is configured: nobody imports it when the gateway starts', () => {
    const source = join(import.meta.dirname, '../../src');
    const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
    const importing = (pattern: RegExp): readonly string[] =>
      files.filter((name) => pattern.test(readFileSync(join(source, name), 'utf8')));
    expect(importing(/from '[^']*google-provider\.ts'/)).toEqual([]);
    expect(importing(/await import\('[^']*google-provider\.ts'\)/)).toEqual(['sign-in-providers.ts']);
    expect(importing(/from 'googleapis[^']*'/)).toEqual(['providers/google/google-provider.ts']);
    expect(importing(/from 'googleapis'/)).toEqual([]);
  });
});
