import type { Clock, Random } from '../domain/clock.ts';
import type { Log } from '../domain/log.ts';
import type { LegDirection } from '../domain/mail.ts';
import type { Mailbox } from '../domain/mailbox.ts';
import type { Store } from '../store/store.ts';
import { createBacklog } from './backlog.ts';
import { legsDue, longestCheckMs } from './check.ts';
import { hostsOf, type HostBudget, type TakenHosts } from './host-budget.ts';
import type { RunningChecks } from './running-checks.ts';

/** Checks every mailbox when its time has come. Several processes share the work by claims. */
export interface Monitor {
  start(): void;
  /** No new checks; waits for those under way, at most `graceMs`, then gives every claim back. */
  stop(graceMs?: number): Promise<void>;
  /** Something became due earlier than the monitor believes. */
  readonly wake: () => void;
  /** How late the oldest due mailbox is, milliseconds; 0 when nothing is late. As of the last look at the database. */
  lag(): number;
  /** Since when checks run without an interruption (start, database outage, a machine that slept), epoch milliseconds; null while they do not. */
  runningSince(): number | null;
}

export interface MonitorParts {
  readonly store: Store;
  readonly running: RunningChecks;
  readonly hosts: HostBudget;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly holder: string;
  readonly checkIntervalMs: number;
  readonly checkTimeoutMs: number;
  readonly checkConcurrency: number;
}

/** Looks at least this often, because another process may have died with claims or made something due. */
const LOOK_AT_LEAST_EVERY_MS = 15_000;
const LOOK_AT_MOST_EVERY_MS = 50;
const CLAIM_AT_ONCE = 50;
const GATHER_ROOM_MS = 20;
const BACK_OFF_FIRST_MS = 500;
const BACK_OFF_MOST_MS = 30_000;
const GRACE_MS = 30_000;

interface Parked {
  readonly mailbox: Mailbox;
  /** On the monotonic clock: later the claim would run out before the check ends. */
  readonly startBefore: number;
}

