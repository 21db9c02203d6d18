import { finding } from './finding.ts';
import type { Finding } from './finding.ts';
import type { Reading } from './reading.ts';

/**
 * Exchange Online refuses without saying why: "LOGIN failed.", "AUTHENTICATE failed.", "535 5.7.3 Authentication
 * unsuccessful". What logged in decides what is likeliest (provider-facts section 10, row 8). Never certain.
 */
export function ambiguousExchange(reading: Reading): Finding | null {
  if (reading.vendor !== 'MICROSOFT' && (reading.vendor !== null || reading.evidence.context.provider !== null)) return null;
  if (reading.evidence.enhancedCode === '5.7.3') return refusedSending(reading);
  if (reading.evidence.enhancedCode === '5.7.139') return refusedByPolicy(reading);
  const bare = /(?:^|[^a-z])(login|authenticate) failed(?:\.?["']|$)/.exec(withoutNoise(reading.words))?.[1];
  return bare === undefined || reading.evidence.responseCode !== null ? null : refusedFetching(reading, bare);
}

/** What stands in brackets names a machine and a time; what ends a sentence or a quotation says nothing. */
function withoutNoise(words: string): string {
  return words.replace(/(?<=\S )(?:\[[^\][]*\]|\([^()]*\))/g, ' ').replace(/[\s.!"'\])}]+$/, '');
}

function refusedFetching(reading: Reading, command: string): Finding {
  const isToken = reading.usesOAuth || (reading.evidence.context.authMethod === null && command === 'authenticate');
  return isToken
    ? finding('ACCESS_TOKEN_REJECTED', 'AMBIGUOUS', {
        alternatives: ['SCOPE_OR_AUDIENCE_WRONG', 'IMAP_DISABLED', 'MAILBOX_NOT_ACCESSIBLE'],
      })
    : finding('BASIC_AUTH_DISABLED', 'AMBIGUOUS', { alternatives: ['BAD_CREDENTIALS', 'IMAP_DISABLED'] });
}

function refusedSending(reading: Reading): Finding {
  return reading.usesOAuth
    ? finding('ACCESS_TOKEN_REJECTED', 'AMBIGUOUS', {
        alternatives: ['SMTP_AUTH_DISABLED', 'SCOPE_OR_AUDIENCE_WRONG', 'MAILBOX_NOT_ACCESSIBLE'],
      })
    : finding('BAD_CREDENTIALS', 'AMBIGUOUS', { alternatives: ['SMTP_AUTH_DISABLED', 'BASIC_AUTH_DISABLED'] });
}

/** 5.7.139 with a sentence that nobody has seen yet: a policy, of which switched-off SMTP AUTH is the usual one. */
function refusedByPolicy(reading: Reading): Finding {
  if (/\btoken\b/.test(reading.words)) return finding('ACCESS_TOKEN_REJECTED', 'LIKELY');
  if (/\brisk|\bpolic(?:y|ies)\b|\blocation\b|\bdevice\b|\bcompliant\b/.test(reading.words))
    return finding('CONDITIONAL_ACCESS_BLOCKED', 'LIKELY', { alternatives: ['SMTP_AUTH_DISABLED'] });
  return finding('SMTP_AUTH_DISABLED', 'AMBIGUOUS', {
    alternatives: reading.usesOAuth
      ? ['CONDITIONAL_ACCESS_BLOCKED', 'ACCESS_TOKEN_REJECTED']
      : ['BASIC_AUTH_DISABLED', 'CONDITIONAL_ACCESS_BLOCKED', 'BAD_CREDENTIALS'],
  });
}
