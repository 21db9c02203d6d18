import { X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfidentialClientApplication } from '@azure/msal-node';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { generate } from 'selfsigned';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { diagnose } from '../../src/domain/diagnose/diagnose.ts';
import { evidenceOf } from '../../src/domain/diagnose/evidence-of.ts';
import type { Diagnosis } from '../../src/domain/diagnosis.ts';
import type { Evidence, EvidenceContext } from '../../src/domain/evidence.ts';
import { parseHttpsProxy } from '../../src/network/proxy.ts';
import type { RedeemOutcome, SignInProvider, SignInRequest } from '../../src/providers/provider.ts';
import { Secret } from '../../src/vault/secret.ts';
import { temporaryFolder } from '../support/store.ts';
import { startScriptedProvider, TENANT, type Answer, type ScriptedProvider } from '../support/scripted-provider.ts';

const REDIRECT = 'http://localhost:4000/oauth/callback/microsoft';
const IMAP = 'https://outlook.office.com/IMAP.AccessAsUser.All';
const SMTP = 'https://outlook.office.com/SMTP.Send';
const PERSONAL_TENANT = '9188040d-6c67-4c5b-b112-36a304b66dad';
const CONTEXT: EvidenceContext = { protocol: 'OAUTH', provider: 'MICROSOFT_365', host: null, authMethod: 'OAUTH2' };

const tokens = (more: Record<string, unknown> = {}) => ({
  token_type: 'Bearer',
  scope: `${IMAP} ${SMTP}`,
  expires_in: 3600,
  access_token: 'an-access-token',
  refresh_token: 'a-new-refresh-token',
  ...more,
});
const entra = (code: number, more: Record<string, unknown> = {}, status = 400): Answer => ({
  status,
  body: { error: 'invalid_grant', error_description: `AADSTS${code}: It failed. Trace ID: t`, error_codes: [code], ...more },
});
const request = (more: Partial<SignInRequest> = {}): SignInRequest => ({
  redirectUri: REDIRECT,
  state: 'the-state',
  nonce: 'the-nonce',
  codeChallenge: 'c'.repeat(43),
  loginHint: 'alice@contoso.test',
  selectAccount: false,
  direction: 'BOTH',
  ...more,
});

const pair = (keyType: 'rsa' | 'ec'): ReturnType<typeof generate> =>
  generate([{ name: 'commonName', value: 'gateway' }], { keyType, algorithm: 'sha256' });

