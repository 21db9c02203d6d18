import type { WorkspaceFacts } from './event.ts';
import type { AuthorizationId, MailboxId } from './ids.ts';
import type { Mailbox } from './mailbox.ts';
import type { HandOver, Workspace } from './workspace.ts';

/** A workspace as a step leaves it, with what the log has to say of it. */
export interface WorkspaceStep {
  readonly workspace: Workspace;
  readonly events: readonly WorkspaceFacts[];
}

const PRIMARY: WorkspaceFacts = { kind: 'WORKSPACE', change: 'PRIMARY' };
const HAND_OVER: WorkspaceFacts = { kind: 'WORKSPACE', change: 'HAND_OVER' };

/** The interim becomes primary while `handOver.mailboxId` is repaired. One that runs already goes on with the new values. */
export function beginHandOver(workspace: Workspace, handOver: HandOver & { readonly interimMailboxId: MailboxId }): WorkspaceStep {
  return stepTo(workspace, { ...workspace, primaryMailboxId: handOver.interimMailboxId, handOver });
}

/** The hand-over ends where it began: its mailbox is primary again. Null when none runs. */
export function restorePrimary(workspace: Workspace): WorkspaceStep | null {
  const { handOver } = workspace;
  return handOver === null ? null : stepTo(workspace, { ...workspace, primaryMailboxId: handOver.mailboxId, handOver: null });
}

/** What the end of an authorization, good or bad, means for the hand-over that waited for it. Null when none did. */
export function handOverAfter(workspace: Workspace, ended: AuthorizationId): WorkspaceStep | null {
  return workspace.handOver?.authorizationId === ended ? restorePrimary(workspace) : null;
}

/**
 * A mailbox got another setup. The hand-over that waited for one of the `ended` authorizations is over, and a primary that
 * cannot send any more is none. Null when nothing changes.
 */
export function primaryAfterSwap(workspace: Workspace, mailbox: Mailbox, ended: readonly AuthorizationId[]): WorkspaceStep | null {
  const awaited = workspace.handOver?.authorizationId ?? null;
  const restored = awaited !== null && ended.includes(awaited) ? restorePrimary(workspace)?.workspace : undefined;
  const settled = restored ?? workspace;
  const unfit = settled.primaryMailboxId === mailbox.id && !canBePrimary(mailbox);
  const after = unfit ? { ...settled, primaryMailboxId: null } : settled;
  return after === workspace ? null : stepTo(workspace, after);
}

/** A newer repair of the same mailbox takes the hand-over along. Null when none runs for that mailbox. */
export function handOverFollows(
  workspace: Workspace,
  mailbox: MailboxId,
  authorization: AuthorizationId,
  restoresAt: number,
): WorkspaceStep | null {
  const { handOver } = workspace;
  if (handOver?.mailboxId !== mailbox) return null;
  return stepTo(workspace, { ...workspace, handOver: { ...handOver, authorizationId: authorization, restoresAt } });
}

/** Somebody decided who is primary: that is so from now on, and a hand-over that ran is over. Null when nothing changes. */
export function choosePrimary(workspace: Workspace, primary: MailboxId | null): WorkspaceStep | null {
  if (workspace.primaryMailboxId === primary && workspace.handOver === null) return null;
  return stepTo(workspace, { ...workspace, primaryMailboxId: primary, handOver: null });
}

/**
 * A mailbox goes. As primary it leaves none; as interim it gives the role back; as the one being repaired it leaves the
 * interim in the role. Null when the workspace does not name it.
 */
export function primaryAfterRemoval(workspace: Workspace, removed: MailboxId): WorkspaceStep | null {
  const { handOver, primaryMailboxId } = workspace;
  if (handOver !== null && handOver.interimMailboxId === removed) return restorePrimary(workspace);
  if (handOver !== null && handOver.mailboxId === removed) return stepTo(workspace, { ...workspace, handOver: null });
  return primaryMailboxId === removed ? stepTo(workspace, { ...workspace, primaryMailboxId: null }) : null;
}

/** Has or gets back the role of primary: such a mailbox must be able to send. */
export function isOrBecomesPrimary(workspace: Workspace, mailbox: MailboxId): boolean {
  return workspace.primaryMailboxId === mailbox || workspace.handOver?.mailboxId === mailbox;
}

export function canBePrimary(mailbox: Mailbox): boolean {
  return mailbox.live && mailbox.active !== null && mailbox.active.direction !== 'INCOMING';
}

function stepTo(before: Workspace, after: Workspace): WorkspaceStep {
  const events = [
    ...(before.primaryMailboxId === after.primaryMailboxId ? [] : [PRIMARY]),
    ...(before.handOver === after.handOver ? [] : [HAND_OVER]),
  ];
  return { workspace: after, events };
}
