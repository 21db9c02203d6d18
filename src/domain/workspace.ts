import type { AuthorizationId, MailboxId, WorkspaceId } from './ids.ts';

/** The hand-over of the primary that is under way (scenario 4). */
export interface HandOver {
  readonly mailboxId: MailboxId;
  readonly interimMailboxId: MailboxId | null;
  readonly startedBy: string;
  readonly startedAt: number;
  readonly restoresAt: number;
  readonly authorizationId: AuthorizationId | null;
}

/** One help desk; the tenant. The primary lives here, so two primaries cannot be represented. */
export interface Workspace {
  readonly id: WorkspaceId;
  readonly revision: number;
  readonly name: string;
  readonly primaryMailboxId: MailboxId | null;
  readonly handOver: HandOver | null;
  readonly createdAt: number;
}
