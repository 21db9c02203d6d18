import { conditions, lockOut } from './conditions.ts';
import { finding, passing } from './finding.ts';
import type { Finding } from './finding.ts';
import { nameNotFound, resolverTrouble } from './name-resolution.ts';
import { networkTexts } from './network-texts.ts';
import type { Reading } from './reading.ts';
import { transienceOf } from './transience.ts';

/** Step 1: what DNS, TCP and TLS say, however deep it is nested (provider-facts section 7). */
export function network(reading: Reading): Finding | null {
  const codes = reading.evidence.codes.map((code) => code.toUpperCase());
  const has = (...wanted: readonly string[]) => codes.some((code) => wanted.includes(code));
  const some = (pattern: RegExp) => codes.some((code) => pattern.test(code));

  if (has('HOST_NOT_ALLOWED')) return finding('HOST_NOT_ALLOWED', 'CERTAIN');
  // nodemailer could not reach the token endpoint: that says nothing about the mail server.
  if (has('EFETCH')) return passing('PROVIDER_UNAVAILABLE');
  // A proxy between us and the server did not let us through, as nodemailer tells it: the server was not asked.
  if (has('EPROXY')) return proxyRefused(reading);
  if (some(CERTIFICATE)) return certificate(some(/ALTNAME|HOSTNAME_MISMATCH|IP_ADDRESS_MISMATCH/));
  if (some(TLS_OUTAGE)) return passing('PROVIDER_UNAVAILABLE');
  if (some(TLS_MODE)) return finding('TLS_MODE_MISMATCH', 'LIKELY');
  // Silence has two causes that look alike; the one that passes by itself is never read as the other.
  if (has('GREETING_TIMEOUT')) return silent();
  if (has('STARTTLS_INJECTION')) return finding('STARTTLS_UNAVAILABLE', 'LIKELY');
  if (has('EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM')) return ownShortage();
  if (some(OVERSIZED) || /response exceeds maximum allowed size/.test(reading.text)) return oversized();
  if (has('EAI_AGAIN', 'EAI_FAIL', 'ESERVFAIL', 'EAI_MEMORY', 'EAI_SYSTEM', 'EREFUSED', 'ECANCELLED')) return resolverTrouble(reading);
  if (has('ENOTFOUND', 'EAI_NONAME', 'EAI_NODATA', 'ENODATA', 'EBADNAME')) return nameNotFound(reading);
  if (has('ECONNREFUSED')) return finding('CONNECTION_REFUSED', 'LIKELY');
  if (has('ENETUNREACH', 'EHOSTUNREACH', 'EHOSTDOWN', 'ENETDOWN', 'EADDRNOTAVAIL', 'EAFNOSUPPORT')) return unreachable();
  // A firewall of this machine answers like a file that may not be read.
  if (has('EACCES', 'EPERM') && /\bconnect\b/.test(reading.text)) return unreachable();
  if (some(TIMEOUT) || isAbort(reading)) return finding('CONNECTION_TIMEOUT', 'LIKELY');
  if (has('ETLS') || reading.evidence.tlsFailed) return startTls(reading);
  if (has('EPROTOCOL')) return greeting(reading);
  if (has('EDNS')) return nameNotFound(reading);
  if (some(CLOSED)) return closed(reading);
  if (has('NETWORK_ERROR', 'NO_NETWORK_CONNECTIVITY'))
    return reading.answered && !isMsalWord(reading) ? null : (networkTexts(reading) ?? lost());
  if (has('ESOCKET') && !reading.answered) return networkTexts(reading) ?? finding('CONNECTION_CLOSED', 'LIKELY');
  return reading.answered ? null : networkTexts(reading);
}

const CERTIFICATE =
  /^(?:CERT_|ERR_TLS_CERT|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO_|HOSTNAME_MISMATCH|IP_ADDRESS_MISMATCH|INVALID_CA|INVALID_PURPOSE|CRL_|ERROR_IN_C|PATH_LENGTH_EXCEEDED)|CERTIFICATE_VERIFY_FAILED|ALERT_UNKNOWN_CA|(?:EE|CA)_(?:KEY|MD)_TOO_/;
const TLS_OUTAGE = /^ERR_SSL_.*INTERNAL_ERROR|^ERR_SSL_(?:UNEXPECTED_EOF|TLSV1_ALERT_USER_CANCELLED)/;
const TLS_MODE = /^(?:ERR_SSL_|ERR_TLS_(?!CERT|HANDSHAKE_TIMEOUT)|EPROTO$)/;
const TIMEOUT =
  /^(?:ETIMEDOUT|ETIMEOUT|ESOCKETTIMEDOUT|(?:CONNECT|UPGRADE|SOCKET|REQUEST)_TIMEOUT|UND_ERR_[A-Z_]*TIMEOUT|TIMEOUT_ERR|ERR_TLS_HANDSHAKE_TIMEOUT|ERR_SOCKET_CONNECTION_TIMEOUT|REQUEST_TIMEDOUT)$/;
const CLOSED =
  /^(?:ECONNRESET|EPIPE|ECONNABORTED|ENOTCONN|NOCONNECTION|ECONNECTION|CLOSEDAFTERCONNECT(?:TEXT|TLS)|UND_ERR_SOCKET|UND_ERR_CLOSED|ERR_STREAM_PREMATURE_CLOSE|ERR_SOCKET_CLOSED|ERR_STREAM_DESTROYED)$/;

