import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Mailbox } from '../../src/domain/mailbox.ts';
import { createCohortGuard } from '../../src/status/cohort-guard.ts';
import { createRecorder, type Recorder } from '../../src/status/record.ts';
import type { CheckedLeg } from '../../src/status/check.ts';
import { StoreUnavailable } from '../../src/store/errors.ts';
import type { Change, Store } from '../../src/store/store.ts';
import { CONFIRM_AFTER, createWorld, INTERVAL, SECOND, type World } from './world.ts';

let world: World;
beforeEach(async () => {
  world = await createWorld();
});
afterEach(() => world.dispose());

const recorderOn = (store: Store, holder = 'gateway-1'): Recorder =>
  createRecorder({
    store,
    guard: createCohortGuard({ store, clock: world.clock, intervalMs: INTERVAL, confirmAfterMs: CONFIRM_AFTER }),
    clock: world.clock,
    random: world.random,
    newId: () => `id-${world.random()}`,
    log: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
    intervalMs: INTERVAL,
    confirmAfterMs: CONFIRM_AFTER,
    holder,
    onHealed: () => undefined,
  });

const provenBy = (mailbox: Mailbox): readonly CheckedLeg[] => [
  {
    retryAfterMs: null,
    observation: {
      mailboxId: mailbox.id,
      leg: 'INCOMING',
      loginVersion: mailbox.loginVersion,
      at: world.clock.now(),
      source: 'CHECK',
      outcome: { kind: 'PROVEN' },
      freshCredential: true,
    },
  },
];
const finding = (mailbox: Mailbox) => ({ workspaceId: mailbox.workspaceId, mailboxId: mailbox.id, checked: provenBy(mailbox) });

/** The real store with something in front of commit. */
function before(store: Store, commit: (changes: readonly Change[]) => Promise<void>): Store {
  return new Proxy(store, {
    get(target, name, receiver) {
      if (name !== 'commit') return Reflect.get(target, name, receiver) as unknown;
      return async (changes: readonly Change[]) => {
        await commit(changes);
        return target.commit(changes);
      };
    },
  });
}

