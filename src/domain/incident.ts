import type { IncidentId, WorkspaceId } from './ids.ts';
import type { Actor, Reason, RepairAction } from './reason.ts';

/**
 * A fault of an OAuth app, tenant, host or provider shared by many mailboxes, as one workspace sees it.
 * The same fault in another workspace is another document with the same `scope`, so nobody learns of anybody else's mailboxes.
 */
export interface Incident {
  readonly id: IncidentId;
  readonly workspaceId: WorkspaceId;
  readonly revision: number;
  /** What shares the fault, e.g. "oauth-app:microsoft", "tenant:<id>", "host:imap.example.com", "gateway:monitor". */
  readonly scope: string;
  readonly reason: Reason;
  readonly actor: Actor;
  readonly action: RepairAction;
  readonly message: string;
  /** How many mailboxes of this workspace it has hit. */
  readonly affectedCount: number;
  readonly openedAt: number;
  readonly closedAt: number | null;
}
