import type { Authorization } from '../../domain/authorization.ts';
import type { AuthorizationId, IncidentId, MailboxId } from '../../domain/ids.ts';
import type { Incident } from '../../domain/incident.ts';
import type { Mailbox } from '../../domain/mailbox.ts';
import type { Viewer } from '../../domain/viewer.ts';
import type { Workspace } from '../../domain/workspace.ts';
import type { Gateway } from '../gateway.ts';
import type { Loaders } from '../views/loaders.ts';
import { isStatusEvent, type StatusEvent } from './status-log.ts';

export type FoundNode =
  | { readonly type: 'Workspace'; readonly value: Workspace }
  | { readonly type: 'Mailbox'; readonly value: Mailbox }
  | { readonly type: 'Authorization'; readonly value: Authorization }
  | { readonly type: 'Incident'; readonly value: Incident }
  | { readonly type: 'StatusChange'; readonly value: StatusEvent };

/**
 * Whatever has this id in the viewer's workspace. Ids are unguessable and carry no type, so each kind is asked; the mailboxes
 * of one answer together, the rest only for ids that are none. What belongs to somebody else is not found.
 */
export async function findNode(gateway: Gateway, viewer: Viewer, loaders: Loaders, id: string): Promise<FoundNode | null> {
  if (id === viewer.workspaceId) return { type: 'Workspace', value: await loaders.workspace() };
  const mailbox = await loaders.mailbox(id as MailboxId);
  if (mailbox !== null) return { type: 'Mailbox', value: mailbox };
  const [authorization, incident, event] = await Promise.all([
    findAuthorization(loaders, id),
    gateway.store.incident(viewer.workspaceId, id as IncidentId),
    gateway.store.eventById(viewer.workspaceId, id),
  ]);
  if (authorization !== null) return { type: 'Authorization', value: authorization };
  if (incident !== null) return { type: 'Incident', value: incident };
  if (event !== null && isStatusEvent(event)) return { type: 'StatusChange', value: event };
  return null;
}

/** An authorization whose mailbox is gone is gone too. */
export async function findAuthorization(loaders: Loaders, id: string): Promise<Authorization | null> {
  const authorization = await loaders.authorization(id as AuthorizationId);
  if (authorization === null) return null;
  return (await loaders.mailbox(authorization.mailboxId)) === null ? null : authorization;
}
