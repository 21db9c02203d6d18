import type { Mailbox } from './mailbox.ts';
import { mailboxHealth } from './mailbox-status.ts';
import type { HandOver } from './workspace.ts';

/** What the workspace adds to a mailbox's own state. */
export interface PrimaryCircumstances {
  readonly isPrimary: boolean;
  /** Another live mailbox could send in its place. */
  readonly otherSendingMailbox: boolean;
  /** The hand-over that is under way, of whichever mailbox. */
  readonly handOver: HandOver | null;
}

export function isBeingHandedOver(mailbox: Mailbox, handOver: HandOver | null): boolean {
  return handOver !== null && handOver.mailboxId === mailbox.id;
}

/**
 * Whether handing the primary role over is the thing to propose: "If the issue persists for accounts with multiple support
 * emails" (source article, scenario 4). Not at first, because `reauth` repairs a primary in place.
 */
export function proposesHandOver(mailbox: Mailbox, circumstances: PrimaryCircumstances): boolean {
  const persists = mailbox.repairRejected && mailboxHealth(mailbox) === 'ACTION_REQUIRED';
  return circumstances.isPrimary && circumstances.otherSendingMailbox && persists;
}
