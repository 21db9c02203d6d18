import type { Clock, ScheduledWork } from '../../src/domain/clock.ts';

/** Time that stands still until a test moves it. */
export interface VirtualClock extends Clock {
  /**
   * Moves time forward by `ms`, running what was scheduled in order of time (then of scheduling), each at its own instant.
   * Between two instants everything that promises and setImmediate can do is done, so work scheduled on the way runs too.
   */
  advance(ms: number): Promise<void>;
  /** Lets promises, setImmediate and finished I/O callbacks run, without moving time. */
  settle(): Promise<void>;
  /** Advances from one scheduled instant to the next until `done()` holds; throws after `limitMs` of virtual time. */
  advanceUntil(done: () => boolean | Promise<boolean>, limitMs: number): Promise<void>;
  /** Moves the wall clock alone, as an administrator or NTP would; nothing scheduled runs earlier or later by it. */
  setBack(ms: number): void;
  /** How much work is scheduled and not cancelled. */
  pending(): number;
}

interface Entry {
  readonly at: number;
  readonly order: number;
  readonly work: () => void;
}

/** Rounds of setImmediate: promise chains settle in one, a chain that itself waits for setImmediate needs a few more. */
const SETTLE_ROUNDS = 6;

/** @param startAt Epoch milliseconds. */
export function createVirtualClock(startAt = Date.parse('2026-03-02T08:00:00.000Z')): VirtualClock {
  let elapsedMs = 0;
  let wallOffsetMs = startAt;
  let order = 0;
  const entries = new Map<number, Entry>();

  async function settle(): Promise<void> {
    for (let round = 0; round < SETTLE_ROUNDS; round += 1) await new Promise<void>((resolve) => setImmediate(resolve));
  }

  function earliest(): Entry | undefined {
    let first: Entry | undefined;
    for (const entry of entries.values()) {
      if (first === undefined || entry.at < first.at || (entry.at === first.at && entry.order < first.order)) first = entry;
    }
    return first;
  }

  /** Runs everything due at the next instant that is not after `limit`; false when there is none. */
  async function step(limit: number): Promise<boolean> {
    const first = earliest();
    if (first === undefined || first.at > limit) return false;
    elapsedMs = Math.max(elapsedMs, first.at);
    for (let entry = earliest(); entry !== undefined && entry.at <= elapsedMs; entry = earliest()) {
      entries.delete(entry.order);
      entry.work();
      await Promise.resolve();
    }
    await settle();
    return true;
  }

  return {
    // Whole milliseconds, as Date.now gives them.
    now: () => wallOffsetMs + Math.floor(elapsedMs),
    monotonicMs: () => elapsedMs,
    // As with Node's timers, nothing runs sooner than 1 ms from now: work that reschedules itself cannot stop time.
    schedule(delayMs: number, work: () => void): ScheduledWork {
      order += 1;
      const own = order;
      entries.set(own, { at: elapsedMs + Math.max(1, delayMs), order: own, work });
      return { cancel: () => void entries.delete(own) };
    },
    async advance(ms) {
      const target = elapsedMs + ms;
      await settle();
      while (await step(target)) {
        // each step is one instant
      }
      elapsedMs = target;
      await settle();
    },
    settle,
    async advanceUntil(done, limitMs) {
      const target = elapsedMs + limitMs;
      await settle();
      while (!(await done())) {
        if (!(await step(target))) throw new Error(`not reached within ${limitMs} ms of virtual time`);
      }
    },
    setBack(ms) {
      wallOffsetMs -= ms;
    },
    pending: () => entries.size,
  };
}
