import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createKeepAlive, type KeepAlive } from '../../src/credentials/keep-alive.ts';
import { pauseMailboxStep } from '../../src/domain/mailbox-changes.ts';
import { openSqliteStore } from '../../src/store/sqlite/open-sqlite-store.ts';
import type { Store } from '../../src/store/store.ts';
import { startTestOauth, type TestOauth } from '../support/oauth-server.ts';
import { createShiftedClock, newId, silentLog, temporaryFolder } from '../support/store.ts';
import { createRefreshWorld, type RefreshWorld } from './refresh-world.ts';

const DAY_MS = 86_400_000;
const person = (name: string) => ({ address: `${name}@gmail.test`, password: 'secret' });
const people = ['busy', 'idle', 'paused', 'revoked', 'shared'].map(person);

describe('a grant that nobody uses', () => {
  const folder = temporaryFolder();
  let oauth: TestOauth;
  let store: Store;
  let world: RefreshWorld;
  const keeper = (): KeepAlive =>
    createKeepAlive({ store, refreshGrant: world.process(), clock: world.clock, log: silentLog, holder: randomUUID() });
  const renewals = (): number => oauth.server.tokenRequests()['refresh_token'] ?? 0;

  beforeAll(async () => {
    oauth = await startTestOauth({ flavour: 'google', people });
    store = await openSqliteStore({
      path: join(folder.path, 'gateway.db'),
      clock: createShiftedClock(),
      newId,
      log: silentLog,
      serve: false,
      holder: randomUUID(),
    });
    world = await createRefreshWorld(store, oauth);
  });
  afterAll(async () => {
    await store.close();
    await oauth.server.stop();
    folder.remove();
  });

  test('is renewed after a week, also of a paused mailbox, and one in use is left alone', async () => {
    const idle = await world.addMailbox(person('idle'));
    const paused = await world.addMailbox(person('paused'));
    const step = pauseMailboxStep(paused, 'admin', world.clock.now())!;
    await store.commit([
      {
        workspaceId: world.workspaceId,
        at: world.clock.now(),
        mailboxes: [{ kind: 'replace', doc: step.mailbox, expectedRevision: paused.revision }],
      },
    ]);
    world.clock.shift(8 * DAY_MS);
    await world.addMailbox(person('busy'));
    const keepAlive = keeper();
    expect(await keepAlive.round()).toBe(2);
    expect(renewals()).toBe(2);
    for (const { id } of [idle, paused])
      expect((await world.credential(id)).grant.lastRefreshedAt).toBeGreaterThan(world.clock.now() - DAY_MS);
    expect(await keepAlive.round()).toBe(0);
  });

  test('and that is dead is asked for once a day, and does not keep others waiting', async () => {
    const revoked = await world.addMailbox(person('revoked'));
    oauth.server.endGrants('revoked@gmail.test', 'revoked');
    world.clock.shift(8 * DAY_MS);
    const keepAlive = keeper();
    const before = renewals();
    expect(await keepAlive.round()).toBe(3);
    await keepAlive.round();
    expect(renewals() - before).toBe(4);
    world.clock.shift(DAY_MS + 1);
    await keepAlive.round();
    expect(renewals() - before).toBe(5);
    // Health is for the checks: the mailbox is not judged by this.
    expect((await world.mailbox(revoked.id)).incoming?.health).toBe('HEALTHY');
  });

  test('is renewed by one process at a time', async () => {
    world.clock.shift(8 * DAY_MS);
    const before = renewals();
    const counts = await Promise.all([keeper().round(), keeper().round(), keeper().round()]);
    expect(counts.filter((count) => count > 0)).toHaveLength(1);
    expect(renewals() - before).toBe(4);
  });
});
