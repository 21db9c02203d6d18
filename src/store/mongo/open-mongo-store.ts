import type { Connection } from 'mongoose';
import type { Clock, NewId, Random } from '../../domain/clock.ts';
import type { Log } from '../../domain/log.ts';
import { StoreUnavailable } from '../errors.ts';
import { guardMethods } from '../guard-methods.ts';
import type { Store } from '../store.ts';
import { asStoreError, connect, databaseOf, refuseStandalone } from './connection.ts';
import { coordination } from './coordination.ts';
import { createFollowers } from './followers.ts';
import { createGroupCommit } from './group-commit.ts';
import { logReads } from './log-reads.ts';
import { mailboxReads } from './mailbox-reads.ts';
import { refuseUnmigrated } from './migrations.ts';
import { createModels } from './models.ts';
import { tenants } from './tenants.ts';
import { createTransactions } from './transaction.ts';
import { work } from './work.ts';
import { createWriterSessions } from './writer-sessions.ts';

export interface MongoStoreOptions {
  /** `mongodb://…` or `mongodb+srv://…`; may hold a password, so it is never logged. */
  readonly url: string;
  readonly clock: Clock;
  readonly newId: NewId;
  /** For the jitter of retries. */
  readonly random: Random;
  readonly log: Log;
}

const POOL_SIZE = 50;
/** The stream's poll, and one for closing its cursor. */
const FOLLOW_POOL_SIZE = 2;

/**
 * The engine for many processes. Leases and claims go by the database's clock (`$$NOW`), the head of a log is the last
 * write of each transaction, reads go to the primary.
 * @throws StoreRefused on a standalone, unmigrated or newer database; StoreUnavailable when it cannot be reached
 */
export async function openMongoStore(options: MongoStoreOptions): Promise<Store> {
  const { url, clock, newId, random, log } = options;
  const connection = await connect(url, { maxPoolSize: POOL_SIZE });
  try {
    await refuseStandalone(connection);
    await refuseUnmigrated(connection);
  } catch (error) {
    await connection.close();
    throw asStoreError(error);
  }
  const models = createModels(connection);
  const sessions = createWriterSessions({ connection, models, clock, newId, log });
  // A predecessor that was killed may have left a transaction open.
  await sessions.endAbandoned();
  const transaction = createTransactions(sessions, clock, random);
  const group = createGroupCommit(models, transaction, newId);
  const followers = createFollowers(() => connect(url, { maxPoolSize: FOLLOW_POOL_SIZE }), clock, random, log);
  let closing: Promise<void> | null = null;

  const store: Store = {
    engine: 'mongodb',
    commit: group.commit,
    ...tenants(models, transaction, newId),
    ...mailboxReads(models),
    ...logReads(models),
    ...work(models, connection, newId),
    ...coordination(models, clock),
    follow: followers.follow,
    ping: (timeoutMs) => ping(connection, clock, timeoutMs),
    async close() {
      await group.idle();
      await sessions.close();
      await followers.close();
      await connection.close();
    },
  };
  const admit = (): void => {
    if (closing !== null) throw new StoreUnavailable('The store is closed.');
  };
  return {
    ...guardMethods(store, admit, asStoreError),
    follow(signal) {
      admit();
      return followers.follow(signal);
    },
    close() {
      closing ??= store.close();
      return closing;
    },
  };
}

async function ping(connection: Connection, clock: Clock, timeoutMs: number): Promise<void> {
  const answer = databaseOf(connection).admin().command({ ping: 1 });
  // The race may be over before the driver gives up.
  answer.catch(() => undefined);
  await new Promise<void>((resolve, reject) => {
    const deadline = clock.schedule(timeoutMs, () => reject(new StoreUnavailable(`The database did not answer within ${timeoutMs} ms.`)));
    answer.then(() => resolve(), reject).finally(() => deadline.cancel());
  });
}
