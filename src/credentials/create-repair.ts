import type { Authorization } from '../domain/authorization.ts';
import type { Clock, NewId, Random, ScheduledWork } from '../domain/clock.ts';
import type { AuthorizationId, WorkspaceId } from '../domain/ids.ts';
import type { Log } from '../domain/log.ts';
import type { GatewaySettings } from '../domain/settings.ts';
import type { Probe } from '../providers/probe.ts';
import type { Checks } from '../status/checks.ts';
import type { Store } from '../store/store.ts';
import type { OpenLogin } from './credentials.ts';
import type { Repair } from './repair.ts';
import type { Revocation } from './revocation.ts';
import { expireAuthorization, sweep } from './upkeep.ts';
import { verifyOnce } from './verify.ts';

const LOOK_EVERY_MS = 1_000;
const SWEEP_EVERY_MS = 60_000;
/** After the store did not answer. */
const PAUSE_MS = 5_000;
/** Candidates that the loop proves at the same time; those of a waiting person come on top. */
const MOST_AT_ONCE = 10;
/** A lease outlives the longest verification by this much. */
const LEASE_MARGIN_MS = 30_000;

export interface RepairParts {
  readonly store: Store;
  readonly probe: Probe;
  readonly openLogin: OpenLogin;
  readonly clock: Clock;
  readonly random: Random;
  readonly newId: NewId;
  readonly log: Log;
  readonly settings: Pick<GatewaySettings, 'checkTimeoutMs' | 'rollbackKeptMs' | 'confirmAfterMs'>;
  /** See VerifyParts. */
  readonly redeem?: ((authorization: Authorization) => Promise<void>) | undefined;
  /** Absent while no provider is configured. */
  readonly revocation?: Revocation | undefined;
  /** Told when a commit made a mailbox due for its confirming check. */
  readonly checks?: Pick<Checks, 'wake'>;
}

/** The Repair of one process. Several processes share the work through the store's leases. */
export function createRepair(parts: RepairParts): Repair {
  const { store, clock, log, settings } = parts;
  const holder = `repair:${parts.newId()}`;
  const running = new Map<AuthorizationId, Promise<Authorization | null>>();
  let stopping = new AbortController();
  let timer: ScheduledWork | null = null;
  let looking: Promise<void> = Promise.resolve();
  let sweptAt: number | null = null;

  async function verifyUnderLease(workspaceId: WorkspaceId, id: AuthorizationId, signal: AbortSignal): Promise<Authorization | null> {
    const lease = `verify:${id}`;
    const { acquired } = await store.acquireLease(lease, holder, settings.checkTimeoutMs + LEASE_MARGIN_MS);
    if (!acquired) return store.authorization(workspaceId, id);
    try {
      const verified = await verifyOnce({ ...parts, timeoutMs: settings.checkTimeoutMs }, workspaceId, id, signal);
      if (verified?.status === 'COMMITTED') parts.checks?.wake();
      return verified;
    } finally {
      await store.releaseLease(lease, holder).catch(() => log.warn('A lease could not be released; it runs out by itself.', { lease }));
    }
  }

  /** One verification of an authorization at a time in this process: later callers join it. */
  function verify(workspaceId: WorkspaceId, id: AuthorizationId): Promise<Authorization | null> {
    const joined = running.get(id);
    if (joined !== undefined) return joined;
    const started = verifyUnderLease(workspaceId, id, stopping.signal).finally(() => running.delete(id));
    running.set(id, started);
    return started;
  }

  async function look(): Promise<number> {
    try {
      const now = clock.now();
      for (const due of await store.authorizationsDue(now, 5 * MOST_AT_ONCE)) {
        if (due.expiresAt <= now) await expireAuthorization(parts, due);
        else if (running.size < MOST_AT_ONCE) verify(due.workspaceId, due.id).catch(report);
      }
      if (sweptAt === null || now - sweptAt >= SWEEP_EVERY_MS) {
        await sweep(parts);
        sweptAt = now;
      }
      return LOOK_EVERY_MS;
    } catch (error) {
      report(error);
      return PAUSE_MS;
    }
  }

  /** A library's error may quote what it was given: only its name is logged. */
  function report(error: unknown): void {
    log.error('A repair step failed and is tried again.', { error: error instanceof Error ? error.name : typeof error });
  }

  function lookAgainIn(delayMs: number): void {
    const { signal } = stopping;
    timer = clock.schedule(delayMs, () => {
      looking = look().then((nextMs) => {
        if (!signal.aborted) lookAgainIn(nextMs);
      });
    });
  }

  return {
    verify,
    start: () => {
      if (timer !== null) return;
      stopping = new AbortController();
      lookAgainIn(0);
    },
    stop: async () => {
      stopping.abort();
      timer?.cancel();
      timer = null;
      await looking;
      await Promise.allSettled(running.values());
    },
  };
}
