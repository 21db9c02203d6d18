import type { ClientSession } from 'mongoose';
import type { NewId } from '../../domain/clock.ts';
import type { WorkspaceId } from '../../domain/ids.ts';
import { addressKey } from '../../domain/mail.ts';
import { EMPTY_HEAD } from '../log-append.ts';
import type { Change, CommitResult, LogHead } from '../store.ts';
import type { Models } from './models.ts';
import { anyOf } from './operators.ts';
import { planBatch, type GuardState, type Snapshot } from './plan.ts';
import { authorizationFields, eventRecord, incidentFields, mailboxFields, UNCLAIMED, workspaceFields, type HeadRecord } from './records.ts';

/** Applies a batch of changes of one workspace inside a transaction; each passes or conflicts alone. The head is written last. */
export async function writeBatch(
  models: Models,
  session: ClientSession,
  workspaceId: WorkspaceId,
  changes: readonly Change[],
  newId: NewId,
): Promise<readonly CommitResult[]> {
  const snapshot = await readSnapshot(models, session, workspaceId, changes);
  const plan = planBatch(workspaceId, changes, snapshot, newId);
  await writeDocuments(models, session, plan.passed, newId);
  if (plan.events.length > 0) {
    await models.events.bulkWrite(
      plan.events.map((event) => ({ insertOne: { document: eventRecord(event) } })),
      { session, ordered: true },
    );
    await writeHead(models, session, workspaceId, snapshot.head, plan.head);
  }
  return plan.results;
}

/** Moves the head on; a writer elsewhere that moved it meanwhile makes the server abort one of both. */
export async function writeHead(
  models: Models,
  session: ClientSession,
  workspaceId: WorkspaceId,
  from: LogHead,
  to: LogHead,
): Promise<void> {
  await models.heads.updateOne(
    { _id: workspaceId, position: from.position },
    { $set: { position: to.position, sequence: to.sequence }, $setOnInsert: { floor: to.floor } },
    { session, upsert: true },
  );
}

export async function readHead(models: Models, workspaceId: WorkspaceId, session: ClientSession | null): Promise<LogHead> {
  const record = await models.heads.findById(workspaceId).session(session).lean<HeadRecord>();
  return record === null ? EMPTY_HEAD : { position: record.position, sequence: record.sequence, floor: record.floor };
}

async function readSnapshot(
  models: Models,
  session: ClientSession,
  workspaceId: WorkspaceId,
  changes: readonly Change[],
): Promise<Snapshot> {
  const mailboxWrites = changes.flatMap((change) => change.mailboxes ?? []);
  const incidentWrites = changes.flatMap((change) => change.incidents ?? []);
  const addresses = mailboxWrites.flatMap((write) => (write.kind !== 'remove' && write.doc.live ? [addressKey(write.doc.address)] : []));
  const scopes = incidentWrites.flatMap((write) => (write.kind !== 'remove' && write.doc.closedAt === null ? [write.doc.scope] : []));
  const logs = changes.some((change) => (change.events ?? []).length > 0);
  const workspace = changes.some((change) => change.workspace !== undefined)
    ? await models.workspaces.findById(workspaceId).select('revision').session(session).lean<{ revision: number }>()
    : null;
  return {
    head: logs ? await readHead(models, workspaceId, session) : EMPTY_HEAD,
    workspaceRevision: workspace?.revision ?? null,
    mailboxes: await guardStates(
      idsOf(mailboxWrites),
      addresses,
      (ids) =>
        models.mailboxes
          .find({ _id: anyOf(ids) })
          .select(MAILBOX_GUARD)
          .session(session)
          .lean<MailboxGuard[]>(),
      (keys) =>
        models.mailboxes
          .find({ workspaceId, live: true, addressKey: anyOf(keys) })
          .select(MAILBOX_GUARD)
          .session(session)
          .lean<MailboxGuard[]>(),
      (record) => (record.live ? record.addressKey : null),
    ),
    authorizations: await guardStates(
      idsOf(changes.flatMap((change) => change.authorizations ?? [])),
      [],
      (ids) =>
        models.authorizations
          .find({ _id: anyOf(ids) })
          .select('workspaceId revision')
          .session(session)
          .lean<GuardRecord[]>(),
      async () => [],
      () => null,
    ),
    incidents: await guardStates(
      idsOf(incidentWrites),
      scopes,
      (ids) =>
        models.incidents
          .find({ _id: anyOf(ids) })
          .select(INCIDENT_GUARD)
          .session(session)
          .lean<IncidentGuard[]>(),
      (keys) =>
        models.incidents
          .find({ workspaceId, open: true, scope: anyOf(keys) })
          .select(INCIDENT_GUARD)
          .session(session)
          .lean<IncidentGuard[]>(),
      (record) => (record.open ? record.scope : null),
    ),
  };
}

