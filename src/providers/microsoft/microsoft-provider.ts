import { ConfidentialClientApplication, LogLevel, type AuthenticationResult } from '@azure/msal-node';
import { evidenceOf, gatewayEvidence } from '../../domain/diagnose/evidence-of.ts';
import type { Evidence, EvidenceContext } from '../../domain/evidence.ts';
import { Secret } from '../../vault/secret.ts';
import { startDeadline } from '../../network/deadline.ts';
import { createOutgoingHttps } from '../../network/outgoing-https.ts';
import type { HttpsProxy } from '../../network/proxy.ts';
import type { RefreshOutcome, SignedInAccount, SignInProvider, TokenSet } from '../provider.ts';
import { appCredential, type AppCredential } from './app-credential.ts';
import { createDiscoveryCache, createRecordingNetwork, type RecordingNetwork } from './network-client.ts';
import { mailScopes, missingFrom } from './scopes.ts';

/** The tenant of every personal account (Outlook.com, Hotmail, Live). */
const PERSONAL_TENANT = '9188040d-6c67-4c5b-b112-36a304b66dad';
const URL_TIMEOUT_MS = 20_000;

export interface MicrosoftOptions {
  readonly clientId: string;
  /** https only; msal refuses anything else. */
  readonly authority: string;
  /** Further hosts (with port) that may stand in its place, besides the authority's own. */
  readonly knownAuthorities: readonly string[];
  /** Read at each use: an operator who replaces an expired secret needs no restart. */
  readonly secret: () => Secret;
  readonly ca: readonly string[] | null;
  /** None unless given. */
  readonly proxy?: HttpsProxy | null;
  readonly now: () => number;
}

/**
 * Sign-in with Microsoft by msal-node, configured only. Each call makes a fresh client: msal's cache holds tokens in
 * clear text and would answer from memory after a revocation, and its throttle memory would outlive the throttle.
 */
export function createMicrosoftProvider(options: MicrosoftOptions): SignInProvider {
  const authority = new URL(options.authority);
  const outgoing = createOutgoingHttps({ ca: options.ca, proxy: options.proxy ?? null });
  const discovery = createDiscoveryCache(options.now);
  const context: EvidenceContext = { protocol: 'OAUTH', provider: 'MICROSOFT_365', host: authority.host, authMethod: 'OAUTH2' };

  /** Null when the file that holds it cannot be read or is no certificate with its key. */
  function credentialAtHand(): AppCredential | null {
    try {
      return appCredential(options.secret());
    } catch {
      return null;
    }
  }

  function client(network: RecordingNetwork, credential: AppCredential): ConfidentialClientApplication {
    return new ConfidentialClientApplication({
      auth: {
        clientId: options.clientId,
        authority: options.authority,
        // The operator's own authority is believed; msal would ask a public host whether to.
        knownAuthorities: [...new Set([authority.host, ...options.knownAuthorities])],
        ...credential,
      },
      system: {
        networkClient: network.module,
        disableInternalRetries: true,
        loggerOptions: { logLevel: LogLevel.Error, piiLoggingEnabled: false, loggerCallback: () => undefined },
      },
    });
  }

  /** Runs one msal call under one deadline; whatever it throws becomes evidence together with what the wire said. */
  async function attempt<T>(
    timeoutMs: number,
    call: (app: ConfidentialClientApplication, network: RecordingNetwork) => Promise<T>,
  ): Promise<{ value: T } | { evidence: Evidence }> {
    const credential = credentialAtHand();
    if (credential === null)
      return { evidence: gatewayEvidence('APP_MISCONFIGURED', context, 'The secret or certificate of the application cannot be read.') };
    const deadline = startDeadline(timeoutMs);
    const network = createRecordingNetwork(outgoing, deadline, discovery);
    try {
      return { value: await call(client(network, credential), network) };
    } catch (error) {
      return { evidence: evidenceOf(withWire(error, network), context) };
    } finally {
      deadline.dispose();
    }
  }

  return {
    clientId: options.clientId,
    issuer: `${authority.origin}/{tenantid}/v2.0`,
    requiredScopes: (direction) => mailScopes(authority, direction),
    missingScopes: (direction, granted) => missingFrom(mailScopes(authority, direction), granted),

    async signInUrl(request) {
      const result = await attempt(URL_TIMEOUT_MS, (app) =>
        app.getAuthCodeUrl({
          scopes: [...mailScopes(authority, request.direction)],
          redirectUri: request.redirectUri,
          state: request.state,
          nonce: request.nonce,
          codeChallenge: request.codeChallenge,
          codeChallengeMethod: 'S256',
          // A login hint is ignored beside the account chooser, so only one of them is sent.
          ...(request.selectAccount ? { prompt: 'select_account' } : request.loginHint === null ? {} : { loginHint: request.loginHint }),
        }),
      );
      return 'value' in result ? { kind: 'URL', url: result.value } : { kind: 'FAILED', evidence: result.evidence };
    },

    async redeem(grant, timeoutMs) {
      let refreshToken: Secret | null = null;
      let discovered: string | null = null;
      const result = await attempt(timeoutMs, async (app, network) => {
        const answer = await app.acquireTokenByCode({
          code: grant.code.reveal(),
          scopes: [...mailScopes(authority, grant.direction)],
          redirectUri: grant.redirectUri,
          codeVerifier: grant.verifier.reveal(),
          nonce: grant.nonce,
        });
        refreshToken = cachedRefreshToken(app);
        discovered = network.issuer();
        return answer;
      });
      if (!('value' in result)) return { kind: 'FAILED', evidence: result.evidence };
      const tokens = tokenSet(result.value, refreshToken);
      if (tokens === null)
        return { kind: 'FAILED', evidence: gatewayEvidence('OAUTH_GRANT_INVALID', context, 'The sign-in gave no access token.') };
      const account = accountOf(result.value, { authority, discovered, clientId: options.clientId, nonce: grant.nonce });
      if (account === null)
        return {
          kind: 'FAILED',
          evidence: gatewayEvidence('CLIENT_STATE_ERROR', context, 'The identity token is not the one that was asked for.'),
        };
      return { kind: 'GRANTED', tokens, account };
    },

    async refresh(token, scopes, timeoutMs): Promise<RefreshOutcome> {
      let refreshToken: Secret | null = null;
      const result = await attempt(timeoutMs, async (app) => {
        const answer = await app.acquireTokenByRefreshToken({
          refreshToken: token.reveal(),
          scopes: [...scopes],
          forceCache: true,
        });
        refreshToken = cachedRefreshToken(app);
        return answer;
      });
      if (!('value' in result)) return { kind: 'FAILED', evidence: result.evidence };
      const tokens = result.value === null ? null : tokenSet(result.value, refreshToken);
      if (tokens === null)
        return { kind: 'FAILED', evidence: gatewayEvidence('PROVIDER_UNAVAILABLE', context, 'The refresh gave no access token.') };
      return { kind: 'GRANTED', tokens };
    },

    // Microsoft has no endpoint that ends one grant; a refresh token dies unused after 90 days.
    revoke: () => Promise.resolve(false),
  };
}

