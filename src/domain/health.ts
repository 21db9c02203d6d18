import type { Diagnosis } from './diagnosis.ts';
import type { ChangeTrigger, StatusFacts } from './event.ts';
import type { IncidentId, MailboxId } from './ids.ts';
import type { Health, Leg, Observation } from './leg.ts';
import type { LegDirection } from './mail.ts';
import { treatmentOf } from './reasons.ts';
import type { Actor, Reason, RepairAction } from './reason.ts';
import { degradedDiagnosis, isLastingDegradation } from './shown-diagnosis.ts';
import { statusMessage } from './status-message.ts';
import { betterInformed, confirms, suspect } from './suspicion.ts';

/** What the transition needs to know besides the leg and the observation. */
export interface Circumstances {
  /** The mailbox's present loginVersion; an observation of another one is dropped. */
  readonly loginVersion: number;
  /** The cohort guard is closed for this leg's provider and host. */
  readonly cohortHeld: boolean;
  /**
   * The cohort does not tell yet whether it is this mailbox or the server: since the suspicion was raised nobody has logged
   * in there, and others are refused too or were not tried. It is not confirmed now. Absent means no.
   */
  readonly cohortUnsure?: boolean;
  /** The open incident that blocks (shared fault) or holds (guard) this leg; null when there is none. */
  readonly incidentId: IncidentId | null;
  readonly confirmAfterMs: number;
  readonly now: number;
}

/** What became of a status, as the log tells it. `from` equals `to` when only the reason, actor or action moved. */
export interface LegChange {
  readonly from: Health;
  readonly to: Health;
  readonly reason: Reason | null;
  readonly actor: Actor;
  readonly action: RepairAction | null;
  readonly message: string;
}

export interface LegTransition {
  /** The leg afterwards. nextCheckAt is left as it was (status/schedule sets it) unless the docstring says otherwise; the store stamps the sequence. */
  readonly leg: Leg;
  /** Null when neither health nor reason, actor or action changed. */
  readonly change: LegChange | null;
  /** A doubtful rejection of a leg that was not known to be broken: count it in the cohort, every time. */
  readonly suspicionRaised: boolean;
  /** A fault that many share: open or join its incident. */
  readonly shared: boolean;
  /** The observation was not about this login; `leg` is the one passed in. */
  readonly dropped: boolean;
}

/**
 * How one observation moves a leg: every rule of design section 3, "Health of a leg". Pure; never throws.
 *
 * A standing diagnosis (ACTION_REQUIRED, or BLOCKED by an open incident) is replaced only by proof, by a shared fault,
 * by something certain, or by a confirmed rejection of another kind; a transient failure moves only its counters.
 */
export function observe(leg: Leg, observation: Observation, circumstances: Circumstances): LegTransition {
  const about = observation.leg === leg.direction && observation.loginVersion === circumstances.loginVersion;
  if (!about || leg.health === 'PAUSED') return { ...unmoved(leg), dropped: true };
  if (observation.outcome.kind === 'PROVEN') return settled(leg, proven(leg, observation.at), circumstances.now);

  const { diagnosis } = observation.outcome;
  const failed: Leg = {
    ...leg,
    failureCount: leg.failureCount + 1,
    firstFailureAt: leg.firstFailureAt ?? observation.at,
    lastCheckedAt: observation.at,
  };
  switch (treatmentOf(diagnosis)) {
    case 'SHARED':
      return { ...settled(leg, blocked(failed, diagnosis, circumstances.incidentId), circumstances.now), shared: true };
    case 'TRANSIENT':
      return settled(leg, isStanding(leg) ? failed : degraded(failed, diagnosis, circumstances.now), circumstances.now);
    case 'PERMANENT':
      if (!circumstances.cohortHeld) return settled(leg, actionRequired(failed, diagnosis), circumstances.now);
      return settled(leg, isStanding(leg) ? failed : suspected(failed, diagnosis, observation, circumstances), circumstances.now);
    case 'SUSPICION':
      return rejected(leg, failed, diagnosis, observation, circumstances);
  }
}

