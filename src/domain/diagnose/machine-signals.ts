import { knownAadsts } from './aadsts.ts';
import { MSAL_THROTTLED } from './evidence/msal.ts';
import { passing } from './finding.ts';
import type { Finding } from './finding.ts';
import type { Reading } from './reading.ts';
import { transienceOf } from './transience.ts';

/** Step 2, what needs no reading: statuses and codes that mean "not now" by definition. They win over every word for a refusal. */
export function transientSignals(reading: Reading): Finding | null {
  const { evidence } = reading;
  const codes = new Set(evidence.codes.map((code) => code.toLowerCase()));
  if (!isTransient(reading, codes)) return null;
  // The number of a throttle or an outage tells which of the two it is.
  const numbered = knownAadsts(reading);
  if (numbered?.retryable === true) return numbered;
  if (codes.has('ethrottle') || evidence.httpStatus === 429 || evidence.oauthError === 'slow_down') return passing('RATE_LIMITED');
  const said = transienceOf(reading.words);
  // msal keeps quiet about what it keeps in its cache: an outage or a throttle.
  if (codes.has(MSAL_THROTTLED)) return passing(said ?? 'PROVIDER_UNAVAILABLE', { alternatives: ['RATE_LIMITED'] });
  if (evidence.responseCode === 'LIMIT')
    return passing(
      said === 'RATE_LIMITED' && !/connect|session/.test(reading.words) && /login|attempt|rate|request|command/.test(reading.words)
        ? said
        : 'TOO_MANY_CONNECTIONS',
    );
  return passing(
    said ?? (evidence.responseCode === 'THROTTLED' || evidence.responseCode === 'LOGIN-DELAY' ? 'RATE_LIMITED' : 'PROVIDER_UNAVAILABLE'),
  );
}

/** RFC 5530 section 3, RFC 3206 and RFC 2449 for POP, TEMPFAIL of Yahoo, THROTTLED of Google. */
const RESPONSE_CODES = new Set([
  'UNAVAILABLE',
  'TEMPFAIL',
  'SERVERBUG',
  'INUSE',
  'IN-USE',
  'LIMIT',
  'THROTTLED',
  'LOGIN-DELAY',
  'SYS/TEMP',
]);
/** RFC 6749 section 4.1.2.1, RFC 8628 section 3.5, Google's internal_failure. */
const OAUTH_ERRORS = new Set([
  'temporarily_unavailable',
  'server_error',
  'slow_down',
  'authorization_pending',
  'internal_failure',
  'internal_error',
  'backend_error',
  'rate_limit_exceeded',
  'service_unavailable',
]);
/** msal: the answer was no JSON, or came from its throttle cache; imapflow: throttled. */
const LIBRARY_CODES = new Set(['ethrottle', MSAL_THROTTLED, 'token_parsing_error']);

function isTransient(reading: Reading, codes: ReadonlySet<string>): boolean {
  const { evidence } = reading;
  const status = evidence.httpStatus ?? 0;
  return (
    status === 429 ||
    status === 408 ||
    status === 425 ||
    (status >= 500 && status !== 501) ||
    (evidence.responseCode !== null && RESPONSE_CODES.has(evidence.responseCode)) ||
    (evidence.oauthError !== null && OAUTH_ERRORS.has(evidence.oauthError)) ||
    [...codes].some((code) => LIBRARY_CODES.has(code)) ||
    isNoJson(reading)
  );
}

/** A page instead of an answer: a proxy or a broken front end (test-servers section 2, traps 5 and 12). */
function isNoJson(reading: Reading): boolean {
  return /<!doctype html|<html[\s>]|cannot create property '?\w+'? on string|unexpected token .{0,20}(?:json|<)|is not valid json|unexpected end of json/.test(
    reading.text,
  );
}
