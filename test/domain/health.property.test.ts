import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Diagnosis } from '../../src/domain/diagnosis.ts';
import { CONFIDENCES } from '../../src/domain/diagnosis.ts';
import {
  escalate,
  freshLeg,
  markStale,
  observe,
  pauseLeg,
  resumeLeg,
  type Circumstances,
  type LegTransition,
} from '../../src/domain/health.ts';
import type { Leg, Observation } from '../../src/domain/leg.ts';
import { REASONS } from '../../src/domain/reason.ts';
import { treatmentOf } from '../../src/domain/reasons.ts';
import { circumstances, diagnosis, HOUR_MS, INCIDENT, LOGIN_VERSION, observation, START, TRANSIENT } from './health-fixtures.ts';

// Each property takes the transition as a parameter, so that a broken one can be shown to fail it.

type Observe = typeof observe;

interface Step {
  readonly afterMs: number;
  readonly outcome: Diagnosis | 'PROVEN';
  readonly fresh: boolean;
  readonly held: boolean;
  readonly incident: boolean;
}

const diagnoses: fc.Arbitrary<Diagnosis> = fc
  .record({ reason: fc.constantFrom(...REASONS), confidence: fc.constantFrom(...CONFIDENCES), retryable: fc.boolean() })
  .map(({ reason, confidence, retryable }) => diagnosis(reason, confidence, { retryable }));

const outcomes = fc.oneof({ weight: 4, arbitrary: diagnoses }, { weight: 1, arbitrary: fc.constant('PROVEN' as const) });

function steps(outcome: fc.Arbitrary<Diagnosis | 'PROVEN'>, held: fc.Arbitrary<boolean> = fc.boolean()): fc.Arbitrary<readonly Step[]> {
  const step = fc.record({ afterMs: fc.nat(12 * HOUR_MS), outcome, fresh: fc.boolean(), held, incident: fc.boolean() });
  return fc.array(step, { maxLength: 30, size: 'max' });
}

function treatedAs(...treatments: readonly ReturnType<typeof treatmentOf>[]): fc.Arbitrary<Diagnosis> {
  return diagnoses.filter((candidate) => treatments.includes(treatmentOf(candidate)));
}

/** Plays the steps from a new leg; the watchdog looks in after each. */
function play(
  transition: Observe,
  played: readonly Step[],
): { readonly legs: readonly Leg[]; readonly transitions: readonly LegTransition[] } {
  let now = START;
  let leg = freshLeg('INCOMING', now);
  const legs: Leg[] = [leg];
  const transitions: LegTransition[] = [];
  for (const { afterMs, outcome, fresh, held, incident } of played) {
    now += afterMs;
    const around = circumstances(now, { cohortHeld: held, incidentId: incident ? INCIDENT : null });
    const result = transition(leg, observation(now, outcome, { freshCredential: fresh }), around);
    transitions.push(result);
    leg = escalate(result.leg, now).leg;
    legs.push(result.leg, leg);
  }
  return { legs, transitions };
}

const neverActionRequired = (outcome: fc.Arbitrary<Diagnosis | 'PROVEN'>, held?: fc.Arbitrary<boolean>) => (transition: Observe) =>
  fc.property(steps(outcome, held), (played) => play(transition, played).legs.every((leg) => leg.health !== 'ACTION_REQUIRED'));

const PROPERTIES: Readonly<Record<string, (transition: Observe) => fc.IProperty<unknown>>> = {
  'no sequence of transient failures and proofs ever yields ACTION_REQUIRED': neverActionRequired(
    fc.oneof({ weight: 5, arbitrary: treatedAs('TRANSIENT') }, { weight: 1, arbitrary: fc.constant('PROVEN' as const) }),
  ),
  'shared and transient faults never yield ACTION_REQUIRED': neverActionRequired(treatedAs('SHARED', 'TRANSIENT')),
  'behind the closed cohort guard nothing yields ACTION_REQUIRED': neverActionRequired(outcomes, fc.constant(true)),
  'one doubtful rejection among transient failures never yields ACTION_REQUIRED': (transition) =>
    fc.property(
      steps(treatedAs('TRANSIENT'), fc.constant(false)),
      steps(treatedAs('TRANSIENT'), fc.constant(false)),
      treatedAs('SUSPICION'),
      (before, after, doubt) => {
        const rejection: Step = { afterMs: HOUR_MS, outcome: doubt, fresh: true, held: false, incident: false };
        return play(transition, [...before, rejection, ...after]).legs.every((leg) => leg.health !== 'ACTION_REQUIRED');
      },
    ),
  'an observation of another loginVersion changes nothing': (transition) =>
    fc.property(
      steps(outcomes),
      outcomes,
      fc.integer().filter((version) => version !== LOGIN_VERSION),
      (played, outcome, loginVersion) => {
        const leg = last(play(observe, played).legs);
        const result = transition(leg, observation(START, outcome, { loginVersion }), circumstances(START));
        return result.leg === leg && result.dropped && result.change === null && !result.shared && !result.suspicionRaised;
      },
    ),
  'a proof always yields HEALTHY with the counters reset': (transition) =>
    fc.property(steps(outcomes), fc.boolean(), (played, held) => {
      const leg = last(play(observe, played).legs);
      const { leg: after } = transition(leg, observation(START, 'PROVEN'), circumstances(START, { cohortHeld: held }));
      return (
        after.health === 'HEALTHY' &&
        after.failureCount === 0 &&
        after.firstFailureAt === null &&
        after.suspicion === null &&
        after.diagnosis === null
      );
    }),
  'there is a change if and only if health, reason, actor or action moved': (transition) =>
    fc.property(steps(outcomes), (played) => {
      let leg = freshLeg('INCOMING', START);
      return play(transition, played).transitions.every(({ leg: after, change }, index) => {
        const before = index === 0 ? leg : escalate(leg, timeOf(played, index - 1)).leg;
        leg = after;
        const moved = JSON.stringify(visible(before)) !== JSON.stringify(visible(after));
        return moved === (change !== null) && (change === null || (change.from === before.health && change.to === after.health));
      });
    }),
  'a transient failure never moves a leg that is ACTION_REQUIRED': (transition) =>
    fc.property(steps(outcomes, fc.constant(false)), treatedAs('TRANSIENT'), (played, transient) => {
      const leg = last(play(observe, played).legs);
      fc.pre(leg.health === 'ACTION_REQUIRED');
      const { leg: after, change } = transition(leg, observation(START, transient), circumstances(START));
      return change === null && after.diagnosis === leg.diagnosis && after.health === leg.health;
    }),
};

