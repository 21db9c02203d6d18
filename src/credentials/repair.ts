import type { Authorization } from '../domain/authorization.ts';
import type { AuthorizationId, WorkspaceId } from '../domain/ids.ts';

/** The engine behind connect, reauth, migrate and roll-back: proves a candidate, then swaps it in. */
export interface Repair {
  /**
   * Proves the candidate of a VERIFYING authorization once, under its lease `verify:<id>`, and stores what follows:
   * COMMITTED (one transaction: swap, legs HEALTHY, events), REJECTED, or VERIFYING with a next attempt.
   * Returns the authorization as stored afterwards, null when it is gone. When another process holds the lease, returns
   * the present state. Never rejects for what servers do.
   */
  verify(workspaceId: WorkspaceId, id: AuthorizationId): Promise<Authorization | null>;
  /** Verifies what is due (also after a crash), expires what nobody finished, erases what its time has come for. Runs until stopped. */
  start(): void;
  stop(): Promise<void>;
}
