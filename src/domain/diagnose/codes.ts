import { finding } from './finding.ts';
import type { Finding } from './finding.ts';
import type { Reading } from './reading.ts';

/** Step 7a: codes that decide whatever the text says. RFC 5530 section 3, RFC 4954 section 6, RFC 5248 section 2. */
export function decisiveCodes(reading: Reading): Finding | null {
  const { responseCode, replyCode, enhancedCode } = reading.evidence;
  switch (responseCode ?? '') {
    case 'EXPIRED':
      return reading.usesOAuth ? finding('ACCESS_TOKEN_REJECTED', 'LIKELY') : finding('PASSWORD_EXPIRED', 'CERTAIN');
    case 'AUTHORIZATIONFAILED':
      return finding('MAILBOX_NOT_ACCESSIBLE', 'LIKELY', { alternatives: ['BAD_CREDENTIALS'] });
    case 'PRIVACYREQUIRED':
      return finding('STARTTLS_UNAVAILABLE', 'LIKELY', { alternatives: ['TLS_MODE_MISMATCH'] });
    case 'WEBALERT':
      return finding('WEB_LOGIN_REQUIRED', 'LIKELY');
    default:
      break;
  }
  // 4xx, yet a human has to set a new password. A bare 432 is a connection limit at Exchange.
  if (enhancedCode === '4.7.12' || enhancedCode === '5.7.12') return finding('PASSWORD_EXPIRED', 'LIKELY');
  if (replyCode === null || replyCode < 500) return null;
  switch (enhancedCode ?? '') {
    case '5.7.13':
      return finding('ACCOUNT_DISABLED', 'LIKELY');
    case '5.7.57':
      return finding('SMTP_AUTH_DISABLED', 'LIKELY', { alternatives: ['STARTTLS_UNAVAILABLE', 'BAD_CREDENTIALS'] });
    case '5.7.30':
      return finding('BASIC_AUTH_DISABLED', 'LIKELY');
    case '5.7.60':
    case '5.2.252':
      return finding('SEND_AS_DENIED', 'LIKELY');
    case '5.7.10':
    case '5.7.11':
      return finding('TLS_MODE_MISMATCH', 'LIKELY', { alternatives: ['STARTTLS_UNAVAILABLE'] });
    default:
      return null;
  }
}

/** Step 7b: codes that only say what kind of refusal it was; asked after every word. */
export function refusalCodes(reading: Reading): Finding | null {
  const { responseCode, replyCode, enhancedCode, command } = reading.evidence;
  if (responseCode === 'CONTACTADMIN' || responseCode === 'SYS/PERM')
    return finding('UNKNOWN', 'AMBIGUOUS', { alternatives: ['ACCOUNT_DISABLED', 'BAD_CREDENTIALS'] });
  if (responseCode === 'NOPERM') return finding('MAILBOX_NOT_ACCESSIBLE', 'AMBIGUOUS', { alternatives: ['UNKNOWN'] });
  if (responseCode === 'OVERQUOTA' || responseCode === 'CANNOT' || responseCode === 'CLIENTBUG') return finding('UNKNOWN', 'UNKNOWN');
  if (replyCode === null || replyCode < 500) return null;
  const isMail = command === 'MAIL FROM' || command === 'DATA' || command === 'RCPT TO';
  if (replyCode === 534 || (!isMail && (enhancedCode === '5.7.9' || enhancedCode === '5.7.4')))
    return finding('AUTH_MECHANISM_UNSUPPORTED', 'LIKELY');
  if (replyCode === 538 || replyCode === 523) return finding('TLS_MODE_MISMATCH', 'LIKELY', { alternatives: ['STARTTLS_UNAVAILABLE'] });
  if (replyCode === 525) return finding('ACCOUNT_DISABLED', 'LIKELY');
  if (replyCode === 530 && !saysRefused(reading))
    return finding('AUTH_MECHANISM_UNSUPPORTED', 'LIKELY', { alternatives: ['TLS_MODE_MISMATCH'] });
  const isLogin = reading.evidence.authenticationFailed || command?.startsWith('AUTH') === true;
  if (isLogin && replyCode >= 500 && replyCode <= 504)
    return finding('AUTH_MECHANISM_UNSUPPORTED', 'LIKELY', { alternatives: ['SMTP_AUTH_DISABLED'] });
  if (command === 'CONN' && (replyCode === 554 || replyCode === 521))
    return finding('CLIENT_IP_BLOCKED', 'AMBIGUOUS', { alternatives: ['PROVIDER_UNAVAILABLE'] });
  return null;
}

function saysRefused(reading: Reading): boolean {
  return /invalid|incorrect|wrong|\bbad\b|fail|reject|not accepted|unsuccessful/.test(reading.words);
}
