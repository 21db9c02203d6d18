import type { Clock, NewId } from '../domain/clock.ts';
import type { StatusFacts } from '../domain/event.ts';
import { changeOf, escalate, markStale, type LegTransition } from '../domain/health.ts';
import type { IncidentId, WorkspaceId } from '../domain/ids.ts';
import { monitorIncident, newIncident } from '../domain/incident-scope.ts';
import type { Leg } from '../domain/leg.ts';
import type { Log } from '../domain/log.ts';
import type { Mailbox } from '../domain/mailbox.ts';
import { legsOfMailbox, withLeg } from '../domain/mailbox-status.ts';
import { StoreUnavailable } from '../store/errors.ts';
import type { Change, PagePosition, Store } from '../store/store.ts';
import { longestCheckMs } from './check.ts';

/**
 * Looks after what nobody observes: proofs that have grown too old, degradations that last, and a monitor that is late.
 * One process does it for all (lease "watchdog").
 */
export interface Watchdog {
  start(): void;
  stop(): Promise<void>;
}

export interface WatchdogParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly newId: NewId;
  readonly log: Log;
  readonly holder: string;
  readonly checkIntervalMs: number;
  readonly checkTimeoutMs: number;
  readonly monitor: { lag(): number; runningSince(): number | null; wake(): void };
}

const INTERVALS_WITHOUT_PROOF = 3;
/** The latest that a mailbox's own schedule puts its next check, in intervals. */
const LATEST_INTERVAL = 1.1;
const LAG_LEAST_MS = 60_000;
const PAGE = 200;
/** Between two pages: the walk over all mailboxes must not be felt. */
const PAGE_PAUSE_MS = 50;

interface Facts {
  readonly now: number;
  readonly since: number;
  readonly lagMs: number;
  readonly late: boolean;
  /** Late in two rounds in a row. */
  readonly lags: boolean;
}

export function createWatchdog(parts: WatchdogParts): Watchdog {
  const { store, clock, log, holder, monitor, checkIntervalMs } = parts;
  const everyMs = Math.min(300_000, Math.max(5_000, checkIntervalMs / 2));
  const lagLimitMs = Math.max(checkIntervalMs, LAG_LEAST_MS);
  let stopped = true;
  let timer = { cancel: (): void => undefined };
  let round: Promise<void> = Promise.resolve();
  /** A database outage or a start leaves a backlog that is gone by the next round; only what stays is lag. */
  let laggedBefore = false;

  async function runRound(): Promise<void> {
    const since = monitor.runningSince();
    if (since === null) {
      laggedBefore = false;
      return;
    }
    if (!(await store.acquireLease('watchdog', holder, everyMs * 3)).acquired) return;
    const lagMs = monitor.lag();
    const late = lagMs > lagLimitMs;
    const facts: Facts = { now: clock.now(), since, lagMs, late, lags: late && laggedBefore };
    laggedBefore = late;
    for (const workspace of await store.workspaces()) {
      if (stopped) return;
      await watch(workspace.id, facts);
    }
  }

  async function watch(workspaceId: WorkspaceId, facts: Facts): Promise<void> {
    let overdue = 0;
    let after: PagePosition | undefined;
    let woken = false;
    do {
      const page = await store.mailboxPage(workspaceId, {
        filter: {},
        orderBy: 'ADDRESS_ASC',
        limit: PAGE,
        fromEnd: false,
        ...(after === undefined ? {} : { after }),
      });
      const mailboxes = page.items.map(({ item }) => item).filter((mailbox) => !mailbox.paused);
      overdue += mailboxes.filter((mailbox) => isOverdue(mailbox, facts.now)).length;
      const changes = mailboxes.map((mailbox) => changeFor(mailbox, facts)).filter((change) => change !== null);
      // A conflict means that somebody has just observed this mailbox: then there is nothing to watch.
      if (changes.length > 0) woken = (await store.commit(changes)).some(({ kind }) => kind === 'committed') || woken;
      after = page.hasNext ? page.items.at(-1)?.position : undefined;
      if (after !== undefined) await new Promise<void>((resolve) => void clock.schedule(PAGE_PAUSE_MS, resolve));
    } while (after !== undefined && !stopped);
    await tellOfLag(workspaceId, facts, overdue);
    if (woken) monitor.wake();
  }

  function isOverdue(mailbox: Mailbox, now: number): boolean {
    return legsOfMailbox(mailbox).some((leg) => leg.nextCheckAt !== null && now - leg.nextCheckAt > lagLimitMs);
  }

  /** What time alone does to a mailbox; null when nothing. A monitor that is late marks nobody. */
  function changeFor(mailbox: Mailbox, facts: Facts): Change | null {
    const { now } = facts;
    let doc = mailbox;
    const events: StatusFacts[] = [];
    for (const leg of legsOfMailbox(mailbox)) {
      const stale = !facts.late && isStale(leg, facts);
      const { leg: after, change }: LegTransition = stale ? markStale(leg, now) : escalate(leg, now);
      if (change === null) continue;
      doc = { ...withLeg(doc, stale ? { ...after, nextCheckAt: now } : after), changedAt: now, updatedAt: now };
      events.push(changeOf(mailbox.id, leg.direction, change, 'WATCHDOG', mailbox.loginVersion, null));
    }
    if (events.length === 0) return null;
    return { workspaceId: mailbox.workspaceId, at: now, mailboxes: [{ kind: 'replace', doc, expectedRevision: mailbox.revision }], events };
  }

  /** Counted from when checks began to run without an interruption: what was not tried is no missing proof. */
  function isStale(leg: Leg, { now, since, lagMs }: Facts): boolean {
    if (leg.health !== 'HEALTHY') return false;
    const achievedIntervalMs = checkIntervalMs * LATEST_INTERVAL + lagMs;
    const patienceMs = INTERVALS_WITHOUT_PROOF * achievedIntervalMs + longestCheckMs(parts.checkTimeoutMs);
    return now - Math.max(leg.lastProvenAt ?? leg.since, since) > patienceMs;
  }

  async function tellOfLag(workspaceId: WorkspaceId, { now, late, lags }: Facts, overdue: number): Promise<void> {
    const draft = monitorIncident();
    const open = await store.openIncident(workspaceId, draft.scope);
    if (open === null) {
      if (!lags || overdue === 0) return;
      const doc = newIncident(draft, { id: parts.newId() as IncidentId, workspaceId, affectedCount: overdue, openedAt: now });
      log.error('checks are late', { workspaceId, overdue });
      await store.commit([
        { workspaceId, at: now, incidents: [{ kind: 'insert', doc }], events: [{ kind: 'INCIDENT', incidentId: doc.id }] },
      ]);
      return;
    }
    if (late && overdue <= open.affectedCount) return;
    const doc = !late ? { ...open, closedAt: now } : { ...open, affectedCount: overdue };
    await store.commit([
      {
        workspaceId,
        at: now,
        incidents: [{ kind: 'replace', doc, expectedRevision: open.revision }],
        events: [{ kind: 'INCIDENT', incidentId: open.id }],
      },
    ]);
  }

  function again(): void {
    if (stopped) return;
    timer = clock.schedule(everyMs, () => {
      round = runRound()
        .catch((error: unknown) => {
          if (error instanceof StoreUnavailable) log.warn('the watchdog waits for the database');
          else log.error('the watchdog failed', { error });
        })
        .then(again);
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
      await round;
      await store.releaseLease('watchdog', holder).catch(() => undefined);
    },
  };
}
