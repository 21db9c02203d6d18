import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Store } from '../../src/store/store.ts';
import { createWorld, HOUR, INTERVAL, MINUTE, proven, unavailable, type World } from './world.ts';

let world: World;
beforeEach(async () => {
  world = await createWorld();
});
afterEach(() => world.dispose());

async function neverDue(address: string): Promise<Awaited<ReturnType<World['mailbox']>>> {
  const { id } = await world.add(address);
  const mailbox = await world.mailbox(id);
  // As a lost schedule would leave it.
  const doc = { ...mailbox, incoming: { ...mailbox.incoming!, nextCheckAt: world.clock.now() + 1000 * HOUR } };
  await world.store.commit([
    { workspaceId: world.workspaceId, at: world.clock.now(), mailboxes: [{ kind: 'replace', doc, expectedRevision: mailbox.revision }] },
  ]);
  return world.mailbox(id);
}

describe('a proof that has grown too old', () => {
  test('after three intervals without one a mailbox is UNVERIFIED, and is checked', async () => {
    const { id } = await neverDue('support@acme.test');
    world.process().start();
    await world.clock.advance(3 * INTERVAL);
    expect((await world.mailbox(id)).incoming?.health).toBe('HEALTHY');
    await world.clock.advance(INTERVAL);
    const events = await world.statusEvents();
    expect(events.map(({ from, to, reason, trigger, actor }) => [from, to, reason, trigger, actor])).toEqual([
      ['HEALTHY', 'UNVERIFIED', 'STALE', 'WATCHDOG', 'NOBODY'],
      ['UNVERIFIED', 'HEALTHY', null, 'CHECK', 'NOBODY'],
    ]);
    expect((await world.mailbox(id)).incoming?.health).toBe('HEALTHY');
  });

  test('time in which no check could run does not count', async () => {
    const { id } = await neverDue('support@acme.test');
    await world.clock.advance(5 * HOUR);
    world.process().start();
    await world.clock.advance(2 * INTERVAL);
    expect((await world.mailbox(id)).incoming?.health).toBe('HEALTHY');
  });

  test('a mailbox that is checked is never stale', async () => {
    for (let n = 0; n < 10; n += 1) await world.add(`m${n}@acme.test`, { dueInMs: n * MINUTE });
    world.process().start();
    await world.clock.advance(3 * HOUR);
    expect(await world.statusEvents()).toEqual([]);
  });
});

describe('a monitor that is late', () => {
  /** Nothing is handed out, as when every slot is taken. */
  function stuck(store: Store, isStuck: () => boolean): Store {
    return new Proxy(store, {
      get(target, name, receiver) {
        const value: unknown = Reflect.get(target, name, receiver);
        return name === 'claimDue'
          ? async (request: Parameters<Store['claimDue']>[0]) => (isStuck() ? [] : target.claimDue(request))
          : value;
      },
    });
  }

  test('raises one incident for each workspace it is late for, marks no mailbox, and closes it when it has caught up', async () => {
    const quiet = await world.store.ensureWorkspace('Quiet', world.clock.now());
    for (let n = 0; n < 20; n += 1) await world.add(`m${n}@acme.test`);
    let late = true;
    world
      .process(
        'gateway-1',
        stuck(world.store, () => late),
      )
      .start();
    await world.clock.advance(3 * HOUR);
    expect(await world.statusEvents()).toEqual([]);
    const open = await world.store.openIncidents(null);
    expect(open).toMatchObject([
      { scope: 'gateway:monitor', workspaceId: world.workspaceId, affectedCount: 20, actor: 'GATEWAY_OPERATOR' },
    ]);
    expect(await world.events(quiet.id)).toEqual([]);
    late = false;
    await world.clock.advance(2 * INTERVAL);
    expect(await world.store.openIncidents(null)).toEqual([]);
    expect(await world.store.healthCounts(world.workspaceId)).toMatchObject({ HEALTHY: 20 });
    expect(await world.statusEvents()).toEqual([]);
  });

  test('the lag is what the oldest due mailbox waits', async () => {
    await world.add('m@acme.test');
    const status = world.process(
      'gateway-1',
      stuck(world.store, () => true),
    );
    status.start();
    await world.clock.advance(5 * MINUTE);
    expect(status.monitor.lag()).toBeGreaterThanOrEqual(4 * MINUTE);
    expect(status.monitor.lag()).toBeLessThanOrEqual(5 * MINUTE);
  });
});

describe('a degradation that lasts', () => {
  test('names the workspace admin after six hours, also when nothing observes it, and stays DEGRADED', async () => {
    const { id } = await world.add('support@acme.test');
    world.answer('support@acme.test', unavailable);
    const first = world.process('gateway-1');
    first.start();
    await world.clock.advance(MINUTE);
    const stopping = first.stop();
    await world.clock.advance(MINUTE);
    await stopping;
    const mailbox = await world.mailbox(id);
    const doc = { ...mailbox, incoming: { ...mailbox.incoming!, nextCheckAt: world.clock.now() + 100 * HOUR } };
    await world.store.commit([
      { workspaceId: world.workspaceId, at: world.clock.now(), mailboxes: [{ kind: 'replace', doc, expectedRevision: mailbox.revision }] },
    ]);
    world.process('gateway-2').start();
    await world.clock.advance(6 * HOUR + INTERVAL);
    const events = await world.statusEvents();
    expect(events.at(-1)).toMatchObject({ from: 'DEGRADED', to: 'DEGRADED', actor: 'WORKSPACE_ADMIN', trigger: 'WATCHDOG' });
    expect(events).toHaveLength(2);
    world.answer('support@acme.test', proven);
  });
});
