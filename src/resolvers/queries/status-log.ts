import type { LogEvent, StatusFacts } from '../../domain/event.ts';
import type { MailboxId } from '../../domain/ids.ts';
import type { Viewer } from '../../domain/viewer.ts';
import type { Page } from '../../store/store.ts';
import type { Gateway } from '../gateway.ts';
import { checkedPageSize, connectionOf, formatPosition, parsePosition, PageRefused, type Connection, type PageArguments } from './page.ts';

export type StatusEvent = LogEvent<StatusFacts>;

const LIST = 'log';

export function isStatusEvent(event: LogEvent): event is StatusEvent {
  return event.facts.kind === 'STATUS';
}

/**
 * A page of the log of credential status, newest last: without arguments the newest ones. `mailboxId` null means the whole
 * workspace; an unknown mailbox has an empty log. Throws PageRefused.
 */
export async function listStatusChanges(
  gateway: Gateway,
  viewer: Viewer,
  mailboxId: MailboxId | null,
  request: PageArguments,
): Promise<Connection<StatusEvent>> {
  const limit = checkedPageSize(request);
  const after = positionOf(request.after);
  const before = positionOf(request.before);
  const page = await gateway.store.eventPage(viewer.workspaceId, {
    kind: 'STATUS',
    limit,
    // A page before a cursor, or with no direction at all, is read from its newer end.
    fromEnd: request.last != null || (request.first == null && after === null),
    ...(mailboxId === null ? {} : { mailboxId }),
    ...(after === null ? {} : { after }),
    ...(before === null ? {} : { before }),
  });
  const statusOnly: Page<StatusEvent> = {
    ...page,
    items: page.items.flatMap(({ item, position }) => (isStatusEvent(item) ? [{ item, position }] : [])),
  };
  return connectionOf(statusOnly, (event) => formatPosition(LIST, { key: event.position, id: '' }));
}

function positionOf(cursor: string | null | undefined): number | null {
  if (cursor == null) return null;
  const { key } = parsePosition(LIST, cursor);
  if (typeof key !== 'number' || !Number.isSafeInteger(key))
    throw new PageRefused('INVALID_CURSOR', 'This cursor does not belong to this list.');
  return key;
}
