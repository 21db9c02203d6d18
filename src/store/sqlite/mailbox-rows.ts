import { indexOfMailbox, type MailboxIndex } from '../../domain/mailbox-index.ts';
import type { Mailbox } from '../../domain/mailbox.ts';
import { mailboxSortKeys } from '../sort-key.ts';
import type { SqliteDatabase, SqlValue } from './database.ts';

const COLUMNS = [
  'workspace_id',
  'revision',
  'live',
  'address_key',
  'health',
  'provider',
  'auth_method',
  'scenario',
  'attention',
  'by_address',
  'by_severity',
  'by_changed',
  'due_at',
  'incoming_host',
  'outgoing_host',
  'grant_key',
  'grant_refreshed_at',
  'rollback_until',
  'pending_since',
  'doc',
] as const;

const INSERT = `INSERT INTO mailboxes (${COLUMNS.join(', ')}, id) VALUES (${COLUMNS.map(() => '?').join(', ')}, ?)`;
const REPLACE = `UPDATE mailboxes SET ${COLUMNS.map((column) => `${column} = ?`).join(', ')} WHERE id = ? AND workspace_id = ? AND revision = ?`;

/** Many-valued index entries; cohorts and incidents count live, unpaused mailboxes only. */
type TermKind = 'reason' | 'cohort' | 'incident';

/** Writes a new row with revision 1. Throws SQLite's UNIQUE and PRIMARY KEY errors. */
export function insertMailbox(db: SqliteDatabase, mailbox: Mailbox): void {
  const doc: Mailbox = { ...mailbox, revision: 1 };
  const index = indexOfMailbox(doc);
  db.run(INSERT, ...valuesOf(doc, index), doc.id);
  writeTerms(db, doc, index);
}

/** False when the row is gone, another workspace's, or at another revision. */
export function replaceMailbox(db: SqliteDatabase, mailbox: Mailbox, expectedRevision: number): boolean {
  const doc: Mailbox = { ...mailbox, revision: expectedRevision + 1 };
  const index = indexOfMailbox(doc);
  if (db.run(REPLACE, ...valuesOf(doc, index), doc.id, doc.workspaceId, expectedRevision) === 0) return false;
  writeTerms(db, doc, index);
  return true;
}

function valuesOf(doc: Mailbox, index: MailboxIndex): readonly SqlValue[] {
  const keys = mailboxSortKeys(doc.id, index);
  return [
    doc.workspaceId,
    doc.revision,
    index.live ? 1 : 0,
    index.addressKey,
    index.health,
    index.provider,
    index.authMethod,
    index.scenario,
    index.attention ? 1 : 0,
    keys.byAddress,
    keys.bySeverity,
    keys.byChanged,
    index.dueAt,
    index.hosts[0] ?? null,
    index.hosts[1] ?? null,
    index.grantKey,
    index.grantRefreshedAt,
    index.rollbackUntil,
    doc.live || doc.openAuthorizationId !== null ? null : doc.updatedAt,
    JSON.stringify(doc),
  ];
}

function writeTerms(db: SqliteDatabase, doc: Mailbox, index: MailboxIndex): void {
  const counted = index.live && !doc.paused;
  const wanted: readonly (readonly [TermKind, string])[] = [
    ...(index.live ? index.reasons : []).map((term) => ['reason', term] as const),
    ...(counted ? index.cohorts : []).map((term) => ['cohort', term] as const),
    ...(counted ? index.incidentIds : []).map((term) => ['incident', term] as const),
  ];
  const present = db.all<{ kind: string; term: string }>('SELECT kind, term FROM mailbox_terms WHERE mailbox_id = ?', doc.id);
  for (const { kind, term } of present) {
    if (wanted.some(([wantedKind, wantedTerm]) => wantedKind === kind && wantedTerm === term)) continue;
    db.run(
      'DELETE FROM mailbox_terms WHERE kind = ? AND term = ? AND workspace_id = ? AND mailbox_id = ?',
      kind,
      term,
      doc.workspaceId,
      doc.id,
    );
  }
  for (const [kind, term] of wanted) {
    if (present.some((entry) => entry.kind === kind && entry.term === term)) continue;
    db.run('INSERT INTO mailbox_terms (kind, term, workspace_id, mailbox_id) VALUES (?, ?, ?, ?)', kind, term, doc.workspaceId, doc.id);
  }
}
