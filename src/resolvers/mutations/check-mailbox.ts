import { mailboxNotFound, notApplicable, rateLimited } from '../../domain/errors.ts';
import { findLive } from '../find-mailbox.ts';
import { failed, ok } from '../gateway.ts';
import type { MailboxOnlyInput, MailboxPayload } from '../mutation-types.ts';
import { mutation } from '../mutation.ts';
import { mailboxReplay } from '../replay.ts';

/** Checks both legs now and answers with the outcome. */
export const checkMailbox = mutation<MailboxOnlyInput, MailboxPayload>({
  operation: 'checkMailbox',
  role: 'WORKER',
  replay: mailboxReplay,
  saysRateLimited: true,
  run: async (gateway, viewer, input) => {
    const found = await findLive(gateway, viewer, input.mailboxId, { pending: 'NotApplicable' });
    if (found.kind === 'error') return found;
    if (found.mailbox.paused) return failed(notApplicable('This mailbox is paused. Resume it to have it checked.'));
    const wait = gateway.limits.take('CHECK', found.mailbox.id);
    if (wait !== null) return failed(rateLimited(wait));
    const mailbox = await gateway.checks.checkNow(viewer.workspaceId, found.mailbox.id);
    return mailbox === null ? failed(mailboxNotFound(input.mailboxId)) : ok({ mailbox });
  },
});
