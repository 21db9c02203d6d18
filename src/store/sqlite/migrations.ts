import { StoreRefused } from '../errors.ts';
import { APPLICATION_ID, type SqliteDatabase } from './database.ts';

/**
 * Numbered steps; number n takes the schema from user_version n to n + 1 in one transaction, so a crash at any statement
 * leaves a whole version behind and the next start goes on. Released steps never change.
 */
const STEPS: readonly string[] = [
  `
CREATE TABLE workspaces (
  id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, revision INTEGER NOT NULL, handing_over INTEGER NOT NULL, doc TEXT NOT NULL
) STRICT;
CREATE TABLE heads (
  workspace_id TEXT PRIMARY KEY, position INTEGER NOT NULL, sequence INTEGER NOT NULL, floor INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE mailboxes (
  id TEXT PRIMARY KEY, workspace_id TEXT NOT NULL, revision INTEGER NOT NULL, live INTEGER NOT NULL, address_key TEXT NOT NULL,
  health TEXT NOT NULL, provider TEXT, auth_method TEXT, scenario TEXT, attention INTEGER NOT NULL,
  by_address TEXT NOT NULL, by_severity TEXT NOT NULL, by_changed TEXT NOT NULL,
  due_at INTEGER, incoming_host TEXT, outgoing_host TEXT,
  grant_key TEXT, grant_refreshed_at INTEGER, rollback_until INTEGER, pending_since INTEGER,
  doc TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX mailboxes_live_address ON mailboxes (workspace_id, address_key) WHERE live = 1;
CREATE INDEX mailboxes_pending_address ON mailboxes (workspace_id, address_key) WHERE live = 0;
CREATE INDEX mailboxes_by_address ON mailboxes (workspace_id, by_address, address_key, health, provider, auth_method, scenario, attention) WHERE live = 1;
CREATE INDEX mailboxes_by_severity ON mailboxes (workspace_id, by_severity, address_key, health, provider, auth_method, scenario, attention) WHERE live = 1;
CREATE INDEX mailboxes_by_changed ON mailboxes (workspace_id, by_changed, address_key, health, provider, auth_method, scenario, attention) WHERE live = 1;
CREATE INDEX mailboxes_health ON mailboxes (workspace_id, health) WHERE live = 1;
CREATE INDEX mailboxes_attention ON mailboxes (workspace_id, by_severity) WHERE live = 1 AND attention = 1;
CREATE INDEX mailboxes_due ON mailboxes (due_at, incoming_host, outgoing_host, id) WHERE due_at IS NOT NULL;
CREATE INDEX mailboxes_grant ON mailboxes (grant_key, id) WHERE live = 1 AND grant_key IS NOT NULL;
CREATE INDEX mailboxes_grant_idle ON mailboxes (grant_refreshed_at) WHERE live = 1 AND grant_refreshed_at IS NOT NULL;
CREATE INDEX mailboxes_rollback ON mailboxes (rollback_until) WHERE rollback_until IS NOT NULL;
CREATE INDEX mailboxes_pending ON mailboxes (pending_since) WHERE pending_since IS NOT NULL;
CREATE TABLE mailbox_terms (
  kind TEXT NOT NULL, term TEXT NOT NULL, workspace_id TEXT NOT NULL,
  mailbox_id TEXT NOT NULL REFERENCES mailboxes (id) ON DELETE CASCADE,
  PRIMARY KEY (kind, term, workspace_id, mailbox_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX mailbox_terms_of ON mailbox_terms (mailbox_id);
CREATE TABLE claims (
  mailbox_id TEXT PRIMARY KEY REFERENCES mailboxes (id) ON DELETE CASCADE, holder TEXT NOT NULL, until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX claims_of_holder ON claims (holder);
CREATE TABLE events (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, workspace_id TEXT NOT NULL, position INTEGER NOT NULL, id TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL, mailbox_id TEXT, sequence INTEGER, at INTEGER NOT NULL, facts TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX events_position ON events (workspace_id, position);
CREATE INDEX events_kind ON events (workspace_id, kind, position);
CREATE INDEX events_mailbox ON events (workspace_id, mailbox_id, kind, position) WHERE mailbox_id IS NOT NULL;
CREATE TABLE authorizations (
  id TEXT PRIMARY KEY, workspace_id TEXT NOT NULL, revision INTEGER NOT NULL, state_hash TEXT, due_at INTEGER, doc TEXT NOT NULL
) STRICT;
CREATE INDEX authorizations_state ON authorizations (state_hash) WHERE state_hash IS NOT NULL;
CREATE INDEX authorizations_due ON authorizations (due_at) WHERE due_at IS NOT NULL;
CREATE TABLE incidents (
  id TEXT PRIMARY KEY, workspace_id TEXT NOT NULL, revision INTEGER NOT NULL, scope TEXT NOT NULL, open INTEGER NOT NULL,
  by_opened TEXT NOT NULL, doc TEXT NOT NULL
) STRICT;
CREATE INDEX incidents_by_opened ON incidents (workspace_id, by_opened);
CREATE UNIQUE INDEX incidents_open ON incidents (scope, workspace_id) WHERE open = 1;
CREATE TABLE tokens (id TEXT PRIMARY KEY, workspace_id TEXT NOT NULL, revoked INTEGER NOT NULL, created_at INTEGER NOT NULL, doc TEXT NOT NULL) STRICT;
CREATE TABLE audit (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, workspace_id TEXT NOT NULL, at INTEGER NOT NULL, who TEXT NOT NULL, what TEXT NOT NULL,
  mailbox_id TEXT, facts TEXT NOT NULL
) STRICT;
CREATE TABLE leases (name TEXT PRIMARY KEY, holder TEXT NOT NULL, until INTEGER NOT NULL, fence INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE idempotency (
  workspace_id TEXT NOT NULL, key TEXT NOT NULL, operation TEXT NOT NULL, fingerprint TEXT NOT NULL, holder TEXT NOT NULL,
  started_at INTEGER NOT NULL, result TEXT, PRIMARY KEY (workspace_id, key)
) STRICT;
CREATE INDEX idempotency_started ON idempotency (started_at);
CREATE TABLE suspicions (
  cohort TEXT NOT NULL, mailbox_id TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (cohort, mailbox_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX suspicions_at ON suspicions (cohort, at);
CREATE TABLE instances (id TEXT PRIMARY KEY, seen_at INTEGER NOT NULL, doc TEXT NOT NULL) STRICT;
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE serving (
  slot INTEGER PRIMARY KEY CHECK (slot = 1), holder TEXT NOT NULL, pid INTEGER NOT NULL, host TEXT NOT NULL,
  since INTEGER NOT NULL, until INTEGER NOT NULL
) STRICT;
`,
];

export const SCHEMA_VERSION = STEPS.length;

/** The version that the file has; 0 for a new one. */
export function schemaVersion(db: SqliteDatabase): number {
  return Number(db.pragma('user_version'));
}

/** @throws StoreRefused when the file was written by a newer gateway */
export function refuseNewerSchema(db: SqliteDatabase): void {
  const version = schemaVersion(db);
  if (version <= SCHEMA_VERSION) return;
  throw new StoreRefused(
    `The database has schema version ${version}, this gateway knows up to ${SCHEMA_VERSION}. Start the newer gateway again, or restore a backup made before its upgrade.`,
  );
}

/** Brings the file to the newest schema. Safe beside another process that does the same. @throws StoreRefused as above */
export function migrateSchema(db: SqliteDatabase): void {
  refuseNewerSchema(db);
  while (schemaVersion(db) < SCHEMA_VERSION) {
    db.transaction(() => {
      const version = schemaVersion(db);
      const step = STEPS[version];
      // Somebody else was faster.
      if (step === undefined) return;
      db.script(step);
      db.script(`PRAGMA application_id = ${APPLICATION_ID}`);
      db.script(`PRAGMA user_version = ${version + 1}`);
    });
  }
}