/** msal does not hand the refresh token out; its serialized cache of this one call holds it. */
function cachedRefreshToken(app: ConfidentialClientApplication): Secret | null {
  const cache = JSON.parse(app.getTokenCache().serialize()) as { RefreshToken?: Record<string, { secret?: unknown }> };
  const secret = Object.values(cache.RefreshToken ?? {}).at(-1)?.secret;
  return typeof secret === 'string' && secret !== '' ? new Secret(secret) : null;
}

function tokenSet(answer: AuthenticationResult, refreshToken: Secret | null): TokenSet | null {
  if (answer.accessToken === '' || answer.expiresOn === null) return null;
  return {
    refreshToken,
    accessToken: new Secret(answer.accessToken),
    accessTokenExpiresAt: answer.expiresOn.getTime(),
    grantedScopes: answer.scopes,
    grantExpiresAt: null,
  };
}

interface AskedFor {
  readonly authority: URL;
  /** The issuer of the discovery document. */
  readonly discovered: string | null;
  readonly clientId: string;
  readonly nonce: string;
}

/**
 * Null when the identity token was made for another flow or application, or by another issuer (OpenID Connect Core 3.1.3.7,
 * RFC 9700 4.4): neither the account's own tenant at this authority, which is how Microsoft's shared authorities answer, nor
 * what the authority calls itself.
 */
function accountOf(answer: AuthenticationResult, { authority, discovered, clientId, nonce }: AskedFor): SignedInAccount | null {
  const claims = answer.idTokenClaims as Readonly<Record<string, unknown>>;
  const text = (name: string): string | null => (typeof claims[name] === 'string' && claims[name] !== '' ? claims[name] : null);
  const issuer = text('iss');
  // An authority of one tenant says it in its issuer, too.
  const tenantId = text('tid') ?? (issuer === discovered ? (/\/([^/]+)\/v2\.0$/.exec(issuer ?? '')?.[1] ?? null) : null);
  const objectId = text('oid') ?? text('sub');
  if (tenantId === null || objectId === null || issuer === null || text('nonce') !== nonce || text('aud') !== clientId) return null;
  if (issuer !== `${authority.origin}/${tenantId}/v2.0` && issuer !== discovered?.replace('{tenantid}', tenantId)) return null;
  const username = text('preferred_username') ?? text('email') ?? answer.account?.username ?? '';
  return { pin: { kind: 'MICROSOFT', issuer, tenantId, objectId }, username, personal: tenantId === PERSONAL_TENANT };
}

/** msal's error with what it dropped: the HTTP status, Retry-After and the cause of a failed connection. */
function withWire(error: unknown, network: RecordingNetwork): unknown {
  const wire = network.last();
  if (wire === null || typeof error !== 'object' || error === null) return error;
  const fields = error as Readonly<Record<string, unknown>>;
  return {
    lib: '@azure/msal-node',
    name: fields['name'],
    message: fields['message'],
    errorCode: fields['errorCode'],
    errorMessage: fields['errorMessage'],
    subError: fields['subError'],
    errorNo: fields['errorNo'],
    ...(wire.status === null ? {} : { status: wire.status }),
    ...(wire.retryAfter === null ? {} : { headers: { 'retry-after': wire.retryAfter } }),
    ...(wire.fault === null ? {} : { cause: wire.fault }),
  };
}
