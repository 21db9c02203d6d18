import { chmodSync, closeSync, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { StoreRefused, StoreUnavailable } from '../errors.ts';

/** "MBGW": says that a file is ours before anything is written to it. */
export const APPLICATION_ID = 0x4d424757;

/** Long enough for a command's write beside the server; it blocks the event loop, so not longer. */
const BUSY_TIMEOUT_MS = 2000;

export type SqlValue = string | number | null;

/**
 * Nothing of better-sqlite3 is ever garbage: a process has one connection and a fixed set of statements. Where its version 12
 * was built with Node 24.19 or later, collecting one of its objects outside of a call into JavaScript aborts the process
 * (nodejs/node issue 65446); its version 13 cannot be loaded by Node 20.
 */
const kept = new Set<object>();

function keep<T extends object>(object: T): T {
  kept.add(object);
  return object;
}

/** One connection. Everything is synchronous: what runs in one turn of the event loop is not interleaved with anything of this process. */
export interface SqliteDatabase {
  /** Rows as the statement gives them; the caller states their shape, which the schema guarantees. */
  all<Row>(sql: string, ...params: readonly SqlValue[]): Row[];
  // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- the caller states what the schema guarantees
  get<Row>(sql: string, ...params: readonly SqlValue[]): Row | undefined;
  /** Number of rows changed. */
  run(sql: string, ...params: readonly SqlValue[]): number;
  /** Several statements, without parameters. */
  script(sql: string): void;
  /** The value of a setting, e.g. "user_version"; `script` changes one. */
  pragma(name: string): unknown;
  /** BEGIN IMMEDIATE … COMMIT; rolled back whole when `work` or the commit throws. Transactions do not nest. */
  transaction<T>(work: () => T): T;
  /** Inside a transaction: what `work` wrote is undone when it throws or returns false. */
  savepoint(work: () => boolean): void;
  close(): void;
}

/**
 * Opens or creates the file, readable by its owner only (0600, which SQLite passes on to the -wal and -shm files).
 * @throws StoreRefused when the file belongs to another program or cannot be opened
 */
export function openDatabase(path: string): SqliteDatabase {
  let raw: Database.Database;
  try {
    makeOwnerOnly(path);
    raw = keep(new Database(path, { timeout: BUSY_TIMEOUT_MS }));
  } catch (error) {
    throw new StoreRefused(`The database file ${path} cannot be opened (${codeOf(error)}). Check that its folder exists and is writable.`, {
      cause: error,
    });
  }
  try {
    refuseForeignFile(raw, path);
    raw.exec('PRAGMA journal_mode = WAL');
    raw.exec('PRAGMA synchronous = FULL');
    raw.exec('PRAGMA secure_delete = ON');
    raw.exec('PRAGMA foreign_keys = ON');
    raw.exec('PRAGMA cache_size = -65536');
  } catch (error) {
    raw.close();
    if (codeOf(error) === 'SQLITE_NOTADB')
      throw new StoreRefused(`${path} is no SQLite database. Check DATABASE_URL, or restore the file from its backup.`, { cause: error });
    throw error instanceof StoreRefused ? error : unavailable(error);
  }
  return wrap(raw);
}

/** Runs `work` and turns whatever SQLite throws into StoreUnavailable; other errors pass. */
export function answered<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw asStoreError(error);
  }
}

/** SQLite's errors as StoreUnavailable; others as they are. */
export function asStoreError(error: unknown): unknown {
  return error instanceof Database.SqliteError ? unavailable(error) : error;
}

/** The extended result code when this was a broken UNIQUE or PRIMARY KEY rule, else null. */
export function brokenRule(error: unknown): 'primary-key' | 'unique' | null {
  if (!(error instanceof Database.SqliteError)) return null;
  if (error.code === 'SQLITE_CONSTRAINT_PRIMARYKEY') return 'primary-key';
  return error.code === 'SQLITE_CONSTRAINT_UNIQUE' ? 'unique' : null;
}

/** True for errors after which the whole transaction is in doubt: full disk, I/O, lock. */
export function isSqliteError(error: unknown): boolean {
  return error instanceof Database.SqliteError;
}

function unavailable(error: unknown): StoreUnavailable {
  return new StoreUnavailable(`The database cannot answer now (${codeOf(error)}). Nothing was changed.`, { cause: error });
}

function codeOf(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return error instanceof Error ? error.name : 'unknown error';
}

function makeOwnerOnly(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  closeSync(openSync(path, 'a', 0o600));
  if ((statSync(path).mode & 0o077) !== 0) chmodSync(path, 0o600);
}

function refuseForeignFile(raw: Database.Database, path: string): void {
  const id = keep(raw.prepare<[], { application_id: number }>('PRAGMA application_id')).get()?.application_id;
  if (id === APPLICATION_ID) return;
  const tables = keep(raw.prepare<[], { n: number }>('SELECT count(*) AS n FROM sqlite_master')).get();
  if (id !== 0 || (tables?.n ?? 0) > 0) {
    throw new StoreRefused(`${path} is a database of another program. Point DATABASE_URL at a file of its own.`);
  }
}

function wrap(raw: Database.Database): SqliteDatabase {
  const statements = new Map<string, Database.Statement>();
  const prepared = (sql: string): Database.Statement => {
    const known = statements.get(sql);
    if (known !== undefined) return known;
    const statement = keep(raw.prepare(sql));
    statements.set(sql, statement);
    return statement;
  };
  return {
    all: <Row>(sql: string, ...params: readonly SqlValue[]) => prepared(sql).all(...params) as Row[],
    // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- the caller states what the schema guarantees
    get: <Row>(sql: string, ...params: readonly SqlValue[]) => prepared(sql).get(...params) as Row | undefined,
    run: (sql, ...params) => prepared(sql).run(...params).changes,
    script: (sql) => void raw.exec(sql),
    pragma: (name) => Object.values((prepared(`PRAGMA ${name}`).get() ?? {}) as Record<string, unknown>)[0],
    transaction(work) {
      raw.exec('BEGIN IMMEDIATE');
      try {
        const result = work();
        raw.exec('COMMIT');
        return result;
      } catch (error) {
        // A full disk rolls back by itself; asking twice would hide the first error.
        if (raw.inTransaction) raw.exec('ROLLBACK');
        throw error;
      }
    },
    savepoint(work) {
      prepared('SAVEPOINT change').run();
      let kept = false;
      try {
        kept = work();
      } finally {
        if (raw.inTransaction) {
          if (!kept) prepared('ROLLBACK TO change').run();
          prepared('RELEASE change').run();
        }
      }
    },
    close: () => void raw.close(),
  };
}
