import { commandName } from './command-name.ts';
import type { Facts } from './facts.ts';

/** RFC 5530, RFC 3501, RFC 2449/3206 (POP) words and those that providers made up, as they stand in brackets. */
const RESPONSE_CODES = [
  'AUTHENTICATIONFAILED',
  'AUTHORIZATIONFAILED',
  'EXPIRED',
  'PRIVACYREQUIRED',
  'CONTACTADMIN',
  'UNAVAILABLE',
  'INUSE',
  'IN-USE',
  'LIMIT',
  'SERVERBUG',
  'CLIENTBUG',
  'NOPERM',
  'OVERQUOTA',
  'CANNOT',
  'ALERT',
  'WEBALERT',
  'TEMPFAIL',
  'THROTTLED',
  'AUTH',
  'SYS/TEMP',
  'SYS/PERM',
  'LOGIN-DELAY',
];
const BRACKETED = new RegExp(`\\[(${RESPONSE_CODES.join('|')})(?=[\\] ])`, 'i');

/** "NO …" at the start of a line, after a tag or an asterisk, or right before a response code. POP3 says -ERR. */
const STATUS = /(?:^|\n)\s*(?:(?:\*|\.|TAG|[A-Z]{0,6}\d{1,9})\s+)?(NO|BAD|BYE|-ERR|-err)\s+\S|\b(NO|BAD|BYE|-ERR|-err)\s+\[/;

/** Reply codes of SMTP that are in use; 465 and 587 are ports, 429 is HTTP's. */
const REPLIES = '4(?:2[0-2]|3[0-5]|4[0-9]|5[0-9]|7[0-9])|5(?:0[0-5]|1[0-9]|2[0-9]|3[0-9]|4[0-9]|5[0-9]|6[05]|7[01])';
/** A reply at the start of a line, after a colon, bracket or quote, after a word for it, or in front of an enhanced code (RFC 3463). */
const REPLY = new RegExp(
  [
    `(?:^|[\\n>("'=]\\s*|:\\s+|\\b(?:error|code|reply|response|smtp|server)[ #:=]{1,3})(${REPLIES})(?=$|[ \\-#,:).;'"<\\n])`,
    `(?<![\\d.:])([45]\\d\\d)[ \\-#:]{1,3}(?=[45]\\.[0-7]\\.\\d{1,3}\\b)`,
  ].join('|'),
  'gi',
);
const ENHANCED = /(?<![\d.])([45]\.[0-7]\.\d{1,3})(?![\d.])/g;

const HTTP = [
  /\bHTTP(?:\/\d(?:\.\d)?)?(?: status| error| code| response)*[ :=]{1,3}([1-5]\d\d)\b/i,
  /\bstatus(?: code| line)?[ :="']{1,4}(?:does not indicate success[ :]{1,3})?([45]\d\d)\b/i,
  /\bresponse status code does not indicate success:? ([45]\d\d)\b/i,
  /\b(4\d\d|5\d\d) (?:bad request|unauthorized|forbidden|not found|request timeout|too many requests|internal server error|bad gateway|service unavailable|gateway time-?out)\b/i,
  /\b(?:failed|fetch token|answered|returned)[a-z ]{0,30}[ :(]{1,3}(40[0138]|429|50[0234])\b(?![ -]\d\.)/i,
];

const AADSTS = /AADSTS[ :]?(\d{4,8})/gi;
const LISTED_AADSTS = /Error\(s\):\s*(\d{4,8})/gi;

/** Error names of OAuth 2, OpenID Connect, Entra and Google that are unmistakable in running text. */
const OAUTH_NAMES = [
  'invalid_grant',
  'invalid_client',
  'invalid_scope',
  'invalid_request',
  'invalid_resource',
  'invalid_target',
  'invalid_token',
  'invalid_account',
  'invalid_tenant',
  'unauthorized_client',
  'unsupported_grant_type',
  'unsupported_response_type',
  'access_denied',
  'server_error',
  'temporarily_unavailable',
  'interaction_required',
  'login_required',
  'consent_required',
  'account_selection_required',
  'slow_down',
  'authorization_pending',
  'expired_token',
  'insufficient_scope',
  'redirect_uri_mismatch',
  'deleted_client',
  'disabled_client',
  'org_internal',
  'admin_policy_enforced',
  'internal_failure',
  'rate_limit_exceeded',
  'rapt_required',
  'restricted_client',
  'no_tokens_found',
  'bad_token',
];
const OAUTH_NAME = new RegExp(`(?<![a-z_])(${OAUTH_NAMES.join('|')})(?![a-z_])`, 'i');
const OAUTH_SUBERROR = /["']?(?:suberror|sub_error|error_subtype)["']?\s*[:=]\s*["']?([a-z_]{3,40})|(?<![a-z_])(invalid_rapt)(?![a-z_])/i;

/** Words of Node, libuv and POSIX for what went wrong on the network. */
const ERRNO =
  /(?<![A-Za-z_])(ECONN(?:REFUSED|RESET|ABORTED)|ETIMEDOUT|ETIMEOUT|ESOCKETTIMEDOUT|ENOTFOUND|EAI_[A-Z]+|EPIPE|EHOSTUNREACH|ENETUNREACH|EHOSTDOWN|ENETDOWN|EPROTO|(?:ERR_TLS|ERR_SSL|UND_ERR|CERT|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO)_[A-Z_]{3,60})(?![A-Za-z_])/gi;
const BACK_OFF = /backoff time:?\s*(\d{1,9})\s*milliseconds/i;
const COMMAND = /\b(AUTH(?:ENTICATE)? (?:XOAUTH2|OAUTHBEARER|PLAIN|LOGIN|CRAM-MD5|NTLM))\b/i;

/** What can be read out of a text alone, in the notations of many languages and libraries. */
export function textFacts(text: string): Facts {
  const reply = lastReply(text);
  return {
    codes: matchesOf(ERRNO, text).map((code) => code.toUpperCase()),
    responseCode: BRACKETED.exec(text)?.[1]?.toUpperCase() ?? null,
    responseStatus: statusOf(text),
    replyCode: reply.replyCode,
    enhancedCode: reply.enhancedCode,
    httpStatus: httpStatus(text),
    aadsts: [...matchesOf(LISTED_AADSTS, text), ...matchesOf(AADSTS, text)].map(Number),
    oauthError: OAUTH_NAME.exec(text)?.[1]?.toLowerCase() ?? null,
    oauthSuberror: suberrorOf(text),
    retryAfterMs: Number(BACK_OFF.exec(text)?.[1] ?? Number.NaN) || null,
    command: commandName(COMMAND.exec(text)?.[1] ?? null),
  };
}

/** The innermost reply decides: a 530 that quotes "535 5.7.139 …" is the latter. */
function lastReply(text: string): { readonly replyCode: number | null; readonly enhancedCode: string | null } {
  const replies = [...text.matchAll(REPLY)].map((found) => Number(found[1] ?? found[2]));
  const enhanced = matchesOf(ENHANCED, text);
  return { replyCode: replies.at(-1) ?? null, enhancedCode: enhanced.at(-1) ?? null };
}

function statusOf(text: string): string | null {
  const found = STATUS.exec(text);
  const status = found?.[1] ?? found?.[2] ?? null;
  return status?.toUpperCase() === '-ERR' ? 'NO' : status;
}

function suberrorOf(text: string): string | null {
  const found = OAUTH_SUBERROR.exec(text);
  return (found?.[1] ?? found?.[2])?.toLowerCase() ?? null;
}

function httpStatus(text: string): number | null {
  for (const pattern of HTTP) {
    const found = pattern.exec(text)?.[1];
    if (found !== undefined) return Number(found);
  }
  return null;
}

function matchesOf(pattern: RegExp, text: string): readonly string[] {
  return [...text.matchAll(pattern)].flatMap((found) => (found[1] === undefined ? [] : [found[1]]));
}
