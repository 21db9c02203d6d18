import type { LogEvent } from '../../domain/event.ts';
import type { Incident } from '../../domain/incident.ts';
import type { Health } from '../../domain/leg.ts';
import type { Mailbox } from '../../domain/mailbox.ts';
import type { Viewer } from '../../domain/viewer.ts';
import type { Workspace } from '../../domain/workspace.ts';
import type { FeedItem, ResumeOutcome } from '../../feed/feed.ts';
import type { Gateway } from '../gateway.ts';
import { isStatusEvent, type StatusEvent } from '../queries/status-log.ts';
import { createCheckpoints } from './checkpoints.ts';
import { FeedStream, SKIP, type Step } from './feed-stream.ts';

export type StreamOpened = { readonly kind: 'StreamOpened'; readonly cursor: string; readonly resume: ResumeOutcome };
export type StreamCheckpoint = { readonly kind: 'StreamCheckpoint'; readonly cursor: string };
export type CredentialStatusChanged = { readonly kind: 'CredentialStatusChanged'; readonly cursor: string; readonly change: StatusEvent };
export type MailboxChanged = { readonly kind: 'MailboxChanged'; readonly cursor: string; readonly mailbox: Mailbox };
export type MailboxRemoved = { readonly kind: 'MailboxRemoved'; readonly cursor: string; readonly mailboxId: string };
export type PrimaryChanged = { readonly kind: 'PrimaryChanged'; readonly cursor: string; readonly workspace: Workspace };
export type IncidentChanged = { readonly kind: 'IncidentChanged'; readonly cursor: string; readonly incident: Incident };

export type CredentialStatusEvent = StreamOpened | StreamCheckpoint | CredentialStatusChanged;
export type WorkspaceEvent = CredentialStatusEvent | MailboxChanged | MailboxRemoved | PrimaryChanged | IncidentChanged;

/** `health` matches a change from or to one of these. Absent and null mean any; an empty list means none. */
export interface StatusChangeFilter {
  readonly mailboxIds?: readonly string[] | null | undefined;
  readonly health?: readonly Health[] | null | undefined;
}

export interface StreamRequest {
  /** The last cursor seen; null for events from now on. */
  readonly after: string | null;
  readonly onSlow: () => void;
}

/** Every change of status that passes the filter, in order, never merged and never skipped; checkpoints between. */
export function credentialStatusStream(
  gateway: Gateway,
  viewer: Viewer,
  request: StreamRequest & { readonly filter: StatusChangeFilter },
): AsyncIterableIterator<CredentialStatusEvent> {
  const passes = statusFilter(request.filter);
  return logStream(gateway, viewer, request, (event, cursor) =>
    isStatusEvent(event) && passes(event) ? { kind: 'CredentialStatusChanged', cursor, change: event } : null,
  );
}

/** Everything that a live list needs, in the order of the log. */
export function workspaceStream(gateway: Gateway, viewer: Viewer, request: StreamRequest): AsyncIterableIterator<WorkspaceEvent> {
  return logStream(gateway, viewer, request, (event, cursor) => workspaceEvent(gateway, viewer, event, cursor));
}

function statusFilter(filter: StatusChangeFilter): (event: StatusEvent) => boolean {
  const mailboxIds = filter.mailboxIds == null ? null : new Set(filter.mailboxIds);
  const healths = filter.health == null ? null : new Set<Health>(filter.health);
  return ({ facts }) =>
    (mailboxIds === null || mailboxIds.has(facts.mailboxId)) && (healths === null || healths.has(facts.from) || healths.has(facts.to));
}

type ToEvent<Event> = (event: LogEvent, cursor: string) => Promise<Event | null> | Event | null;

function logStream<Event extends { readonly cursor: string }>(
  gateway: Gateway,
  viewer: Viewer,
  { after, onSlow }: StreamRequest,
  toEvent: ToEvent<Event>,
): AsyncIterableIterator<Event | StreamOpened | StreamCheckpoint> {
  const checkpoints = createCheckpoints();
  const emit = <Out extends { readonly cursor: string }>(value: Out): Step<Out> => {
    checkpoints.sent(value.cursor);
    return { kind: 'emit', value };
  };
  const step = async (item: FeedItem): Promise<Step<Event | StreamOpened | StreamCheckpoint>> => {
    switch (item.kind) {
      case 'opened':
        return emit<StreamOpened>({ kind: 'StreamOpened', cursor: item.cursor, resume: item.resume });
      case 'checkpoint':
        return checkpoints.isNew(item.cursor) ? emit<StreamCheckpoint>({ kind: 'StreamCheckpoint', cursor: item.cursor }) : SKIP;
      case 'event': {
        const event = await toEvent(item.event, item.cursor);
        if (event !== null) return emit(event);
        return checkpoints.skipped(item.cursor) ? emit<StreamCheckpoint>({ kind: 'StreamCheckpoint', cursor: item.cursor }) : SKIP;
      }
    }
  };
  return new FeedStream(gateway.feed.read(viewer.workspaceId, after, { onSlow }), step);
}

/** Null for what no list shows: tokens, pending mailboxes, and what is gone by now (its removal follows in the log). */
async function workspaceEvent(gateway: Gateway, viewer: Viewer, event: LogEvent, cursor: string): Promise<WorkspaceEvent | null> {
  const { facts } = event;
  switch (facts.kind) {
    case 'STATUS':
      return isStatusEvent(event) ? { kind: 'CredentialStatusChanged', cursor, change: event } : null;
    case 'MAILBOX':
      if (facts.change === 'REMOVED') return { kind: 'MailboxRemoved', cursor, mailboxId: facts.mailboxId };
      return mailboxChanged(await gateway.store.mailbox(viewer.workspaceId, facts.mailboxId), cursor);
    case 'AUTHORIZATION':
      return mailboxChanged(await gateway.store.mailbox(viewer.workspaceId, facts.mailboxId), cursor);
    case 'WORKSPACE': {
      const workspace = await gateway.store.workspace(viewer.workspaceId);
      return workspace === null ? null : { kind: 'PrimaryChanged', cursor, workspace };
    }
    case 'INCIDENT': {
      const incident = await gateway.store.incident(viewer.workspaceId, facts.incidentId);
      return incident === null ? null : { kind: 'IncidentChanged', cursor, incident };
    }
    case 'TOKEN':
      return null;
  }
}

function mailboxChanged(mailbox: Mailbox | null, cursor: string): MailboxChanged | null {
  return mailbox === null || !mailbox.live ? null : { kind: 'MailboxChanged', cursor, mailbox };
}
