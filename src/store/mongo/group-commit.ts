import type { NewId } from '../../domain/clock.ts';
import type { WorkspaceId } from '../../domain/ids.ts';
import { StoreUnavailable } from '../errors.ts';
import type { Change, CommitResult } from '../store.ts';
import { isOutage, refusingIndex } from './connection.ts';
import type { Models } from './models.ts';
import type { RunTransaction } from './transaction.ts';
import { writeBatch } from './write-batch.ts';

/** A transaction does not grow beyond this: MongoDB bounds its time and its oplog entry. */
const MAX_CHANGES = 100;

/**
 * What it means that a unique index still refuses a change although its snapshot saw nothing in the way: the other writer
 * committed in between, and this change lost.
 */
const CONFLICT_OF_INDEX: Readonly<Record<string, Extract<CommitResult, { kind: 'conflict' }>['on']>> = {
  live_address: 'address',
  open_scope: 'incident',
  name: 'workspace',
};

interface Waiting {
  readonly change: Change;
  readonly resolve: (result: CommitResult) => void;
  readonly reject: (error: unknown) => void;
}

export interface GroupCommit {
  readonly commit: (changes: readonly Change[]) => Promise<readonly CommitResult[]>;
  /** Resolves when nothing is under way. */
  idle(): Promise<void>;
}

/**
 * One transaction per workspace at a time in this process: what arrives meanwhile forms the next batch. So the head, which
 * every logged change writes, is contended between processes only.
 */
export function createGroupCommit(models: Models, transaction: RunTransaction, newId: NewId): GroupCommit {
  const queues = new Map<WorkspaceId, Waiting[]>();
  const running = new Map<WorkspaceId, Promise<void>>();

  function enqueue(change: Change): Promise<CommitResult> {
    return new Promise((resolve, reject) => {
      const queue = queues.get(change.workspaceId) ?? [];
      queue.push({ change, resolve, reject });
      queues.set(change.workspaceId, queue);
      if (!running.has(change.workspaceId)) running.set(change.workspaceId, drain(change.workspaceId));
    });
  }

  async function drain(workspaceId: WorkspaceId): Promise<void> {
    // The rest of this turn may still add to the batch.
    await Promise.resolve();
    for (;;) {
      const batch = queues.get(workspaceId)?.splice(0, MAX_CHANGES) ?? [];
      if (batch.length === 0) break;
      await write(workspaceId, batch);
    }
    queues.delete(workspaceId);
    running.delete(workspaceId);
  }

  async function write(workspaceId: WorkspaceId, batch: readonly Waiting[]): Promise<void> {
    try {
      const changes = batch.map(({ change }) => change);
      const results = await transaction((session) => writeBatch(models, session, workspaceId, changes, newId));
      batch.forEach(({ resolve, reject }, index) => {
        const result = results[index];
        if (result === undefined) reject(new StoreUnavailable('The database gave no result for this change.'));
        else resolve(result);
      });
    } catch (error) {
      const [first] = batch;
      const conflict = batch.length === 1 ? CONFLICT_OF_INDEX[refusingIndex(error) ?? ''] : undefined;
      if (conflict !== undefined) first?.resolve({ kind: 'conflict', on: conflict });
      else if (batch.length === 1 || isOutage(error)) for (const { reject } of batch) reject(error);
      // One broken change (too large, a key taken in this very moment) must not fail the others.
      else for (const waiting of batch) await write(workspaceId, [waiting]);
    }
  }

  return {
    commit: (changes) => Promise.all(changes.map(enqueue)),
    async idle() {
      await Promise.all(running.values());
    },
  };
}
