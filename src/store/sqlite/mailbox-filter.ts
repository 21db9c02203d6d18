import { addressKey } from '../../domain/mail.ts';
import { severityRange } from '../sort-key.ts';
import type { MailboxFilter } from '../store.ts';
import type { SqlValue } from './database.ts';

export interface SqlCondition {
  readonly sql: string;
  readonly params: readonly SqlValue[];
  /** True when few rows are likely to match and are found faster by themselves than by walking the list in order. */
  readonly selective: boolean;
}

/** Lists go in as one JSON parameter, so that the number of different statements stays small. */
const IN_LIST = 'IN (SELECT value FROM json_each(?))';

/** The rows of `mailboxes m` that a filter of this workspace matches; pending ones never do. */
export function mailboxCondition(workspaceId: string, filter: MailboxFilter): SqlCondition {
  const selective = filter.reason !== undefined || filter.ids !== undefined;
  // The unary plus keeps SQLite from walking the ordered index when the matches themselves are the shorter way.
  const parts: string[] = [selective ? '+m.workspace_id = ?' : 'm.workspace_id = ?', 'm.live = 1'];
  const params: SqlValue[] = [workspaceId];
  const among = (column: string, values: readonly string[] | undefined): void => {
    if (values === undefined) return;
    parts.push(`${column} ${IN_LIST}`);
    params.push(JSON.stringify(values));
  };
  among('m.health', filter.health);
  if (filter.health !== undefined && filter.health.length > 0) {
    // Without this, a list by severity would be walked to its end for the last page of a few.
    const { from, to } = severityRange(filter.health);
    parts.push('m.by_severity >= ? AND m.by_severity < ?');
    params.push(from, to);
  }
  among('m.provider', filter.provider);
  among('m.auth_method', filter.authMethod);
  if (filter.scenario !== undefined) {
    const alsoIds = filter.scenarioAlsoIds ?? [];
    // The id is in no index of the list, so it is only looked at when it matters.
    parts.push(alsoIds.length === 0 ? `m.scenario ${IN_LIST}` : `(m.scenario ${IN_LIST} OR m.id ${IN_LIST})`);
    params.push(JSON.stringify(filter.scenario), ...(alsoIds.length === 0 ? [] : [JSON.stringify(alsoIds)]));
  }
  among('m.id', filter.ids);
  if (filter.exceptIds !== undefined) {
    parts.push('m.id NOT IN (SELECT value FROM json_each(?))');
    params.push(JSON.stringify(filter.exceptIds));
  }
  if (filter.reason !== undefined) {
    parts.push(`m.id IN (SELECT mailbox_id FROM mailbox_terms WHERE kind = 'reason' AND term ${IN_LIST} AND workspace_id = ?)`);
    params.push(JSON.stringify(filter.reason), workspaceId);
  }
  if (filter.addressContains !== undefined) {
    parts.push('instr(m.address_key, ?) > 0');
    params.push(addressKey(filter.addressContains));
  }
  if (filter.attention === true) parts.push('m.attention = 1');
  return { sql: parts.join(' AND '), params, selective };
}
