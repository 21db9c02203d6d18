import type { NewId } from '../../domain/clock.ts';
import { StoreUnavailable } from '../errors.ts';
import type { Change, CommitResult } from '../store.ts';
import { applyChange } from './apply-change.ts';
import { answered, isSqliteError, type SqliteDatabase } from './database.ts';

/** A transaction does not grow beyond this, so that the event loop is not held for long. */
const MAX_CHANGES = 100;

interface Request {
  readonly changes: readonly Change[];
  readonly resolve: (results: readonly CommitResult[]) => void;
  readonly reject: (error: unknown) => void;
}

export interface GroupCommit {
  readonly commit: (changes: readonly Change[]) => Promise<readonly CommitResult[]>;
  /** Writes what waits, now. */
  flush(): void;
}

/**
 * What is asked for within one turn of the event loop shares one transaction and its one fsync. `assertMayWrite` runs
 * inside the transaction, `committed` after it with the number of events that became durable.
 */
export function createGroupCommit(db: SqliteDatabase, newId: NewId, assertMayWrite: () => void, committed: () => void): GroupCommit {
  let waiting: Request[] = [];
  let scheduled = false;

  function schedule(): void {
    if (scheduled) return;
    scheduled = true;
    setImmediate(() => {
      scheduled = false;
      writeSome();
      if (waiting.length > 0) schedule();
    });
  }

  function takeGroup(): readonly Request[] {
    let size = 0;
    let end = 0;
    for (const request of waiting) {
      size += request.changes.length;
      if (end > 0 && size > MAX_CHANGES) break;
      end += 1;
    }
    const group = waiting.slice(0, end);
    waiting = waiting.slice(end);
    return group;
  }

  function writeSome(): void {
    const group = takeGroup();
    if (group.length === 0) return;
    let outcomes: readonly (() => void)[];
    try {
      outcomes = answered(() =>
        db.transaction(() => {
          assertMayWrite();
          return group.map(applyRequest);
        }),
      );
    } catch (error) {
      for (const request of group) request.reject(error);
      return;
    }
    committed();
    for (const outcome of outcomes) outcome();
  }

  /** What is told to the caller once the transaction is durable. A change that is broken in itself fails its own caller only. */
  function applyRequest(request: Request): () => void {
    try {
      const results = request.changes.map((change) => applyChange(db, change, newId));
      return () => request.resolve(results);
    } catch (error) {
      if (isSqliteError(error) || error instanceof StoreUnavailable) throw error;
      return () => request.reject(error);
    }
  }

  return {
    commit: (changes) =>
      new Promise((resolve, reject) => {
        waiting.push({ changes, resolve, reject });
        schedule();
      }),
    flush() {
      while (waiting.length > 0) writeSome();
    },
  };
}
