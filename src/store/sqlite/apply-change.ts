import type { Authorization } from '../../domain/authorization.ts';
import type { NewId } from '../../domain/clock.ts';
import type { AuthorizationId, IncidentId, MailboxId, WorkspaceId } from '../../domain/ids.ts';
import type { Incident } from '../../domain/incident.ts';
import type { Mailbox } from '../../domain/mailbox.ts';
import type { Workspace } from '../../domain/workspace.ts';
import { indexOfAuthorization } from '../authorization-index.ts';
import { stampSequences } from '../log-append.ts';
import { incidentSortKey } from '../sort-key.ts';
import type { Change, CommitResult, Guarded } from '../store.ts';
import { brokenRule, type SqliteDatabase } from './database.ts';
import { insertMailbox, replaceMailbox } from './mailbox-rows.ts';
import { appendEvents } from './rows.ts';

type Conflict = Extract<CommitResult, { kind: 'conflict' }>['on'];

/** Thrown inside a savepoint, so that everything the change wrote before its guard failed is undone. */
class GuardFailed extends Error {
  readonly on: Conflict;
  constructor(on: Conflict) {
    super(`guard failed on ${on}`);
    this.name = 'GuardFailed';
    this.on = on;
  }
}

/** Applies one change inside a write transaction, whole or not at all. Throws what SQLite throws, conflicts excepted. */
export function applyChange(db: SqliteDatabase, change: Change, newId: NewId): CommitResult {
  let result: CommitResult = { kind: 'committed', events: [] };
  db.savepoint(() => {
    try {
      result = { kind: 'committed', events: write(db, change, newId) };
      return true;
    } catch (error) {
      if (!(error instanceof GuardFailed)) throw error;
      result = { kind: 'conflict', on: error.on };
      return false;
    }
  });
  return result;
}

function write(db: SqliteDatabase, change: Change, newId: NewId) {
  const { workspaceId } = change;
  // Events first, because a mailbox carries the sequence of its own STATUS events; in one transaction the order is nobody's business.
  const events = appendEvents(db, workspaceId, change.events ?? [], change.at, newId);
  for (const guarded of change.mailboxes ?? []) {
    writeMailbox(db, workspaceId, guarded.kind === 'remove' ? guarded : { ...guarded, doc: stampSequences(guarded.doc, events) });
    if (change.releaseClaim !== undefined && guarded.kind !== 'remove') {
      db.run('DELETE FROM claims WHERE mailbox_id = ? AND holder = ?', guarded.doc.id, change.releaseClaim);
    }
  }
  for (const guarded of change.authorizations ?? []) writeAuthorization(db, workspaceId, guarded);
  for (const guarded of change.incidents ?? []) writeIncident(db, workspaceId, guarded);
  if (change.workspace !== undefined) writeWorkspace(db, workspaceId, change.workspace);
  for (const entry of change.audit ?? []) {
    db.run(
      'INSERT INTO audit (workspace_id, at, who, what, mailbox_id, facts) VALUES (?, ?, ?, ?, ?, ?)',
      workspaceId,
      change.at,
      entry.who,
      entry.what,
      entry.mailboxId,
      JSON.stringify(entry.facts),
    );
  }
  return events;
}

function writeMailbox(db: SqliteDatabase, workspaceId: WorkspaceId, guarded: Guarded<Mailbox, MailboxId>): void {
  const guard = (held: boolean): void => {
    if (!held) throw new GuardFailed('mailbox');
  };
  if (guarded.kind === 'remove') {
    guard(
      db.run(
        'DELETE FROM mailboxes WHERE id = ? AND workspace_id = ? AND revision = ?',
        guarded.id,
        workspaceId,
        guarded.expectedRevision,
      ) === 1,
    );
    return;
  }
  guard(guarded.doc.workspaceId === workspaceId);
  try {
    if (guarded.kind === 'insert') insertMailbox(db, guarded.doc);
    else guard(replaceMailbox(db, guarded.doc, guarded.expectedRevision));
  } catch (error) {
    const rule = brokenRule(error);
    if (rule === null) throw error;
    throw new GuardFailed(rule === 'unique' ? 'address' : 'mailbox');
  }
}

