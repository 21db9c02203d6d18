import type { LoginSetup } from './credential.ts';
import type { LegDirection } from './mail.ts';

/** Suspicions are counted over this long. */
export const GUARD_WINDOW_MS = 10 * 60_000;
/** How fast a cohort is probed while its guard is closed: enough to see it heal, too little to make an outage worse. */
export const GUARDED_PROBES_PER_MINUTE = 10;

const GUARD_FRACTION = 20;
const GUARD_LEAST = 5;
const GUARD_MOST = 25;

/** Who would fail together: a provider's mailboxes at one host. */
export function cohortOf(setup: LoginSetup, leg: LegDirection): string | null {
  const server = leg === 'INCOMING' ? setup.incomingServer : setup.outgoingServer;
  return server === null ? null : `${setup.provider}|${server.host.toLowerCase()}`;
}

export function cohortsOf(setup: LoginSetup): readonly string[] {
  const cohorts = [cohortOf(setup, 'INCOMING'), cohortOf(setup, 'OUTGOING')].filter((cohort) => cohort !== null);
  return [...new Set(cohorts)];
}

/** How many mailboxes of a cohort may be suspected within the window before it looks like an outage: 5 % of it, at least 5, at most 25. */
export function guardLimit(cohortSize: number): number {
  return Math.min(GUARD_MOST, Math.max(GUARD_LEAST, Math.floor(cohortSize / GUARD_FRACTION)));
}

/**
 * Whether the guard is closed: more distinct mailboxes were suspected within GUARD_WINDOW_MS than the limit allows. Then
 * so many logins broke at once that the server is the likelier cause, and no verdict of this cohort is believed.
 */
export function guardCloses(suspicions: number, cohortSize: number): boolean {
  return suspicions > guardLimit(cohortSize);
}

/** Whether more mailboxes than the least limit were refused in a row, without a single login between them: whatever the size, nobody gets in. */
export function isEverybodyRefused(refusedInARow: number): boolean {
  return refusedInARow > GUARD_LEAST;
}

/** Whether a cohort is large enough for the guard to speak at all. */
export function hasGuard(cohortSize: number): boolean {
  return cohortSize > GUARD_LEAST;
}
