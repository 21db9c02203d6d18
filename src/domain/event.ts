import type { AuthorizationId, EventId, IncidentId, MailboxId, TokenId, WorkspaceId } from './ids.ts';
import type { Health } from './leg.ts';
import type { LegDirection } from './mail.ts';
import type { Actor, Reason, RepairAction } from './reason.ts';

export const CHANGE_TRIGGERS = ['CHECK', 'AUTHORIZATION', 'ROLL_BACK', 'REPORT', 'ADMINISTRATION', 'INCIDENT', 'WATCHDOG'] as const;
export type ChangeTrigger = (typeof CHANGE_TRIGGERS)[number];

export interface StatusFacts {
  readonly kind: 'STATUS';
  readonly mailboxId: MailboxId;
  readonly leg: LegDirection;
  readonly from: Health;
  readonly to: Health;
  readonly reason: Reason | null;
  readonly actor: Actor;
  readonly action: RepairAction | null;
  readonly message: string;
  readonly trigger: ChangeTrigger;
  /** The mailbox's loginVersion from this change on. */
  readonly credentialVersion: number;
  /** Name of the person or token that caused it. */
  readonly triggeredBy: string | null;
}
export interface MailboxFacts {
  readonly kind: 'MAILBOX';
  readonly mailboxId: MailboxId;
  readonly change: 'ADDED' | 'CHANGED' | 'REMOVED';
}
export interface AuthorizationFacts {
  readonly kind: 'AUTHORIZATION';
  readonly authorizationId: AuthorizationId;
  readonly mailboxId: MailboxId;
}
export interface WorkspaceFacts {
  readonly kind: 'WORKSPACE';
  readonly change: 'PRIMARY' | 'HAND_OVER';
}
export interface IncidentFacts {
  readonly kind: 'INCIDENT';
  readonly incidentId: IncidentId;
}
export interface TokenFacts {
  readonly kind: 'TOKEN';
  readonly tokenId: TokenId;
  readonly change: 'CREATED' | 'REVOKED';
}

/** What an event says; the store adds id, position, sequence and time when it appends it. */
export type EventFacts = StatusFacts | MailboxFacts | AuthorizationFacts | WorkspaceFacts | IncidentFacts | TokenFacts;
export type EventKind = EventFacts['kind'];

/** An entry of a workspace's append-only log. */
export interface LogEvent<Facts extends EventFacts = EventFacts> {
  readonly id: EventId;
  readonly workspaceId: WorkspaceId;
  /** 1, 2, 3 … without a gap over all kinds; makes cursors. */
  readonly position: number;
  /** 1, 2, 3 … without a gap over STATUS events; null for the others. */
  readonly sequence: number | null;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly facts: Facts;
}
