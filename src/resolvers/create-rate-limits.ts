import type { Clock } from '../domain/clock.ts';
import type { RateLimitName, RateLimits } from './rate-limits.ts';

interface Window {
  readonly most: number;
  readonly perMs: number;
}

const MINUTE_MS = 60_000;

/** Generous for people and their retries, useless for guessing passwords or scanning networks. */
const WINDOWS: Readonly<Record<RateLimitName, Window>> = {
  LOGIN: { most: 10, perMs: MINUTE_MS },
  TEST: { most: 20, perMs: MINUTE_MS },
  CHECK: { most: 10, perMs: MINUTE_MS },
  NEW_HOST: { most: 10, perMs: MINUTE_MS },
  REPORT: { most: 60, perMs: MINUTE_MS },
};

/** A host that a workspace was allowed is known to it for this long. */
const HOST_KNOWN_MS = 24 * 3_600_000;

/** Keys that nobody has used for their window are forgotten once there are this many. */
const MANY_KEYS = 10_000;

/** Sliding windows in memory: any `perMs` holds at most `most` takes of a key. A refused take does not count. */
export function createRateLimits(clock: Clock): RateLimits {
  const taken = new Map<string, number[]>();
  const knownHosts = new Map<string, number>();

  function recent(name: string, perMs: number, now: number): number[] {
    return (taken.get(name) ?? []).filter((at) => at > now - perMs);
  }

  function forgetOld(now: number): void {
    for (const [name, times] of taken) {
      if ((times.at(-1) ?? 0) <= now - MINUTE_MS) taken.delete(name);
    }
    for (const [host, since] of knownHosts) {
      if (since <= now - HOST_KNOWN_MS) knownHosts.delete(host);
    }
  }

  return {
    take: (limit, key) => {
      const { most, perMs } = WINDOWS[limit];
      const now = clock.monotonicMs();
      const newHost = limit === 'NEW_HOST';
      if (newHost && (knownHosts.get(key) ?? -Infinity) > now - HOST_KNOWN_MS) return null;
      const name = `${limit} ${newHost ? (key.split(' ')[0] ?? key) : key}`;
      const times = recent(name, perMs, now);
      const oldest = times[0];
      if (times.length >= most && oldest !== undefined) return Math.max(1, Math.ceil((oldest + perMs - now) / 1000));
      if (taken.size + knownHosts.size >= MANY_KEYS) forgetOld(now);
      if (newHost) knownHosts.set(key, now);
      taken.set(name, [...times, now]);
      return null;
    },
  };
}