describe('sign-in with Microsoft', () => {
  let server: ScriptedProvider;
  let provider: SignInProvider;
  beforeAll(async () => {
    server = await startScriptedProvider('microsoft');
  });
  afterAll(() => server.stop());
  beforeEach(() => {
    provider = server.provider();
    server.seen();
  });

  async function refused(own = provider, timeoutMs = 5_000): Promise<{ evidence: Evidence; diagnosis: Diagnosis }> {
    const outcome = await own.refresh(new Secret('a-refresh-token'), [IMAP, SMTP], timeoutMs);
    if (outcome.kind === 'GRANTED') throw new Error('It was granted.');
    return { evidence: outcome.evidence, diagnosis: diagnose(outcome.evidence) };
  }

  const idToken = (claims: Record<string, unknown> = {}): Promise<string> =>
    server.idToken({ sub: 'subject', oid: 'object', tid: TENANT, preferred_username: 'alice@contoso.test', nonce: 'the-nonce', ...claims });

  async function redeemed(body: Record<string, unknown>): Promise<RedeemOutcome> {
    server.answer({ status: 200, body });
    return provider.redeem(
      { code: new Secret('a-code'), verifier: new Secret('v'.repeat(43)), nonce: 'the-nonce', redirectUri: REDIRECT, direction: 'BOTH' },
      5_000,
    );
  }
  const reasonOf = (outcome: RedeemOutcome): string => (outcome.kind === 'GRANTED' ? 'GRANTED' : diagnose(outcome.evidence).reason);

  async function urlOf(own: SignInProvider, more: Partial<SignInRequest> = {}): Promise<URLSearchParams & { readonly host?: string }> {
    const outcome = await own.signInUrl(request(more));
    if (outcome.kind === 'FAILED') throw new Error(outcome.evidence.text);
    return new URL(outcome.url).searchParams;
  }

  describe('the sign-in page', () => {
    test('is asked for the expected account without a prompt, or for the account chooser without a hint', async () => {
      const hinted = await urlOf(provider);
      expect([hinted.get('login_hint'), hinted.get('prompt')]).toEqual(['alice@contoso.test', null]);
      const chooser = await urlOf(provider, { selectAccount: true });
      expect([chooser.get('login_hint'), chooser.get('prompt')]).toEqual([null, 'select_account']);
    });

    test('is asked for what the direction needs, of one resource, and for a refresh token', async () => {
      const scopesOf = async (direction: SignInRequest['direction']): Promise<readonly string[]> =>
        ((await urlOf(provider, { direction })).get('scope') ?? '').split(' ').sort();
      expect(await scopesOf('INCOMING')).toEqual([IMAP, 'offline_access', 'openid', 'profile'].sort());
      expect(await scopesOf('OUTGOING')).toEqual([SMTP, 'offline_access', 'openid', 'profile'].sort());
      expect(await scopesOf('BOTH')).toEqual([IMAP, SMTP, 'offline_access', 'openid', 'profile'].sort());
    });

    test.each([
      ['https://login.microsoftonline.com/common', 'https://outlook.office.com'],
      ['https://login.microsoftonline.com/organizations', 'https://outlook.office.com'],
      ['https://login.microsoftonline.us/contoso.onmicrosoft.us', 'https://outlook.office365.us'],
      ['https://login.partner.microsoftonline.cn/contoso.partner.onmschina.cn', 'https://partner.outlook.cn'],
    ])('of %s is made without asking anybody, for the resource of that cloud', async (authority, resource) => {
      // Whatever it asked would end at a proxy that is not there.
      const proxy = parseHttpsProxy('http://127.0.0.1:1');
      const own = server.provider({ authority, knownAuthorities: [], proxy: 'ok' in proxy ? proxy.ok : null });
      const outcome = await own.signInUrl(request());
      if (outcome.kind === 'FAILED') throw new Error(outcome.evidence.text);
      expect(outcome.url.startsWith(`${authority}/oauth2/v2.0/authorize?`)).toBe(true);
      expect(new URL(outcome.url).searchParams.get('scope')).toContain(`${resource}/IMAP.AccessAsUser.All`);
    });

    test("an authority that is not Microsoft's is believed because the operator named it; nobody public is asked about it", async () => {
      const own = server.provider({ knownAuthorities: [] });
      expect((await urlOf(own)).get('state')).toBe('the-state');
    });

    test('an http authority stops the start: msal refuses it at every sign-in', () => {
      const loaded = loadConfig({ MICROSOFT_AUTHORITY: 'http://localhost:1/common' });
      expect(loaded).toEqual({ kind: 'problems', problems: ['MICROSOFT_AUTHORITY: must be a URL that begins with https://.'] });
    });
  });

  describe('who signed in', () => {
    test('is said by the identity token, whatever client_info says, and without it too', async () => {
      const client_info = Buffer.from(JSON.stringify({ uid: 'somebody', utid: 'else' })).toString('base64url');
      for (const more of [{}, { client_info }]) {
        const outcome = await redeemed(tokens({ id_token: await idToken(), ...more }));
        if (outcome.kind === 'FAILED') throw new Error(outcome.evidence.text);
        expect(outcome.account).toEqual({
          pin: { kind: 'MICROSOFT', issuer: `${server.origin}/${TENANT}/v2.0`, tenantId: TENANT, objectId: 'object' },
          username: 'alice@contoso.test',
          personal: false,
        });
      }
    });

    test('a personal account is known by its tenant; a guest is pinned to the tenant that it signed in to', async () => {
      const personal = await redeemed(
        tokens({ id_token: await idToken({ tid: PERSONAL_TENANT, iss: `${server.origin}/${PERSONAL_TENANT}/v2.0` }) }),
      );
      expect(personal).toMatchObject({ kind: 'GRANTED', account: { personal: true, pin: { tenantId: PERSONAL_TENANT } } });
      const other = '11111111-2222-4333-8444-555555555555';
      const guest = await redeemed(
        tokens({
          id_token: await idToken({
            tid: other,
            iss: `${server.origin}/${other}/v2.0`,
            idp: 'live.com',
            preferred_username: 'a_b.c#EXT#@d.test',
          }),
        }),
      );
      expect(guest).toMatchObject({ kind: 'GRANTED', account: { personal: false, pin: { tenantId: other, objectId: 'object' } } });
    });

    test('the issuer may also be what the authority calls itself, with the tenant beside it or in it', async () => {
      const iss = `${server.origin}/own/v2.0`;
      const document = { issuer: iss, authorization_endpoint: `${iss}/authorize`, token_endpoint: `${iss}/token`, jwks_uri: `${iss}/keys` };
      server.answerAt('/own/v2.0/.well-known/openid-configuration', { status: 200, body: document });
      provider = server.provider({ authority: `${server.origin}/own` });
      const pinOf = (outcome: RedeemOutcome): unknown => (outcome.kind === 'GRANTED' ? outcome.account.pin : reasonOf(outcome));
      const beside = await redeemed(tokens({ id_token: await idToken({ iss }) }));
      expect(pinOf(beside)).toMatchObject({ issuer: iss, tenantId: TENANT });
      const within = await redeemed(tokens({ id_token: await idToken({ iss, tid: undefined }) }));
      expect(pinOf(within)).toMatchObject({ issuer: iss, tenantId: 'own' });
      const other = await redeemed(tokens({ id_token: await idToken({ iss: `${server.origin}/other/v2.0` }) }));
      expect(pinOf(other)).toBe('CLIENT_STATE_ERROR');
    });

    test('an identity token with another nonce, without one, of another issuer or without a tenant gives nothing', async () => {
      const wrong: readonly Record<string, unknown>[] = [
        { nonce: 'another' },
        { nonce: undefined },
        { iss: 'https://evil.example/v2.0' },
        { iss: `${server.origin}/other/v2.0` },
        { tid: undefined },
        { oid: undefined, sub: undefined },
      ];
      for (const claims of wrong)
        expect(reasonOf(await redeemed(tokens({ id_token: await idToken(claims) }))), JSON.stringify(claims)).toBe('CLIENT_STATE_ERROR');
      expect(reasonOf(await redeemed(tokens()))).not.toBe('GRANTED');
      // Negative control: the right one is taken.
      expect(reasonOf(await redeemed(tokens({ id_token: await idToken() })))).toBe('GRANTED');
    });
  });

  test('a scope that was dropped silently is missing; how it is spelled does not matter', async () => {
    const granted = async (scope: string): Promise<readonly string[]> => {
      const outcome = await redeemed(tokens({ id_token: await idToken(), scope }));
      return outcome.kind === 'GRANTED' ? provider.missingScopes('BOTH', outcome.tokens.grantedScopes) : ['failed'];
    };
    expect(await granted(`${IMAP} openid`)).toEqual([SMTP]);
    expect(await granted(`${IMAP.toLowerCase()} ${SMTP.toUpperCase()}`)).toEqual([]);
  });

  describe('a refresh', () => {
    test('brings the new refresh token out of a library that does not hand it out', async () => {
      server.answer({ status: 200, body: tokens() });
      const outcome = await provider.refresh(new Secret('a-refresh-token'), [IMAP], 5_000);
      if (outcome.kind === 'FAILED') throw new Error(outcome.evidence.text);
      expect(outcome.tokens.refreshToken?.reveal()).toBe('a-new-refresh-token');
      expect(server.seen().map(({ form }) => form.get('refresh_token'))).toEqual(['a-refresh-token']);
    });

    test('is never answered from memory: each one asks, and sees a revocation at once', async () => {
      server.answer({ status: 200, body: tokens() }, entra(50173, { suberror: 'bad_token' }));
      expect((await provider.refresh(new Secret('a-refresh-token'), [IMAP], 5_000)).kind).toBe('GRANTED');
      expect((await refused()).diagnosis.reason).toBe('OAUTH_GRANT_REVOKED');
      // msal forgets a token that was called bad, and would say "no_tokens_found" from then on.
      expect((await refused()).diagnosis.reason).toBe('OAUTH_GRANT_REVOKED');
      expect(server.seen()).toHaveLength(3);
    });

    test('is asked for again right after a throttle: the memory of msal does not outlive the attempt', async () => {
      server.answer(
        { status: 429, body: { error: 'temporarily_unavailable' }, headers: { 'retry-after': '3600' } },
        { status: 200, body: tokens() },
      );
      const { evidence, diagnosis } = await refused();
      expect(diagnosis).toMatchObject({ reason: 'RATE_LIMITED', retryable: true });
      expect([evidence.httpStatus, evidence.retryAfterMs]).toEqual([429, 3_600_000]);
      expect((await provider.refresh(new Secret('a-refresh-token'), [IMAP], 5_000)).kind).toBe('GRANTED');
    });

    test('negative control: one msal client that is kept answers from its throttle, with an empty code that is read as passing', async () => {
      let asked = 0;
      const { origin } = server;
      const answered = (body: object, status = 200, headers: Record<string, string> = {}) =>
        Promise.resolve({ status, headers, body: body as never });
      const app = new ConfidentialClientApplication({
        auth: { clientId: 'gateway', clientSecret: 's', authority: `${origin}/common`, knownAuthorities: [new URL(origin).host] },
        system: {
          networkClient: {
            sendGetRequestAsync: () =>
              answered({
                issuer: `${origin}/common/v2.0`,
                authorization_endpoint: `${origin}/a`,
                token_endpoint: `${origin}/t`,
                jwks_uri: `${origin}/k`,
              }),
            sendPostRequestAsync: () => {
              asked += 1;
              return answered({ error: 'temporarily_unavailable' }, 429, { 'retry-after': '60' });
            },
          },
        },
      });
      const ask = (): Promise<unknown> =>
        app.acquireTokenByRefreshToken({ refreshToken: 'a-refresh-token', scopes: [IMAP] }).then(
          () => null,
          (error: unknown) => error,
        );
      await ask();
      const fromMemory = await ask();
      expect(asked).toBe(1);
      expect(fromMemory).toMatchObject({ name: 'ServerError', errorCode: '' });
      expect(diagnose(evidenceOf(fromMemory, CONTEXT))).toMatchObject({ retryable: true });
      for (const errorCode of ['50196', '90033'])
        expect(diagnose(evidenceOf({ name: 'ServerError', errorCode, errorMessage: '' }, CONTEXT)), errorCode).toMatchObject({
          retryable: true,
        });
    });

    test.each([
      ['a page', 200, '<html>Welcome to the guest network</html>'],
      ['a page with an error', 502, '<html>502 Bad Gateway</html>'],
      ['nothing', 200, ''],
      ['a list', 200, '[]'],
      ['a bare word', 200, '"ok"'],
      ['half an answer', 200, '{"access_token": "an-acc'],
      ['an answer without a token', 200, '{"token_type": "Bearer", "expires_in": 3600}'],
      ['an empty token', 200, '{"token_type": "Bearer", "access_token": "", "expires_in": 3600}'],
    ])('%s instead of an answer is no token and says nothing about the grant', async (_, status, body) => {
      server.answer({ status, body });
      const { diagnosis } = await refused();
      expect(diagnosis).toMatchObject({ retryable: true, actor: 'NOBODY' });
    });

    test('is one request, whatever is answered, and follows nobody elsewhere', async () => {
      for (const answer of [
        { status: 503, body: { error: 'temporarily_unavailable' } },
        { status: 500, body: '<html>' },
        { status: 307, body: '', headers: { location: `${server.origin}/elsewhere` } },
        { status: 302, body: '{}', headers: { location: `${server.origin}/elsewhere` } },
        { kind: 'drop' },
      ] as const) {
        server.answer(answer);
        const { diagnosis } = await refused();
        expect(diagnosis.retryable, JSON.stringify(answer)).toBe(true);
        expect(server.seen().map(({ path }) => path)).toEqual(['/common/token']);
      }
    });

    test('that is never answered ends with its time, which msal itself does not have', async () => {
      server.answer({ kind: 'hang' });
      const { evidence, diagnosis } = await refused(provider, 300);
      expect(evidence.codes).toContain('ETIMEDOUT');
      expect(diagnosis).toMatchObject({ reason: 'CONNECTION_TIMEOUT', retryable: true });
    });

    test.each([
      [50173, 'bad_token', 'OAUTH_GRANT_REVOKED'],
      [700082, 'bad_token', 'OAUTH_TOKEN_EXPIRED_INACTIVE'],
      [50076, 'basic_action', 'MFA_REQUIRED'],
      [53003, 'message_only', 'CONDITIONAL_ACCESS_BLOCKED'],
      [65001, 'consent_required', 'CONSENT_REQUIRED'],
      [50055, 'user_password_expired', 'PASSWORD_EXPIRED'],
      [70043, 'token_expired', 'OAUTH_SIGNIN_FREQUENCY'],
      [50057, 'additional_action', 'ACCOUNT_DISABLED'],
    ])('AADSTS%i means the same with and without suberror, of whatever class msal makes it', async (code, suberror, reason) => {
      for (const more of [
        { suberror },
        {},
        { suberror, error: 'interaction_required' },
        { error: 'interaction_required' },
        { claims: '{}' },
      ]) {
        server.answer(entra(code, more));
        const { diagnosis } = await refused();
        expect(diagnosis.reason, JSON.stringify(more)).toBe(reason);
        expect(diagnosis.retryable).toBe(false);
      }
    });

    test('AADSTS70000, which is seen to pass, is a suspicion that is confirmed first; an unknown number asks nobody for certain', async () => {
      for (const code of [70000, 99999999]) {
        server.answer(entra(code));
        expect((await refused()).diagnosis.confidence).not.toBe('CERTAIN');
      }
    });
  });

  describe('discovery, whose every failure looks alike to msal, keeps its cause', () => {
    const path = '/common/v2.0/.well-known/openid-configuration';
    test.each([
      ['answers 503', { status: 503, body: { error: 'temporarily_unavailable' } }, { retryable: true }],
      ['answers with a page', { status: 200, body: '<html>Welcome</html>' }, { retryable: true }],
      ['hangs up', { kind: 'drop' }, { reason: 'CONNECTION_CLOSED', retryable: true }],
      ['says nothing', { kind: 'hang' }, { reason: 'CONNECTION_TIMEOUT', retryable: true }],
      [
        'names another issuer',
        {
          status: 200,
          body: {
            issuer: 'https://evil.example',
            authorization_endpoint: 'https://localhost/a',
            token_endpoint: 'https://localhost/t',
            jwks_uri: 'x',
          },
        },
        { reason: 'APP_MISCONFIGURED', actor: 'GATEWAY_OPERATOR' },
      ],
      [
        'knows no such tenant',
        { status: 400, body: { error: 'invalid_tenant', error_description: 'AADSTS90002: No tenant.' } },
        { actor: 'GATEWAY_OPERATOR' },
      ],
    ] as const)('when it %s', async (_, answer, expected) => {
      const own = await startScriptedProvider('microsoft');
      own.answerAt(path, answer);
      expect((await refused(own.provider(), 1_000)).diagnosis).toMatchObject(expected);
      await own.stop();
    });

    test('when nobody listens, and when its certificate is not trusted', async () => {
      const own = await startScriptedProvider('microsoft');
      expect((await refused(own.provider({ ca: null }))).diagnosis).toMatchObject({
        reason: 'TLS_CERTIFICATE_INVALID',
        retryable: true,
        actor: 'GATEWAY_OPERATOR',
      });
      // 127.0.0.1 and localhost are two names: the certificate and the issuer have one of them.
      expect(
        (await refused(own.provider({ authority: own.origin.replace('localhost', '127.0.0.1') + '/common' }))).diagnosis,
      ).toMatchObject({
        actor: 'GATEWAY_OPERATOR',
      });
      await own.stop();
      expect((await refused(own.provider())).diagnosis).toMatchObject({ reason: 'CONNECTION_REFUSED', retryable: true });
    });

    test('is asked for once an hour instead of at every refresh', async () => {
      const own = await startScriptedProvider('microsoft');
      let now = Date.now();
      const hourly = own.provider({ now: () => now });
      own.answer({ status: 200, body: tokens() });
      for (let round = 0; round < 3; round += 1) await hourly.refresh(new Secret('a-refresh-token'), [IMAP], 5_000);
      expect(own.discoveries()).toBe(1);
      now += 3_600_001;
      await hourly.refresh(new Secret('a-refresh-token'), [IMAP], 5_000);
      expect(own.discoveries()).toBe(2);
      await own.stop();
    });
  });

  describe('the application shows itself', () => {
    test('by its secret, which is read again at each use', async () => {
      let secret = 'the-old-one';
      const own = server.provider({ secret: () => new Secret(secret) });
      server.answer({ status: 200, body: tokens() });
      await own.refresh(new Secret('a-refresh-token'), [IMAP], 5_000);
      secret = 'the-new-one';
      await own.refresh(new Secret('a-refresh-token'), [IMAP], 5_000);
      expect(server.seen().map(({ form }) => form.get('client_secret'))).toEqual(['the-old-one', 'the-new-one']);
    });

    test('by a certificate: a signed assertion with its SHA-256 thumbprint, and never the key', async () => {
      const { cert: certificatePem, private: keyPem } = await pair('rsa');
      const own = server.provider({ secret: () => new Secret(`${certificatePem}\n${keyPem}`) });
      server.answer({ status: 200, body: tokens() });
      const outcome = await own.refresh(new Secret('a-refresh-token'), [IMAP], 5_000);
      const [asked] = server.seen();
      if (outcome.kind === 'FAILED') throw new Error(outcome.evidence.text);
      expect(asked?.form.get('client_secret')).toBeNull();
      const assertion = asked?.form.get('client_assertion') ?? '';
      const thumbprint = new X509Certificate(certificatePem).fingerprint256.replaceAll(':', '').toLowerCase();
      expect(Buffer.from(String(decodeProtectedHeader(assertion)['x5t#S256']), 'base64url').toString('hex')).toBe(thumbprint);
      expect(decodeJwt(assertion)).toMatchObject({ iss: 'gateway', sub: 'gateway' });
    });

    test('a certificate file that cannot work stops the start, which says what is wrong with it', async () => {
      const folder = temporaryFolder();
      const file = join(folder.path, 'app.pem');
      const problemWith = (text: string): readonly string[] => {
        writeFileSync(file, text);
        const loaded = loadConfig({ MICROSOFT_CLIENT_ID: 'app', MICROSOFT_CERTIFICATE_FILE: file });
        return loaded.kind === 'problems' ? loaded.problems : [];
      };
      const [one, other, elliptic] = [await pair('rsa'), await pair('rsa'), await pair('ec')];
      const says = (words: string) => [expect.stringMatching(new RegExp(`^MICROSOFT_CERTIFICATE_FILE: .*app\\.pem ${words}`))];
      expect(problemWith(`${one.cert}\n${one.private}`)).toEqual([]);
      expect(problemWith(one.private)).toEqual(says('holds no certificate'));
      expect(problemWith(one.cert)).toEqual(says('holds no private key'));
      expect(problemWith(`${one.cert}\n${other.private}`)).toEqual(says('holds a private key that does not belong to its certificate'));
      expect(problemWith(`${elliptic.cert}\n${elliptic.private}`)).toEqual(says('holds a key that is not RSA'));
      expect(problemWith(one.cert + one.private.replace(/[A-Za-z]{9}/, 'AAAAAAAAA'))).toEqual(says('holds a'));
      folder.remove();
    });

    test('or not at all: what cannot be read is the operator’s, and nobody is asked', async () => {
      const unreadable = () => {
        throw new Error('ENOENT');
      };
      const { cert } = await pair('rsa');
      const elliptic = await pair('ec');
      for (const secret of [unreadable, () => new Secret(cert), () => new Secret(`${elliptic.cert}\n${elliptic.private}`)]) {
        expect((await refused(server.provider({ secret }))).diagnosis).toMatchObject({
          reason: 'APP_MISCONFIGURED',
          actor: 'GATEWAY_OPERATOR',
        });
        expect(server.seen()).toEqual([]);
      }
    });
  });

  test('no token, code or secret is in the evidence of a failure, also when the answer repeats it', async () => {
    server.answer({
      status: 400,
      body: { error: 'invalid_grant', error_description: 'AADSTS50173: refresh_token=a-refresh-token client_secret=app-secret failed.' },
    });
    expect(JSON.stringify(await refused())).not.toMatch(/a-refresh-token|app-secret/);
  });
});