/** imapflow's limits on what one answer may cost (its limits module). nodemailer's has no code of its own. */
const OVERSIZED = /^(?:(?:LINE|RESPONSE|LITERAL)TOOLARGE|TOOMANY(?:TOKENS|RESPONSES)|MAX_IMAP_NESTING_REACHED)$/;

/** Certain about the certificate, not about its lasting: a clock, a proxy or a renewal under way pass. So never red at once. */
function certificate(isName: boolean): Finding {
  return finding('TLS_CERTIFICATE_INVALID', 'LIKELY', isName ? { action: 'CHECK_HOST_PORT' } : {});
}

function silent(): Finding {
  return finding('CONNECTION_TIMEOUT', 'AMBIGUOUS', { alternatives: ['TLS_MODE_MISMATCH', 'WRONG_PROTOCOL'] });
}

function proxyRefused(reading: Reading): Finding {
  const found = networkTexts(reading) ?? finding('CONNECTION_REFUSED', 'AMBIGUOUS');
  return { ...found, retryable: true, action: 'CHECK_NETWORK_THEN_RETRY', actor: 'GATEWAY_OPERATOR' };
}

/** The gateway's machine has no file handles or memory left: no server said anything. */
function ownShortage(): Finding {
  return finding('CONNECTION_CLOSED', 'LIKELY', { action: 'CHECK_NETWORK_THEN_RETRY', actor: 'GATEWAY_OPERATOR' });
}

/** The gateway hung up on an endless answer. The size in the library's message is no limit that the server spoke of. */
function oversized(): Finding {
  return finding('PROVIDER_UNAVAILABLE', 'AMBIGUOUS', { alternatives: ['WRONG_PROTOCOL'] });
}

function unreachable(): Finding {
  return finding('CONNECTION_TIMEOUT', 'LIKELY', { action: 'CHECK_NETWORK_THEN_RETRY' });
}

function lost(): Finding {
  return finding('PROVIDER_UNAVAILABLE', 'LIKELY', {
    action: 'CHECK_NETWORK_THEN_RETRY',
    alternatives: ['DNS_NOT_FOUND', 'CONNECTION_REFUSED', 'CONNECTION_TIMEOUT', 'TLS_CERTIFICATE_INVALID'],
  });
}

function startTls(reading: Reading): Finding {
  const { replyCode } = reading.evidence;
  const isTemporary = (replyCode !== null && replyCode < 500) || transienceOf(reading.words) !== null;
  return isTemporary ? passing('STARTTLS_UNAVAILABLE') : finding('STARTTLS_UNAVAILABLE', 'LIKELY', { alternatives: ['TLS_MODE_MISMATCH'] });
}

/** A greeting that is no "220": another service, a server that is closing, or one that refuses our address. */
function greeting(reading: Reading): Finding {
  const { replyCode } = reading.evidence;
  if (replyCode !== null && replyCode < 500) return beforeLogin(reading) ?? passing(transienceOf(reading.words) ?? 'PROVIDER_UNAVAILABLE');
  if (/\* (?:ok|preauth|bye)\b|\+ok\b|http\/\d|ssh-\d|<html/.test(reading.text)) return finding('WRONG_PROTOCOL', 'LIKELY');
  if (replyCode !== null) {
    if (/block|blacklist|listed|banned|reject|denied|refused|client host|spam|reputation|\brbl\b|your ip|\bip\b|access/.test(reading.words))
      return finding('CLIENT_IP_BLOCKED', 'LIKELY');
    const passes = transienceOf(reading.words);
    return passes === null ? finding('CLIENT_IP_BLOCKED', 'AMBIGUOUS', { alternatives: ['PROVIDER_UNAVAILABLE'] }) : passing(passes);
  }
  const passes = transienceOf(reading.words);
  return passes === null ? finding('WRONG_PROTOCOL', 'AMBIGUOUS', { alternatives: ['TLS_MODE_MISMATCH'] }) : passing(passes);
}

/** Nobody has logged in yet, so nobody's account is meant: only our address and our encryption can be at fault. */
function beforeLogin(reading: Reading): Finding | null {
  const found = lockOut(reading) ?? conditions(reading);
  return found?.reason === 'CLIENT_IP_BLOCKED' || found?.reason === 'TLS_MODE_MISMATCH' ? found : null;
}

/** A server that says why it hangs up is believed, unless it says that somebody has to act: closing proves nothing, so that is only named. */
function closed(reading: Reading): Finding {
  const passes = transienceOf(reading.words);
  const named = lockOut(reading) ?? conditions(reading);
  return passing(
    passes === 'TOO_MANY_CONNECTIONS' || passes === 'RATE_LIMITED'
      ? passes
      : isOutage(reading)
        ? 'PROVIDER_UNAVAILABLE'
        : 'CONNECTION_CLOSED',
    { alternatives: named === null ? [] : [named.reason] },
  );
}

function isOutage(reading: Reading): boolean {
  return /unavailable|maintenance|shutting down|overload|internal error|try again later|temporar/.test(reading.words);
}

/** gaxios and undici give an AbortError or TimeoutError without a code. */
function isAbort(reading: Reading): boolean {
  return reading.evidence.names.some((name) => /^(?:AbortError|TimeoutError)$/i.test(name)) && !reading.answered;
}

/** msal repeats its own code as if it were an answer. */
function isMsalWord(reading: Reading): boolean {
  return reading.evidence.library === 'msal' && reading.evidence.aadsts.length === 0;
}
