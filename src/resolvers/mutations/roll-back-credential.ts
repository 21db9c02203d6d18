import { rollBack } from '../../credentials/roll-back.ts';
import { mailboxNotFound, notApplicable, rateLimited, rollBackRejected, versionConflict } from '../../domain/errors.ts';
import type { MailboxId } from '../../domain/ids.ts';
import { findLive } from '../find-mailbox.ts';
import { failed, ok } from '../gateway.ts';
import type { MailboxPayload, VersionedMailboxInput } from '../mutation-types.ts';
import { mutation } from '../mutation.ts';
import { mailboxReplay } from '../replay.ts';

/** Puts the credential that was replaced back to work, once it has logged in again. */
export const rollBackCredential = mutation<VersionedMailboxInput, MailboxPayload>({
  operation: 'rollBackCredential',
  role: 'ADMIN',
  replay: mailboxReplay,
  saysRateLimited: true,
  run: async (gateway, viewer, input) => {
    const found = await findLive(gateway, viewer, input.mailboxId, { pending: 'NotApplicable', expectedVersion: input.expectedVersion });
    if (found.kind === 'error') return found;
    const wait = gateway.limits.take('LOGIN', found.mailbox.id);
    if (wait !== null) return failed(rateLimited(wait));

    const mailboxId = input.mailboxId as MailboxId;
    const parts = { ...gateway, timeoutMs: gateway.settings.checkTimeoutMs };
    const outcome = await rollBack(parts, { workspaceId: viewer.workspaceId, mailboxId, by: viewer.name });
    switch (outcome.kind) {
      case 'ROLLED_BACK': {
        gateway.checks.wake();
        const mailbox = await gateway.store.mailbox(viewer.workspaceId, mailboxId);
        return mailbox === null ? failed(mailboxNotFound(input.mailboxId)) : ok({ mailbox });
      }
      case 'NOT_FOUND':
        return failed(mailboxNotFound(input.mailboxId));
      case 'VERSION_CONFLICT':
        return failed(versionConflict(outcome.currentVersion));
      case 'NOT_APPLICABLE':
        return failed(notApplicable(outcome.why));
      case 'REFUSED':
        return failed(rollBackRejected(outcome.diagnosis));
    }
  },
});
