import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import type { MailboxId } from '../../src/domain/ids.ts';
import { openStore } from '../../src/store/open.ts';
import { createKeyRing, readKeyRing } from '../../src/vault/keyring-file.ts';
import { startTestOauth } from '../support/oauth-server.ts';
import { createShiftedClock, newId, silentLog, temporaryFolder } from '../support/store.ts';
import { createRefreshWorld } from './refresh-world.ts';
import type { RefresherOrders } from './refresher-process.ts';

const SCRIPT = fileURLToPath(new URL('refresher-process.ts', import.meta.url));
const MAILBOXES = 8;
const PROCESSES = 3;
const KILLS = 8;

test(
  'kill -9 in the middle of renewals is honest: every grant that a strict provider ended says REFRESH_INTERRUPTED (R6)',
  { timeout: 240_000 },
  async () => {
    const folder = temporaryFolder();
    const people = Array.from({ length: MAILBOXES }, (_, index) => ({ address: `person-${index}@contoso.test`, password: 'secret' }));
    const oauth = await startTestOauth({ flavour: 'microsoft', people, rotate: true });
    const databaseUrl = `sqlite:${join(folder.path, 'gateway.db')}`;
    const keyringFile = join(folder.path, 'keyring.json');
    createKeyRing(keyringFile);
    const clock = createShiftedClock();
    const store = await openStore(databaseUrl, { clock, newId, random: Math.random, log: silentLog, serve: false, holder: randomUUID() });
    const world = await createRefreshWorld(store, oauth, readKeyRing(keyringFile));
    const mailboxIds: MailboxId[] = [];
    for (const person of people) mailboxIds.push((await world.addMailbox(person)).id);
    const orders: RefresherOrders = {
      databaseUrl,
      keyringFile,
      authority: oauth.server.endpoints.authority,
      ca: oauth.caPem,
      workspaceId: world.workspaceId,
      mailboxIds,
    };

    const running = new Set<ChildProcess>();
    let kills = 0;
    let renewals = 0;

    /** Runs until it is killed, after a few renewals, at a moment that nobody chose. */
    async function oneLife(): Promise<void> {
      const child = spawn(process.execPath, ['--import', 'tsx', SCRIPT, JSON.stringify(orders)], { stdio: ['ignore', 'pipe', 'inherit'] });
      running.add(child);
      const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
      let left = 2 + Math.floor(Math.random() * 4);
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        renewals += text.split('renewed').length - 1;
        left -= text.split('\n').length - 1;
        if (left <= 0) setTimeout(() => child.kill('SIGKILL'), Math.random() * 60);
      });
      await ended;
      running.delete(child);
      kills += 1;
    }

    async function lives(): Promise<void> {
      while (kills < KILLS) await oneLife();
    }

    try {
      await Promise.all(Array.from({ length: PROCESSES }, lives));
      // The leases of the dead run out.
      clock.shift(61_000);
      const outcomes = await Promise.all(
        mailboxIds.map(async (id) => {
          const hadIntent = (await world.credential(id)).grant.refreshIntent !== undefined;
          return { hadIntent, outcome: await world.refresh(world.process(), id) };
        }),
      );
      const dead = outcomes.filter(({ outcome }) => outcome !== 'TOKEN');
      console.log(
        `R6: ${kills} kills in ${renewals} renewals, ${dead.length} of ${MAILBOXES} grants lost, ${dead.filter(({ hadIntent }) => hadIntent).length} with their intent`,
      );
      expect(renewals).toBeGreaterThan(0);
      for (const each of dead) expect(each).toEqual({ hadIntent: true, outcome: 'REFRESH_INTERRUPTED' });
    } finally {
      for (const child of running) child.kill('SIGKILL');
      await store.close();
      await oauth.server.stop();
      folder.remove();
    }
  },
);
