import type { Clock } from '../../domain/clock.ts';
import { IDEMPOTENCY_KEPT_MS, IDEMPOTENCY_RESTART_MS, LEASE_KEPT_MS, SUSPICION_KEPT_MS } from '../kept-for.ts';
import type { IdempotencyKey, Instance, Store } from '../store.ts';
import type { SqliteDatabase } from './database.ts';
import { documentsOf } from './rows.ts';

type Coordination = Pick<
  Store,
  | 'acquireLease'
  | 'releaseLease'
  | 'beginIdempotent'
  | 'finishIdempotent'
  | 'abandonIdempotent'
  | 'heartbeat'
  | 'instances'
  | 'removeInstance'
  | 'meta'
  | 'setMeta'
  | 'prune'
>;

interface LeaseRow {
  readonly holder: string;
  readonly until: number;
  readonly fence: number;
}

interface IdempotencyRow {
  readonly operation: string;
  readonly fingerprint: string;
  readonly started_at: number;
  readonly result: string | null;
}

export function coordination(db: SqliteDatabase, clock: Clock): Coordination {
  return {
    acquireLease: async (name, holder, ttlMs) =>
      db.transaction(() => {
        const now = clock.now();
        const row = db.get<LeaseRow>('SELECT holder, until, fence FROM leases WHERE name = ?', name);
        if (row !== undefined && row.holder !== holder && row.until > now) return { acquired: false, fence: row.fence };
        // Fences of a new lease begin at the time, so that they also go up when a forgotten lease is made again.
        const fence = row === undefined ? now : row.holder === holder ? row.fence : Math.max(row.fence + 1, now);
        db.run('INSERT OR REPLACE INTO leases (name, holder, until, fence) VALUES (?, ?, ?, ?)', name, holder, now + ttlMs, fence);
        return { acquired: true, fence };
      }),

    async releaseLease(name, holder) {
      db.run('UPDATE leases SET until = 0 WHERE name = ? AND holder = ?', name, holder);
    },

    beginIdempotent: async (record, now) =>
      db.transaction(() => {
        const row = db.get<IdempotencyRow>(
          'SELECT operation, fingerprint, started_at, result FROM idempotency WHERE workspace_id = ? AND key = ?',
          record.workspaceId,
          record.key,
        );
        if (row === undefined || row.started_at <= now - IDEMPOTENCY_KEPT_MS) return start(record, now);
        if (row.operation !== record.operation || row.fingerprint !== record.fingerprint) return { kind: 'mismatch' };
        if (row.result !== null) return { kind: 'finished', result: row.result };
        return row.started_at <= now - IDEMPOTENCY_RESTART_MS ? start(record, now) : { kind: 'in-progress' };
      }),

    async finishIdempotent(record, result) {
      db.run(
        'UPDATE idempotency SET result = ? WHERE workspace_id = ? AND key = ? AND holder = ?',
        result,
        record.workspaceId,
        record.key,
        record.holder,
      );
    },

    async abandonIdempotent(record) {
      db.run(
        'DELETE FROM idempotency WHERE workspace_id = ? AND key = ? AND holder = ? AND result IS NULL',
        record.workspaceId,
        record.key,
        record.holder,
      );
    },

    async heartbeat(instance) {
      db.run(
        'INSERT OR REPLACE INTO instances (id, seen_at, doc) VALUES (?, ?, ?)',
        instance.id,
        instance.seenAt,
        JSON.stringify(instance),
      );
    },

    instances: async (aliveSince) => documentsOf<Instance>(db.all('SELECT doc FROM instances WHERE seen_at >= ? ORDER BY id', aliveSince)),

    async removeInstance(id) {
      db.run('DELETE FROM instances WHERE id = ?', id);
    },

    meta: async (key) => db.get<{ value: string }>('SELECT value FROM meta WHERE key = ?', key)?.value ?? null,

    setMeta: async (key, value, options) =>
      db.transaction(() => {
        const write = options?.ifAbsent === true ? 'OR IGNORE' : 'OR REPLACE';
        db.run(`INSERT ${write} INTO meta (key, value) VALUES (?, ?)`, key, value);
        return db.get<{ value: string }>('SELECT value FROM meta WHERE key = ?', key)?.value ?? value;
      }),

    prune: async (before) =>
      db.transaction(() => {
        const now = clock.now();
        db.run('DELETE FROM idempotency WHERE started_at <= ?', now - IDEMPOTENCY_KEPT_MS);
        db.run('DELETE FROM suspicions WHERE at < ?', now - SUSPICION_KEPT_MS);
        db.run('DELETE FROM leases WHERE until < ?', now - LEASE_KEPT_MS);
        db.run('DELETE FROM claims WHERE until < ?', now);
        return pruneEvents(before);
      }),
  };

  function start(record: IdempotencyKey, now: number): { readonly kind: 'started' } {
    db.run(
      'INSERT OR REPLACE INTO idempotency (workspace_id, key, operation, fingerprint, holder, started_at, result) VALUES (?, ?, ?, ?, ?, ?, NULL)',
      record.workspaceId,
      record.key,
      record.operation,
      record.fingerprint,
      record.holder,
      now,
    );
    return { kind: 'started' };
  }

  function pruneEvents(before: number): number {
    const logs = db.all<{ id: string; position: number; floor: number }>(
      'SELECT workspace_id AS id, position, floor FROM heads WHERE position > floor',
    );
    let pruned = 0;
    for (const log of logs) {
      const kept = db.get<{ position: number }>(
        'SELECT position FROM events WHERE workspace_id = ? AND at >= ? ORDER BY position LIMIT 1',
        log.id,
        before,
      );
      const floor = Math.min(kept?.position ?? log.position, log.position);
      if (floor <= log.floor) continue;
      pruned += db.run('DELETE FROM events WHERE workspace_id = ? AND position < ?', log.id, floor);
      db.run('UPDATE heads SET floor = ? WHERE workspace_id = ?', floor, log.id);
    }
    return pruned;
  }
}
