import type { Clock, Random } from '../domain/clock.ts';
import type { IncidentId } from '../domain/ids.ts';
import type { Incident } from '../domain/incident.ts';
import { cohortIncident, monitorIncident } from '../domain/incident-scope.ts';
import type { Leg } from '../domain/leg.ts';
import type { Log } from '../domain/log.ts';
import type { Mailbox } from '../domain/mailbox.ts';
import { legsOfMailbox } from '../domain/mailbox-status.ts';
import { StoreUnavailable } from '../store/errors.ts';
import type { Store } from '../store/store.ts';
import type { CohortGuard } from './cohort-guard.ts';
import { groupBy } from './group-by.ts';
import { releaseAndClose } from './release.ts';
import type { HealedLeg } from './record.ts';
import type { RunningChecks } from './running-checks.ts';

/** Follows open incidents: one canary probe per scope, and the close when the fault is over. */
export interface Incidents {
  start(): void;
  stop(): Promise<void>;
  /** A leg that an incident had hit logs in again. */
  healed(leg: HealedLeg): void;
}

export interface IncidentsParts {
  readonly store: Store;
  readonly guard: CohortGuard;
  readonly running: RunningChecks;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly holder: string;
  readonly intervalMs: number;
  /** Legs were made due. */
  readonly onReleased: () => void;
}

const ROUND_MS = 15_000;
const CANARY_LEAST_MS = 60_000;
const CANARY_CHOICE = 50;
const COHORT_PREFIX = cohortIncident('').scope;
const WATCHDOG_SCOPE = monitorIncident().scope;

export function createIncidents(parts: IncidentsParts): Incidents {
  const { store, guard, running, clock, random, log, holder, intervalMs } = parts;
  const lastCanaryAt = new Map<string, number>();
  const closing = new Map<string, Promise<void>>();
  let stopped = true;
  let timer = { cancel: (): void => undefined };
  let round: Promise<void> = Promise.resolve();

  /** The fault of this scope is over: what it held is due, and it closes in every workspace. Once at a time per process. */
  function close(scope: string): Promise<void> {
    const already = closing.get(scope);
    if (already !== undefined) return already;
    const work = releaseAndClose({ store, clock, random, log, scope, intervalMs, holder })
      .then(() => {
        lastCanaryAt.delete(scope);
        if (scope.startsWith(COHORT_PREFIX)) guard.forget(cohortOfScope(scope));
        parts.onReleased();
      })
      .finally(() => closing.delete(scope));
    closing.set(scope, work);
    return work;
  }

  async function follow(scope: string, incidents: readonly Incident[]): Promise<void> {
    const ids = incidents.map((incident) => incident.id);
    const affected = await store.mailboxesAtIncidents(ids, CANARY_CHOICE);
    const openedAt = Math.min(...incidents.map((incident) => incident.openedAt));
    if (!scope.startsWith(COHORT_PREFIX)) {
      if (affected.length === 0) await close(scope);
      else await probeCanary(scope, ids, affected, openedAt);
      return;
    }
    const cohort = cohortOfScope(scope);
    // Held mailboxes are probed by themselves, ten a minute: that is canary enough.
    const calm = affected.length === 0 ? await guard.isCalm(cohort) : await guard.mayOpen(cohort, openedAt);
    if (calm) await close(scope);
  }

  /** One mailbox of the scope, the one tried longest ago; never one that was tried within its interval. */
  async function probeCanary(scope: string, ids: readonly IncidentId[], affected: readonly Mailbox[], openedAt: number): Promise<void> {
    const now = clock.now();
    // A fault that is old is asked about less often.
    const everyMs = Math.ceil(Math.min(intervalMs, Math.max(CANARY_LEAST_MS, (now - openedAt) / 10)));
    if (now - (lastCanaryAt.get(scope) ?? Number.NEGATIVE_INFINITY) < everyMs) return;
    const candidates = affected.flatMap((mailbox) => legsAt(mailbox, ids).map((leg) => ({ mailbox, leg })));
    const longestAgo = candidates
      .filter(({ mailbox, leg }) => (leg.lastCheckedAt ?? 0) <= now - intervalMs && !running.isRunning(mailbox.id))
      .toSorted((a, b) => (a.leg.lastCheckedAt ?? 0) - (b.leg.lastCheckedAt ?? 0))[0];
    if (longestAgo === undefined) return;
    // Kept until it runs out: that is what makes it one canary over all processes.
    const lease = await store.acquireLease(`canary:${scope}`, holder, everyMs);
    if (!lease.acquired) return;
    lastCanaryAt.set(scope, now);
    await running.run({ mailbox: longestAgo.mailbox, legs: [longestAgo.leg.direction], canary: true });
  }

  async function runRound(): Promise<void> {
    const open = await store.openIncidents(null);
    const scopes = groupBy(
      open.filter((incident) => incident.scope !== WATCHDOG_SCOPE),
      (incident) => incident.scope,
    );
    for (const [scope, incidents] of scopes) if (!stopped) await follow(scope, incidents);
  }

  async function onHealed({ workspaceId, incidentId, freshCredential }: HealedLeg): Promise<void> {
    const incident = await store.incident(workspaceId, incidentId);
    if (incident === null || incident.closedAt !== null) return;
    if (!incident.scope.startsWith(COHORT_PREFIX)) {
      if (freshCredential) await close(incident.scope);
      return;
    }
    if (await guard.mayOpen(cohortOfScope(incident.scope), incident.openedAt)) await close(incident.scope);
  }

  function survive(work: Promise<void>): Promise<void> {
    return work.catch((error: unknown) => {
      if (error instanceof StoreUnavailable) log.warn('incidents wait for the database');
      else log.error('following incidents failed', { error });
    });
  }

  function again(): void {
    if (stopped) return;
    timer = clock.schedule(ROUND_MS, () => {
      round = survive(runRound()).then(again);
    });
  }

  return {
    start() {
      stopped = false;
      again();
    },
    async stop() {
      stopped = true;
      timer.cancel();
      await Promise.all([round, ...[...closing.values()].map(survive)]);
    },
    healed(leg) {
      if (!stopped) void survive(onHealed(leg));
    },
  };
}

function cohortOfScope(scope: string): string {
  return scope.slice(COHORT_PREFIX.length);
}

function legsAt(mailbox: Mailbox, ids: readonly IncidentId[]): readonly Leg[] {
  return legsOfMailbox(mailbox).filter((leg) => leg.incidentId !== null && ids.includes(leg.incidentId));
}
