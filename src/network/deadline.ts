import { setMaxListeners } from 'node:events';
import { performance } from 'node:perf_hooks';

/** One budget for a whole attempt: whatever the attempt consists of, it is over when the time is. */
export interface Deadline {
  /** Aborts with DeadlineExceeded at the end of the time, or with the parent's reason when the parent aborts. */
  readonly signal: AbortSignal;
  /** Never negative; 0 also once aborted. */
  remainingMs(): number;
  /** Ends the timer; the signal then never aborts by time. Idempotent; call it in a `finally`. */
  dispose(): void;
}

/** The time of an attempt is used up. Its code is the one of a connection that timed out. */
export class DeadlineExceeded extends Error {
  readonly code = 'ETIMEDOUT';
  constructor(timeoutMs: number) {
    super(`Timed out after ${timeoutMs} ms.`);
    this.name = 'DeadlineExceeded';
  }
}

/** Starts the clock (monotonic, a real timer that keeps the process alive until disposed). */
export function startDeadline(timeoutMs: number, parent?: AbortSignal): Deadline {
  const controller = new AbortController();
  // Many parts of an attempt listen to its deadline, many attempts to one parent: that is no leak to warn of.
  setMaxListeners(0, controller.signal, ...(parent === undefined ? [] : [parent]));
  const endsAt = performance.now() + timeoutMs;
  const timer = setTimeout(() => end(new DeadlineExceeded(timeoutMs)), timeoutMs);
  const onParentAbort = (): void => end(parent?.reason);

  function end(reason: unknown): void {
    dispose();
    controller.abort(reason);
  }
  function dispose(): void {
    clearTimeout(timer);
    parent?.removeEventListener('abort', onParentAbort);
  }

  if (parent?.aborted === true) onParentAbort();
  else parent?.addEventListener('abort', onParentAbort, { once: true });

  return {
    signal: controller.signal,
    remainingMs: () => (controller.signal.aborted ? 0 : Math.max(0, endsAt - performance.now())),
    dispose,
  };
}

/**
 * Settles as `work` does, or rejects with the signal's reason at the moment it aborts, also when `work` knows no signal
 * and never ends. What `work` does afterwards is ignored.
 */
export async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let onAbort: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(asError(signal.reason));
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    if (onAbort !== undefined) signal.removeEventListener('abort', onAbort);
  }
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error('Aborted.', { cause: reason });
}
