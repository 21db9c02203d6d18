import type { Clock, NewId, Random } from '../domain/clock.ts';
import type { Log } from '../domain/log.ts';
import { StoreRefused } from './errors.ts';
import type { Store } from './store.ts';

export interface StoreOptions {
  readonly clock: Clock;
  readonly newId: NewId;
  /** For the jitter of retries (MongoDB). */
  readonly random: Random;
  readonly log: Log;
  /** True for `serve`; false for the commands, which may run beside it. Only SQLite allows just one serving process. */
  readonly serve: boolean;
  /** Unique for this process start. */
  readonly holder: string;
}

/**
 * Opens the database that DATABASE_URL names: `sqlite:PATH`, `mongodb://…` or `mongodb+srv://…`. The engine's driver is
 * loaded only now, so nobody loads the other one. SQLite files are created and migrated; MongoDB has to be migrated first.
 * @throws StoreRefused when the URL names no engine, or the engine refuses; StoreUnavailable when it cannot be reached
 */
export async function openStore(databaseUrl: string, options: StoreOptions): Promise<Store> {
  const place = placeOf(databaseUrl);
  switch (place.engine) {
    case 'sqlite': {
      const { openSqliteStore } = await import('./sqlite/open-sqlite-store.ts');
      return openSqliteStore({ ...options, path: place.path });
    }
    case 'mongodb': {
      const { openMongoStore } = await import('./mongo/open-mongo-store.ts');
      return openMongoStore({ ...options, url: place.url });
    }
  }
}

/** Brings the database's schema and indexes up to date; safe to repeat. Opening a SQLite store does the same by itself. */
export async function migrateStore(databaseUrl: string, log: Log): Promise<void> {
  const place = placeOf(databaseUrl);
  switch (place.engine) {
    case 'sqlite': {
      const { migrateSqlite } = await import('./sqlite/open-sqlite-store.ts');
      return migrateSqlite(place.path, log);
    }
    case 'mongodb': {
      const { migrateMongo } = await import('./mongo/migrations.ts');
      return migrateMongo(place.url, log);
    }
  }
}

type Place = { readonly engine: 'sqlite'; readonly path: string } | { readonly engine: 'mongodb'; readonly url: string };

/** Never quotes the URL in an error: it may hold a password. */
function placeOf(databaseUrl: string): Place {
  const scheme = /^[a-z+]+:/i.exec(databaseUrl)?.[0].toLowerCase();
  if (scheme === 'sqlite:') {
    const path = databaseUrl.slice('sqlite:'.length).replace(/^\/\/(?=\/)/, '');
    if (path === '' || path === ':memory:') throw new StoreRefused('DATABASE_URL needs a file, e.g. sqlite:./data/gateway.db.');
    return { engine: 'sqlite', path };
  }
  if (scheme === 'mongodb:' || scheme === 'mongodb+srv:') return { engine: 'mongodb', url: databaseUrl };
  throw new StoreRefused('DATABASE_URL has to begin with sqlite:, mongodb:// or mongodb+srv://.');
}
