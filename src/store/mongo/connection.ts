import mongoose, { type Connection } from 'mongoose';
import { StoreRefused, StoreUnavailable } from '../errors.ts';

/** When the URL names no database. */
const DEFAULT_DATABASE = 'mailbox_gateway';

const SERVER_SELECTION_TIMEOUT_MS = 5_000;
/** Longer than any awaitData poll; a server that hangs longer than this is treated as gone. */
const SOCKET_TIMEOUT_MS = 30_000;

/**
 * Opens a connection of our own Mongoose instance, never the global one. Whatever the URL says, reads go to the primary
 * and writes wait for the majority's journal.
 * @throws StoreRefused when the URL is malformed, StoreUnavailable when no server answers within 5 s
 */
export async function connect(url: string, options: { readonly maxPoolSize: number }): Promise<Connection> {
  const own = new mongoose.Mongoose({
    autoCreate: false,
    autoIndex: false,
    strictQuery: 'throw',
    sanitizeFilter: true,
    updatePipeline: true,
    bufferCommands: false,
  });
  try {
    return await own
      .createConnection(url, {
        ...(namesDatabase(url) ? {} : { dbName: DEFAULT_DATABASE }),
        appName: 'mailbox-gateway',
        maxPoolSize: options.maxPoolSize,
        serverSelectionTimeoutMS: SERVER_SELECTION_TIMEOUT_MS,
        socketTimeoutMS: SOCKET_TIMEOUT_MS,
        readPreference: 'primary',
        readConcern: { level: 'majority' },
        writeConcern: { w: 'majority', journal: true },
        retryReads: true,
        retryWrites: true,
        ignoreUndefined: true,
      })
      .asPromise();
  } catch (error) {
    // By name: the parser of connection strings brings a class of its own.
    if (error instanceof Error && ['MongoParseError', 'MongoInvalidArgumentError'].includes(error.name)) {
      throw new StoreRefused('DATABASE_URL is not a valid MongoDB connection string.', { cause: error });
    }
    throw asStoreError(error);
  }
}

function namesDatabase(url: string): boolean {
  return /^mongodb(?:\+srv)?:\/\/[^/?]+\/[^/?]+/i.test(url);
}

/**
 * Transactions and change streams need a replica set or a sharded cluster.
 * @throws StoreRefused on a standalone server
 */
export async function refuseStandalone(connection: Connection): Promise<void> {
  const hello = await databaseOf(connection).admin().command({ hello: 1 });
  if (typeof hello['setName'] === 'string' || hello['msg'] === 'isdbgrid') return;
  throw new StoreRefused(
    'This MongoDB server is a standalone: it has neither transactions nor change streams. Run it as a replica set (one member is enough: `mongod --replSet rs0`, then `rs.initiate()`).',
  );
}

/** The driver's database of an open connection. */
export function databaseOf(connection: Connection) {
  const { db } = connection;
  if (db === undefined) throw new StoreUnavailable('The database connection is not open.');
  return db;
}

/** The driver's and mongoose's errors as StoreUnavailable; others as they are. Says the code only: texts may hold addresses. */
export function asStoreError(error: unknown): unknown {
  // How the driver says that a document does not fit its buffer. Trying again helps nobody.
  if (error instanceof RangeError) return new Error('A document is larger than MongoDB stores (16 MB).', { cause: error });
  if (error instanceof mongoose.mongo.MongoError || error instanceof mongoose.Error) {
    return new StoreUnavailable(`The database cannot answer now (${nameOf(error)}). Nothing was acknowledged.`, { cause: error });
  }
  return error;
}

function nameOf(error: Error): string {
  if ('codeName' in error && typeof error.codeName === 'string') return error.codeName;
  return 'code' in error && typeof error.code === 'number' ? `${error.name} ${error.code}` : error.name;
}

export function isDuplicateKey(error: unknown): boolean {
  return error instanceof mongoose.mongo.MongoServerError && error.code === 11000;
}

/** Name of the unique index that refused a write; the server says it only in its text. Null when it was something else. */
export function refusingIndex(error: unknown): string | null {
  if (!isDuplicateKey(error) || !(error instanceof Error)) return null;
  return /\bindex: (\S+)/.exec(error.message)?.[1] ?? null;
}

export function hasLabel(error: unknown, label: string): boolean {
  return error instanceof mongoose.mongo.MongoError && error.hasErrorLabel(label);
}

/** The server, not the command, is at fault: trying the same again at once helps nobody. */
export function isOutage(error: unknown): boolean {
  return (
    error instanceof mongoose.mongo.MongoNetworkError ||
    error instanceof mongoose.mongo.MongoServerSelectionError ||
    hasLabel(error, 'TransientTransactionError') ||
    hasLabel(error, 'UnknownTransactionCommitResult')
  );
}
