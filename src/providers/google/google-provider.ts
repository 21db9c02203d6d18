import { Agent } from 'node:https';
import { auth, gmail } from 'googleapis/build/src/apis/gmail/index.js';
import { diagnose } from '../../domain/diagnose/diagnose.ts';
import { evidenceOf, gatewayEvidence } from '../../domain/diagnose/evidence-of.ts';
import type { Evidence, EvidenceContext } from '../../domain/evidence.ts';
import { startDeadline, untilAborted, type Deadline } from '../../network/deadline.ts';
import { createOutgoingHttps } from '../../network/outgoing-https.ts';
import type { HttpsProxy } from '../../network/proxy.ts';
import { Secret } from '../../vault/secret.ts';
import type { SignedInAccount, SignInProvider, TokenSet } from '../provider.ts';
import { libraryFetch } from './library-network.ts';

/** The one scope that opens IMAP and SMTP; narrower Gmail scopes do not (Google XOAUTH2 documentation). */
const MAIL_SCOPE = 'https://mail.google.com/';
const IDENTITY_SCOPES = ['openid', 'email'];
const GOOGLE_ISSUERS = ['https://accounts.google.com', 'accounts.google.com'];
/** Of an access token whose answer does not say (RFC 6749 section 5.1 only recommends it). */
const DEFAULT_LIFETIME_MS = 3_600_000;
/** Of the question that may go without an answer. */
const PROFILE_TIMEOUT_MS = 5_000;
/** Making the URL asks nobody; an attempt has a time-out all the same. */
const URL_TIMEOUT_MS = 20_000;

export interface GoogleOptions {
  readonly clientId: string;
  readonly secret: () => Secret;
  readonly issuer: string;
  readonly authUrl: string;
  readonly tokenUrl: string;
  readonly revokeUrl: string;
  readonly certsUrl: string;
  readonly gmailApiUrl: string;
  readonly ca: readonly string[] | null;
  /** None unless given. */
  readonly proxy?: HttpsProxy | null;
  readonly now: () => number;
}

type Client = InstanceType<typeof auth.OAuth2>;

/**
 * Sign-in with Google by googleapis, configured only. A fresh client a call keeps no token in memory. The library's own
 * retries are off: one call is one request, so that the gateway alone decides what is repeated.
 */
