import type { Clock } from '../domain/clock.ts';

const MAX_FAILURES = 20;
const WINDOW_MS = 60_000;
/** Addresses remembered at once; the oldest is forgotten first, so that a flood of addresses cannot fill the memory. */
const MAX_ADDRESSES = 10_000;

/** Counts refused tokens by the address they came from. */
export interface Attempts {
  /** Counts a refusal. Null while the address may go on; else the seconds until it may try again. */
  refused(address: string): number | null;
}

export function createAttempts(clock: Clock): Attempts {
  const windows = new Map<string, { startedAt: number; failures: number }>();
  return {
    refused(address) {
      const now = clock.now();
      const known = windows.get(address);
      const window = known === undefined || now - known.startedAt >= WINDOW_MS ? { startedAt: now, failures: 0 } : known;
      window.failures += 1;
      windows.delete(address);
      windows.set(address, window);
      if (windows.size > MAX_ADDRESSES) {
        const oldest = windows.keys().next();
        if (oldest.done !== true) windows.delete(oldest.value);
      }
      if (window.failures <= MAX_FAILURES) return null;
      return Math.max(1, Math.ceil((window.startedAt + WINDOW_MS - now) / 1_000));
    },
  };
}
