import type { Diagnosis } from './diagnosis.ts';
import { addressKey, type LegDirection } from './mail.ts';
import type { Reason } from './reason.ts';
import { reasonInfo } from './reasons.ts';

/** Who logs in to what with a token that was issued just now. */
export interface NewGrantUse {
  readonly leg: LegDirection;
  readonly address: string;
  readonly signInAddress: string;
}

/**
 * A server said no to a token that was issued a moment ago, to the expected account, with every permission asked for.
 * Signing in again would bring the same token, so the refusal is about the mailbox: its IMAP or its Authenticated SMTP is
 * switched off (the article: "Enable IMAP and Authenticated SMTP for authentication"), or the account may not open it, which
 * is likelier where it is not the account's own. Any other diagnosis stays as it is.
 */
export function refusalOfNewGrant(diagnosis: Diagnosis, { leg, address, signInAddress }: NewGrantUse): Diagnosis {
  if (diagnosis.reason !== 'ACCESS_TOKEN_REJECTED') return diagnosis;
  const switchedOff = leg === 'INCOMING' ? 'IMAP_DISABLED' : 'SMTP_AUTH_DISABLED';
  // Sending logs in as the account itself.
  const opensAnother = leg === 'INCOMING' && addressKey(address) !== addressKey(signInAddress);
  const reason = opensAnother ? 'MAILBOX_NOT_ACCESSIBLE' : switchedOff;
  const suspects: readonly Reason[] = [switchedOff, 'MAILBOX_NOT_ACCESSIBLE', ...diagnosis.alternatives, 'ACCESS_TOKEN_REJECTED'];
  const { actor, action, scenario } = reasonInfo(reason);
  const refused = `The sign-in is valid, but the ${leg === 'INCOMING' ? 'incoming' : 'outgoing'} mail server does not accept it for this mailbox.`;
  const remedy = opensAnother
    ? `Give ${signInAddress} full access to ${address}, and check that IMAP is enabled for it.`
    : 'Enable IMAP and Authenticated SMTP for it, and check that the account may use it.';
  return {
    ...diagnosis,
    reason,
    retryable: false,
    actor,
    action,
    scenario,
    confidence: 'AMBIGUOUS',
    alternatives: [...new Set(suspects)].filter((suspect) => suspect !== reason),
    message: `${refused} ${remedy}`,
  };
}

/**
 * A server refused a new password where another one logs in right now: whatever its words are known to mean, passwords are
 * not switched off there. A certain diagnosis, and any other one, stays as it is.
 */
export function refusalOfNewPassword(diagnosis: Diagnosis, host: string | null): Diagnosis {
  if (diagnosis.reason !== 'BASIC_AUTH_DISABLED' || diagnosis.confidence === 'CERTAIN') return diagnosis;
  const { actor, action, message } = reasonInfo('BAD_CREDENTIALS');
  const alternatives = diagnosis.alternatives.filter((reason) => reason !== 'BAD_CREDENTIALS');
  return {
    ...diagnosis,
    reason: 'BAD_CREDENTIALS',
    actor,
    action,
    alternatives: ['BASIC_AUTH_DISABLED', ...alternatives],
    message: message({ provider: null, host }),
  };
}