export function createGoogleProvider(options: GoogleOptions): SignInProvider {
  const outgoing = createOutgoingHttps({ ca: options.ca, proxy: options.proxy ?? null });
  // With an agent given, gaxios does not look for HTTPS_PROXY by itself.
  const unused = new Agent();
  const context: EvidenceContext = { protocol: 'OAUTH', provider: 'GMAIL', host: new URL(options.tokenUrl).host, authMethod: 'OAUTH2' };
  const issuers = GOOGLE_ISSUERS.includes(options.issuer) ? GOOGLE_ISSUERS : [options.issuer];

  const unreadableSecret = gatewayEvidence('APP_MISCONFIGURED', context, 'The secret of the application cannot be read.');

  /** Null when the file that holds it cannot be read. */
  function secretAtHand(): Secret | null {
    try {
      return options.secret();
    } catch {
      return null;
    }
  }

  function client(secret: Secret, deadline: Deadline): Client {
    return new auth.OAuth2({
      clientId: options.clientId,
      clientSecret: secret.reveal(),
      endpoints: {
        oauth2AuthBaseUrl: options.authUrl,
        oauth2TokenUrl: options.tokenUrl,
        oauth2RevokeUrl: options.revokeUrl,
        oauth2FederatedSignonPemCertsUrl: options.certsUrl,
      },
      issuers,
      transporterOptions: {
        retryConfig: { retry: 0, noResponseRetries: 0 },
        fetchImplementation: libraryFetch(outgoing, deadline),
        agent: unused,
      },
    });
  }

  async function attempt<T>(timeoutMs: number, call: (oauth: Client) => Promise<T>): Promise<{ value: T } | { evidence: Evidence }> {
    const secret = secretAtHand();
    if (secret === null) return { evidence: unreadableSecret };
    const deadline = startDeadline(timeoutMs);
    try {
      return { value: await untilAborted(call(client(secret, deadline)), deadline.signal) };
    } catch (error) {
      return { evidence: evidenceOf(error, context) };
    } finally {
      deadline.dispose();
    }
  }

  /**
   * Who signed in: the verified identity token for the pin, the Gmail profile as proof that there is a mailbox behind it.
   * Without the mail scope the profile would be refused, and it is the missing scope that has to be told.
   */
  async function accountOf(oauth: Client, idToken: string, nonce: string, mayAskProfile: boolean): Promise<SignedInAccount | null> {
    const ticket = await oauth.verifyIdToken({ idToken, audience: options.clientId });
    const claims = ticket.getPayload();
    if (claims === undefined || claims.nonce !== nonce) return null;
    const profileName = mayAskProfile ? await profileAddress(oauth) : null;
    const username = profileName ?? claims.email ?? '';
    return { pin: { kind: 'GOOGLE', issuer: options.issuer, subject: claims.sub }, username, personal: claims.hd === undefined };
  }

  /** Null while the Gmail API is out of order: the code is used up by now, and the login that follows is proof enough. */
  async function profileAddress(oauth: Client): Promise<string | null> {
    const api = gmail({ version: 'v1', auth: oauth, rootUrl: options.gmailApiUrl });
    const deadline = startDeadline(PROFILE_TIMEOUT_MS);
    try {
      const profile = await untilAborted(api.users.getProfile({ userId: 'me' }), deadline.signal);
      return profile.data.emailAddress ?? null;
    } catch (error) {
      if (diagnose(evidenceOf(error, context)).retryable) return null;
      throw error;
    } finally {
      deadline.dispose();
    }
  }

  function tokenSet(answer: TokenAnswer): TokenSet | null {
    if (typeof answer.access_token !== 'string' || answer.access_token === '') return null;
    const lasts = answer.refresh_token_expires_in;
    return {
      refreshToken: typeof answer.refresh_token === 'string' && answer.refresh_token !== '' ? new Secret(answer.refresh_token) : null,
      accessToken: new Secret(answer.access_token),
      accessTokenExpiresAt: answer.expiry_date ?? options.now() + DEFAULT_LIFETIME_MS,
      grantedScopes: (answer.scope ?? '').split(' ').filter((scope) => scope !== ''),
      grantExpiresAt: typeof lasts === 'number' ? options.now() + lasts * 1_000 : null,
    };
  }

  return {
    clientId: options.clientId,
    issuer: options.issuer,
    requiredScopes: () => [MAIL_SCOPE],
    missingScopes: (_direction, granted) => (granted.includes(MAIL_SCOPE) ? [] : [MAIL_SCOPE]),

    async signInUrl(request) {
      const result = await attempt(URL_TIMEOUT_MS, (oauth) =>
        Promise.resolve(
          oauth.generateAuthUrl({
            access_type: 'offline',
            // Google gives a refresh token at the first consent only; asking again is the way to get one each time.
            prompt: request.selectAccount ? 'select_account consent' : 'consent',
            scope: [MAIL_SCOPE, ...IDENTITY_SCOPES],
            redirect_uri: request.redirectUri,
            state: request.state,
            nonce: request.nonce,
            code_challenge: request.codeChallenge,
            code_challenge_method: 'S256' as never,
            ...(request.loginHint === null || request.selectAccount ? {} : { login_hint: request.loginHint }),
          }),
        ),
      );
      return 'value' in result ? { kind: 'URL', url: result.value } : { kind: 'FAILED', evidence: result.evidence };
    },

    async redeem(grant, timeoutMs) {
      const result = await attempt(timeoutMs, async (oauth) => {
        // Kept for the identity token: without them the code would be used up for nothing.
        await oauth.getFederatedSignonCertsAsync();
        const answer = await oauth.getToken({
          code: grant.code.reveal(),
          codeVerifier: grant.verifier.reveal(),
          redirect_uri: grant.redirectUri,
        });
        // Without the refresh token, which the library would use for the profile when the access token is short-lived, and keep what it got.
        oauth.setCredentials({ access_token: answer.tokens.access_token ?? null });
        const idToken = answer.tokens.id_token;
        const tokens = tokenSet(answer.tokens);
        const mayAskProfile = tokens?.grantedScopes.includes(MAIL_SCOPE) === true;
        const account = typeof idToken === 'string' ? await accountOf(oauth, idToken, grant.nonce, mayAskProfile) : null;
        return { tokens, account };
      });
      if (!('value' in result)) return { kind: 'FAILED', evidence: result.evidence };
      const { tokens, account } = result.value;
      if (tokens === null)
        return { kind: 'FAILED', evidence: gatewayEvidence('OAUTH_GRANT_INVALID', context, 'The sign-in gave no access token.') };
      if (account === null)
        return {
          kind: 'FAILED',
          evidence: gatewayEvidence('CLIENT_STATE_ERROR', context, 'The identity token is not the one that was asked for.'),
        };
      return { kind: 'GRANTED', tokens, account };
    },

    async refresh(refreshToken, _scopes, timeoutMs) {
      const result = await attempt(timeoutMs, async (oauth) => {
        oauth.setCredentials({ refresh_token: refreshToken.reveal() });
        // The library's answer has the old refresh token put over a new one; its event comes before that.
        const heard: { refreshToken: string | null } = { refreshToken: null };
        oauth.once('tokens', (tokens: { readonly refresh_token?: string | null }) => {
          heard.refreshToken = tokens.refresh_token ?? null;
        });
        const { credentials, res } = await oauth.refreshAccessToken();
        const { scope, expiry_date: expiryDate } = credentials;
        return tokenSet({
          access_token: credentials.access_token ?? null,
          refresh_token: heard.refreshToken === refreshToken.reveal() ? null : heard.refreshToken,
          expiry_date: expiryDate ?? null,
          ...(scope === undefined ? {} : { scope }),
          refresh_token_expires_in: lifetimeIn(res?.data),
        });
      });
      if (!('value' in result)) return { kind: 'FAILED', evidence: result.evidence };
      if (result.value === null)
        return { kind: 'FAILED', evidence: gatewayEvidence('PROVIDER_UNAVAILABLE', context, 'The refresh gave no access token.') };
      return { kind: 'GRANTED', tokens: result.value };
    },

    async revoke(refreshToken, timeoutMs) {
      const result = await attempt(timeoutMs, (oauth) => oauth.revokeToken(refreshToken.reveal()));
      return 'value' in result;
    },
  };
}

interface TokenAnswer {
  readonly access_token?: string | null;
  readonly refresh_token?: string | null;
  readonly expiry_date?: number | null;
  readonly scope?: string;
  /** About 604,800 for an app in testing (seconds). */
  readonly refresh_token_expires_in?: unknown;
}

function lifetimeIn(data: unknown): unknown {
  return typeof data === 'object' && data !== null && 'refresh_token_expires_in' in data ? data.refresh_token_expires_in : undefined;
}
