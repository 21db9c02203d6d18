/** Long enough for every known error, short enough to be stored with each change. */
const MAX_TEXT = 4000;
const HIDDEN = '[redacted]';

const SECRET_NAMES =
  'access_token|refresh_token|id_token|client_secret|client_assertion|assertion|password|passwd|pass|pwd|secret|api_?key|authorization|code_verifier|code|state|nonce|token|cookie|session|sig|signature|login_hint|device_code';

const RULES: readonly (readonly [RegExp, string])[] = [
  [/\b((?:LOGIN|USER|PASS) +)"[^"\n]{1,200}"( +"[^"\n]{1,200}")?/g, `$1${HIDDEN}`],
  [/\bauth=Bearer[^\s"']+/gi, `auth=${HIDDEN}`],
  // Not "basic authentication-related" or "token issuance.": words of a sentence have no digits and no signs inside but hyphens.
  [/\b(Bearer|Basic|Negotiate|Token)([ :=]+)(?=[A-Za-z~-]*[\d+/=_]|[A-Za-z~-]*\.[A-Za-z0-9])[A-Za-z0-9._~+/=-]{8,}/gi, `$1$2${HIDDEN}`],
  // name=value, "name": "value", name: value
  [new RegExp(`(["']?\\b(?:${SECRET_NAMES})["']?\\s*[:=]\\s*)"(?:[^"\\\\]|\\\\.){3,4000}"`, 'gi'), `$1"${HIDDEN}"`],
  [new RegExp(`(["']?\\b(?:${SECRET_NAMES})["']?\\s*[:=]\\s*)'[^']{3,4000}'`, 'gi'), `$1'${HIDDEN}'`],
  [new RegExp(`((?:^|[?&\\s;,{("'])(?:${SECRET_NAMES})=)[^\\s&"',;)}]{1,4000}`, 'gi'), `$1${HIDDEN}`],
  [/\b((?:password|passwd|pwd|secret|refresh_token|access_token|client_secret)\s*:\s*)(?=\S*[\d!@#$%^&*+/=_-])\S{4,}/gi, `$1${HIDDEN}`],
  // JSON Web Tokens, and the prefixes of Google, Microsoft and this gateway.
  [/\beyJ[A-Za-z0-9_-]{6,}(?:\.[A-Za-z0-9_-]*){0,4}/g, HIDDEN],
  [/\b(?:ya29\.|1\/\/|GOCSPX-|M\.[CR]\d{1,4}_|0\.A[A-Za-z]|1\.A[A-Za-z]|mgk_|4\/0A)[A-Za-z0-9._~!*$+/=-]{8,}/g, HIDDEN],
];

/** A SASL exchange: the blob after the mechanism. A word, such as "failed" or "temporarily", is none. */
const SASL =
  /\b(AUTH(?:ENTICATE)? (?:PLAIN|LOGIN|X?OAUTH2?|OAUTHBEARER|CRAM-MD5|DIGEST-MD5|NTLM|GSSAPI|EXTERNAL|SCRAM-[A-Z0-9-]+)) +([A-Za-z0-9+/=]{6,})/gi;

const URL = /\bhttps?:\/\/[^\s<>"'()]+/gi;
/** Help links whose one-word parameter names the fault, such as ?p=BadCredentials. */
const HELP_PARAMETER = /^p=[A-Za-z]{3,40}$/;
const ADDRESS = /[A-Za-z0-9._%+'{}=-]{1,64}@(?=[A-Za-z0-9[])/g;
/** Unbroken runs that mix letters and digits: keys, tokens, base64. Host names, paths and words of one kind stay. */
const RUN = /[A-Za-z0-9+/_=~!*-]{20,}/g;

/**
 * Takes everything out of a text that could be a secret or a person: tokens, passwords, SASL exchanges, OAuth parameters,
 * URL queries, local parts of e-mail addresses. Error codes and host names stay. At most 4000 characters.
 */
export function redact(text: string): string {
  const bounded = text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT - 1)}…` : text;
  const ruled = RULES.reduce((current, [pattern, replacement]) => current.replace(pattern, replacement), bounded);
  return ruled
    .replace(SASL, (exchange, command: string, blob: string) => (isBlob(blob) ? `${command} ${HIDDEN}` : exchange))
    .replace(URL, withoutQuery)
    .replace(ADDRESS, `${HIDDEN}@`)
    .replace(RUN, (run) => (looksRandom(run) ? HIDDEN : run));
}

/** Takes values out that are known to be secret, whatever stands around them. Before `redact`, which might take a part only. */
export function hideValues(text: string, values: readonly string[]): string {
  return values.reduce((current, value) => current.replaceAll(value, HIDDEN), text);
}

/** The number of the command that an IMAP answer begins with (RFC 3501 section 2.2.1): it says nothing to anybody. */
const IMAP_TAG = /^[A-Z]{0,4}\d+ (?=(?:NO|BAD) )/i;

/** For people: one paragraph of at most 500 characters; null when nothing is left. The text must be redacted already. */
export function excerpt(redacted: string): string | null {
  const line = redacted.replace(/\s+/g, ' ').trim().replace(IMAP_TAG, '');
  if (line === '') return null;
  return line.length > 500 ? `${line.slice(0, 499)}…` : line;
}

function withoutQuery(url: string): string {
  const end = url.search(/[?#]/);
  if (end < 0) return url.replace(/^(https?:\/\/)[^/@]*@/i, '$1');
  const [parameter = ''] = url.slice(end + 1).split(/[&#]/);
  const shown = HELP_PARAMETER.test(parameter) ? parameter : HIDDEN;
  return `${url.slice(0, end).replace(/^(https?:\/\/)[^/@]*@/i, '$1')}?${shown}`;
}

function looksRandom(run: string): boolean {
  if (GUID.test(run)) return false;
  // An error code or a compound is made of words: AADSTS700082, ERR_SSL_WRONG_VERSION_NUMBER, Application-specific.
  const parts = run.split(/[-_/~!*=+]+/).filter((part) => part !== '');
  return parts.some((part) => isRandomWord(part)) || (parts.length === 1 && /[+=]/.test(run));
}

function isRandomWord(part: string): boolean {
  if (part.length < 8 || /^[A-Z]{2,}\d*$/.test(part) || /^\d+$/.test(part)) return false;
  const hasDigits = /\d/.test(part);
  if (hasDigits) return /[a-z]/i.test(part);
  const isWord = /^[A-Z]?[a-z]+$/.test(part) || /^(?:[A-Z][a-z]+){2,6}[A-Z]*$/.test(part) || /^[a-z]+(?:[A-Z][a-z]+){1,6}$/.test(part);
  return !isWord || part.length >= 48 || vowelShare(part) < 0.15;
}

function isBlob(word: string): boolean {
  return /[\d+/=]/.test(word) || (/[a-z][A-Z]|[A-Z]{2}[a-z]/.test(word) && /[a-z]/.test(word));
}

const GUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

function vowelShare(word: string): number {
  return (word.match(/[aeiou]/gi) ?? []).length / word.length;
}
