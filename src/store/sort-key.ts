import type { Incident } from '../domain/incident.ts';
import type { Health } from '../domain/leg.ts';
import type { MailboxIndex } from '../domain/mailbox-index.ts';
import { severityOf } from '../domain/mailbox-status.ts';
import type { MailboxOrder } from './store.ts';

/** Sorts below every character of an address, so that "a@x" comes before "a@x.test". */
const SEPARATOR = '\u0001';
const WORST = severityOf('ACTION_REQUIRED');

/** One ascending text per order, unique by its id: a page is one range of one index, in both directions and in both engines. */
export interface MailboxSortKeys {
  readonly byAddress: string;
  readonly bySeverity: string;
  readonly byChanged: string;
}

export function mailboxSortKeys(id: string, index: MailboxIndex): MailboxSortKeys {
  const address = `${index.addressKey}${SEPARATOR}${id}`;
  return {
    byAddress: address,
    bySeverity: `${WORST - index.severityRank}${SEPARATOR}${address}`,
    byChanged: `${newestFirst(index.changedAt)}${SEPARATOR}${id}`,
  };
}

/** The part of the severity order that mailboxes of these healths lie in: from inclusive, to exclusive. */
export function severityRange(healths: readonly Health[]): { readonly from: string; readonly to: string } {
  const places = healths.map((health) => WORST - severityOf(health));
  return { from: String(Math.min(...places)), to: String(Math.max(...places) + 1) };
}

export function incidentSortKey(incident: Pick<Incident, 'id' | 'openedAt'>): string {
  return `${newestFirst(incident.openedAt)}${SEPARATOR}${incident.id}`;
}

export const SORT_KEY_OF_ORDER: Readonly<Record<MailboxOrder, keyof MailboxSortKeys>> = {
  ADDRESS_ASC: 'byAddress',
  SEVERITY_DESC: 'bySeverity',
  CHANGED_DESC: 'byChanged',
};

/** Epoch milliseconds as a text that sorts the newest first. */
function newestFirst(at: number): string {
  return String(Number.MAX_SAFE_INTEGER - at).padStart(16, '0');
}
