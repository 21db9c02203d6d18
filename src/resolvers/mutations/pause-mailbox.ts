import { pauseMailboxStep } from '../../domain/mailbox-changes.ts';
import type { MailboxOnlyInput, MailboxPayload } from '../mutation-types.ts';
import { mutation } from '../mutation.ts';
import { mailboxReplay } from '../replay.ts';
import { switchMailbox } from '../switch-mailbox.ts';

/** Switches a mailbox off: nothing is checked until it is resumed. Idempotent. */
export const pauseMailbox = mutation<MailboxOnlyInput, MailboxPayload>({
  operation: 'pauseMailbox',
  role: 'ADMIN',
  replay: mailboxReplay,
  saysRateLimited: false,
  run: (gateway, viewer, input) => switchMailbox(gateway, viewer, input.mailboxId, 'mailbox.pause', pauseMailboxStep),
});
