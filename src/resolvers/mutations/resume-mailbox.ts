import { resumeMailboxStep } from '../../domain/mailbox-changes.ts';
import type { MailboxOnlyInput, MailboxPayload } from '../mutation-types.ts';
import { mutation } from '../mutation.ts';
import { mailboxReplay } from '../replay.ts';
import { switchMailbox } from '../switch-mailbox.ts';

/** Switches a mailbox on again: UNVERIFIED, and checked at once. Idempotent. */
export const resumeMailbox = mutation<MailboxOnlyInput, MailboxPayload>({
  operation: 'resumeMailbox',
  role: 'ADMIN',
  replay: mailboxReplay,
  saysRateLimited: false,
  run: async (gateway, viewer, input) => {
    const resumed = await switchMailbox(gateway, viewer, input.mailboxId, 'mailbox.resume', resumeMailboxStep);
    gateway.checks.wake();
    return resumed;
  },
});