function last(legs: readonly Leg[]): Leg {
  return legs.at(-1)!;
}

function timeOf(played: readonly Step[], index: number): number {
  return played.slice(0, index + 1).reduce((now, step) => now + step.afterMs, START);
}

function visible(leg: Leg): unknown {
  return [leg.health, leg.diagnosis?.reason ?? null, leg.diagnosis?.actor ?? 'NOBODY', leg.diagnosis?.action ?? null];
}

const RUNS = { numRuns: 1_000 };

describe('for any sequence of observations', () => {
  test.each(Object.entries(PROPERTIES))('%s', (_, property) => {
    fc.assert(property(observe), RUNS);
  });

  test('every failure is counted, whatever the health', () => {
    fc.assert(
      fc.property(steps(diagnoses), (played) => {
        const { transitions } = play(observe, played);
        return transitions.every(({ leg, dropped }) => !dropped && leg.failureCount > 0 && leg.firstFailureAt !== null);
      }),
      RUNS,
    );
  });
});

test('time alone never yields ACTION_REQUIRED', () => {
  const idle = fc.array(fc.record({ afterMs: fc.nat(1_000 * HOUR_MS), what: fc.constantFrom(escalate, markStale, pauseLeg, resumeLeg) }), {
    maxLength: 20,
  });
  fc.assert(
    fc.property(steps(fc.oneof(treatedAs('TRANSIENT', 'SHARED'), fc.constant('PROVEN' as const))), idle, (played, waits) => {
      let leg = last(play(observe, played).legs);
      let now = timeOf(played, played.length - 1);
      return waits.every(({ afterMs, what }) => {
        now += afterMs;
        leg = what(leg, now).leg;
        return leg.health !== 'ACTION_REQUIRED';
      });
    }),
    RUNS,
  );
});

describe('negative control: a transition that is broken fails the property', () => {
  const BROKEN: Readonly<Record<string, Observe>> = {
    'no sequence of transient failures and proofs ever yields ACTION_REQUIRED': impatient(4),
    'shared and transient faults never yield ACTION_REQUIRED': (leg, seen, around) =>
      observe(leg, asSeenBy(seen, { reason: 'OAUTH_GRANT_REVOKED', retryable: false, confidence: 'CERTAIN' }), around),
    'behind the closed cohort guard nothing yields ACTION_REQUIRED': (leg, seen, around) =>
      observe(leg, seen, { ...around, cohortHeld: false }),
    'one doubtful rejection among transient failures never yields ACTION_REQUIRED': (leg, seen, around) =>
      observe(leg, asSeenBy(seen, { retryable: false, confidence: 'LIKELY', reason: 'BAD_CREDENTIALS' }), around),
    'an observation of another loginVersion changes nothing': (leg, seen, around) =>
      observe(leg, seen, { ...around, loginVersion: seen.loginVersion }),
    'a proof always yields HEALTHY with the counters reset': (leg, seen, around) => ({
      ...observe(leg, seen, around),
      leg: { ...observe(leg, seen, around).leg, failureCount: leg.failureCount },
    }),
    'there is a change if and only if health, reason, actor or action moved': (leg, seen, around) => {
      const result = observe(leg, seen, around);
      return leg.health === result.leg.health ? { ...result, change: null } : result;
    },
    'a transient failure never moves a leg that is ACTION_REQUIRED': (leg, seen, around) =>
      observe({ ...leg, health: 'HEALTHY' }, seen, around),
  };

  test.each(Object.entries(PROPERTIES))('%s', (name, property) => {
    expect(fc.check(property(BROKEN[name]!), RUNS).failed).toBe(true);
  });

  /** Gives up on a leg after so many failures, as peers do. */
  function impatient(patience: number): Observe {
    return (leg: Leg, seen: Observation, around: Circumstances) => {
      const result = observe(leg, seen, around);
      return result.leg.failureCount < patience ? result : { ...result, leg: { ...result.leg, health: 'ACTION_REQUIRED' } };
    };
  }

  function asSeenBy(seen: Observation, misread: Partial<Diagnosis>): Observation {
    return seen.outcome.kind === 'PROVEN'
      ? seen
      : { ...seen, outcome: { kind: 'FAILED', diagnosis: { ...seen.outcome.diagnosis, ...misread } } };
  }

  test('the fixtures are read as they are meant', () => {
    expect(treatmentOf(TRANSIENT)).toBe('TRANSIENT');
  });
});
