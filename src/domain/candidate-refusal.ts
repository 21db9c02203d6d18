import type { Diagnosis } from './diagnosis.ts';
import type { LegDirection } from './mail.ts';
import type { Reason } from './reason.ts';
import { reasonInfo } from './reasons.ts';

/**
 * A server said no to a token that was issued a moment ago, to the expected account, with every permission asked for.
 * Signing in again would bring the same token, so the refusal is about the mailbox: its IMAP or its Authenticated SMTP is
 * switched off (the article: "Enable IMAP and Authenticated SMTP for authentication"), or the account may not open it. Any
 * other diagnosis stays as it is.
 */
export function refusalOfNewGrant(diagnosis: Diagnosis, leg: LegDirection): Diagnosis {
  if (diagnosis.reason !== 'ACCESS_TOKEN_REJECTED') return diagnosis;
  const switchedOff = leg === 'INCOMING' ? 'IMAP_DISABLED' : 'SMTP_AUTH_DISABLED';
  const others = diagnosis.alternatives.filter((reason) => reason !== switchedOff && reason !== 'MAILBOX_NOT_ACCESSIBLE');
  const alternatives: readonly Reason[] = ['MAILBOX_NOT_ACCESSIBLE', ...others, 'ACCESS_TOKEN_REJECTED'];
  const { actor, action, scenario } = reasonInfo(switchedOff);
  return {
    ...diagnosis,
    reason: switchedOff,
    retryable: false,
    actor,
    action,
    scenario,
    confidence: 'AMBIGUOUS',
    alternatives,
    message: `The sign-in is valid, but the ${leg === 'INCOMING' ? 'incoming' : 'outgoing'} mail server does not accept it for this mailbox. Enable IMAP and Authenticated SMTP for it, and check that the account may use it.`,
  };
}
