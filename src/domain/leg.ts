import type { Diagnosis } from './diagnosis.ts';
import type { IncidentId, MailboxId } from './ids.ts';
import type { LegDirection } from './mail.ts';

export const HEALTHS = ['UNVERIFIED', 'HEALTHY', 'DEGRADED', 'ACTION_REQUIRED', 'BLOCKED', 'PAUSED'] as const;
export type Health = (typeof HEALTHS)[number];

/** A rejection that is less than certain and waits for its confirmation. */
export interface Suspicion {
  readonly diagnosis: Diagnosis;
  /** When the first rejection was seen, epoch milliseconds. */
  readonly firstAt: number;
  /** A second rejection counts from here on (firstAt + CONFIRM_AFTER_SECONDS). */
  readonly confirmableAt: number;
  /** The cohort guard holds the verdict back. */
  readonly held: boolean;
}

/** One direction of a mailbox: what is known about its login right now. */
export interface Leg {
  readonly direction: LegDirection;
  readonly health: Health;
  /** Why; null when HEALTHY, PAUSED or never checked. */
  readonly diagnosis: Diagnosis | null;
  /** Epoch milliseconds of the newest status change. */
  readonly since: number;
  /** Sequence of the newest status change; 0 before the first. The store stamps it. */
  readonly sequence: number;
  /** Failures in a row. */
  readonly failureCount: number;
  /** When the present run of failures began. */
  readonly firstFailureAt: number | null;
  readonly lastCheckedAt: number | null;
  /** When a real login last succeeded. */
  readonly lastProvenAt: number | null;
  /** Null while paused. */
  readonly nextCheckAt: number | null;
  readonly suspicion: Suspicion | null;
  /** The shared fault that blocks or holds this leg. */
  readonly incidentId: IncidentId | null;
}

export type ObservationSource = 'CHECK' | 'CONFIRMATION' | 'AUTHORIZATION' | 'ROLL_BACK' | 'CANARY';

export type ObservationOutcome = { readonly kind: 'PROVEN' } | { readonly kind: 'FAILED'; readonly diagnosis: Diagnosis };

/** The outcome of one probe of one leg with one loginVersion: the only thing that changes health. */
export interface Observation {
  readonly mailboxId: MailboxId;
  readonly leg: LegDirection;
  readonly loginVersion: number;
  readonly at: number;
  readonly source: ObservationSource;
  readonly outcome: ObservationOutcome;
  /** OAuth: the access token was obtained anew for this attempt. Always true for passwords. */
  readonly freshCredential: boolean;
}
