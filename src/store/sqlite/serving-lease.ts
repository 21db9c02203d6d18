import { hostname } from 'node:os';
import type { Clock, ScheduledWork } from '../../domain/clock.ts';
import type { Log } from '../../domain/log.ts';
import { StoreRefused, StoreUnavailable } from '../errors.ts';
import { isAlive } from '../process-alive.ts';
import type { SqliteDatabase } from './database.ts';

const LEASE_MS = 15_000;
const RENEW_EVERY_MS = 5_000;

interface ServingRow {
  readonly holder: string;
  readonly pid: number;
  readonly host: string;
  readonly since: number;
  readonly until: number;
}

/** The right of one process to serve this file. */
export interface ServingLease {
  /** Inside a write transaction. @throws StoreUnavailable when another process serves the file by now (this one was suspended too long) */
  assertHeld(): void;
  release(): void;
}

/** Holders of this process: a row with our own pid is a predecessor's when it is not among them (pids start over in containers). */
const heldHere = new Set<string>();

/**
 * Takes the one row that says who serves. A holder on this host whose process is gone is replaced at once, any other one
 * when its lease has run out. Renewed by the clock until released.
 * @throws StoreRefused while another process serves the file
 */
export function takeServingLease(db: SqliteDatabase, path: string, holder: string, clock: Clock, log: Log): ServingLease {
  const since = clock.now();
  db.transaction(() => {
    const row = readRow(db);
    if (row !== undefined && row.holder !== holder && isServing(row, clock.now())) throw new StoreRefused(refusal(path, row, clock.now()));
    db.run(
      'INSERT OR REPLACE INTO serving (slot, holder, pid, host, since, until) VALUES (1, ?, ?, ?, ?, ?)',
      holder,
      process.pid,
      hostname(),
      since,
      since + LEASE_MS,
    );
  });
  heldHere.add(holder);
  let renewal: ScheduledWork | null = null;

  function renew(): void {
    renewal = clock.schedule(RENEW_EVERY_MS, () => {
      try {
        const renewed = db.run('UPDATE serving SET until = ? WHERE holder = ?', clock.now() + LEASE_MS, holder);
        if (renewed === 0) log.error('another process serves this database now; this one must stop', { path });
      } catch (error) {
        log.warn('the serving lease could not be renewed', { reason: error instanceof Error ? error.name : 'unknown' });
      }
      renew();
    });
  }
  renew();

  return {
    assertHeld() {
      if (readRow(db)?.holder !== holder) {
        throw new StoreUnavailable(`Another gateway took over ${path} while this one was suspended. Stop this one.`);
      }
    },
    release() {
      renewal?.cancel();
      heldHere.delete(holder);
      db.run('DELETE FROM serving WHERE holder = ?', holder);
    },
  };
}

/** Whether some process serves the file now; a command must not change the schema under it. */
export function isBeingServed(db: SqliteDatabase, clock: Clock): boolean {
  const row = readRow(db);
  return row !== undefined && isServing(row, clock.now());
}

function readRow(db: SqliteDatabase): ServingRow | undefined {
  return db.get<ServingRow>('SELECT holder, pid, host, since, until FROM serving WHERE slot = 1');
}

function isServing(row: ServingRow, now: number): boolean {
  if (row.until <= now) return false;
  if (row.host !== hostname()) return true;
  return row.pid === process.pid ? heldHere.has(row.holder) : isAlive(row.pid);
}

function refusal(path: string, row: ServingRow, now: number): string {
  const since = new Date(row.since).toISOString();
  const waitSeconds = Math.ceil((row.until - now) / 1000);
  return `${path} is served by another gateway (process ${row.pid} on ${row.host}, since ${since}). Stop that one first; if it is gone, try again in ${waitSeconds} s. Several processes need MongoDB.`;
}
