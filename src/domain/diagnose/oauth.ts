import { aadstsFamily } from './aadsts.ts';
import type { Confidence } from '../diagnosis.ts';
import type { Reason } from '../reason.ts';
import { finding, passing } from './finding.ts';
import type { Departures, Finding } from './finding.ts';
import type { Reading } from './reading.ts';

/**
 * Step 5: the answer of a token or authorize endpoint. What the description names comes before what the error is called,
 * since invalid_grant and invalid_request stand for everything (RFC 6749 sections 4.1.2.1, 5.2; OpenID Connect Core 3.1.2.6).
 */
export function oauthAnswer(reading: Reading): Finding | null {
  const { oauthError, oauthSuberror, aadsts, context } = reading.evidence;
  const isAnswer = oauthError !== null || oauthSuberror !== null || aadsts.length > 0 || context.protocol === 'OAUTH';
  if (!isAnswer) return null;
  return (
    bySuberror(reading) ??
    byUnmistakableName(reading) ??
    byDescription(reading) ??
    aadstsFamily(reading) ??
    byName(reading) ??
    unknownNumber(reading)
  );
}

function bySuberror(reading: Reading): Finding | null {
  switch (reading.evidence.oauthSuberror ?? '') {
    case 'user_password_expired':
      return finding('PASSWORD_EXPIRED', 'LIKELY');
    case 'consent_required':
      return finding('CONSENT_REQUIRED', 'LIKELY');
    case 'invalid_rapt':
    case 'rapt_required':
      return finding('REAUTH_POLICY', 'CERTAIN');
    case 'token_expired':
      return finding('OAUTH_SIGNIN_FREQUENCY', 'LIKELY', { alternatives: ['OAUTH_TOKEN_EXPIRED_INACTIVE', 'OAUTH_GRANT_INVALID'] });
    case 'client_mismatch':
      return finding('APP_MISCONFIGURED', 'LIKELY');
    case 'unauthorized_device':
    case 'device_authentication_failed':
    case 'protection_policy_required':
      return finding('CONDITIONAL_ACCESS_BLOCKED', 'LIKELY');
    default:
      return null;
  }
}

interface Description {
  readonly when: RegExp;
  readonly errors?: readonly string[];
  readonly found: Finding;
}

function names(
  when: RegExp,
  reason: Reason,
  confidence: Confidence = 'LIKELY',
  errors?: readonly string[],
  departures: Departures = {},
): Description {
  return { when, found: finding(reason, confidence, departures), ...(errors === undefined ? {} : { errors }) };
}

const GRANT = ['invalid_grant'];
const CLIENT = ['invalid_client', 'unauthorized_client'];
const DENIED = ['access_denied'];