describe('recording', () => {
  test('what comes together is committed together', async () => {
    const mailboxes: Mailbox[] = [];
    for (let n = 0; n < 60; n += 1) mailboxes.push(await world.add(`m${n}@acme.test`, { fresh: true }));
    const sizes: number[] = [];
    const recorder = recorderOn(before(world.store, async (changes) => void sizes.push(changes.length)));
    const all = Promise.all(mailboxes.map((mailbox) => recorder.record(finding(mailbox))));
    await world.clock.advance(25);
    expect(await all).toEqual(mailboxes.map(() => true));
    expect(sizes).toEqual([60]);
    expect(await world.statusEvents()).toHaveLength(60);
  });

  test('a full batch does not wait for more', async () => {
    const mailboxes: Mailbox[] = [];
    for (let n = 0; n < 100; n += 1) mailboxes.push(await world.add(`m${n}@acme.test`, { fresh: true }));
    const recorder = recorderOn(world.store);
    const all = Promise.all(mailboxes.map((mailbox) => recorder.record(finding(mailbox))));
    await world.clock.settle();
    expect(await all).toHaveLength(100);
  });

  test('two findings of one mailbox at the same moment are applied one after the other', async () => {
    const mailbox = await world.add('m@acme.test', { fresh: true });
    const recorder = recorderOn(world.store);
    const both = Promise.all([recorder.record(finding(mailbox)), recorder.record(finding(mailbox))]);
    await world.clock.advance(SECOND);
    expect(await both).toEqual([true, true]);
    expect(await world.statusEvents()).toHaveLength(1);
  });

  test('somebody who wrote in between is not overwritten: it is decided anew', async () => {
    const mailbox = await world.add('m@acme.test', { fresh: true });
    let edits = 0;
    const recorder = recorderOn(
      before(world.store, async () => {
        if (edits === 3) return;
        edits += 1;
        const now = await world.mailbox(mailbox.id);
        await world.store.commit([
          {
            workspaceId: world.workspaceId,
            at: world.clock.now(),
            mailboxes: [{ kind: 'replace', doc: { ...now, version: now.version + 1 }, expectedRevision: now.revision }],
          },
        ]);
      }),
    );
    const recording = recorder.record(finding(mailbox));
    await world.clock.advance(SECOND);
    expect(await recording).toBe(true);
    expect(await world.mailbox(mailbox.id)).toMatchObject({ version: 4, incoming: { health: 'HEALTHY' } });
    expect(await world.statusEvents()).toHaveLength(1);
  });

  test('a mailbox that never stops changing is given up, and does not take its neighbours along', async () => {
    const restless = await world.add('restless@acme.test', { fresh: true });
    const calm = await world.add('calm@acme.test', { fresh: true });
    const recorder = recorderOn(
      before(world.store, async () => {
        const now = await world.mailbox(restless.id);
        await world.store.commit([
          {
            workspaceId: world.workspaceId,
            at: world.clock.now(),
            mailboxes: [{ kind: 'replace', doc: now, expectedRevision: now.revision }],
          },
        ]);
      }),
    );
    const both = Promise.all([recorder.record(finding(restless)), recorder.record(finding(calm))]);
    await world.clock.advance(SECOND);
    expect(await both).toEqual([false, true]);
    expect((await world.mailbox(restless.id)).incoming?.health).toBe('UNVERIFIED');
  });

  test('it ends the claim of its own holder and of nobody else', async () => {
    const mine = await world.add('mine@acme.test');
    const theirs = await world.add('theirs@acme.test');
    await world.store.claimDue({ holder: 'gateway-1', limit: 1, leaseMs: 60 * SECOND, exceptHosts: [] });
    await world.store.claimDue({ holder: 'gateway-2', limit: 1, leaseMs: 60 * SECOND, exceptHosts: [] });
    const recorder = recorderOn(world.store);
    const both = Promise.all([recorder.record(finding(mine)), recorder.record(finding(theirs))]);
    await world.clock.advance(25);
    await both;
    for (const mailbox of [mine, theirs]) {
      const now = await world.mailbox(mailbox.id);
      await world.store.commit([
        {
          workspaceId: world.workspaceId,
          at: world.clock.now(),
          mailboxes: [
            {
              kind: 'replace',
              doc: { ...now, incoming: { ...now.incoming!, nextCheckAt: world.clock.now() } },
              expectedRevision: now.revision,
            },
          ],
        },
      ]);
    }
    const due = await world.store.claimDue({ holder: 'gateway-3', limit: 10, leaseMs: SECOND, exceptHosts: [] });
    expect(due.map(({ address }) => address)).toEqual(['mine@acme.test']);
  });

  test('a database that is away: nobody is told that anything was recorded', async () => {
    const mailbox = await world.add('m@acme.test', { fresh: true });
    const recorder = recorderOn(before(world.store, () => Promise.reject(new StoreUnavailable('away'))));
    const recording = recorder.record(finding(mailbox)).catch((error: unknown) => error);
    await world.clock.advance(SECOND);
    expect(await recording).toBeInstanceOf(StoreUnavailable);
    expect((await world.mailbox(mailbox.id)).incoming?.health).toBe('UNVERIFIED');
  });

  test('a mailbox that was removed meanwhile is nothing to record', async () => {
    const mailbox = await world.add('m@acme.test');
    await world.store.commit([
      {
        workspaceId: world.workspaceId,
        at: world.clock.now(),
        mailboxes: [{ kind: 'remove', id: mailbox.id, expectedRevision: (await world.mailbox(mailbox.id)).revision }],
      },
    ]);
    const recording = recorderOn(world.store).record(finding(mailbox));
    await world.clock.advance(SECOND);
    expect(await recording).toBe(false);
  });
});
