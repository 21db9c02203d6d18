/** Run under a file size limit: writes until the database refuses, waits for a line on stdin (more space), writes on, and reports. */
import { once } from 'node:events';
import { openStore } from '../../src/store/open.ts';
import { aMailbox, aStatusChange, createShiftedClock, newId, silentLog } from '../support/store.ts';

const [databaseUrl = ''] = process.argv.slice(2);
const store = await openStore(databaseUrl, {
  clock: createShiftedClock(),
  newId,
  random: Math.random,
  log: silentLog,
  serve: true,
  holder: newId(),
});
const { id: workspaceId } = await store.ensureWorkspace('Acme', 1);
const acknowledged: string[] = [];

async function writeOne(): Promise<void> {
  const doc = aMailbox(workspaceId, `${newId()}@acme.test`);
  const [result] = await store.commit([{ workspaceId, at: 1, mailboxes: [{ kind: 'insert', doc }], events: [aStatusChange(doc.id)] }]);
  if (result?.kind === 'committed') acknowledged.push(doc.id);
}
async function codeOfFailure(): Promise<unknown> {
  for (;;) {
    try {
      await writeOne();
    } catch (error) {
      return error instanceof Error && 'code' in error ? error.code : String(error);
    }
  }
}

const code = await codeOfFailure();
const readable = await store.countMailboxes(workspaceId, {});
process.stdout.write(`${JSON.stringify({ code, acknowledged: acknowledged.length, readable })}\n`);
await once(process.stdin, 'data');
for (let count = 0; count < 50; count += 1) await writeOne();
const head = await store.head(workspaceId);
const stored = await store.countMailboxes(workspaceId, {});
process.stdout.write(`${JSON.stringify({ acknowledged: acknowledged.length, stored, position: head.position })}\n`);
await store.close();
process.stdin.destroy();
