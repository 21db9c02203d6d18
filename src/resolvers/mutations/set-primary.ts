import { audited, workspaceOf, workspacePart } from '../../credentials/repair-state.ts';
import { untilCommitted, type Decision } from '../../credentials/until-committed.ts';
import { invalidInput, notApplicable, primaryConflict, type UserError } from '../../domain/errors.ts';
import { canBePrimary, choosePrimary } from '../../domain/hand-over.ts';
import type { MailboxId } from '../../domain/ids.ts';
import type { Viewer } from '../../domain/viewer.ts';
import { findLive } from '../find-mailbox.ts';
import { failed, ok, type Gateway, type Outcome } from '../gateway.ts';
import type { SetPrimaryInput, SetPrimaryPayload } from '../mutation-types.ts';
import { mutation } from '../mutation.ts';
import { primaryReplay } from '../replay.ts';

/** Chooses the primary, or none. A hand-over that runs is over with it: somebody decided. Idempotent. */
export const setPrimary = mutation<SetPrimaryInput, SetPrimaryPayload>({
  operation: 'setPrimary',
  role: 'ADMIN',
  replay: primaryReplay,
  saysRateLimited: false,
  run: async (gateway, viewer, input) => {
    const { mailboxId, expectedPrimaryId } = input;
    if (mailboxId === undefined) {
      return failed(invalidInput([{ path: ['mailboxId'], message: 'Name the mailbox that becomes primary, or give null to have none.' }]));
    }
    const chosen = await untilCommitted(gateway.store, async (): Promise<Decision<Outcome<{ readonly before: MailboxId | null }>>> => {
      const workspace = await workspaceOf(gateway.store, viewer.workspaceId);
      const before = workspace.primaryMailboxId;
      if (expectedPrimaryId !== undefined && expectedPrimaryId !== before) return { change: null, result: failed(primaryConflict(before)) };
      const unfit = mailboxId === null ? null : await whyUnfit(gateway, viewer, mailboxId);
      if (unfit !== null) return { change: null, result: failed(unfit) };
      const step = choosePrimary(workspace, mailboxId as MailboxId | null);
      if (step === null) return { change: null, result: ok({ before }) };
      const change = {
        workspaceId: workspace.id,
        at: gateway.clock.now(),
        ...workspacePart(workspace, step),
        events: step.events,
        audit: [audited(viewer.name, 'primary.set', mailboxId as MailboxId | null, { before })],
      };
      return { change, result: ok({ before }) };
    });
    if (chosen.kind === 'error') return chosen;
    const { before } = chosen.payload;
    const previousPrimary = before === null ? null : await gateway.store.mailbox(viewer.workspaceId, before);
    return ok({ workspace: await workspaceOf(gateway.store, viewer.workspaceId), previousPrimary });
  },
});

async function whyUnfit(gateway: Gateway, viewer: Viewer, mailboxId: string): Promise<UserError | null> {
  const found = await findLive(gateway, viewer, mailboxId, { pending: 'MailboxNotFound' });
  if (found.kind === 'error') return found.error;
  return canBePrimary(found.mailbox) ? null : notApplicable(`${found.mailbox.address} only fetches mail. The primary has to send.`);
}
