import { audited } from '../credentials/repair-state.ts';
import { replacing, untilCommitted, type Decision } from '../credentials/until-committed.ts';
import { mailboxNotFound } from '../domain/errors.ts';
import type { MailboxId } from '../domain/ids.ts';
import type { Mailbox } from '../domain/mailbox.ts';
import type { MailboxStep } from '../domain/mailbox-changes.ts';
import type { Viewer } from '../domain/viewer.ts';
import { findLive } from './find-mailbox.ts';
import { failed, ok, type Gateway, type Outcome } from './gateway.ts';
import type { MailboxPayload } from './mutation-types.ts';

/** Pauses or resumes a live mailbox: what `step` says, or nothing when it says null. Answers with the mailbox afterwards. */
export async function switchMailbox(
  gateway: Gateway,
  viewer: Viewer,
  mailboxId: string,
  what: string,
  step: (mailbox: Mailbox, by: string, now: number) => MailboxStep | null,
): Promise<Outcome<MailboxPayload>> {
  const switched = await untilCommitted(gateway.store, async (): Promise<Decision<Outcome<null>>> => {
    const found = await findLive(gateway, viewer, mailboxId, { pending: 'MailboxNotFound' });
    if (found.kind === 'error') return { change: null, result: found };
    const now = gateway.clock.now();
    const moved = step(found.mailbox, viewer.name, now);
    if (moved === null) return { change: null, result: ok(null) };
    const change = {
      workspaceId: viewer.workspaceId,
      at: now,
      mailboxes: [replacing(found.mailbox, moved.mailbox)],
      events: moved.events,
      audit: [audited(viewer.name, what, found.mailbox.id)],
    };
    return { change, result: ok(null) };
  });
  if (switched.kind === 'error') return switched;
  const mailbox = await gateway.store.mailbox(viewer.workspaceId, mailboxId as MailboxId);
  return mailbox === null ? failed(mailboxNotFound(mailboxId)) : ok({ mailbox });
}