export function createMonitor(parts: MonitorParts): Monitor {
  const { store, running, hosts, clock, random, log, holder } = parts;
  const checkMs = longestCheckMs(parts.checkTimeoutMs);
  // A claim outlives waiting for a host as long as a check, the check itself, and recording it.
  const leaseMs = 2 * checkMs + 30_000;
  const backlog = createBacklog(parts);
  let parked: Parked[] = [];
  let state: 'STOPPED' | 'RUNNING' | 'STOPPING' = 'STOPPED';
  let busy = false;
  let wanted = false;
  let timer = { cancel: (): void => undefined };
  let lookAt = Number.POSITIVE_INFINITY;
  let failures = 0;
  let lagMs = 0;
  let since: number | null = null;
  let looking: Promise<void> = Promise.resolve();

  const isRunning = (): boolean => state === 'RUNNING';

  function sleep(delayMs: number): void {
    sleepFor(Math.min(LOOK_AT_LEAST_EVERY_MS, Math.max(LOOK_AT_MOST_EVERY_MS, delayMs)));
  }

  function sleepFor(delayMs: number): void {
    if (state !== 'RUNNING') return;
    timer.cancel();
    lookAt = clock.monotonicMs() + delayMs;
    timer = clock.schedule(delayMs, () => {
      // The machine slept or this process was stopped: what is overdue now is a backlog, not a fault.
      if (clock.monotonicMs() - lookAt > parts.checkIntervalMs / 2) interrupted();
      look();
    });
  }

  function interrupted(): void {
    since = clock.now();
    backlog.expect();
  }

  /** Room was made: gathers what else ends in these milliseconds into one claim. */
  function lookSoon(): void {
    if (state !== 'RUNNING' || failures > 0 || lookAt - clock.monotonicMs() <= GATHER_ROOM_MS) return;
    if (busy) wanted = true;
    else sleepFor(GATHER_ROOM_MS);
  }

  /** Looks now, or once more when the look under way is over. */
  function look(): void {
    if (state !== 'RUNNING') return;
    if (busy) {
      wanted = true;
      return;
    }
    busy = true;
    wanted = false;
    timer.cancel();
    looking = claimAndStart()
      .then(rested, unavailable)
      .finally(() => {
        busy = false;
        if (wanted && failures === 0) look();
      });
  }

  function rested(delayMs: number): void {
    if (failures > 0) log.info('checks go on');
    failures = 0;
    sleep(delayMs);
  }

  function unavailable(error: unknown): void {
    failures += 1;
    since = null;
    if (failures === 1) log.warn('checks pause, the database does not answer', { error });
    sleepFor(Math.min(BACK_OFF_MOST_MS, BACK_OFF_FIRST_MS * 2 ** Math.min(failures - 1, 10)) * (0.5 + random() / 2));
  }

  /** Returns how long nothing is to be done. */
  async function claimAndStart(): Promise<number> {
    if (since === null) interrupted();
    startParked();
    for (;;) {
      const room = Math.min(CLAIM_AT_ONCE, parts.checkConcurrency - running.count());
      if (!isRunning() || room <= 0) break;
      const claimed = await store.claimDue({ holder, limit: room, leaseMs, exceptHosts: hostsWithoutRoom() });
      // What a stop finds claimed is given back by it.
      if (!isRunning()) break;
      for (const mailbox of claimed) startOrPark(mailbox);
      // The first batch is checked at once, what is behind it is spread.
      if (backlog.pending()) for (const mailbox of await backlog.spread(leaseMs)) startOrPark(mailbox);
      if (claimed.length < room) break;
    }
    const next = await store.nextDueAt();
    const now = clock.now();
    lagMs = next === null ? 0 : Math.max(0, now - next);
    if (next === null) return LOOK_AT_LEAST_EVERY_MS;
    // Due already but not claimed: every slot or host is taken. The end of a check wakes us.
    return next <= now ? 1_000 : next - now;
  }

  function hostsWithoutRoom(): readonly string[] {
    return [...new Set([...hosts.full(), ...parked.flatMap(({ mailbox }) => hostsOf(mailbox, legsDue(mailbox, clock.now())))])];
  }

  function startOrPark(mailbox: Mailbox): void {
    if (running.count() < parts.checkConcurrency && startNow(mailbox)) return;
    parked.push({ mailbox, startBefore: clock.monotonicMs() + checkMs });
  }

  function startNow(mailbox: Mailbox): boolean {
    const legs = legsDue(mailbox, clock.now());
    const taken = hosts.tryTake(hostsOf(mailbox, legs));
    if (taken === null) return false;
    void check(mailbox, legs, taken);
    return true;
  }

  function startParked(): void {
    const now = clock.monotonicMs();
    // Whoever waited too long is given up: its claim runs out and it is claimed anew.
    parked = parked.filter(
      ({ mailbox, startBefore }) => startBefore > now && !(running.count() < parts.checkConcurrency && startNow(mailbox)),
    );
  }

  async function check(mailbox: Mailbox, legs: readonly LegDirection[], taken: TakenHosts): Promise<void> {
    try {
      await running.run({ mailbox, legs, canary: false });
    } catch (error) {
      log.warn('a check could not be recorded', { mailboxId: mailbox.id, error });
    } finally {
      taken.give();
    }
  }

  hosts.onRoom(lookSoon);

  return {
    start() {
      if (state === 'RUNNING') return;
      state = 'RUNNING';
      interrupted();
      look();
    },
    async stop(graceMs = GRACE_MS) {
      if (state !== 'RUNNING') return;
      state = 'STOPPING';
      timer.cancel();
      await looking;
      parked = [];
      await running.end(graceMs);
      since = null;
      await store.releaseClaims(holder).catch((error: unknown) => log.warn('claims run out by themselves', { error }));
      state = 'STOPPED';
    },
    wake: look,
    lag: () => lagMs,
    runningSince: () => since,
  };
}
