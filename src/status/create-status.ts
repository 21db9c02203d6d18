import type { OpenLogin } from '../credentials/credentials.ts';
import type { Clock, NewId, Random } from '../domain/clock.ts';
import type { Log } from '../domain/log.ts';
import type { GatewaySettings } from '../domain/settings.ts';
import type { Probe } from '../providers/probe.ts';
import type { Store } from '../store/store.ts';
import { createCheck } from './check.ts';
import type { Checks } from './checks.ts';
import { createCohortGuard } from './cohort-guard.ts';
import { createChecks } from './create-checks.ts';
import { createHostBudget } from './host-budget.ts';
import { createIncidents } from './incidents.ts';
import { createMonitor, type Monitor } from './monitor.ts';
import { createRecorder, type HealedLeg } from './record.ts';
import { createRunningChecks, type CheckMetrics } from './running-checks.ts';
import { createWatchdog } from './watchdog.ts';

export type StatusSettings = Pick<
  GatewaySettings,
  'checkIntervalMs' | 'confirmAfterMs' | 'checkTimeoutMs' | 'checkConcurrency' | 'servers'
>;

export interface StatusParts {
  readonly store: Store;
  readonly probe: Probe;
  readonly openLogin: OpenLogin;
  readonly clock: Clock;
  readonly random: Random;
  readonly newId: NewId;
  readonly log: Log;
  readonly settings: StatusSettings;
  /** Names this process; two processes on one database must differ. */
  readonly holder: string;
  readonly metrics?: CheckMetrics | undefined;
}

/** The status side of one process, put together. */
export interface Status {
  readonly checks: Checks;
  readonly monitor: Pick<Monitor, 'lag' | 'runningSince' | 'wake'>;
  /** How many checks are under way. */
  runningChecks(): number;
  start(): void;
  /** Waits for checks under way, at most `graceMs` (default 30 s), and gives every claim back. */
  stop(graceMs?: number): Promise<void>;
}

export function createStatus(parts: StatusParts): Status {
  const { store, probe, openLogin, clock, random, newId, log, settings, holder } = parts;
  const { checkIntervalMs, confirmAfterMs, checkTimeoutMs, checkConcurrency } = settings;
  const guard = createCohortGuard({ store, clock, intervalMs: checkIntervalMs, confirmAfterMs });
  const hosts = createHostBudget(settings.servers);
  const check = createCheck({ openLogin, probe, clock, log, checkTimeoutMs });
  const recorder = createRecorder({
    store,
    guard,
    clock,
    random,
    newId,
    log,
    intervalMs: checkIntervalMs,
    confirmAfterMs,
    holder,
    // Named through a function, because incidents need the recorder first.
    onHealed: (healed: HealedLeg) => incidents.healed(healed),
  });
  const running = createRunningChecks({ check, recorder, clock, log, metrics: parts.metrics });
  const monitor = createMonitor({ store, running, hosts, clock, random, log, holder, checkIntervalMs, checkTimeoutMs, checkConcurrency });
  const incidents = createIncidents({
    store,
    guard,
    running,
    clock,
    random,
    log,
    holder,
    intervalMs: checkIntervalMs,
    onReleased: monitor.wake,
  });
  const watchdog = createWatchdog({ store, clock, newId, log, holder, checkIntervalMs, checkTimeoutMs, monitor });
  return {
    checks: createChecks({ store, running, hosts, wake: monitor.wake }),
    monitor,
    runningChecks: () => running.count(),
    start() {
      monitor.start();
      incidents.start();
      watchdog.start();
    },
    async stop(graceMs) {
      await Promise.all([incidents.stop(), watchdog.stop(), monitor.stop(graceMs)]);
    },
  };
}
