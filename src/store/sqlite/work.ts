import type { Authorization } from '../../domain/authorization.ts';
import type { Clock } from '../../domain/clock.ts';
import type { Incident } from '../../domain/incident.ts';
import { grantKey } from '../../domain/mailbox-index.ts';
import type { Mailbox } from '../../domain/mailbox.ts';
import type { Workspace } from '../../domain/workspace.ts';
import type { Store } from '../store.ts';
import type { SqliteDatabase } from './database.ts';
import { documentOf, documentsOf, type DocumentRow } from './rows.ts';

type Work = Pick<
  Store,
  | 'claimDue'
  | 'releaseClaims'
  | 'nextDueAt'
  | 'authorizationsDue'
  | 'authorizationByState'
  | 'authorizationForStart'
  | 'rollbacksExpired'
  | 'pendingExpired'
  | 'grantsIdle'
  | 'mailboxesAtIncidents'
  | 'openIncidents'
  | 'grantUsers'
  | 'workspacesWithHandOver'
  | 'addSuspicion'
  | 'suspicionsSince'
  | 'cohortSize'
  | 'sealedHolders'
>;

/** What the background work asks over all workspaces. The database's clock is this host's clock. */
export function work(db: SqliteDatabase, clock: Clock): Work {
  const mailboxesWhere = (where: string, ...params: readonly (string | number)[]): readonly Mailbox[] =>
    documentsOf<Mailbox>(db.all(`SELECT doc FROM mailboxes WHERE ${where} LIMIT ?`, ...params));

  return {
    async claimDue(request) {
      const now = clock.now();
      return db.transaction(() => {
        const hosts = JSON.stringify(request.exceptHosts);
        const due = db.all<DocumentRow & { readonly id: string }>(
          `SELECT m.id, m.doc FROM mailboxes m WHERE m.due_at <= ?
             AND coalesce(m.incoming_host NOT IN (SELECT value FROM json_each(?)), 1)
             AND coalesce(m.outgoing_host NOT IN (SELECT value FROM json_each(?)), 1)
             AND NOT EXISTS (SELECT 1 FROM claims c WHERE c.mailbox_id = m.id AND c.until > ?)
           ORDER BY m.due_at LIMIT ?`,
          now,
          hosts,
          hosts,
          now,
          request.limit,
        );
        for (const { id } of due) {
          db.run('INSERT OR REPLACE INTO claims (mailbox_id, holder, until) VALUES (?, ?, ?)', id, request.holder, now + request.leaseMs);
        }
        return documentsOf<Mailbox>(due);
      });
    },

    async releaseClaims(holder) {
      db.run('DELETE FROM claims WHERE holder = ?', holder);
    },

    async nextDueAt() {
      const sql = `SELECT m.due_at AS at FROM mailboxes m WHERE m.due_at IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM claims c WHERE c.mailbox_id = m.id AND c.until > ?) ORDER BY m.due_at LIMIT 1`;
      return db.get<{ at: number }>(sql, clock.now())?.at ?? null;
    },

    authorizationsDue: async (now, limit) =>
      documentsOf<Authorization>(db.all('SELECT doc FROM authorizations WHERE due_at <= ? ORDER BY due_at LIMIT ?', now, limit)),

    authorizationByState: async (stateHash) =>
      documentOf<Authorization>(db.get('SELECT doc FROM authorizations WHERE state_hash = ?', stateHash)),

    authorizationForStart: async (id) => documentOf<Authorization>(db.get('SELECT doc FROM authorizations WHERE id = ?', id)),

    rollbacksExpired: async (now, limit) => mailboxesWhere('rollback_until <= ? ORDER BY rollback_until', now, limit),

    pendingExpired: async (before, limit) => mailboxesWhere('pending_since < ? ORDER BY pending_since', before, limit),

    grantsIdle: async (before, limit) => mailboxesWhere('live = 1 AND grant_refreshed_at < ? ORDER BY grant_refreshed_at', before, limit),

    mailboxesAtIncidents: async (incidents, limit) =>
      mailboxesWhere(
        `id IN (SELECT mailbox_id FROM mailbox_terms WHERE kind = 'incident' AND term IN (SELECT value FROM json_each(?)))`,
        JSON.stringify(incidents),
        limit,
      ),

    openIncidents: async (scope) =>
      documentsOf<Incident>(
        scope === null
          ? db.all('SELECT doc FROM incidents WHERE open = 1')
          : db.all('SELECT doc FROM incidents WHERE open = 1 AND scope = ?', scope),
      ),

    async grantUsers(clientId, pinKey, except) {
      const sql = 'SELECT count(*) AS n FROM mailboxes WHERE live = 1 AND grant_key = ? AND id <> ?';
      return db.get<{ n: number }>(sql, grantKey(clientId, pinKey), except)?.n ?? 0;
    },

    workspacesWithHandOver: async () => documentsOf<Workspace>(db.all('SELECT doc FROM workspaces WHERE handing_over = 1')),

    async addSuspicion(cohort, mailbox, at) {
      db.run(
        'INSERT INTO suspicions (cohort, mailbox_id, at) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET at = max(at, excluded.at)',
        cohort,
        mailbox,
        at,
      );
    },

    suspicionsSince: async (cohort, since) =>
      db.get<{ n: number }>('SELECT count(*) AS n FROM suspicions WHERE cohort = ? AND at >= ?', cohort, since)?.n ?? 0,

    cohortSize: async (cohort) =>
      db.get<{ n: number }>(`SELECT count(*) AS n FROM mailbox_terms WHERE kind = 'cohort' AND term = ?`, cohort)?.n ?? 0,

    async sealedHolders(after, limit) {
      const [kind, id] = after === null ? ['m', ''] : [after.slice(0, 1), after.slice(2)];
      if (kind === 'm') {
        const mailboxes = documentsOf<Mailbox>(db.all('SELECT doc FROM mailboxes WHERE id > ? ORDER BY id LIMIT ?', id, limit));
        const last = mailboxes.at(-1);
        return { mailboxes, authorizations: [], next: last === undefined || mailboxes.length < limit ? 'a:' : `m:${last.id}` };
      }
      const authorizations = documentsOf<Authorization>(
        db.all('SELECT doc FROM authorizations WHERE id > ? ORDER BY id LIMIT ?', id, limit),
      );
      const last = authorizations.at(-1);
      return { mailboxes: [], authorizations, next: last === undefined || authorizations.length < limit ? null : `a:${last.id}` };
    },
  };
}
