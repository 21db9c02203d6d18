import type { Confidence } from '../diagnosis.ts';
import type { Reason } from '../reason.ts';
import { alsoNamed } from './conditions.ts';
import { namesCredentials, namesRefusal } from './credential-words.ts';
import { finding } from './finding.ts';
import type { Finding } from './finding.ts';
import type { Reading } from './reading.ts';

/**
 * Step 8: a refusal that names no other cause. Likely where a code says "these credentials" (RFC 5530 AUTHENTICATIONFAILED,
 * RFC 4954 535 and 5.7.8) or the words do; ambiguous where somebody only says no.
 */
export function refusedLogin(reading: Reading): Finding | null {
  const { responseCode, replyCode, enhancedCode, httpStatus, context, saslError } = reading.evidence;
  const named = namesCredentials(reading.words);
  const coded =
    responseCode === 'AUTHENTICATIONFAILED' ||
    responseCode === 'AUTH' ||
    replyCode === 535 ||
    enhancedCode === '5.7.8' ||
    saslError !== null;
  const worded = named || namesRefusal(reading.words);
  // A code without a word for it may be how this server says something else.
  if (named || coded) return refused(reading, worded || reading.words.length < 40 ? 'LIKELY' : 'AMBIGUOUS');
  if (httpStatus === 401 && (context.protocol === 'OAUTH' || reading.usesOAuth)) return refused(reading, 'LIKELY');
  if (reading.usesOAuth && context.protocol !== 'OAUTH' && /\btokens?\b/.test(reading.words)) return refused(reading, 'LIKELY');
  return worded && !isAfterLogin(reading) ? refused(reading, 'AMBIGUOUS') : null;
}

/** Somebody who may already send was let in: "denied" is then about the message. */
function isAfterLogin(reading: Reading): boolean {
  return ['MAIL FROM', 'RCPT TO', 'DATA'].includes(reading.evidence.command ?? '');
}

function refused(reading: Reading, confidence: Confidence): Finding {
  const also = alsoNamed(reading);
  if (reading.usesOAuth && /\baudience\b.{0,20}\b(?:mismatch|invalid|wrong|not)\b|\b(?:invalid|wrong) audience\b/.test(reading.words))
    return finding('SCOPE_OR_AUDIENCE_WRONG', 'LIKELY', { alternatives: ['ACCESS_TOKEN_REJECTED'] });
  if (reading.usesOAuth)
    return finding('ACCESS_TOKEN_REJECTED', confidence, { alternatives: [...also, 'SCOPE_OR_AUDIENCE_WRONG', 'MAILBOX_NOT_ACCESSIBLE'] });
  if (wantsAppPassword(reading)) return finding('APP_PASSWORD_REQUIRED', 'LIKELY', { alternatives: ['BAD_CREDENTIALS'] });
  return finding('BAD_CREDENTIALS', confidence, { alternatives: [...also, ...usualAlternatives(reading)] });
}

/** Providers that take a password only as app password, where their answer does not name the credentials more exactly. */
function wantsAppPassword(reading: Reading): boolean {
  if (reading.vendor === 'ICLOUD' || reading.vendor === 'FASTMAIL') return true;
  return reading.vendor === 'YAHOO' && reading.evidence.replyCode === null;
}

function usualAlternatives(reading: Reading): readonly Reason[] {
  switch (reading.vendor) {
    case 'MICROSOFT':
      return ['BASIC_AUTH_DISABLED', 'SMTP_AUTH_DISABLED'];
    case 'GOOGLE':
    case 'YAHOO':
    case 'ICLOUD':
    case 'FASTMAIL':
      return ['APP_PASSWORD_REQUIRED'];
    case 'ZOHO':
    case 'YANDEX':
    case 'MAIL_RU':
    case 'TENCENT':
    case 'NETEASE':
      return ['IMAP_DISABLED', 'APP_PASSWORD_REQUIRED'];
    case null:
      return [];
  }
}
