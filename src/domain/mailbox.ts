import type { SetupTarget } from './authorization.ts';
import type { LoginSetup, ReplacedSetup } from './credential.ts';
import type { AuthorizationId, MailboxId, WorkspaceId } from './ids.ts';
import type { Leg } from './leg.ts';
import type { AuthMethodKind } from './mail.ts';

/** What a pending mailbox was asked to become: shown until its first authorization is committed, also after that was rejected. */
export interface RequestedSetup extends SetupTarget {
  readonly authMethod: AuthMethodKind;
  readonly username: string;
}

/** A support address, how the help desk logs in to it, and whether that still works. */
export interface Mailbox {
  readonly id: MailboxId;
  readonly workspaceId: WorkspaceId;
  /** Internal: goes up with every write; the store compares it. Not the public `version`. */
  readonly revision: number;
  readonly displayName: string | null;
  /** Goes up with every change of settings or credential. A token refresh bumps neither this nor loginVersion. */
  readonly version: number;
  /** Goes up when credential, host or user name change; observations are fenced by it. */
  readonly loginVersion: number;
  /** False until the first authorization is committed: then in no list, summary, banner or check. */
  readonly live: boolean;
  readonly paused: boolean;
  /** What is in use. Null only while pending. */
  readonly active: LoginSetup | null;
  /** Set while pending (active is null) and only then. */
  readonly requested?: RequestedSetup;
  readonly previous: ReplacedSetup | null;
  /** The address as asked for while pending; afterwards always active.address. Unique per workspace among live mailboxes, case-insensitively. */
  readonly address: string;
  readonly incoming: Leg | null;
  readonly outgoing: Leg | null;
  readonly openAuthorizationId: AuthorizationId | null;
  /** The newest repair of this mailbox was rejected and none has succeeded since: "if the issue persists" (scenario 4). */
  readonly repairRejected: boolean;
  /** The first background proof after this authorization's commit confirms it. */
  readonly unconfirmedAuthorizationId: AuthorizationId | null;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** When the status of a leg last changed. */
  readonly changedAt: number;
}