/** A rejection that is less than certain: raises, keeps or confirms the suspicion. */
function rejected(leg: Leg, failed: Leg, diagnosis: Diagnosis, observation: Observation, circumstances: Circumstances): LegTransition {
  const { cohortHeld, now } = circumstances;
  const standing = isStanding(leg);
  // During an outage of its cohort nothing new is believed about a leg that is known to be broken.
  if (standing && cohortHeld) return settled(leg, failed, now);
  if (standing && leg.diagnosis?.reason === diagnosis.reason) return settled(leg, { ...failed, suspicion: null }, now);
  if (leg.suspicion !== null && !cohortHeld && circumstances.cohortUnsure !== true && confirms(leg.suspicion, observation)) {
    const verdict = actionRequired(failed, betterInformed(leg.suspicion.diagnosis, diagnosis));
    return { ...settled(leg, verdict, now), suspicionRaised: !standing };
  }
  if (standing) {
    const suspicion = suspect(leg.suspicion, rejectionOf(diagnosis, observation, circumstances));
    return settled(leg, { ...failed, suspicion }, now);
  }
  return { ...settled(leg, suspected(failed, diagnosis, observation, circumstances), now), suspicionRaised: true };
}

/** A known cause that doubt does not overwrite. BLOCKED without an incident was released: its cause is over. */
function isStanding(leg: Leg): boolean {
  return leg.health === 'ACTION_REQUIRED' || (leg.health === 'BLOCKED' && leg.incidentId !== null);
}

function rejectionOf(diagnosis: Diagnosis, observation: Observation, circumstances: Circumstances) {
  return { diagnosis, at: observation.at, confirmAfterMs: circumstances.confirmAfterMs, held: circumstances.cohortHeld };
}

function proven(leg: Leg, at: number): Leg {
  return { ...withoutFailures(leg), health: 'HEALTHY', lastCheckedAt: at, lastProvenAt: at };
}

function withoutFailures(leg: Leg): Leg {
  return { ...leg, diagnosis: null, failureCount: 0, firstFailureAt: null, suspicion: null, incidentId: null };
}

function actionRequired(failed: Leg, diagnosis: Diagnosis): Leg {
  return { ...failed, health: 'ACTION_REQUIRED', diagnosis, suspicion: null, incidentId: null };
}

function blocked(failed: Leg, diagnosis: Diagnosis, incidentId: IncidentId | null): Leg {
  return { ...failed, health: 'BLOCKED', diagnosis, suspicion: null, incidentId };
}

/** The six hours of a degradation count from its own first failure, not from a shared fault that is over. */
function enterDegraded(failed: Leg): Leg {
  const afterBlock = failed.health === 'BLOCKED' ? { failureCount: 1, firstFailureAt: failed.lastCheckedAt } : {};
  return { ...failed, ...afterBlock, health: 'DEGRADED' };
}

function degraded(failed: Leg, transient: Diagnosis, now: number): Leg {
  const leg = enterDegraded(failed);
  return { ...leg, diagnosis: degradedDiagnosis(leg, transient, now) };
}

function suspected(failed: Leg, diagnosis: Diagnosis, observation: Observation, circumstances: Circumstances): Leg {
  const leg: Leg = {
    ...enterDegraded(failed),
    suspicion: suspect(failed.suspicion, rejectionOf(diagnosis, observation, circumstances)),
    incidentId: circumstances.cohortHeld ? circumstances.incidentId : null,
  };
  return { ...leg, diagnosis: degradedDiagnosis(leg, null, circumstances.now) };
}

function unmoved(leg: Leg): LegTransition {
  return { leg, change: null, suspicionRaised: false, shared: false, dropped: false };
}

function changeTo(before: Leg, after: Leg): LegChange {
  return {
    from: before.health,
    to: after.health,
    reason: after.diagnosis?.reason ?? null,
    actor: after.diagnosis?.actor ?? 'NOBODY',
    action: after.diagnosis?.action ?? null,
    message: statusMessage(after),
  };
}

