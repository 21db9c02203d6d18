import type { Incident } from '../../domain/incident.ts';
import type { Viewer } from '../../domain/viewer.ts';
import type { Gateway } from '../gateway.ts';
import { checkedPageSize, connectionOf, formatPosition, parsePosition, type Connection, type PageArguments } from './page.ts';

const LIST = 'incidents';

/** A page of the workspace's incidents, newest first. `open` null means open and closed ones. Throws PageRefused. */
export async function listIncidents(
  gateway: Gateway,
  viewer: Viewer,
  request: Pick<PageArguments, 'first' | 'after'> & { readonly open: boolean | null },
): Promise<Connection<Incident>> {
  const limit = checkedPageSize(request);
  const after = request.after == null ? null : parsePosition(LIST, request.after);
  const page = await gateway.store.incidentPage(viewer.workspaceId, { open: request.open, limit, ...(after === null ? {} : { after }) });
  return connectionOf(page, (_, position) => formatPosition(LIST, position));
}
