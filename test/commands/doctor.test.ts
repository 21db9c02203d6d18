import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { doctor } from '../../src/commands/doctor.ts';
import type { MailboxId } from '../../src/domain/ids.ts';
import { openSqliteStore } from '../../src/store/sqlite/open-sqlite-store.ts';
import type { Store } from '../../src/store/store.ts';
import { mailbox, setup } from '../domain/health-fixtures.ts';
import { aPassword, silentLog, temporaryFolder } from '../support/store.ts';
import { createVirtualClock } from '../support/virtual-clock.ts';

const clock = createVirtualClock();
let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder.remove());

const openStore = (): Promise<Store> =>
  openSqliteStore({ path: join(folder.path, 'gateway.db'), clock, newId: randomUUID, log: silentLog, serve: false, holder: 'doctor' });

/** What doctor says about the keys, of a database whose key ring file does not exist. */
async function keyFinding(): Promise<string | undefined> {
  const found: string[] = [];
  for await (const { state, line } of doctor({
    openStore,
    keyringFile: join(folder.path, 'keyring.json'),
    publicUrl: new URL('http://localhost:4000'),
    apps: [],
    proxy: null,
    network: [],
    now: clock.now(),
  })) {
    found.push(`${state} ${line}`);
  }
  return found.find((line) => line.includes('Keys:'));
}

describe('doctor', () => {
  test('a key ring that is missing beside a new database is made by the first start', async () => {
    expect(await keyFinding()).toMatch(/^note Keys: .* the first start makes it\.$/);
  });

  test('a key ring that is missing beside a database with secrets is a problem, with the fix', async () => {
    const store = await openStore();
    const workspaceId = (await store.ensureWorkspace('acme', clock.now())).id;
    const doc = mailbox(setup('OTHER', aPassword('help@acme.test')), { id: randomUUID() as MailboxId, workspaceId });
    expect(await store.commit([{ workspaceId, at: clock.now(), mailboxes: [{ kind: 'insert', doc }] }])).toMatchObject([
      { kind: 'committed' },
    ]);
    await store.close();
    expect(await keyFinding()).toMatch(
      /^problem Keys: .* the database holds secrets sealed with it\. Restore the file \(KEYRING_FILE\)\.$/,
    );
  });
});
