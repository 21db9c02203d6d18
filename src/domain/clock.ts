/** Time as a parameter. Production passes the system clock, tests a virtual one; nothing else reads a clock. */
export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
  /** Milliseconds that never jump; for budgets and deadlines. */
  monotonicMs(): number;
  /** Runs `work` once after `delayMs`. The timer does not keep the process alive. */
  schedule(delayMs: number, work: () => void): ScheduledWork;
}

export interface ScheduledWork {
  /** Idempotent; nothing runs afterwards. */
  cancel(): void;
}

/** Uniform in [0, 1). */
export type Random = () => number;

/** A new unguessable id; production passes randomUUID. */
export type NewId = () => string;
