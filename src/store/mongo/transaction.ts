import type { ClientSession } from 'mongoose';
import type { Clock, Random } from '../../domain/clock.ts';
import { hasLabel, isDuplicateKey } from './connection.ts';
import type { WriterSessions } from './writer-sessions.ts';

/** Enough to outlast a process that is gone and whose transaction is in the way: about 15 s. */
const MAX_ATTEMPTS = 120;
const HELD_UP_ATTEMPTS = 4;
const BUDGET_MS = 20_000;
const MAX_PAUSE_MS = 250;
const COMMIT_ATTEMPTS = 5;
/** A unique key that another transaction took looks like a duplicate at first; from the second look on it is one. */
const DUPLICATE_ATTEMPTS = 3;

/**
 * Runs `work` in a transaction (snapshot, majority, journalled) and again when the server says that it lost a race.
 * `work` must have no effect but through its session. Bounded in attempts and time; gives up with the server's error.
 */
export type RunTransaction = <T>(work: (session: ClientSession) => Promise<T>) => Promise<T>;

export function createTransactions(sessions: WriterSessions, clock: Clock, random: Random): RunTransaction {
  return async (work) => {
    const startedMs = clock.monotonicMs();
    let duplicates = 0;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await sessions.use((session) => once(session, work));
      } catch (error) {
        if (isDuplicateKey(error)) duplicates += 1;
        const again = hasLabel(error, 'TransientTransactionError') || (isDuplicateKey(error) && duplicates < DUPLICATE_ATTEMPTS);
        if (!again || attempt >= MAX_ATTEMPTS || clock.monotonicMs() - startedMs > BUDGET_MS) throw error;
      }
      // The one that wins again and again may be a process that was killed.
      if (attempt >= HELD_UP_ATTEMPTS) await sessions.endAbandoned();
      await pause(clock, random() * Math.min(MAX_PAUSE_MS, 5 * 2 ** attempt));
    }
  };
}

async function once<T>(session: ClientSession, work: (session: ClientSession) => Promise<T>): Promise<T> {
  try {
    // The connection's write concern holds: majority and journal.
    session.startTransaction({ readConcern: { level: 'snapshot' }, readPreference: 'primary' });
    const result = await work(session);
    await commit(session);
    return result;
  } catch (error) {
    // The server aborts by itself when we cannot reach it.
    if (session.inTransaction()) await session.abortTransaction().catch(() => undefined);
    throw error;
  }
}

/** A commit may be repeated: the server knows whether it has it already. */
async function commit(session: ClientSession): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await session.commitTransaction();
      return;
    } catch (error) {
      if (!hasLabel(error, 'UnknownTransactionCommitResult') || attempt >= COMMIT_ATTEMPTS) throw error;
    }
  }
}

export function pause(clock: Clock, delayMs: number): Promise<void> {
  return new Promise((resolve) => void clock.schedule(delayMs, resolve));
}
