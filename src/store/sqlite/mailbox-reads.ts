import { HEALTHS, type Health } from '../../domain/leg.ts';
import { addressKey } from '../../domain/mail.ts';
import type { Mailbox } from '../../domain/mailbox.ts';
import { readPage, type PageBounds } from '../page.ts';
import type { MailboxOrder, PagePosition, Store } from '../store.ts';
import type { SqliteDatabase } from './database.ts';
import { mailboxCondition } from './mailbox-filter.ts';
import { documentOf, documentsOf, type DocumentRow } from './rows.ts';

type MailboxReads = Pick<
  Store,
  'mailbox' | 'mailboxes' | 'mailboxByAddress' | 'pendingByAddress' | 'mailboxPage' | 'countMailboxes' | 'healthCounts'
>;

const COLUMN_OF_ORDER: Readonly<Record<MailboxOrder, string>> = {
  ADDRESS_ASC: 'm.by_address',
  SEVERITY_DESC: 'm.by_severity',
  CHANGED_DESC: 'm.by_changed',
};

interface KeyedRow extends DocumentRow {
  readonly key: string;
  readonly id: string;
}

export function mailboxReads(db: SqliteDatabase): MailboxReads {
  return {
    mailbox: async (workspace, id) =>
      documentOf<Mailbox>(db.get('SELECT doc FROM mailboxes WHERE id = ? AND workspace_id = ?', id, workspace)),

    async mailboxes(workspace, ids) {
      const rows = db.all<DocumentRow>(
        'SELECT doc FROM mailboxes WHERE id IN (SELECT value FROM json_each(?)) AND workspace_id = ?',
        JSON.stringify(ids),
        workspace,
      );
      const found = new Map(documentsOf<Mailbox>(rows).map((mailbox) => [mailbox.id, mailbox]));
      return ids.map((id) => found.get(id) ?? null);
    },

    mailboxByAddress: async (workspace, address) =>
      documentOf<Mailbox>(
        db.get('SELECT doc FROM mailboxes WHERE workspace_id = ? AND address_key = ? AND live = 1', workspace, addressKey(address)),
      ),

    pendingByAddress: async (workspace, address) =>
      documentsOf<Mailbox>(
        db.all('SELECT doc FROM mailboxes WHERE workspace_id = ? AND address_key = ? AND live = 0', workspace, addressKey(address)),
      ),

    async mailboxPage(workspace, request) {
      const condition = mailboxCondition(workspace, request.filter);
      const column = `${condition.selective ? '+' : ''}${COLUMN_OF_ORDER[request.orderBy]}`;
      const exists = (comparison: string, key: string): boolean =>
        db.get(`SELECT 1 FROM mailboxes m WHERE ${condition.sql} AND ${column} ${comparison} ? LIMIT 1`, ...condition.params, key) !==
        undefined;
      const page = await readPage<string, KeyedRow>(
        {
          read: async (bounds) => {
            const range = rangeOf(column, bounds);
            const sql = `SELECT m.doc, m.id, ${column} AS key FROM mailboxes m WHERE ${condition.sql}${range.sql} ORDER BY ${column} ${bounds.fromEnd ? 'DESC' : 'ASC'} LIMIT ?`;
            return db.all<KeyedRow>(sql, ...condition.params, ...range.params, bounds.limit);
          },
          anyUpTo: async (key) => exists('<=', key),
          anyFrom: async (key) => exists('>=', key),
        },
        { limit: request.limit, after: keyOf(request.after), before: keyOf(request.before), fromEnd: request.fromEnd },
        (row) => ({ key: row.key, id: row.id }),
      );
      return { ...page, items: page.items.map(({ item, position }) => ({ item: JSON.parse(item.doc) as Mailbox, position })) };
    },

    async countMailboxes(workspace, filter) {
      const condition = mailboxCondition(workspace, filter);
      return db.get<{ n: number }>(`SELECT count(*) AS n FROM mailboxes m WHERE ${condition.sql}`, ...condition.params)?.n ?? 0;
    },

    async healthCounts(workspace) {
      const rows = db.all<{ health: Health; n: number }>(
        'SELECT health, count(*) AS n FROM mailboxes WHERE workspace_id = ? AND live = 1 GROUP BY health',
        workspace,
      );
      const countOf = (health: Health): number => rows.find((row) => row.health === health)?.n ?? 0;
      return Object.fromEntries(HEALTHS.map((health) => [health, countOf(health)])) as Record<Health, number>;
    },
  };
}

/** A position is compared by its key alone: the key ends in the id. */
function keyOf(position: PagePosition | undefined): string | null {
  return position === undefined ? null : String(position.key);
}

function rangeOf(column: string, bounds: PageBounds<string>): { readonly sql: string; readonly params: readonly string[] } {
  const after = bounds.after === null ? [] : [bounds.after];
  const before = bounds.before === null ? [] : [bounds.before];
  return {
    sql: `${after.map(() => ` AND ${column} > ?`).join('')}${before.map(() => ` AND ${column} < ?`).join('')}`,
    params: [...after, ...before],
  };
}
