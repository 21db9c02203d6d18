import type { Authorization } from '../../domain/authorization.ts';
import type { LogEvent } from '../../domain/event.ts';
import type { Incident } from '../../domain/incident.ts';
import { readPage } from '../page.ts';
import type { Store } from '../store.ts';
import type { SqliteDatabase, SqlValue } from './database.ts';
import { documentOf, EVENT_COLUMNS, eventOf, readHead, type DocumentRow, type EventRow } from './rows.ts';

type LogReads = Pick<
  Store,
  'head' | 'eventsAfter' | 'eventAt' | 'eventPage' | 'eventById' | 'incident' | 'incidentPage' | 'openIncident' | 'authorization'
>;

export function logReads(db: SqliteDatabase): LogReads {
  const oneEvent = (row: EventRow | undefined): LogEvent | null => (row === undefined ? null : eventOf(row));
  return {
    head: async (workspace) => readHead(db, workspace),

    eventsAfter: async (workspace, after, limit) =>
      db
        .all<EventRow>(
          `SELECT ${EVENT_COLUMNS} FROM events WHERE workspace_id = ? AND position > ? ORDER BY position LIMIT ?`,
          workspace,
          after,
          limit,
        )
        .map(eventOf),

    eventAt: async (workspace, position) =>
      oneEvent(db.get(`SELECT ${EVENT_COLUMNS} FROM events WHERE workspace_id = ? AND position = ?`, workspace, position)),

    eventById: async (workspace, id) =>
      oneEvent(db.get(`SELECT ${EVENT_COLUMNS} FROM events WHERE id = ? AND workspace_id = ?`, id, workspace)),

    async eventPage(workspace, request) {
      const ofMailbox = request.mailboxId === undefined ? '' : ' AND mailbox_id = ?';
      const where = `workspace_id = ?${ofMailbox} AND kind = ?`;
      const params: readonly SqlValue[] = [workspace, ...(request.mailboxId === undefined ? [] : [request.mailboxId]), request.kind];
      const exists = (comparison: string, position: number): boolean =>
        db.get(`SELECT 1 FROM events WHERE ${where} AND position ${comparison} ? LIMIT 1`, ...params, position) !== undefined;
      return readPage<number, LogEvent>(
        {
          read: async ({ after, before, fromEnd, limit }) => {
            const sql = `SELECT ${EVENT_COLUMNS} FROM events WHERE ${where} AND position > ? AND position < ? ORDER BY position ${fromEnd ? 'DESC' : 'ASC'} LIMIT ?`;
            return db.all<EventRow>(sql, ...params, after ?? 0, before ?? Number.MAX_SAFE_INTEGER, limit).map(eventOf);
          },
          anyUpTo: async (position) => exists('<=', position),
          anyFrom: async (position) => exists('>=', position),
        },
        { limit: request.limit, after: request.after ?? null, before: request.before ?? null, fromEnd: request.fromEnd },
        (event) => ({ key: event.position, id: event.id }),
      );
    },

    incident: async (workspace, id) =>
      documentOf<Incident>(db.get('SELECT doc FROM incidents WHERE id = ? AND workspace_id = ?', id, workspace)),

    async incidentPage(workspace, request) {
      const where = `workspace_id = ?${request.open === null ? '' : ' AND open = ?'}`;
      const params: readonly SqlValue[] = [workspace, ...(request.open === null ? [] : [request.open ? 1 : 0])];
      const exists = (comparison: string, key: string): boolean =>
        db.get(`SELECT 1 FROM incidents WHERE ${where} AND by_opened ${comparison} ? LIMIT 1`, ...params, key) !== undefined;
      const page = await readPage<string, DocumentRow & { readonly key: string; readonly id: string }>(
        {
          read: async ({ after, limit }) =>
            db.all(
              `SELECT doc, id, by_opened AS key FROM incidents WHERE ${where} AND by_opened > ? ORDER BY by_opened LIMIT ?`,
              ...params,
              after ?? '',
              limit,
            ),
          anyUpTo: async (key) => exists('<=', key),
          anyFrom: async (key) => exists('>=', key),
        },
        { limit: request.limit, after: request.after === undefined ? null : String(request.after.key), before: null, fromEnd: false },
        (row) => ({ key: row.key, id: row.id }),
      );
      return { ...page, items: page.items.map(({ item, position }) => ({ item: JSON.parse(item.doc) as Incident, position })) };
    },

    openIncident: async (workspace, scope) =>
      documentOf<Incident>(db.get('SELECT doc FROM incidents WHERE scope = ? AND workspace_id = ? AND open = 1', scope, workspace)),

    authorization: async (workspace, id) =>
      documentOf<Authorization>(db.get('SELECT doc FROM authorizations WHERE id = ? AND workspace_id = ?', id, workspace)),
  };
}
