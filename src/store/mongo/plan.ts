import type { NewId } from '../../domain/clock.ts';
import type { LogEvent } from '../../domain/event.ts';
import type { MailboxId, WorkspaceId } from '../../domain/ids.ts';
import { addressKey } from '../../domain/mail.ts';
import type { Mailbox } from '../../domain/mailbox.ts';
import { appendTo, stampSequences } from '../log-append.ts';
import type { Change, CommitResult, Guarded, LogHead } from '../store.ts';

/** What one snapshot says of everything that a batch of changes of one workspace is guarded by. */
export interface Snapshot {
  readonly head: LogHead;
  readonly workspaceRevision: number | null;
  /** Of existing documents, by id, whatever their workspace. */
  readonly mailboxes: ReadonlyMap<string, GuardState>;
  readonly authorizations: ReadonlyMap<string, GuardState>;
  readonly incidents: ReadonlyMap<string, GuardState>;
}

export interface GuardState {
  readonly workspaceId: string;
  readonly revision: number;
  /** Unique in the workspace while set: a live mailbox's address, an open incident's scope. */
  readonly unique: string | null;
}

export interface Plan {
  readonly results: readonly CommitResult[];
  /** The changes that passed, in order, their mailboxes stamped. Written as they stand. */
  readonly passed: readonly Change[];
  readonly events: readonly LogEvent[];
  readonly head: LogHead;
}

type Conflict = Extract<CommitResult, { kind: 'conflict' }>['on'];

/**
 * Decides in order which changes of a batch pass their guards, as if each were written before the next is looked at.
 * Pure: the snapshot's transaction makes the decision stand, or fails and is tried again.
 */
export function planBatch(workspaceId: WorkspaceId, changes: readonly Change[], snapshot: Snapshot, newId: NewId): Plan {
  let state: Snapshot = snapshot;
  const passed: Change[] = [];
  const events: LogEvent[] = [];
  const results = changes.map((change): CommitResult => {
    const next = afterChange(workspaceId, change, state);
    if (typeof next === 'string') return { kind: 'conflict', on: next };
    const appended = appendTo(state.head, workspaceId, change.events ?? [], change.at, newId);
    state = { ...next, head: appended.head };
    events.push(...appended.events);
    passed.push({ ...change, mailboxes: (change.mailboxes ?? []).map((guarded) => stamped(guarded, appended.events)) });
    return { kind: 'committed', events: appended.events };
  });
  return { results, passed, events, head: state.head };
}

function stamped(guarded: Guarded<Mailbox, MailboxId>, events: readonly LogEvent[]): Guarded<Mailbox, MailboxId> {
  return guarded.kind === 'remove' ? guarded : { ...guarded, doc: stampSequences(guarded.doc, events) };
}

function afterChange(workspaceId: WorkspaceId, change: Change, state: Snapshot): Snapshot | Conflict {
  const mailboxes = afterAll(state.mailboxes, workspaceId, change.mailboxes ?? [], (mailbox) =>
    mailbox.live ? addressKey(mailbox.address) : null,
  );
  if (typeof mailboxes === 'string') return mailboxes === 'unique' ? 'address' : 'mailbox';
  const authorizations = afterAll(state.authorizations, workspaceId, change.authorizations ?? [], () => null);
  if (typeof authorizations === 'string') return 'authorization';
  const incidents = afterAll(state.incidents, workspaceId, change.incidents ?? [], (incident) =>
    incident.closedAt === null ? incident.scope : null,
  );
  if (typeof incidents === 'string') return 'incident';
  if (change.workspace === undefined) return { ...state, mailboxes, authorizations, incidents };
  const held = change.workspace.doc.id === workspaceId && state.workspaceRevision === change.workspace.expectedRevision;
  return held ? { ...state, mailboxes, authorizations, incidents, workspaceRevision: change.workspace.expectedRevision + 1 } : 'workspace';
}

interface Owned {
  readonly id: string;
  readonly workspaceId: string;
}

function afterAll<Doc extends Owned>(
  before: ReadonlyMap<string, GuardState>,
  workspaceId: string,
  writes: readonly Guarded<Doc, string>[],
  uniqueOf: (doc: Doc) => string | null,
): ReadonlyMap<string, GuardState> | 'guard' | 'unique' {
  if (writes.length === 0) return before;
  const after = new Map(before);
  for (const write of writes) {
    const id = write.kind === 'remove' ? write.id : write.doc.id;
    const present = after.get(id);
    const held =
      write.kind === 'insert' ? present === undefined : present?.workspaceId === workspaceId && present.revision === write.expectedRevision;
    if (!held) return 'guard';
    if (write.kind === 'remove') {
      after.delete(id);
      continue;
    }
    if (write.doc.workspaceId !== workspaceId) return 'guard';
    const unique = uniqueOf(write.doc);
    if (unique !== null && isTaken(after, workspaceId, id, unique)) return 'unique';
    after.set(id, { workspaceId, revision: (present?.revision ?? 0) + 1, unique });
  }
  return after;
}

function isTaken(states: ReadonlyMap<string, GuardState>, workspaceId: string, id: string, unique: string): boolean {
  for (const [otherId, state] of states) {
    if (otherId !== id && state.workspaceId === workspaceId && state.unique === unique) return true;
  }
  return false;
}
