import type { Mailbox } from '../../domain/mailbox.ts';
import { scenarioOf, type ReauthScenario } from '../../domain/scenario.ts';
import type { Viewer } from '../../domain/viewer.ts';
import type { Gateway } from '../gateway.ts';
import type { Loaders } from './loaders.ts';

/** What repairs this mailbox now, with what the workspace adds to it; null when nothing is to be done. */
export async function scenarioOfMailbox(
  gateway: Gateway,
  viewer: Viewer,
  loaders: Loaders,
  mailbox: Mailbox,
): Promise<ReauthScenario | null> {
  const [workspace, openAuthorization] = await Promise.all([
    loaders.workspace(),
    mailbox.openAuthorizationId === null ? null : loaders.authorization(mailbox.openAuthorizationId),
  ]);
  const isPrimary = workspace.primaryMailboxId === mailbox.id;
  const handOver = workspace.handOver?.mailboxId === mailbox.id ? workspace.handOver : null;
  // Only a primary whose repair was refused can be handed over: nobody else's list pays for the question.
  const otherSendingMailbox =
    (isPrimary && mailbox.repairRejected) || handOver !== null ? await hasOtherSending(gateway, viewer, mailbox) : false;
  return scenarioOf(mailbox, { isPrimary, otherSendingMailbox, handOver, openAuthorization });
}

async function hasOtherSending(gateway: Gateway, viewer: Viewer, mailbox: Mailbox): Promise<boolean> {
  let after: { readonly key: string | number; readonly id: string } | undefined;
  for (;;) {
    const page = await gateway.store.mailboxPage(viewer.workspaceId, {
      filter: { exceptIds: [mailbox.id] },
      orderBy: 'ADDRESS_ASC',
      limit: 100,
      fromEnd: false,
      ...(after === undefined ? {} : { after }),
    });
    if (page.items.some(({ item }) => item.outgoing !== null && !item.paused)) return true;
    after = page.items.at(-1)?.position;
    if (!page.hasNext || after === undefined) return false;
  }
}