function writeAuthorization(db: SqliteDatabase, workspaceId: WorkspaceId, guarded: Guarded<Authorization, AuthorizationId>): void {
  const guard = (held: boolean): void => {
    if (!held) throw new GuardFailed('authorization');
  };
  if (guarded.kind === 'remove') {
    guard(
      db.run(
        'DELETE FROM authorizations WHERE id = ? AND workspace_id = ? AND revision = ?',
        guarded.id,
        workspaceId,
        guarded.expectedRevision,
      ) === 1,
    );
    return;
  }
  guard(guarded.doc.workspaceId === workspaceId);
  const revision = guarded.kind === 'insert' ? 1 : guarded.expectedRevision + 1;
  const doc: Authorization = { ...guarded.doc, revision };
  const { stateHash, dueAt } = indexOfAuthorization(doc);
  if (guarded.kind === 'replace') {
    const sql =
      'UPDATE authorizations SET revision = ?, state_hash = ?, due_at = ?, doc = ? WHERE id = ? AND workspace_id = ? AND revision = ?';
    guard(db.run(sql, revision, stateHash, dueAt, JSON.stringify(doc), doc.id, workspaceId, guarded.expectedRevision) === 1);
    return;
  }
  const sql =
    'INSERT INTO authorizations (id, workspace_id, revision, state_hash, due_at, doc) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING';
  guard(db.run(sql, doc.id, workspaceId, revision, stateHash, dueAt, JSON.stringify(doc)) === 1);
}

function writeIncident(db: SqliteDatabase, workspaceId: WorkspaceId, guarded: Guarded<Incident, IncidentId>): void {
  const guard = (held: boolean): void => {
    if (!held) throw new GuardFailed('incident');
  };
  if (guarded.kind === 'remove') {
    guard(
      db.run(
        'DELETE FROM incidents WHERE id = ? AND workspace_id = ? AND revision = ?',
        guarded.id,
        workspaceId,
        guarded.expectedRevision,
      ) === 1,
    );
    return;
  }
  guard(guarded.doc.workspaceId === workspaceId);
  const revision = guarded.kind === 'insert' ? 1 : guarded.expectedRevision + 1;
  const doc: Incident = { ...guarded.doc, revision };
  const values = [
    revision,
    doc.scope,
    doc.closedAt === null ? 1 : 0,
    incidentSortKey(doc),
    JSON.stringify(doc),
    doc.id,
    workspaceId,
  ] as const;
  if (guarded.kind === 'replace') {
    const sql =
      'UPDATE OR IGNORE incidents SET revision = ?, scope = ?, open = ?, by_opened = ?, doc = ? WHERE id = ? AND workspace_id = ? AND revision = ?';
    guard(db.run(sql, ...values, guarded.expectedRevision) === 1);
    return;
  }
  const sql =
    'INSERT INTO incidents (revision, scope, open, by_opened, doc, id, workspace_id) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING';
  guard(db.run(sql, ...values) === 1);
}

function writeWorkspace(db: SqliteDatabase, workspaceId: WorkspaceId, guarded: NonNullable<Change['workspace']>): void {
  const doc: Workspace = { ...guarded.doc, revision: guarded.expectedRevision + 1 };
  const sql = 'UPDATE OR IGNORE workspaces SET name = ?, revision = ?, handing_over = ?, doc = ? WHERE id = ? AND revision = ?';
  const written =
    doc.id === workspaceId &&
    db.run(sql, doc.name, doc.revision, doc.handOver === null ? 0 : 1, JSON.stringify(doc), workspaceId, guarded.expectedRevision) === 1;
  if (!written) throw new GuardFailed('workspace');
}
