import { audited, openAuthorizationOf, workspaceOf, workspacePart } from '../../credentials/repair-state.ts';
import { replacing, untilCommitted, type Decision } from '../../credentials/until-committed.ts';
import { authorizationEvent, endAuthorization } from '../../domain/authorization-changes.ts';
import type { Credential } from '../../domain/credential.ts';
import { primaryAfterRemoval } from '../../domain/hand-over.ts';
import type { Mailbox } from '../../domain/mailbox.ts';
import { mailboxEvent } from '../../domain/mailbox-changes.ts';
import type { Viewer } from '../../domain/viewer.ts';
import type { Change } from '../../store/store.ts';
import { findMailbox } from '../find-mailbox.ts';
import { ok, type Gateway, type Outcome } from '../gateway.ts';
import type { RemoveMailboxPayload, VersionedMailboxInput } from '../mutation-types.ts';
import { mutation } from '../mutation.ts';
import { removalReplay } from '../replay.ts';

/** Removes a mailbox, pending ones too, with all its secrets. Ends what is open for it; as primary it leaves none. */
export const removeMailbox = mutation<VersionedMailboxInput, RemoveMailboxPayload>({
  operation: 'removeMailbox',
  role: 'ADMIN',
  replay: removalReplay,
  saysRateLimited: false,
  run: async (gateway, viewer, input) => {
    const removed = await remove(gateway, viewer, input);
    if (removed.kind === 'error') return removed;
    const { mailbox, candidate } = removed.payload;
    const owner = { workspaceId: mailbox.workspaceId, mailboxId: mailbox.id };
    const held = [mailbox.active?.credential, mailbox.previous?.setup.credential, candidate];
    const grantRevoked = (await gateway.revocation?.ofCredentials(owner, held)) ?? false;
    return ok({ removedMailboxId: mailbox.id, grantRevoked });
  },
});

interface Removed {
  readonly mailbox: Mailbox;
  /** What an authorization had obtained for it. */
  readonly candidate: Credential | null;
}

function remove(gateway: Gateway, viewer: Viewer, input: VersionedMailboxInput): Promise<Outcome<Removed>> {
  return untilCommitted(gateway.store, async (): Promise<Decision<Outcome<Removed>>> => {
    const found = await findMailbox(gateway, viewer, input.mailboxId, input.expectedVersion);
    if (found.kind === 'error') return { change: null, result: found };
    const { mailbox } = found;
    const now = gateway.clock.now();
    const workspace = await workspaceOf(gateway.store, viewer.workspaceId);
    const open = await openAuthorizationOf(gateway.store, mailbox);
    const cancelled = open === null ? null : endAuthorization(open, 'CANCELLED', now);
    // The workspace is guarded even when it does not name the mailbox: nobody may make it primary in the same moment.
    const step = primaryAfterRemoval(workspace, mailbox.id) ?? { workspace, events: [] };
    const change: Change = {
      workspaceId: mailbox.workspaceId,
      at: now,
      mailboxes: [{ kind: 'remove', id: mailbox.id, expectedRevision: mailbox.revision }],
      ...(open === null || cancelled === null ? {} : { authorizations: [replacing(open, cancelled)] }),
      ...workspacePart(workspace, step),
      events: [
        ...(cancelled === null ? [] : [authorizationEvent(cancelled)]),
        ...step.events,
        ...(mailbox.live ? [mailboxEvent(mailbox.id, 'REMOVED')] : []),
      ],
      audit: [audited(viewer.name, 'mailbox.remove', mailbox.id, { address: mailbox.address })],
    };
    return { change, result: ok({ mailbox, candidate: open?.candidate ?? null }) };
  });
}
