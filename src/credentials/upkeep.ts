import { isOpen, type Authorization } from '../domain/authorization.ts';
import { endAuthorization } from '../domain/authorization-changes.ts';
import type { Clock } from '../domain/clock.ts';
import { restorePrimary } from '../domain/hand-over.ts';
import type { Mailbox } from '../domain/mailbox.ts';
import { eraseReplaced, mailboxEvent } from '../domain/mailbox-changes.ts';
import type { Workspace } from '../domain/workspace.ts';
import type { Store } from '../store/store.ts';
import { audited, endChange, readRepair, workspaceOf, workspacePart } from './repair-state.ts';
import type { Revocation } from './revocation.ts';
import { replacing, untilCommitted } from './until-committed.ts';

/** A mailbox that never went live is kept this long after its last attempt ended. */
const PENDING_KEPT_MS = 24 * 3_600_000;
const BATCH = 100;

export interface UpkeepParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly revocation?: Revocation | undefined;
}

/** Whom the audit names when nobody asked. */
const BY_ITSELF = 'gateway';

/** Ends an authorization whose time is over; no effect when it is open no more. */
export async function expireAuthorization({ store, clock }: UpkeepParts, due: Authorization): Promise<void> {
  await untilCommitted(store, async () => {
    const now = clock.now();
    const state = await readRepair(store, due.workspaceId, due.id);
    if (state === null || !isOpen(state.authorization.status) || state.authorization.expiresAt > now) return { change: null, result: null };
    const expired = endAuthorization(state.authorization, 'EXPIRED', now);
    const audit = [audited(BY_ITSELF, 'authorization.expired', due.mailboxId, { authorizationId: due.id })];
    return { change: endChange(state, expired, now, audit), result: null };
  });
}

/**
 * What time alone brings: erases the secrets of setups that are kept no longer, removes mailboxes that never went live,
 * ends hand-overs that nothing ends any more. Every step is guarded: several processes may do this at once.
 */
export async function sweep(parts: UpkeepParts): Promise<void> {
  const { store, clock } = parts;
  const now = clock.now();
  for (const mailbox of await store.rollbacksExpired(now, BATCH)) await eraseKept(parts, mailbox);
  for (const mailbox of await store.pendingExpired(now - PENDING_KEPT_MS, BATCH)) await removePending(parts, mailbox);
  for (const workspace of await store.workspacesWithHandOver()) await endStrandedHandOver(parts, workspace);
}

async function eraseKept({ store, clock, revocation }: UpkeepParts, expired: Mailbox): Promise<void> {
  const erased = await untilCommitted(store, async () => {
    const now = clock.now();
    const mailbox = await store.mailbox(expired.workspaceId, expired.id);
    const previous = mailbox?.previous ?? null;
    if (mailbox === null || previous === null || previous.secretErased || previous.keptUntil > now) return { change: null, result: null };
    const change = {
      workspaceId: mailbox.workspaceId,
      at: now,
      mailboxes: [replacing(mailbox, eraseReplaced(mailbox, now))],
      events: [mailboxEvent(mailbox.id, 'CHANGED')],
      audit: [audited(BY_ITSELF, 'secret.erased', mailbox.id)],
    };
    return { change, result: previous.setup.credential };
  });
  await revocation?.ofCredentials({ workspaceId: expired.workspaceId, mailboxId: expired.id }, [erased]);
}

/** One attempt: whoever touched it meanwhile gives it another day. */
async function removePending({ store, clock }: UpkeepParts, mailbox: Mailbox): Promise<void> {
  await store.commit([
    {
      workspaceId: mailbox.workspaceId,
      at: clock.now(),
      mailboxes: [{ kind: 'remove', id: mailbox.id, expectedRevision: mailbox.revision }],
      audit: [audited(BY_ITSELF, 'mailbox.pending_erased', mailbox.id)],
    },
  ]);
}

/** The end of the authorization ends its hand-over in the same transaction; this is for what a person or a restored backup left behind. */
async function endStrandedHandOver({ store, clock }: UpkeepParts, found: Workspace): Promise<void> {
  await untilCommitted(store, async () => {
    const now = clock.now();
    const workspace = await workspaceOf(store, found.id);
    const { handOver } = workspace;
    const awaited = handOver?.authorizationId == null ? null : await store.authorization(workspace.id, handOver.authorizationId);
    const awaits = awaited !== null && isOpen(awaited.status);
    const step = handOver === null || (awaits && handOver.restoresAt > now) ? null : restorePrimary(workspace);
    if (step === null) return { change: null, result: null };
    const audit = [audited(BY_ITSELF, 'primary.restored', handOver?.mailboxId ?? null)];
    return { change: { workspaceId: workspace.id, at: now, ...workspacePart(workspace, step), events: step.events, audit }, result: null };
  });
}
