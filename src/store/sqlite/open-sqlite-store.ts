import type { Clock, NewId } from '../../domain/clock.ts';
import type { Log } from '../../domain/log.ts';
import { StoreRefused, StoreUnavailable } from '../errors.ts';
import { guardMethods } from '../guard-methods.ts';
import type { Store } from '../store.ts';
import { coordination } from './coordination.ts';
import { answered, asStoreError, openDatabase, type SqliteDatabase } from './database.ts';
import { createFollowers } from './followers.ts';
import { createGroupCommit } from './group-commit.ts';
import { logReads } from './log-reads.ts';
import { mailboxReads } from './mailbox-reads.ts';
import { migrateSchema, refuseNewerSchema, SCHEMA_VERSION, schemaVersion } from './migrations.ts';
import { isBeingServed, takeServingLease, type ServingLease } from './serving-lease.ts';
import { tenants } from './tenants.ts';
import { work } from './work.ts';

export interface SqliteStoreOptions {
  /** The file; made with mode 0600, its folder too. */
  readonly path: string;
  readonly clock: Clock;
  readonly newId: NewId;
  readonly log: Log;
  /** True: takes the one serving lease. False: a command beside the server. */
  readonly serve: boolean;
  /** Unique for this process start. */
  readonly holder: string;
}

/**
 * The embedded engine. Every call is one synchronous turn, so nothing of this process interleaves; `commit` gathers the
 * changes of a turn into one durable transaction. The schema is brought up to date first.
 * @throws StoreRefused for a foreign file, a newer schema, or another serving process
 */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<Store> {
  const { path, clock, newId, log } = options;
  const db = openDatabase(path);
  try {
    return answered(() => {
      prepareSchema(db, options);
      const lease = options.serve ? takeServingLease(db, path, options.holder, clock, log) : null;
      return compose(db, clock, newId, lease);
    });
  } catch (error) {
    db.close();
    throw error;
  }
}

/** Makes or upgrades the file without serving it. @throws StoreRefused as above */
export async function migrateSqlite(path: string, log: Log): Promise<void> {
  const db = openDatabase(path);
  try {
    answered(() => {
      const from = schemaVersion(db);
      migrateSchema(db);
      log.info('database is up to date', { from, to: SCHEMA_VERSION });
    });
  } finally {
    db.close();
  }
}

function prepareSchema(db: SqliteDatabase, options: SqliteStoreOptions): void {
  refuseNewerSchema(db);
  const version = schemaVersion(db);
  if (version === SCHEMA_VERSION) return;
  if (version > 0 && isBeingServed(db, options.clock)) {
    throw new StoreRefused(
      `${options.path} is being served by an older gateway. Stop it, then start this one, which upgrades the database.`,
    );
  }
  migrateSchema(db);
  if (version > 0) options.log.info('database upgraded', { from: version, to: SCHEMA_VERSION });
}

function compose(db: SqliteDatabase, clock: Clock, newId: NewId, lease: ServingLease | null): Store {
  let closed = false;
  const followers = createFollowers(db, clock);
  const group = createGroupCommit(db, newId, () => lease?.assertHeld(), followers.committed);

  const store: Store = {
    engine: 'sqlite',
    commit: async (changes) => (changes.length === 0 ? [] : group.commit(changes)),
    ...tenants(db, newId, followers.committed),
    ...mailboxReads(db),
    ...logReads(db),
    ...work(db, clock),
    ...coordination(db, clock),
    follow: followers.follow,
    async ping() {
      db.get('SELECT 1');
    },
    async close() {
      try {
        group.flush();
        followers.close();
        lease?.release();
      } finally {
        db.close();
      }
    },
  };

  const admit = (): void => {
    if (closed) throw new StoreUnavailable('The store is closed.');
  };
  return {
    ...guardMethods(store, admit, asStoreError),
    follow(signal) {
      admit();
      return answered(() => followers.follow(signal));
    },
    async close() {
      if (closed) return;
      closed = true;
      await store.close();
    },
  };
}
