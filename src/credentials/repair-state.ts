import { isOpen, type Authorization } from '../domain/authorization.ts';
import { authorizationEvent, endAuthorization } from '../domain/authorization-changes.ts';
import type { LoginSetup } from '../domain/credential.ts';
import { handOverAfter, handOverFollows, primaryAfterSwap, type WorkspaceStep } from '../domain/hand-over.ts';
import type { AuthorizationId, MailboxId, WorkspaceId } from '../domain/ids.ts';
import type { Mailbox } from '../domain/mailbox.ts';
import { closeRepair, mailboxEvent, openRepair, type MailboxStep } from '../domain/mailbox-changes.ts';
import type { Workspace } from '../domain/workspace.ts';
import type { AuditEntry, Change, Store } from '../store/store.ts';
import { replacing } from './until-committed.ts';

/** Everything that one step of an authorization reads, and may write as one. */
export interface RepairState {
  readonly authorization: Authorization;
  /** Null once it was removed. */
  readonly mailbox: Mailbox | null;
  readonly workspace: Workspace;
}

/** Null when there is no such authorization in the workspace. */
export async function readRepair(store: Store, workspaceId: WorkspaceId, id: AuthorizationId): Promise<RepairState | null> {
  const authorization = await store.authorization(workspaceId, id);
  if (authorization === null) return null;
  const [mailbox, workspace] = await Promise.all([store.mailbox(workspaceId, authorization.mailboxId), workspaceOf(store, workspaceId)]);
  return { authorization, mailbox, workspace };
}

/** The workspace of a viewer or document; it is never removed. */
export async function workspaceOf(store: Store, id: WorkspaceId): Promise<Workspace> {
  const workspace = await store.workspace(id);
  if (workspace === null) throw new TypeError('The workspace of this token or document does not exist.');
  return workspace;
}

/** The open authorization of a mailbox, null when there is none (any more). */
export async function openAuthorizationOf(store: Store, mailbox: Mailbox): Promise<Authorization | null> {
  if (mailbox.openAuthorizationId === null) return null;
  const open = await store.authorization(mailbox.workspaceId, mailbox.openAuthorizationId);
  return open !== null && isOpen(open.status) ? open : null;
}

/** An authorization that goes on: only it is written. */
export function continueChange(state: RepairState, after: Authorization, now: number): Change {
  return {
    workspaceId: after.workspaceId,
    at: now,
    authorizations: [replacing(state.authorization, after)],
    events: [authorizationEvent(after)],
  };
}

/** An authorization ends without a commit: the mailbox forgets it, and the hand-over that waited for it ends where it began. */
export function endChange(state: RepairState, ended: Authorization, now: number, audit: readonly AuditEntry[]): Change {
  const { mailbox } = state;
  const handOver = handOverAfter(state.workspace, ended.id);
  return {
    workspaceId: ended.workspaceId,
    at: now,
    authorizations: [replacing(state.authorization, ended)],
    ...(mailbox === null
      ? {}
      : { mailboxes: [replacing(mailbox, closeRepair(mailbox, ended.id, { rejected: ended.status === 'REJECTED', now }))] }),
    ...workspacePart(state.workspace, handOver),
    events: [
      authorizationEvent(ended),
      ...(mailbox?.live === true ? [mailboxEvent(mailbox.id, 'CHANGED')] : []),
      ...(handOver?.events ?? []),
    ],
    audit,
  };
}

/** What a setup was swapped in with: the mailbox, every authorization that this settles, and the primary. */
export function swapChange(swapped: {
  readonly workspace: Workspace;
  readonly before: Mailbox;
  readonly step: MailboxStep;
  readonly authorizations: readonly { readonly before: Authorization; readonly after: Authorization }[];
  readonly now: number;
  readonly audit: readonly AuditEntry[];
}): Change {
  const { workspace, before, step, authorizations, now, audit } = swapped;
  const primary = primaryAfterSwap(
    workspace,
    step.mailbox,
    authorizations.map(({ after }) => after.id),
  );
  return {
    workspaceId: before.workspaceId,
    at: now,
    mailboxes: [replacing(before, step.mailbox)],
    authorizations: authorizations.map((each) => replacing(each.before, each.after)),
    ...workspacePart(workspace, primary),
    events: [...step.events, ...authorizations.map(({ after }) => authorizationEvent(after)), ...(primary?.events ?? [])],
    audit,
  };
}

/**
 * A new authorization for a live mailbox becomes its open one. An older one that still awaits its user is SUPERSEDED; one
 * that is VERIFYING goes on, and the first commit wins. `workspaceStep` is a hand-over that begins with it; else one that
 * runs for this mailbox follows it.
 */
export function openingChange(opening: {
  readonly mailbox: Mailbox;
  readonly workspace: Workspace;
  readonly authorization: Authorization;
  readonly older: Authorization | null;
  readonly workspaceStep: WorkspaceStep | null;
  readonly now: number;
  readonly audit: readonly AuditEntry[];
}): Change {
  const { mailbox, workspace, authorization, older, now, audit } = opening;
  const superseded = older?.status === 'AWAITING_USER' ? { before: older, after: endAuthorization(older, 'SUPERSEDED', now) } : null;
  const step = opening.workspaceStep ?? handOverFollows(workspace, mailbox.id, authorization.id, restoresAt(authorization));
  return {
    workspaceId: mailbox.workspaceId,
    at: now,
    mailboxes: [replacing(mailbox, openRepair(mailbox, authorization.id, now))],
    authorizations: [
      { kind: 'insert', doc: authorization },
      ...(superseded === null ? [] : [replacing(superseded.before, superseded.after)]),
    ],
    ...workspacePart(workspace, step),
    events: [
      authorizationEvent(authorization),
      ...(superseded === null ? [] : [authorizationEvent(superseded.after)]),
      mailboxEvent(mailbox.id, 'CHANGED'),
      ...(step?.events ?? []),
    ],
    audit,
  };
}

/** A minute after the authorization can no longer succeed: by then its own end has given the primary back. */
export function restoresAt(authorization: Authorization): number {
  return (authorization.verifyUntil ?? authorization.expiresAt) + 60_000;
}

/** The workspace's part of a change; nothing when no step touches it. */
export function workspacePart(before: Workspace, step: WorkspaceStep | null): Pick<Change, 'workspace'> {
  return step === null ? {} : { workspace: { doc: step.workspace, expectedRevision: before.revision } };
}

/** A setup without what logs in: what an authorization aims at. */
export function targetOf(setup: LoginSetup): Authorization['target'] {
  const { provider, address, signInAddress, direction, deleteAfterFetch, incomingServer, outgoingServer } = setup;
  return { provider, address, signInAddress, direction, deleteAfterFetch, incomingServer, outgoingServer };
}

/** An audit entry in the words of the log: who did what to which mailbox. */
export function audited(who: string, what: string, mailboxId: MailboxId | null, facts: AuditEntry['facts'] = {}): AuditEntry {
  return { who, what, mailboxId, facts };
}
