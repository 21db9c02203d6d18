import { describe, expect, test } from 'vitest';
import type { Diagnosis } from '../../src/domain/diagnosis.ts';
import { freshLeg } from '../../src/domain/health.ts';
import type { Leg } from '../../src/domain/leg.ts';
import { nextCheckAt, spreadOver, type ScheduleFacts } from '../../src/status/schedule.ts';
import { seeded } from './world.ts';

const NOW = 1_000_000_000;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const INTERVAL = 10 * MINUTE;
const random = seeded(7);
const facts: ScheduleFacts = { now: NOW, intervalMs: INTERVAL, random, retryAfterMs: null, quickRetry: true, heldCohortSize: null };
const leg = (over: Partial<Leg>): Leg => ({ ...freshLeg('INCOMING', NOW), ...over });
const delays = (over: Partial<Leg>, other: Partial<ScheduleFacts> = {}): readonly number[] =>
  Array.from({ length: 500 }, () => nextCheckAt(leg(over), { ...facts, ...other })! - NOW);
const suspicion = { diagnosis: {} as Diagnosis, firstAt: NOW, confirmableAt: NOW + MINUTE, held: false };

describe('when to check next', () => {
  test('a paused leg never, an unverified one now', () => {
    expect(nextCheckAt(leg({ health: 'PAUSED' }), facts)).toBeNull();
    expect(nextCheckAt(leg({ health: 'UNVERIFIED' }), facts)).toBe(NOW);
  });

  test('a healthy leg once an interval and never sooner', () => {
    const all = delays({ health: 'HEALTHY' });
    expect(Math.min(...all)).toBeGreaterThanOrEqual(INTERVAL);
    expect(Math.max(...all)).toBeLessThanOrEqual(INTERVAL * 1.1 + 1);
  });

  test.each(['ACTION_REQUIRED', 'BLOCKED'] as const)('a leg that is %s between one and six hours', (health) => {
    const all = delays({ health });
    expect(Math.min(...all)).toBeGreaterThanOrEqual(HOUR);
    expect(Math.max(...all)).toBeLessThanOrEqual(6 * HOUR);
    expect(Math.max(...all) - Math.min(...all)).toBeGreaterThan(4 * HOUR);
  });

  test('a transient failure backs off with full jitter, three times in a row, then once an interval', () => {
    for (const [failureCount, capMs] of [
      [1, 30_000],
      [2, 60_000],
      [3, 120_000],
    ] as const) {
      const all = delays({ health: 'DEGRADED', failureCount });
      expect(Math.min(...all)).toBeGreaterThanOrEqual(5_000);
      expect(Math.max(...all)).toBeLessThanOrEqual(capMs);
      expect(Math.max(...all)).toBeGreaterThan(capMs * 0.9);
    }
    expect(Math.min(...delays({ health: 'DEGRADED', failureCount: 4 }))).toBeGreaterThanOrEqual(INTERVAL);
  });

  test('without a retry to spend, a transient failure waits for its interval', () => {
    expect(Math.min(...delays({ health: 'DEGRADED', failureCount: 1 }, { quickRetry: false }))).toBeGreaterThanOrEqual(INTERVAL);
  });

  test('never before the time that the server asked for, and never later than six hours because of it', () => {
    expect(Math.min(...delays({ health: 'DEGRADED', failureCount: 1 }, { retryAfterMs: 90_000 }))).toBe(90_000);
    expect(Math.max(...delays({ health: 'DEGRADED', failureCount: 1 }, { retryAfterMs: 48 * HOUR }))).toBe(6 * HOUR);
  });

  test('a rejection is not tried again before it can be confirmed, and then soon', () => {
    const all = delays({ health: 'DEGRADED', failureCount: 1, suspicion });
    expect(Math.min(...all)).toBeGreaterThanOrEqual(MINUTE);
    expect(Math.max(...all)).toBeLessThanOrEqual(MINUTE + 5_001);
  });

  test('legs held by the guard of a cohort of 500 make at most ten probes a minute', () => {
    const all = delays({ health: 'DEGRADED', failureCount: 2, suspicion: { ...suspicion, held: true } }, { heldCohortSize: 500 });
    const mean = all.reduce((sum, delay) => sum + delay, 0) / all.length;
    expect(500 / (mean / MINUTE)).toBeLessThanOrEqual(10);
    expect(500 / (mean / MINUTE)).toBeGreaterThan(5);
    // Also right after everybody was held: some come soon, so that the end of the outage is seen.
    expect(all.filter((delay) => delay < 2 * INTERVAL).length).toBeGreaterThan(20);
    expect(
      Math.min(...delays({ health: 'DEGRADED', suspicion: { ...suspicion, held: true } }, { heldCohortSize: 6 })),
    ).toBeGreaterThanOrEqual(INTERVAL);
  });

  test('what became due at once is spread uniformly', () => {
    const all = Array.from({ length: 2_000 }, () => spreadOver(INTERVAL, NOW, random) - NOW).toSorted((a, b) => a - b);
    // Kolmogorov-Smirnov against the uniform distribution, 1 % level.
    const distance = Math.max(...all.map((delay, place) => Math.abs(delay / INTERVAL - place / all.length)));
    expect(distance).toBeLessThan(1.63 / Math.sqrt(all.length));
  });

  test('times are whole milliseconds', () => {
    for (const health of ['HEALTHY', 'BLOCKED', 'DEGRADED'] as const)
      for (const delay of delays({ health, failureCount: 1 })) expect(Number.isInteger(delay)).toBe(true);
  });
});
