import type { Connection } from 'mongoose';
import type { Log } from '../../domain/log.ts';
import { StoreRefused } from '../errors.ts';
import { asStoreError, connect, databaseOf, refuseStandalone } from './connection.ts';

interface WantedIndex {
  readonly collection: string;
  readonly name: string;
  readonly keys: Readonly<Record<string, 1>>;
  readonly unique?: true;
  readonly where?: Readonly<Record<string, unknown>>;
}

/** Numbered steps. Each is a set of collections and indexes and may be repeated: a step that was interrupted just runs again. */
const STEPS: readonly (readonly WantedIndex[])[] = [
  [
    { collection: 'workspaces', name: 'name', keys: { name: 1 }, unique: true },
    { collection: 'workspaces', name: 'handing_over', keys: { handingOver: 1 }, where: { handingOver: true } },
    { collection: 'mailboxes', name: 'live_address', keys: { workspaceId: 1, addressKey: 1 }, unique: true, where: { live: true } },
    { collection: 'mailboxes', name: 'pending_address', keys: { workspaceId: 1, addressKey: 1, live: 1 } },
    { collection: 'mailboxes', name: 'by_address', keys: { workspaceId: 1, live: 1, byAddress: 1 } },
    { collection: 'mailboxes', name: 'by_severity', keys: { workspaceId: 1, live: 1, bySeverity: 1 } },
    { collection: 'mailboxes', name: 'by_changed', keys: { workspaceId: 1, live: 1, byChanged: 1 } },
    { collection: 'mailboxes', name: 'health', keys: { workspaceId: 1, live: 1, health: 1, bySeverity: 1 } },
    { collection: 'mailboxes', name: 'attention', keys: { workspaceId: 1, live: 1, attention: 1, bySeverity: 1 } },
    { collection: 'mailboxes', name: 'reasons', keys: { workspaceId: 1, live: 1, reasons: 1, bySeverity: 1 } },
    { collection: 'mailboxes', name: 'due', keys: { dueAt: 1, claimUntil: 1 } },
    { collection: 'mailboxes', name: 'claim_batch', keys: { claimBatch: 1 } },
    { collection: 'mailboxes', name: 'claim_holder', keys: { claimHolder: 1 } },
    { collection: 'mailboxes', name: 'cohorts', keys: { cohorts: 1, live: 1, paused: 1 } },
    { collection: 'mailboxes', name: 'incidents', keys: { incidentIds: 1 } },
    { collection: 'mailboxes', name: 'grant', keys: { grantKey: 1, live: 1 } },
    { collection: 'mailboxes', name: 'grant_idle', keys: { live: 1, grantRefreshedAt: 1 } },
    { collection: 'mailboxes', name: 'rollback', keys: { rollbackUntil: 1 } },
    { collection: 'mailboxes', name: 'pending', keys: { pendingSince: 1 } },
    { collection: 'authorizations', name: 'state', keys: { stateHash: 1 } },
    { collection: 'authorizations', name: 'due', keys: { dueAt: 1 } },
    { collection: 'incidents', name: 'by_opened', keys: { workspaceId: 1, byOpened: 1 } },
    { collection: 'incidents', name: 'open_scope', keys: { scope: 1, workspaceId: 1 }, unique: true, where: { open: true } },
    { collection: 'events', name: 'position', keys: { workspaceId: 1, position: 1 }, unique: true },
    { collection: 'events', name: 'kind', keys: { workspaceId: 1, kind: 1, position: 1 } },
    { collection: 'events', name: 'mailbox', keys: { workspaceId: 1, mailboxId: 1, kind: 1, position: 1 } },
    { collection: 'audit', name: 'workspace', keys: { workspaceId: 1, at: 1 } },
    { collection: 'idempotency', name: 'started', keys: { startedAt: 1 } },
    { collection: 'suspicions', name: 'cohort', keys: { cohort: 1, at: 1 } },
    { collection: 'instances', name: 'seen', keys: { seenAt: 1 } },
  ],
];

export const SCHEMA_VERSION = STEPS.length;

/** Collections without an index of their own; made beforehand, because a transaction that makes one is slow and may collide. */
const PLAIN_COLLECTIONS = ['heads', 'tokens', 'leases', 'meta', 'writers'];

const VERSION_DOCUMENT = 'schema-version';

