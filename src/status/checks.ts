import type { MailboxId, WorkspaceId } from '../domain/ids.ts';
import type { Mailbox } from '../domain/mailbox.ts';

/** What the use-cases ask of the status side. */
export interface Checks {
  /**
   * Checks both legs now, records the outcome and returns the mailbox as it is afterwards; null when there is none (or
   * it is not live). Joins a check of the same mailbox that is under way in this process. Paused mailboxes are returned
   * unchecked. Waits for the host's concurrency but not for its interval.
   */
  checkNow(workspaceId: WorkspaceId, mailboxId: MailboxId): Promise<Mailbox | null>;
  /** Tells the monitor that something became due earlier than it believes. */
  wake(): void;
}