function settled(before: Leg, after: Leg, now: number): LegTransition {
  const changed =
    before.health !== after.health ||
    before.diagnosis?.reason !== after.diagnosis?.reason ||
    before.diagnosis?.actor !== after.diagnosis?.actor ||
    before.diagnosis?.action !== after.diagnosis?.action;
  return changed ? { ...unmoved({ ...after, since: now }), change: changeTo(before, after) } : unmoved(after);
}

/**
 * Names the workspace's admin once a leg has been DEGRADED for 6 hours; it stays DEGRADED. Says so once: called again, or
 * after `observe` did it, the change is null. Time alone never does more than this.
 */
export function escalate(leg: Leg, now: number): LegTransition {
  if (!isLastingDegradation(leg, now) || leg.diagnosis === null || leg.diagnosis.actor === 'WORKSPACE_ADMIN') return unmoved(leg);
  return settled(leg, { ...leg, diagnosis: degradedDiagnosis(leg, leg.diagnosis, now) }, now);
}

const STALE: Diagnosis = {
  reason: 'STALE',
  retryable: true,
  actor: 'NOBODY',
  action: 'WAIT_AND_RETRY',
  scenario: null,
  message: 'The last proof that this login works is too old. A check is on its way.',
  confidence: 'CERTAIN',
  alternatives: [],
  providerMessage: null,
};

/**
 * No proof in 3 achieved intervals: a HEALTHY leg becomes UNVERIFIED with reason STALE. Every other health stays: it
 * does not claim that the login works, and what is known about it is better than "too old". The caller makes sure that the
 * intervals were achieved: a monitor that lags marks nobody.
 */
export function markStale(leg: Leg, now: number): LegTransition {
  return leg.health === 'HEALTHY' ? settled(leg, { ...leg, health: 'UNVERIFIED', diagnosis: STALE }, now) : unmoved(leg);
}

/** An administrator switches the mailbox off; nothing is due any more. Idempotent. */
export function pauseLeg(leg: Leg, now: number): LegTransition {
  return settled(leg, { ...withoutFailures(leg), health: 'PAUSED', nextCheckAt: null }, now);
}

/** Switched on again: UNVERIFIED and due now, whatever was known before. A leg that is not paused stays as it is. */
export function resumeLeg(leg: Leg, now: number): LegTransition {
  if (leg.health !== 'PAUSED') return unmoved(leg);
  return settled(leg, { ...withoutFailures(leg), health: 'UNVERIFIED', nextCheckAt: now }, now);
}

/**
 * A repair proved a new credential on this leg and swaps it in: HEALTHY. Always a change, also when the health stays the
 * same, because history and workers need the swap.
 */
export function provenLeg(leg: Leg, now: number): LegTransition & { readonly change: LegChange } {
  const after: Leg = { ...proven(leg, now), since: now };
  return { ...unmoved(after), change: changeTo(leg, after) };
}

/** A leg that nobody has checked: UNVERIFIED, due now. */
export function freshLeg(direction: LegDirection, now: number): Leg {
  return {
    direction,
    health: 'UNVERIFIED',
    diagnosis: null,
    since: now,
    sequence: 0,
    failureCount: 0,
    firstFailureAt: null,
    lastCheckedAt: null,
    lastProvenAt: null,
    nextCheckAt: now,
    suspicion: null,
    incidentId: null,
  };
}

/**
 * The incident that blocked or held this leg closed: no longer part of it, and due at `dueAt` (now, or spread a little when
 * thousands are released). Its health stays until its own next observation says otherwise: only observations change health.
 * A paused leg stays as it is.
 */
export function releaseLeg(leg: Leg, dueAt: number): Leg {
  return leg.health === 'PAUSED' ? leg : { ...leg, incidentId: null, nextCheckAt: dueAt };
}

/** A change as an event of the log. `credentialVersion` is the mailbox's loginVersion from this change on; `triggeredBy` names a person or token. */
export function changeOf(
  mailboxId: MailboxId,
  leg: LegDirection,
  change: LegChange,
  trigger: ChangeTrigger,
  credentialVersion: number,
  triggeredBy: string | null,
): StatusFacts {
  return { kind: 'STATUS', mailboxId, leg, ...change, trigger, credentialVersion, triggeredBy };
}
