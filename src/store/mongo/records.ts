import type { Authorization } from '../../domain/authorization.ts';
import type { EventFacts, EventKind, LogEvent } from '../../domain/event.ts';
import type { EventId, WorkspaceId } from '../../domain/ids.ts';
import type { Incident } from '../../domain/incident.ts';
import { indexOfMailbox, type MailboxIndex } from '../../domain/mailbox-index.ts';
import type { Mailbox } from '../../domain/mailbox.ts';
import type { ApiToken } from '../../domain/viewer.ts';
import type { Workspace } from '../../domain/workspace.ts';
import { indexOfAuthorization, type AuthorizationIndex } from '../authorization-index.ts';
import { mailboxOfEvent } from '../log-append.ts';
import { incidentSortKey, mailboxSortKeys, type MailboxSortKeys } from '../sort-key.ts';
import type { AuditEntry, IdempotencyKey, Instance } from '../store.ts';

/** A domain document beside what is indexed of it. The document is the truth, the rest is derived at each write. */
interface Guarded<Doc> {
  readonly _id: string;
  readonly workspaceId: string;
  readonly revision: number;
  readonly doc: Doc;
}

export interface WorkspaceRecord {
  readonly _id: string;
  readonly name: string;
  readonly revision: number;
  readonly handingOver: boolean;
  readonly doc: Workspace;
}

/** The only hot document of a workspace; every transaction that logs writes it last. */
export interface HeadRecord {
  readonly _id: string;
  readonly position: number;
  readonly sequence: number;
  readonly floor: number;
}

/** What a write of a mailbox sets. Claims are beside it, so that no write of the document touches them. */
export interface MailboxFields extends Omit<Guarded<Mailbox>, '_id'>, Omit<MailboxIndex, 'incidentIds'>, MailboxSortKeys {
  readonly incidentIds: readonly string[];
  readonly paused: boolean;
  /** Last update of a pending mailbox that no open authorization holds, else null. */
  readonly pendingSince: number | null;
}

export interface MailboxRecord extends MailboxFields {
  readonly _id: string;
  readonly claimHolder: string | null;
  /** Of one `claimDue` call, to read back what it got. */
  readonly claimBatch: string | null;
  /** 0 when unclaimed. */
  readonly claimUntil: number;
}

export interface AuthorizationRecord extends Guarded<Authorization>, AuthorizationIndex {}

export interface IncidentRecord extends Guarded<Incident> {
  readonly scope: string;
  readonly open: boolean;
  readonly byOpened: string;
}

export interface EventRecord {
  readonly _id: string;
  readonly workspaceId: string;
  readonly position: number;
  readonly kind: EventKind;
  readonly mailboxId: string | null;
  readonly sequence: number | null;
  readonly at: number;
  readonly facts: EventFacts;
}

export interface TokenRecord {
  readonly _id: string;
  readonly workspaceId: string;
  readonly revoked: boolean;
  readonly createdAt: number;
  readonly doc: ApiToken;
}

export interface AuditRecord extends Omit<AuditEntry, 'mailboxId'> {
  readonly mailboxId: string | null;
  readonly _id: string;
  readonly workspaceId: string;
  readonly at: number;
}

export interface LeaseRecord {
  readonly _id: string;
  readonly holder: string;
  readonly until: number;
  readonly fence: number;
}

export interface IdempotencyRecord extends Omit<IdempotencyKey, 'key' | 'workspaceId'> {
  /** Workspace and key. */
  readonly _id: string;
  readonly workspaceId: string;
  readonly startedAt: number;
  readonly result: string | null;
}

export interface SuspicionRecord {
  /** Cohort and mailbox. */
  readonly _id: string;
  readonly cohort: string;
  readonly at: number;
}

export interface InstanceRecord {
  readonly _id: string;
  readonly seenAt: number;
  readonly doc: Instance;
}

/** A session that transactions run in, by its id, and the process that it belongs to. */
export interface WriterRecord {
  readonly _id: string;
  readonly owner: string;
  readonly host: string;
  readonly pid: number;
  readonly seenAt: number;
}

export interface MetaRecord {
  readonly _id: string;
  readonly value: string;
}

/** What a mailbox that nobody has claimed says of claims. */
export const UNCLAIMED: Pick<MailboxRecord, 'claimHolder' | 'claimBatch' | 'claimUntil'> = {
  claimHolder: null,
  claimBatch: null,
  claimUntil: 0,
};

export function mailboxFields(mailbox: Mailbox, revision: number): MailboxFields {
  const doc: Mailbox = { ...mailbox, revision };
  const index = indexOfMailbox(doc);
  return {
    workspaceId: doc.workspaceId,
    revision,
    ...index,
    ...mailboxSortKeys(doc.id, index),
    paused: doc.paused,
    pendingSince: doc.live || doc.openAuthorizationId !== null ? null : doc.updatedAt,
    doc,
  };
}

export function authorizationFields(authorization: Authorization, revision: number): Omit<AuthorizationRecord, '_id'> {
  const doc: Authorization = { ...authorization, revision };
  return { workspaceId: doc.workspaceId, revision, ...indexOfAuthorization(doc), doc };
}

export function incidentFields(incident: Incident, revision: number): Omit<IncidentRecord, '_id'> {
  const doc: Incident = { ...incident, revision };
  return { workspaceId: doc.workspaceId, revision, scope: doc.scope, open: doc.closedAt === null, byOpened: incidentSortKey(doc), doc };
}

export function workspaceFields(workspace: Workspace, revision: number): Omit<WorkspaceRecord, '_id'> {
  return { name: workspace.name, revision, handingOver: workspace.handOver !== null, doc: { ...workspace, revision } };
}

export function eventRecord(event: LogEvent): EventRecord {
  const { id, workspaceId, position, sequence, at, facts } = event;
  return { _id: id, workspaceId, position, kind: facts.kind, mailboxId: mailboxOfEvent(facts), sequence, at, facts };
}

export function eventOf(record: EventRecord): LogEvent {
  const { _id, workspaceId, position, sequence, at, facts } = record;
  return { id: _id as EventId, workspaceId: workspaceId as WorkspaceId, position, sequence, at, facts };
}
