import { finding } from './finding.ts';
import type { Finding } from './finding.ts';
import type { Reading } from './reading.ts';

/** Step 3: what the libraries say of themselves, before anything was sent or after everything was received. */
export function clientLibrary(reading: Reading): Finding | null {
  const codes = reading.evidence.codes.map((code) => code.toLowerCase());
  const byCode = CODES.find(([known]) => known.some((code) => codes.includes(code)));
  if (byCode !== undefined) return byCode[1];
  if (reading.evidence.oauthError === 'no_tokens_found') return NO_TOKEN;
  if (!reading.answered && /login is disabled(?! for)|logindisabled/.test(reading.text)) return LOGIN_IS_DISABLED;
  return TEXTS.find(([pattern]) => pattern.test(reading.text))?.[1] ?? null;
}

const NO_TOKEN = finding('TOKEN_CACHE_EMPTY', 'CERTAIN');
const STATE = finding('CLIENT_STATE_ERROR', 'CERTAIN');

const CODES: readonly (readonly [readonly string[], Finding])[] = [
  // Often the echo of an earlier bad_token answer: the caller keeps the first diagnosis (provider-facts 1.3).
  [['no_tokens_found', 'no_account_found', 'no_account_in_silent_request', 'token_cache_empty'], NO_TOKEN],
  [['refresh_token_expired'], finding('OAUTH_TOKEN_EXPIRED_INACTIVE', 'CERTAIN')],
  [
    [
      'state_mismatch',
      'nonce_mismatch',
      'state_not_found',
      'invalid_state',
      'pkce_not_created',
      'auth_code_required',
      'authorization_code_missing_from_server_response',
      'hash_empty_error',
      'request_cannot_be_made',
      'max_age_transpired',
    ],
    STATE,
  ],
  [['user_canceled', 'user_cancelled', 'access_denied_by_user'], finding('CONSENT_DENIED', 'CERTAIN')],
  [
    [
      'missing_tenant_id_error',
      'untrusted_authority',
      'authority_mismatch',
      'cannot_redirect_to_invalid_authority',
      'issuer_validation_failed',
    ],
    finding('APP_MISCONFIGURED', 'LIKELY', { action: 'FIX_TENANT' }),
  ],
  [
    // All failures of discovery look alike here; the cause, where there is one, was read as a network failure before.
    ['endpoints_resolution_error', 'openid_config_error'],
    finding('APP_MISCONFIGURED', 'AMBIGUOUS', {
      action: 'FIX_TENANT',
      alternatives: ['TENANT_NOT_FOUND', 'PROVIDER_UNAVAILABLE', 'TLS_CERTIFICATE_INVALID'],
    }),
  ],
  [
    [
      'authority_uri_insecure',
      'invalid_client_credential',
      'invalid_client_secret',
      'invalid_assertion',
      'invalid_certificate',
      'redirect_uri_empty',
      'url_parse_error',
      'url_empty_error',
      'invalid_authority_metadata',
      'invalid_cloud_discovery_metadata',
      'empty_input_scopes_error',
      'client_id_required',
      'thumbprint_missing',
    ],
    finding('APP_MISCONFIGURED', 'CERTAIN'),
  ],
];

/** imapflow, before any login: the server announced LOGINDISABLED, which is a question of TLS. */
const LOGIN_IS_DISABLED = finding('AUTH_MECHANISM_UNSUPPORTED', 'LIKELY', {
  action: 'CHECK_TLS_MODE',
  alternatives: ['STARTTLS_UNAVAILABLE', 'BASIC_AUTH_DISABLED'],
});
const UNSUPPORTED = finding('AUTH_MECHANISM_UNSUPPORTED', 'LIKELY');

const TEXTS: readonly (readonly [RegExp, Finding])[] = [
  // google-auth-library
  [
    /no refresh token(?: or refresh handler callback)? is set|no access, refresh token|missing refresh token/,
    finding('TOKEN_CACHE_EMPTY', 'CERTAIN'),
  ],
  [
    /^no password configured\.?$|missing credentials for "?(?:plain|login|xoauth2)|^no credentials (?:were )?(?:given|provided|configured)/,
    finding('SECRET_UNAVAILABLE', 'LIKELY', { alternatives: ['TOKEN_CACHE_EMPTY'] }),
  ],
  // nodemailer, Python smtplib, JavaMail, .NET MailKit, Go
  [
    /unsupported authentication mechanism|smtp auth extension not supported|(?:server|host) does(?: not|n't) support (?:auth\b|authentication|any)|no (?:suitable|supported|compatible|common) (?:sasl )?(?:authentication |auth )?(?:mechanisms?|methods?)|no authentication mechanisms? (?:supported|in common)|auth command not (?:offered|supported)/,
    UNSUPPORTED,
  ],
];