interface GuardRecord {
  readonly _id: string;
  readonly workspaceId: string;
  readonly revision: number;
}
interface MailboxGuard extends GuardRecord {
  readonly live: boolean;
  readonly addressKey: string;
}
interface IncidentGuard extends GuardRecord {
  readonly open: boolean;
  readonly scope: string;
}
const MAILBOX_GUARD = 'workspaceId revision live addressKey';
const INCIDENT_GUARD = 'workspaceId revision open scope';

/** One after the other: a session's transaction does one thing at a time. */
async function guardStates<Found extends GuardRecord>(
  ids: readonly string[],
  uniques: readonly string[],
  byId: (ids: readonly string[]) => PromiseLike<readonly Found[]>,
  byUnique: (uniques: readonly string[]) => PromiseLike<readonly Found[]>,
  uniqueOf: (record: Found) => string | null,
): Promise<ReadonlyMap<string, GuardState>> {
  const records = [...(ids.length === 0 ? [] : await byId(ids)), ...(uniques.length === 0 ? [] : await byUnique(uniques))];
  return new Map(
    records.map((record) => [record._id, { workspaceId: record.workspaceId, revision: record.revision, unique: uniqueOf(record) }]),
  );
}

function idsOf(
  writes: readonly (
    { readonly kind: 'remove'; readonly id: string } | { readonly kind: 'insert' | 'replace'; readonly doc: { readonly id: string } }
  )[],
): readonly string[] {
  return [...new Set(writes.map((write) => (write.kind === 'remove' ? write.id : write.doc.id)))];
}

async function writeDocuments(models: Models, session: ClientSession, changes: readonly Change[], newId: NewId): Promise<void> {
  const options = { session, ordered: true } as const;
  const mailboxes = changes.flatMap((change) =>
    (change.mailboxes ?? []).flatMap((write) => [
      operation(write, mailboxFields, UNCLAIMED),
      ...(write.kind === 'replace' && change.releaseClaim !== undefined
        ? [
            {
              updateOne: {
                filter: { _id: write.doc.id, claimHolder: change.releaseClaim },
                update: { $set: UNCLAIMED },
              },
            },
          ]
        : []),
    ]),
  );
  if (mailboxes.length > 0) await models.mailboxes.bulkWrite(mailboxes, options);
  const authorizations = changes.flatMap((change) =>
    (change.authorizations ?? []).map((write) => operation(write, authorizationFields, {})),
  );
  if (authorizations.length > 0) await models.authorizations.bulkWrite(authorizations, options);
  const incidents = changes.flatMap((change) => (change.incidents ?? []).map((write) => operation(write, incidentFields, {})));
  if (incidents.length > 0) await models.incidents.bulkWrite(incidents, options);
  for (const { workspace } of changes) {
    if (workspace === undefined) continue;
    await models.workspaces.updateOne(
      { _id: workspace.doc.id },
      { $set: workspaceFields(workspace.doc, workspace.expectedRevision + 1) },
      { session },
    );
  }
  const audit = changes.flatMap((change) =>
    (change.audit ?? []).map((entry) => ({
      insertOne: { document: { _id: newId(), workspaceId: change.workspaceId, at: change.at, ...entry } },
    })),
  );
  if (audit.length > 0) await models.audit.bulkWrite(audit, options);
}

type Write<Doc> =
  | { readonly kind: 'insert'; readonly doc: Doc }
  | { readonly kind: 'replace'; readonly doc: Doc; readonly expectedRevision: number }
  | { readonly kind: 'remove'; readonly id: string };

/** The guards were decided on this transaction's snapshot, so the writes need none of their own. */
function operation<Doc extends { readonly id: string }, Fields extends object, OnInsert extends object>(
  write: Write<Doc>,
  fieldsOf: (doc: Doc, revision: number) => Fields,
  onInsert: OnInsert,
) {
  switch (write.kind) {
    case 'insert':
      return { insertOne: { document: { _id: write.doc.id, ...fieldsOf(write.doc, 1), ...onInsert } } };
    case 'replace':
      return { updateOne: { filter: { _id: write.doc.id }, update: { $set: fieldsOf(write.doc, write.expectedRevision + 1) } } };
    case 'remove':
      return { deleteOne: { filter: { _id: write.id } } };
  }
}