/**
 * The named step that makes collections and indexes. Safe to repeat and to run beside itself; building an index on a large
 * collection takes time, so each is logged.
 * @throws StoreRefused on a standalone server or when a newer gateway has written the database
 */
export async function migrateMongo(url: string, log: Log): Promise<void> {
  const connection = await connect(url, { maxPoolSize: 2 });
  try {
    await refuseStandalone(connection);
    const from = await schemaVersion(connection);
    if (from > SCHEMA_VERSION) throw new StoreRefused(newerSchema(from));
    await makeCollections(connection);
    for (const [step, indexes] of STEPS.entries()) {
      for (const index of indexes) await makeIndex(connection, index, log);
      if (step >= from) await recordVersion(connection, step + 1);
    }
    log.info('database is up to date', { from, to: SCHEMA_VERSION });
  } catch (error) {
    throw asStoreError(error);
  } finally {
    await connection.close();
  }
}

/**
 * What a start demands.
 * @throws StoreRefused when the database has to be migrated first, or is a newer gateway's
 */
export async function refuseUnmigrated(connection: Connection): Promise<void> {
  const version = await schemaVersion(connection);
  if (version > SCHEMA_VERSION) throw new StoreRefused(newerSchema(version));
  const missing = await missingIndexes(connection);
  if (version === SCHEMA_VERSION && missing.length === 0) return;
  const why =
    version < SCHEMA_VERSION ? `it has schema version ${version} of ${SCHEMA_VERSION}` : `indexes are missing: ${missing.join(', ')}`;
  throw new StoreRefused(`The database is not ready (${why}). Run \`mailbox-gateway migrate\` once, then start again.`);
}

function newerSchema(version: number): string {
  return `The database has schema version ${version}, this gateway knows up to ${SCHEMA_VERSION}. Start the newer gateway again, or restore a backup made before its upgrade.`;
}

async function schemaVersion(connection: Connection): Promise<number> {
  const document = await databaseOf(connection).collection<{ _id: string; value: string }>('meta').findOne({ _id: VERSION_DOCUMENT });
  return document === null ? 0 : Number(document.value);
}

async function recordVersion(connection: Connection, version: number): Promise<void> {
  const meta = databaseOf(connection).collection<{ _id: string; value: string }>('meta');
  await meta.updateOne({ _id: VERSION_DOCUMENT }, { $set: { value: String(version) } }, { upsert: true });
}

async function makeCollections(connection: Connection): Promise<void> {
  const db = databaseOf(connection);
  const wanted = new Set([...PLAIN_COLLECTIONS, ...STEPS.flat().map(({ collection }) => collection)]);
  const present = new Set((await db.listCollections({}, { nameOnly: true }).toArray()).map(({ name }) => name));
  for (const name of wanted) {
    if (present.has(name)) continue;
    // Another migration may make it between the look and this call.
    await db.createCollection(name).catch((error: unknown) => {
      if (!(error instanceof Error && 'code' in error && error.code === 48)) throw error;
    });
  }
}

async function makeIndex(connection: Connection, index: WantedIndex, log: Log): Promise<void> {
  log.debug('index', { collection: index.collection, name: index.name });
  const options = {
    name: index.name,
    ...(index.unique === true ? { unique: true } : {}),
    ...(index.where === undefined ? {} : { partialFilterExpression: { ...index.where } }),
  };
  await databaseOf(connection)
    .collection(index.collection)
    .createIndex({ ...index.keys }, options, {});
}

async function missingIndexes(connection: Connection): Promise<readonly string[]> {
  const db = databaseOf(connection);
  const wanted = STEPS.flat();
  const collections = [...new Set(wanted.map((index) => index.collection))];
  const missing = await Promise.all(
    collections.map(async (collection) => {
      // A collection that does not exist has no indexes; the server says so with an error (26, NamespaceNotFound).
      const present = await db.collection(collection).indexes().catch(isNamespaceMissing);
      const names = new Set(present.map(({ name }) => name));
      return wanted.filter((index) => index.collection === collection && !names.has(index.name)).map(({ name }) => `${collection}.${name}`);
    }),
  );
  return missing.flat();
}

function isNamespaceMissing(error: unknown): [] {
  if (error instanceof Error && 'code' in error && error.code === 26) return [];
  throw error;
}
