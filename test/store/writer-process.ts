/** Run as a process of its own and killed by tests: commits changes for ever and prints one line for each that was acknowledged. */
import type { MailboxId, WorkspaceId } from '../../src/domain/ids.ts';
import { openStore } from '../../src/store/open.ts';
import { aStatusChange, createShiftedClock, newId, silentLog } from '../support/store.ts';

const [databaseUrl = '', workspace = '', mailbox = ''] = process.argv.slice(2);
const workspaceId = workspace as WorkspaceId;
const mailboxId = mailbox as MailboxId;

const store = await openStore(databaseUrl, {
  clock: createShiftedClock(),
  newId,
  random: Math.random,
  log: silentLog,
  serve: true,
  holder: newId(),
});

// Several in flight, so that a kill also hits a group that is being written.
async function writeForEver(): Promise<void> {
  for (;;) {
    const current = await store.mailbox(workspaceId, mailboxId);
    if (current === null) throw new Error('no mailbox');
    const [result] = await store.commit([
      {
        workspaceId,
        at: 1,
        mailboxes: [{ kind: 'replace', doc: { ...current, version: current.version + 1 }, expectedRevision: current.revision }],
        events: [aStatusChange(mailboxId)],
      },
    ]);
    if (result?.kind === 'committed') process.stdout.write(`${result.events.map(({ position, id }) => `${position} ${id}`).join()}\n`);
  }
}
await Promise.all([writeForEver(), writeForEver(), writeForEver()]);
