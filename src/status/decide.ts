import type { Random } from '../domain/clock.ts';
import { cohortOf } from '../domain/cohort.ts';
import type { StatusFacts } from '../domain/event.ts';
import { changeOf, observe } from '../domain/health.ts';
import type { IncidentId } from '../domain/ids.ts';
import type { Leg, Observation } from '../domain/leg.ts';
import type { LegDirection } from '../domain/mail.ts';
import type { Mailbox } from '../domain/mailbox.ts';
import { legOf, withLeg } from '../domain/mailbox-status.ts';
import { treatmentOf } from '../domain/reasons.ts';
import type { CheckedLeg } from './check.ts';
import type { RetryBudget } from './retry-budget.ts';
import { nextCheckAt, wantsQuickRetry } from './schedule.ts';

/** What surrounds one leg's observation. */
export interface Surroundings {
  /** Whether it is this mailbox or its server shows with the neighbours' next checks: nothing is confirmed yet. */
  readonly cohortUnsure: boolean;
  /** The cohort guard is closed. */
  readonly held: boolean;
  /** Of the leg's cohort; read only while `held`. */
  readonly cohortSize: number;
  /** The incident that a shared fault or the guard puts this leg under. */
  readonly incidentId: IncidentId | null;
}

export interface DecisionParts {
  readonly now: number;
  readonly intervalMs: number;
  readonly confirmAfterMs: number;
  readonly random: Random;
  readonly retries: RetryBudget;
}

/** A mailbox after its observations, and what has to be told. */
export interface Decision {
  readonly mailbox: Mailbox;
  readonly events: readonly StatusFacts[];
  /** Incidents that a leg of it was not part of before. */
  readonly joined: readonly IncidentId[];
  /** Observations that counted (not of another login, not of a paused leg), with the leg as it was. */
  readonly counted: readonly { readonly observation: Observation; readonly before: Leg }[];
}

/** Applies the observations of one check to the mailbox as it is now, and says when each leg is due next. Pure but for `retries`. */
export function decide(
  mailbox: Mailbox,
  checked: readonly CheckedLeg[],
  surroundingsOf: (leg: LegDirection) => Surroundings,
  parts: DecisionParts,
): Decision {
  const { now } = parts;
  let after = mailbox;
  const events: StatusFacts[] = [];
  const joined = new Set<IncidentId>();
  const counted: { observation: Observation; before: Leg }[] = [];
  for (const { observation, retryAfterMs } of checked) {
    const before = legOf(after, observation.leg);
    if (before === null) continue;
    const surroundings = surroundingsOf(observation.leg);
    const transition = observe(before, observation, {
      loginVersion: mailbox.loginVersion,
      cohortHeld: surroundings.held,
      cohortUnsure: surroundings.cohortUnsure,
      incidentId: surroundings.incidentId,
      confirmAfterMs: parts.confirmAfterMs,
      now,
    });
    if (transition.dropped) continue;
    counted.push({ observation, before });
    const { leg, change } = transition;
    after = withLeg(after, { ...leg, nextCheckAt: nextOf(leg, retryAfterMs, surroundings, parts) });
    if (change !== null) {
      events.push(changeOf(mailbox.id, leg.direction, change, 'CHECK', mailbox.loginVersion, null));
      after = { ...after, changedAt: now, updatedAt: now };
    }
    if (leg.incidentId !== null && leg.incidentId !== before.incidentId) joined.add(leg.incidentId);
  }
  return { mailbox: after, events, joined: [...joined], counted };
}

function nextOf(leg: Leg, retryAfterMs: number | null, surroundings: Surroundings, parts: DecisionParts): number | null {
  const isHeld = surroundings.held && leg.suspicion?.held === true;
  const early = !isHeld && wantsQuickRetry(leg) && leg.suspicion === null;
  if (!early) parts.retries.earn();
  return nextCheckAt(leg, {
    now: parts.now,
    intervalMs: parts.intervalMs,
    random: parts.random,
    retryAfterMs,
    quickRetry: early && parts.retries.spend(),
    heldCohortSize: isHeld ? surroundings.cohortSize : null,
  });
}

/** The cohort whose guard has a say in this observation; null when it cannot change anything. */
export function cohortConcerned(mailbox: Mailbox, observation: Observation): string | null {
  const leg = legOf(mailbox, observation.leg);
  if (mailbox.active === null || leg === null || observation.loginVersion !== mailbox.loginVersion) return null;
  if (observation.outcome.kind === 'PROVEN') return null;
  const treatment = treatmentOf(observation.outcome.diagnosis);
  const concerns = treatment === 'SUSPICION' || treatment === 'PERMANENT' || leg.suspicion?.held === true;
  return concerns ? cohortOf(mailbox.active, observation.leg) : null;
}

/**
 * Whether this observation counts as a new suspicion of its cohort: the first doubtful rejection of a leg that was believed
 * to work. A second one is the same suspicion; so is that of a leg the guard holds or held, or else the real rejections
 * that an outage leaves behind would close the guard anew.
 */
export function isNewSuspicion(mailbox: Mailbox, observation: Observation): boolean {
  const leg = legOf(mailbox, observation.leg);
  if (leg === null || observation.outcome.kind === 'PROVEN' || treatmentOf(observation.outcome.diagnosis) !== 'SUSPICION') return false;
  return leg.suspicion === null && leg.health !== 'ACTION_REQUIRED' && leg.health !== 'PAUSED';
}