const DESCRIPTIONS: readonly Description[] = [
  // The application
  names(
    /\b(?:client|app\w*)\b.{0,40}\bsecrets?\b.{0,40}\bexpired|\bsecret keys? (?:are |is |has |have )?expired|expired .{0,20}(?:client )?secret|\bcertificate\b.{0,30}\bexpired/,
    'APP_SECRET_EXPIRED',
    'LIKELY',
    CLIENT,
  ),
  names(
    /\b(?:client|app\w*)\b.{0,60}\b(?:not (?:be )?found|does ?n[o']t exist|unknown|deleted|removed|not registered|no such)|\b(?:unknown|no such) (?:oauth )?(?:client|app\w*)/,
    'APP_NOT_FOUND',
    'LIKELY',
    [...CLIENT, 'deleted_client', 'invalid_request'],
  ),
  names(/\b(?:client|app\w*|robot|service account)\b.{0,40}\b(?:disabled|suspended|blocked|deactivated)/, 'APP_DISABLED', 'LIKELY', [
    ...CLIENT,
    ...DENIED,
    'disabled_client',
  ]),
  names(/redirect[_ ]?ur[il]|reply (?:url|address)/, 'REDIRECT_URI_MISMATCH', 'LIKELY', [
    'invalid_request',
    'redirect_uri_mismatch',
    ...GRANT,
    ...CLIENT,
  ]),
  names(/no valid verifier found|invalid jwt signature/, 'APP_NOT_FOUND', 'LIKELY', undefined, { alternatives: ['APP_SECRET_INVALID'] }),
  names(/invalid jwt/, 'APP_MISCONFIGURED', 'LIKELY', undefined, { alternatives: ['APP_SECRET_INVALID'] }),
  names(
    /unauthorized to retrieve access tokens|client not authorized for any of the scopes|unauthorized client or scope|admin(?:istrator)?(?:'s)? (?:consent|approval)|need admin approval|admin_consent|consented? by (?:an |your )?admin|approval required/,
    'ADMIN_CONSENT_REQUIRED',
  ),
  names(/being tested|test(?:ing)? mode|in testing|verification process|developer-approved/, 'APP_IN_TESTING', 'LIKELY'),
  names(
    /admin_policy|\badministrators? (?:ha(?:s|ve) )?(?:disabled|blocked|restricted|turned off)|restricted (?:by|to)|account restricted|organi[sz]ation(?:'s)? polic|blocked by (?:your )?(?:admin|organi[sz]ation)|tenant restrictions?/,
    'ADMIN_POLICY_BLOCKED',
  ),
  names(/\bnot (?:been )?(?:directly )?assigned (?:to )?(?:a |the )?(?:role|app\w*)/, 'ADMIN_POLICY_BLOCKED', 'LIKELY', undefined, {
    onlyThisAccount: true,
  }),
  names(/tenant\b.{0,80}\b(?:not found|does ?n[o']t exist|invalid|neither a valid)|unknown tenant|tenant identifier/, 'TENANT_NOT_FOUND'),
  names(/national cloud|sovereign cloud|another cloud|different cloud/, 'WRONG_CLOUD'),
  names(
    /\baccess[ -]?token\b.{0,60}\b(?:expired|invalid|not (?:yet )?valid|malformed|rejected|missing|empty)|invalid (?:authentication|access|bearer) token|lifetime validation failed/,
    'ACCESS_TOKEN_REJECTED',
  ),
  // The account
  names(/\b(?:multi-?factor|mfa|two-?factor|second factor|strong auth\w*|2-?step|external security challenge)\b/, 'MFA_REQUIRED'),
  names(
    /conditional access|compliant device|security polic|access polic|device (?:is |must be |be )?(?:not )?(?:managed|compliant|registered|state)|\brisky?\b/,
    'CONDITIONAL_ACCESS_BLOCKED',
  ),
  names(/sign-?in frequency|session (?:length|control|lifetime)|maximum allowed lifetime/, 'OAUTH_SIGNIN_FREQUENCY'),
  names(/password\b.{0,40}\b(?:expired|must be changed|change is required)|expired password/, 'PASSWORD_EXPIRED', 'LIKELY', undefined, {}),
  names(/(?:invalid|incorrect|wrong) (?:user ?name|password|user credentials)|user ?name or password/, 'BAD_CREDENTIALS'),
  names(/\b(?:user|account)\b.{0,40}\block(?:ed|out)/, 'ACCOUNT_LOCKED'),
  names(/\b(?:user|account)\b.{0,40}\b(?:disabled|suspended|deactivated|inactive|blocked)/, 'ACCOUNT_DISABLED'),
  names(
    /\b(?:user|account)\b.{0,40}\b(?:deleted|not (?:be )?found|does ?n[o']t exist|unknown|removed)|not a valid e-?mail|invalid e-?mail or user|impersonation prn|\bprn\b|invalid (?:e-?mail|user id)/,
    'ACCOUNT_NOT_FOUND',
  ),
  names(
    /(?:does ?n[o']t|not) exist in (?:the )?tenant|personal (?:microsoft )?accounts?|account type|identity provider '?(?:live|google)|external user|work or school|within its organi[sz]ation|internal users/,
    'WRONG_ACCOUNT_TYPE',
  ),
  names(/licen[cs]e|has ?n[o']t subscribed|not subscribed/, 'MAILBOX_NOT_ACCESSIBLE'),
  // The consent and the grant
  names(
    /cancel+ed|declined|user denied|denied (?:the|your) (?:access|consent)|resource owner|user (?:did not|refused)/,
    'CONSENT_DENIED',
    'LIKELY',
    [...DENIED, 'interaction_required', 'consent_required'],
  ),
  names(
    /\bconsent(?:ed)?\b|not (?:yet )?(?:granted|consented)|scopes? .{0,40}(?:unauthorized|not (?:granted|authorized|approved))|incremental/,
    'CONSENT_REQUIRED',
  ),
  names(
    /code[_ ]?verifier|code[_ ]?challenge|pkce|authorization code|auth(?:orization)? code|malformed auth code|already (?:been )?(?:redeemed|used)|code was already|\bnonce\b|\bstate\b.{0,20}\b(?:mismatch|invalid)/,
    'CLIENT_STATE_ERROR',
    'LIKELY',
    [...GRANT, 'invalid_request', 'bad_verification_code'],
  ),
  names(
    /\b(?:token|grant)\b.{0,40}\binactiv|inactivity|unused for|not (?:been )?used (?:for|in)|idle/,
    'OAUTH_TOKEN_EXPIRED_INACTIVE',
    'LIKELY',
    GRANT,
  ),
  names(
    /revoked|withdrawn|invalidated|no longer valid due|password (?:was |has been |is )?(?:changed|reset)|changed (?:or reset )?(?:their|the|your|his) password/,
    'OAUTH_GRANT_REVOKED',
    'LIKELY',
    [...GRANT, 'interaction_required', 'login_required', 'bad_token'],
    { alternatives: ['OAUTH_TOKEN_EXPIRED_INACTIVE', 'APP_IN_TESTING'] },
  ),
  names(
    /\baudience\b|\bresource\b.{0,40}\b(?:invalid|not found|does ?n[o']t exist|disabled)|\binvalid (?:resource|scope)/,
    'SCOPE_OR_AUDIENCE_WRONG',
    'LIKELY',
    ['invalid_scope', 'invalid_resource', 'invalid_target', 'invalid_request'],
    { action: 'FIX_APP_REGISTRATION', actor: 'GATEWAY_OPERATOR' },
  ),
];

function byDescription(reading: Reading): Finding | null {
  const error = reading.evidence.oauthError;
  const words = `${reading.words} ${symbolInWords(reading)}`;
  const found = DESCRIPTIONS.find(
    ({ when, errors }) => when.test(words) && (errors === undefined || error === null || errors.includes(error)),
  );
  return found?.found ?? null;
}

/** Entra's own name of a number, such as OnPremUserAccountLockedOut, says what nobody has written down yet. */
function symbolInWords(reading: Reading): string {
  const symbol = /AADSTS\d{4,8}: ([A-Z][a-z]+(?:[A-Z][a-z0-9]+){1,9})\b/.exec(reading.evidence.text)?.[1];
  return symbol === undefined ? '' : symbol.replace(/(?<=[a-z])(?=[A-Z])/g, ' ').toLowerCase();
}

/** Names that stand for one thing, whatever the description says. */
function byUnmistakableName(reading: Reading): Finding | null {
  switch (reading.evidence.oauthError ?? '') {
    case 'admin_policy_enforced':
    case 'policy_enforced':
      return finding('ADMIN_POLICY_BLOCKED', 'CERTAIN');
    case 'org_internal':
      return finding('WRONG_ACCOUNT_TYPE', 'CERTAIN');
    case 'redirect_uri_mismatch':
      return finding('REDIRECT_URI_MISMATCH', 'CERTAIN');
    case 'deleted_client':
      return finding('APP_NOT_FOUND', 'CERTAIN');
    case 'disabled_client':
    case 'restricted_client':
      return finding('APP_DISABLED', 'CERTAIN');
    case 'rapt_required':
    case 'invalid_rapt':
    case 'reauth_required':
      return finding('REAUTH_POLICY', 'CERTAIN');
    default:
      return null;
  }
}

/** An error name alone. Google's access_denied at the token endpoint is a policy; at the consent page, a "no". */
function byName(reading: Reading): Finding | null {
  switch (reading.evidence.oauthError ?? '') {
    case 'invalid_grant':
      return finding('OAUTH_GRANT_INVALID', 'LIKELY', { alternatives: ['OAUTH_GRANT_REVOKED', 'OAUTH_TOKEN_EXPIRED_INACTIVE'] });
    case 'bad_token':
    case 'login_required':
    case 'interrupted_user':
      return finding('OAUTH_GRANT_INVALID', 'LIKELY');
    case 'invalid_client':
    case 'invalid_client_credentials':
      return finding('APP_SECRET_INVALID', 'LIKELY', { alternatives: ['APP_NOT_FOUND'] });
    case 'unauthorized_client':
      return reading.vendor === 'GOOGLE'
        ? finding('ADMIN_CONSENT_REQUIRED', 'LIKELY')
        : finding('APP_MISCONFIGURED', 'LIKELY', { alternatives: ['APP_NOT_FOUND', 'ADMIN_CONSENT_REQUIRED'] });
    case 'unsupported_grant_type':
    case 'unsupported_response_type':
    case 'invalid_request':
    case 'unsupported_token_type':
    case 'disallowed_useragent':
    case 'unauthorized_app':
      return finding('APP_MISCONFIGURED', 'LIKELY');
    case 'invalid_scope':
    case 'invalid_resource':
    case 'invalid_target':
      return finding('SCOPE_OR_AUDIENCE_WRONG', 'LIKELY', { action: 'FIX_APP_REGISTRATION', actor: 'GATEWAY_OPERATOR' });
    case 'insufficient_scope':
      return finding('SCOPE_OR_AUDIENCE_WRONG', 'LIKELY');
    case 'invalid_token':
      return finding('ACCESS_TOKEN_REJECTED', 'LIKELY');
    case 'interaction_required':
      return finding('MFA_REQUIRED', 'LIKELY', { alternatives: ['CONDITIONAL_ACCESS_BLOCKED', 'CONSENT_REQUIRED'] });
    case 'consent_required':
      return finding('CONSENT_REQUIRED', 'LIKELY');
    case 'account_selection_required':
    case 'expired_token':
    case 'bad_verification_code':
      return finding('CLIENT_STATE_ERROR', 'LIKELY');
    case 'access_denied':
      return isConsentPage(reading)
        ? finding('CONSENT_DENIED', 'LIKELY')
        : finding('ADMIN_POLICY_BLOCKED', 'AMBIGUOUS', { alternatives: ['CONSENT_DENIED'] });
    case 'invalid_account':
    case 'account_disabled':
      return finding('ACCOUNT_DISABLED', 'LIKELY');
    case 'invalid_tenant':
      return finding('TENANT_NOT_FOUND', 'LIKELY');
    default:
      return null;
  }
}

function isConsentPage(reading: Reading): boolean {
  if (reading.evidence.command === 'AUTHORIZE CALLBACK' || reading.vendor === 'MICROSOFT') return true;
  return reading.vendor === null && reading.evidence.library === 'text';
}

/** A number that nobody has told us of, without any other word: somebody has to look, nothing is certain. */
function unknownNumber(reading: Reading): Finding | null {
  return reading.evidence.aadsts.length > 0 && /transient|retry/.test(reading.words) ? passing('PROVIDER_UNAVAILABLE') : null;
}
