import type { Random } from '../domain/clock.ts';
import { GUARDED_PROBES_PER_MINUTE } from '../domain/cohort.ts';
import type { Health, Leg } from '../domain/leg.ts';

const HOUR_MS = 3_600_000;
const SLOWEST_MS = 6 * HOUR_MS;
const FASTEST_SLOW_MS = HOUR_MS;

/** A transient failure is retried early this often in a row, then once an interval. */
const QUICK_RETRIES = 3;
const QUICK_RETRY_BASE_MS = 15_000;
const QUICK_RETRY_LEAST_MS = 5_000;
const CONFIRMATION_JITTER_MS = 5_000;

export interface ScheduleFacts {
  readonly now: number;
  readonly intervalMs: number;
  readonly random: Random;
  /** What the server asked for, e.g. Retry-After; null when it said nothing. */
  readonly retryAfterMs: number | null;
  /** Whether an early retry may be had (see retry-budget). Without it a transient failure waits for the next interval. */
  readonly quickRetry: boolean;
  /** How many mailboxes share the closed guard; null while the guard does not hold this leg. */
  readonly heldCohortSize: number | null;
}

/**
 * When to check a leg next, epoch milliseconds; null while it is paused. The one place that decides it, apart from the
 * spreading of a backlog (`spreadOver`) and of what an incident releases.
 *
 * HEALTHY: once an interval, up to a tenth later, so that mailboxes drift apart and the login budget of one automatic try
 * an interval is kept. DEGRADED by a transient failure: exponential back-off with full jitter, 15 s doubled per failure,
 * at most three times in a row, then once an interval; never before the server's own hint. A rejection: not before it can
 * be confirmed. Held by the cohort guard: so slowly that the held legs together make 10 probes a minute.
 * ACTION_REQUIRED and BLOCKED: 1 to 6 hours, so that a repair elsewhere is seen.
 */
export function nextCheckAt(leg: Leg, facts: ScheduleFacts): number | null {
  return leg.health === 'PAUSED' ? null : Math.ceil(facts.now + delayMs(leg, leg.health, facts));
}

function delayMs(leg: Leg, health: Exclude<Health, 'PAUSED'>, facts: ScheduleFacts): number {
  switch (health) {
    case 'UNVERIFIED':
      return 0;
    case 'HEALTHY':
      return anInterval(facts);
    case 'ACTION_REQUIRED':
    case 'BLOCKED':
      return Math.max(facts.intervalMs, FASTEST_SLOW_MS + facts.random() * (SLOWEST_MS - FASTEST_SLOW_MS));
    case 'DEGRADED':
      return degradedDelayMs(leg, facts);
  }
}

function degradedDelayMs(leg: Leg, facts: ScheduleFacts): number {
  if (facts.heldCohortSize !== null) return heldDelayMs(facts.heldCohortSize, facts);
  const { suspicion } = leg;
  if (suspicion !== null && facts.now < suspicion.confirmableAt) {
    const jitterMs = Math.min(CONFIRMATION_JITTER_MS, (suspicion.confirmableAt - suspicion.firstAt) / 10);
    return suspicion.confirmableAt - facts.now + facts.random() * jitterMs;
  }
  return Math.max(transientDelayMs(leg, facts), Math.min(facts.retryAfterMs ?? 0, SLOWEST_MS));
}

function transientDelayMs(leg: Leg, facts: ScheduleFacts): number {
  if (!facts.quickRetry || !wantsQuickRetry(leg)) return anInterval(facts);
  const capMs = Math.min(facts.intervalMs, QUICK_RETRY_BASE_MS * 2 ** leg.failureCount);
  return Math.max(Math.min(QUICK_RETRY_LEAST_MS, facts.intervalMs), facts.random() * capMs);
}

/** Whether this leg would be retried early, if the budget allows it. */
export function wantsQuickRetry(leg: Leg): boolean {
  return leg.health === 'DEGRADED' && leg.failureCount <= QUICK_RETRIES;
}

/**
 * Anywhere from one interval to 2.7 shares, a share being the time in which all of the cohort would be probed once at 10 a
 * minute. Uniform, so that probes begin at once although everybody was held at the same time; 2.7, because waiting times
 * drawn from 0 to w bunch up to e/w at the end of the first w, and that peak must stay within the 10 a minute.
 */
function heldDelayMs(cohortSize: number, facts: ScheduleFacts): number {
  const shareMs = (cohortSize / GUARDED_PROBES_PER_MINUTE) * 60_000;
  const spreadMs = Math.max(0, 2.7 * shareMs - facts.intervalMs);
  return anInterval(facts) + facts.random() * spreadMs;
}

function anInterval(facts: ScheduleFacts): number {
  return facts.intervalMs * (1 + facts.random() / 10);
}

/** A moment within the next `spreadMs`, uniformly: what has become due all at once is not tried all at once. */
export function spreadOver(spreadMs: number, now: number, random: Random): number {
  return Math.ceil(now + random() * spreadMs);
}
