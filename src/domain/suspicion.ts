import type { Confidence, Diagnosis } from './diagnosis.ts';
import type { Observation, Suspicion } from './leg.ts';

const CERTAINTY: Readonly<Record<Confidence, number>> = { UNKNOWN: 0, AMBIGUOUS: 1, LIKELY: 2, CERTAIN: 3 };

/** The better informed of two rejections: the more certain one, the newer when they are alike. */
export function betterInformed(older: Diagnosis, newer: Diagnosis): Diagnosis {
  return CERTAINTY[older.confidence] > CERTAINTY[newer.confidence] ? older : newer;
}

export interface DoubtfulRejection {
  readonly diagnosis: Diagnosis;
  readonly at: number;
  readonly confirmAfterMs: number;
  /** The cohort guard is closed. */
  readonly held: boolean;
}

/**
 * The suspicion after a rejection that does not confirm one. The confirmation time of a standing suspicion stays.
 * What was seen behind the closed guard is no evidence: the first rejection after it opened begins anew, so that the end
 * of an outage cannot turn the rejections collected during it into verdicts, and a guard that opened too early closes again.
 */
export function suspect(standing: Suspicion | null, rejection: DoubtfulRejection): Suspicion {
  if (standing === null || (standing.held && !rejection.held)) {
    return {
      diagnosis: rejection.diagnosis,
      firstAt: rejection.at,
      confirmableAt: rejection.at + rejection.confirmAfterMs,
      held: rejection.held,
    };
  }
  return { ...standing, diagnosis: betterInformed(standing.diagnosis, rejection.diagnosis), held: rejection.held };
}

/**
 * Whether this rejection makes a suspicion a verdict: not behind the guard, late enough, and for OAuth with an access
 * token obtained anew, because a refused cached token says nothing about the grant.
 */
export function confirms(suspicion: Suspicion, observation: Observation): boolean {
  return !suspicion.held && observation.freshCredential && observation.at >= suspicion.confirmableAt;
}
