import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Store } from '../../src/store/store.ts';
import { StoreUnavailable } from '../../src/store/errors.ts';
import {
  CONFIRM_AFTER,
  createWorld,
  deferred,
  hanging,
  HOUR,
  INTERVAL,
  MINUTE,
  passwordExpired,
  proven,
  refused,
  SECOND,
  TIMEOUT,
  unavailable,
  wrongPassword,
  type World,
} from './world.ts';
import type { ProbeOutcome } from '../../src/providers/probe.ts';

let world: World;
beforeEach(async () => {
  world = await createWorld();
});
afterEach(() => world.dispose());

describe('a mailbox by itself', () => {
  test('a new mailbox is checked at once on both legs and becomes HEALTHY', async () => {
    const { id } = await world.add('support@acme.test', { fresh: true, direction: 'BOTH' });
    world.process().start();
    await world.clock.advance(SECOND);
    const mailbox = await world.mailbox(id);
    expect([mailbox.incoming?.health, mailbox.outgoing?.health]).toEqual(['HEALTHY', 'HEALTHY']);
    expect((await world.statusEvents()).map(({ from, to, trigger }) => [from, to, trigger])).toEqual([
      ['UNVERIFIED', 'HEALTHY', 'CHECK'],
      ['UNVERIFIED', 'HEALTHY', 'CHECK'],
    ]);
    expect(mailbox.incoming?.lastProvenAt).toBe(world.attempts[0]!.at + 100);
  });

  test('a check without a change writes no event but a new proof', async () => {
    const { id } = await world.add('support@acme.test');
    const before = await world.mailbox(id);
    world.process().start();
    await world.clock.advance(SECOND);
    const after = await world.mailbox(id);
    expect(after.incoming!.lastProvenAt).toBeGreaterThan(before.incoming!.lastProvenAt!);
    expect(after.changedAt).toBe(before.changedAt);
    expect(await world.events()).toEqual([]);
  });

  test('a healthy mailbox is checked once an interval, never more often', async () => {
    await world.add('support@acme.test');
    world.process().start();
    await world.clock.advance(24 * HOUR);
    const times = world.attempts.map((attempt) => attempt.at);
    const gaps = times.slice(1).map((at, place) => at - times[place]!);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(INTERVAL);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(INTERVAL * 1.1 + SECOND);
  });

  test('a rejection waits for its confirmation, and only the confirmation asks somebody to act', async () => {
    const { id } = await world.add('support@acme.test');
    world.answer('support@acme.test', wrongPassword);
    world.process().start();
    await world.clock.advance(SECOND);
    expect((await world.mailbox(id)).incoming).toMatchObject({ health: 'DEGRADED', suspicion: { held: false } });
    await world.clock.advance(CONFIRM_AFTER - 2 * SECOND);
    expect(world.attempts).toHaveLength(1);
    await world.clock.advance(10 * SECOND);
    expect(world.attempts).toHaveLength(2);
    expect((await world.mailbox(id)).incoming).toMatchObject({ health: 'ACTION_REQUIRED', diagnosis: { reason: 'BAD_CREDENTIALS' } });
    expect((await world.statusEvents()).map(({ from, to }) => [from, to])).toEqual([
      ['HEALTHY', 'DEGRADED'],
      ['DEGRADED', 'ACTION_REQUIRED'],
    ]);
  });

  test('a certain cause needs no confirmation', async () => {
    const { id } = await world.add('support@acme.test');
    world.answer('support@acme.test', passwordExpired);
    world.process().start();
    await world.clock.advance(SECOND);
    expect((await world.mailbox(id)).incoming).toMatchObject({ health: 'ACTION_REQUIRED', diagnosis: { reason: 'PASSWORD_EXPIRED' } });
  });

  test('a broken mailbox is tried every one to six hours and heals by itself', async () => {
    const { id } = await world.add('support@acme.test');
    world.answer('support@acme.test', passwordExpired);
    world.process().start();
    await world.clock.advance(24 * HOUR);
    const tries = world.attempts.length;
    expect(tries).toBeGreaterThanOrEqual(4);
    expect(tries).toBeLessThanOrEqual(24);
    world.answer('support@acme.test', proven);
    await world.clock.advance(6 * HOUR + MINUTE);
    expect((await world.mailbox(id)).incoming?.health).toBe('HEALTHY');
  });

  test.each([
    ['an unavailable server', unavailable],
    ['a refused connection', refused],
  ])('%s never turns a mailbox red in 24 hours; after six a workspace admin is named', async (_name, answer) => {
    const { id } = await world.add('support@acme.test');
    world.answer('support@acme.test', answer);
    world.process().start();
    await world.clock.advance(5 * HOUR);
    expect((await world.mailbox(id)).incoming).toMatchObject({ health: 'DEGRADED', diagnosis: { retryable: true } });
    expect((await world.statusEvents()).map(({ to }) => to)).toEqual(['DEGRADED']);
    await world.clock.advance(19 * HOUR);
    const events = await world.statusEvents();
    expect(new Set(events.map(({ to }) => to))).toEqual(new Set(['DEGRADED']));
    expect(events.length).toBeLessThanOrEqual(2);
    expect(events.at(-1)).toMatchObject({ actor: 'WORKSPACE_ADMIN' });
    expect(world.attempts.length).toBeLessThanOrEqual(24 * 6 + 4);
  });

  test('a hiccup is retried within the minute', async () => {
    const { id } = await world.add('support@acme.test');
    world.answer('support@acme.test', unavailable);
    world.process().start();
    await world.clock.advance(SECOND);
    world.answer('support@acme.test', proven);
    await world.clock.advance(MINUTE);
    expect((await world.mailbox(id)).incoming?.health).toBe('HEALTHY');
  });

  test('a repair that commits during a probe makes its outcome void', async () => {
    const { id } = await world.add('support@acme.test');
    const answer = deferred<ProbeOutcome>();
    world.answer('support@acme.test', () => answer.promise);
    world.process().start();
    await world.clock.advance(SECOND);
    const now = await world.mailbox(id);
    await world.store.commit([
      {
        workspaceId: world.workspaceId,
        at: world.clock.now(),
        mailboxes: [
          {
            kind: 'replace',
            doc: { ...now, loginVersion: 2, incoming: { ...now.incoming!, nextCheckAt: world.clock.now() + INTERVAL } },
            expectedRevision: now.revision,
          },
        ],
      },
    ]);
    answer.resolve(await passwordExpired(world.attempts[0]!));
    world.answer('support@acme.test', proven);
    await world.clock.advance(SECOND);
    expect((await world.mailbox(id)).incoming?.health).toBe('HEALTHY');
    expect(await world.events()).toEqual([]);
    // The claim is back: the mailbox is checked again when it is due.
    await world.clock.advance(INTERVAL + MINUTE);
    expect(world.attempts.length).toBe(2);
  });

  test('a setting edited during a probe keeps both the edit and the outcome', async () => {
    const { id } = await world.add('support@acme.test');
    const answer = deferred<ProbeOutcome>();
    world.answer('support@acme.test', () => answer.promise);
    world.process().start();
    await world.clock.advance(SECOND);
    const now = await world.mailbox(id);
    await world.store.commit([
      {
        workspaceId: world.workspaceId,
        at: world.clock.now(),
        mailboxes: [{ kind: 'replace', doc: { ...now, displayName: 'Sales', version: 2 }, expectedRevision: now.revision }],
      },
    ]);
    answer.resolve(await passwordExpired(world.attempts[0]!));
    await world.clock.advance(SECOND);
    expect(await world.mailbox(id)).toMatchObject({ displayName: 'Sales', version: 2, incoming: { health: 'ACTION_REQUIRED' } });
  });

  test('a paused mailbox is never tried', async () => {
    await world.add('support@acme.test', { paused: true });
    world.process().start();
    await world.clock.advance(2 * HOUR);
    expect(world.attempts).toEqual([]);
  });

  test('OAuth: a rejected cached token is confirmed with a new one', async () => {
    const { id } = await world.add('support@acme.test', { provider: 'MICROSOFT_365', oauth: true });
    world.answer('support@acme.test', wrongPassword);
    const forced: boolean[] = [];
    const status = world.process();
    world.opening((username, force) => {
      forced.push(force);
      return {
        kind: 'READY',
        fresh: force,
        login: {
          direction: 'INCOMING',
          provider: 'MICROSOFT_365',
          server: { host: 'imap.example.com', port: 993, security: 'TLS' },
          username,
          proof: { kind: 'ACCESS_TOKEN', accessToken: null as never },
        },
      };
    });
    status.start();
    await world.clock.advance(2 * MINUTE);
    expect(forced).toEqual([false, true]);
    expect((await world.mailbox(id)).incoming?.health).toBe('ACTION_REQUIRED');
  });
});

describe('many mailboxes', () => {
  test('two monitors on one store check each mailbox once an interval', async () => {
    for (let n = 0; n < 30; n += 1) await world.add(`m${n}@acme.test`, { dueInMs: n * SECOND });
    world.process('gateway-1').start();
    world.process('gateway-2').start();
    await world.clock.advance(3 * INTERVAL);
    for (let n = 0; n < 30; n += 1) {
      const times = world.attemptsOf(`m${n}@acme.test`).map((attempt) => attempt.at);
      expect(times.length).toBeGreaterThanOrEqual(2);
      const gaps = times.slice(1).map((at, place) => at - times[place]!);
      expect(Math.min(...gaps)).toBeGreaterThanOrEqual(INTERVAL);
    }
  });

  test('a process that dies with claims leaves its mailboxes to the others', async () => {
    const { id } = await world.add('support@acme.test');
    await world.store.claimDue({ holder: 'dead', limit: 10, leaseMs: 2 * MINUTE, exceptHosts: [] });
    world.process().start();
    await world.clock.advance(MINUTE);
    expect(world.attempts).toEqual([]);
    await world.clock.advance(90 * SECOND);
    expect(world.attempts).toHaveLength(1);
    expect((await world.mailbox(id)).incoming?.health).toBe('HEALTHY');
  });

  test('a mailbox that hangs and one that throws delay nobody, and both end as DEGRADED', async () => {
    const silent = await world.add('hang@acme.test', { host: 'hang.example.com' });
    const throwing = await world.add('throw@acme.test', { host: 'throw.example.com' });
    world.answer('hang@acme.test', hanging);
    world.answer('throw@acme.test', () => {
      throw new TypeError('a bug');
    });
    for (let n = 0; n < 20; n += 1) await world.add(`m${n}@acme.test`);
    world.process().start();
    await world.clock.advance(2 * SECOND);
    for (let n = 0; n < 20; n += 1) expect(world.attemptsOf(`m${n}@acme.test`)).toHaveLength(1);
    expect((await world.mailbox(throwing.id)).incoming).toMatchObject({
      health: 'DEGRADED',
      diagnosis: { retryable: true, actor: 'NOBODY' },
    });
    await world.clock.advance(TIMEOUT + 5 * SECOND);
    expect((await world.mailbox(silent.id)).incoming).toMatchObject({ health: 'DEGRADED', diagnosis: { reason: 'CONNECTION_TIMEOUT' } });
    expect(world.attemptsOf('hang@acme.test')[0]!.signal.aborted).toBe(true);
    await world.clock.advance(4 * HOUR);
    for (const { id } of [silent, throwing]) expect((await world.mailbox(id)).incoming?.health).toBe('DEGRADED');
  });

  test('a host whose logins all hang keeps its own mailboxes waiting and no others', async () => {
    for (let n = 0; n < 100; n += 1) await world.add(`slow${n}@acme.test`, { host: 'slow.example.com' });
    for (let n = 0; n < 40; n += 1) await world.add(`m${n}@acme.test`, { dueInMs: n });
    for (let n = 0; n < 100; n += 1) world.answer(`slow${n}@acme.test`, hanging);
    world.process().start();
    await world.clock.advance(INTERVAL + MINUTE);
    for (let n = 0; n < 40; n += 1) expect(world.attemptsOf(`m${n}@acme.test`).length).toBeGreaterThanOrEqual(1);
    expect(world.peaks.get('slow.example.com')).toBe(10);
  });

  test('a thousand overdue mailboxes at a start are spread over the interval, ten logins at a time at a host', async () => {
    for (let n = 0; n < 1000; n += 1) await world.add(`m${n}@acme.test`, { dueInMs: -HOUR, host: `h${n % 2}.example.com` });
    const startedAt = world.clock.now();
    world.process().start();
    await world.clock.advance(INTERVAL + MINUTE);
    const first = new Map<string, number>();
    for (const attempt of world.attempts) if (!first.has(attempt.username)) first.set(attempt.username, attempt.at - startedAt);
    expect(first.size).toBe(1000);
    const perMinute = Array.from(
      { length: 10 },
      (_, minute) => [...first.values()].filter((at) => Math.floor(at / MINUTE) === minute).length,
    );
    // A hundred a minute on average; the first batch of 50 comes on top.
    expect(Math.max(...perMinute)).toBeLessThanOrEqual(200);
    expect(Math.min(...perMinute)).toBeGreaterThanOrEqual(50);
    expect(Math.max(...world.peaks.values())).toBeLessThanOrEqual(10);
  });

  test('when everything fails at once, early retries stay a tenth of the load', async () => {
    for (let n = 0; n < 200; n += 1) await world.add(`m${n}@acme.test`, { dueInMs: n * 3 * SECOND });
    world.answer('*', unavailable);
    world.process().start();
    await world.clock.advance(HOUR);
    expect(world.attempts.length).toBeLessThanOrEqual(200 * 6 * 1.1 + 25);
    expect((await world.store.healthCounts(world.workspaceId)).DEGRADED).toBe(200);
  });

  test('login budget: a rejected leg is tried once, once more to confirm, then slowly', async () => {
    for (let n = 0; n < 5; n += 1) await world.add(`m${n}@acme.test`, { dueInMs: n * SECOND });
    for (let n = 0; n < 5; n += 1) world.answer(`m${n}@acme.test`, wrongPassword);
    world.process().start();
    await world.clock.advance(HOUR - MINUTE);
    for (let n = 0; n < 5; n += 1) expect(world.attemptsOf(`m${n}@acme.test`)).toHaveLength(2);
  });
});

describe('the life of a monitor', () => {
  test('while the database is away checks pause without hammering it, then go on', async () => {
    const { id } = await world.add('support@acme.test');
    let away = true;
    let calls = 0;
    const store = flaky(world.store, () => {
      calls += 1;
      if (away) throw new StoreUnavailable('away');
    });
    world.process('gateway-1', store).start();
    await world.clock.advance(10 * MINUTE);
    expect(world.attempts).toEqual([]);
    expect(calls).toBeLessThan(100);
    expect(world.logged.filter(({ message }) => message.includes('checks pause'))).toHaveLength(1);
    away = false;
    await world.clock.advance(MINUTE);
    expect(world.attempts).toHaveLength(1);
    expect((await world.mailbox(id)).incoming?.lastCheckedAt).toBe(world.attempts[0]!.at + 100);
  });

  test('an outcome that cannot be stored is no outcome: the mailbox is tried again when its claim has run out', async () => {
    const { id } = await world.add('support@acme.test');
    let away = false;
    const store = flaky(world.store, () => {
      if (away) throw new StoreUnavailable('away');
    });
    world.answer('support@acme.test', (attempt) => {
      away = world.attempts.length === 1;
      return passwordExpired(attempt);
    });
    world.process('gateway-1', store).start();
    await world.clock.advance(SECOND);
    expect((await world.mailbox(id)).incoming?.health).toBe('HEALTHY');
    away = false;
    await world.clock.advance(5 * MINUTE);
    expect((await world.mailbox(id)).incoming?.health).toBe('ACTION_REQUIRED');
    expect(world.attempts).toHaveLength(2);
  });

  test('stop waits for the checks under way and gives the claims back', async () => {
    const { id } = await world.add('support@acme.test');
    const answer = deferred<ProbeOutcome>();
    world.answer('support@acme.test', () => answer.promise);
    const status = world.process();
    status.start();
    await world.clock.advance(SECOND);
    let stopped = false;
    const stopping = status.stop(20 * SECOND).then(() => (stopped = true));
    await world.clock.advance(5 * SECOND);
    expect(stopped).toBe(false);
    answer.resolve(await passwordExpired(world.attempts[0]!));
    await world.clock.advance(SECOND);
    await stopping;
    expect((await world.mailbox(id)).incoming?.health).toBe('ACTION_REQUIRED');
  });

  test('a check that outlasts the grace is broken off, says nothing, and its mailbox is free at once', async () => {
    const { id } = await world.add('support@acme.test');
    world.answer('support@acme.test', hanging);
    const status = world.process();
    status.start();
    await world.clock.advance(SECOND);
    const stopping = status.stop(2 * SECOND);
    await world.clock.advance(3 * SECOND);
    await stopping;
    expect((await world.mailbox(id)).incoming?.health).toBe('HEALTHY');
    expect(await world.store.claimDue({ holder: 'other', limit: 1, leaseMs: 1, exceptHosts: [] })).toHaveLength(1);
  });

  test('wake finds what became due earlier than believed', async () => {
    const { id } = await world.add('support@acme.test', { dueInMs: INTERVAL });
    const status = world.process();
    status.start();
    await world.clock.advance(100);
    const now = await world.mailbox(id);
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
    status.checks.wake();
    await world.clock.advance(SECOND);
    expect(world.attempts).toHaveLength(1);
  });
});

/** The real store with a switch in front of what the monitor asks. */
function flaky(store: Store, before: () => void): Store {
  return new Proxy(store, {
    get(target, name, receiver) {
      const value: unknown = Reflect.get(target, name, receiver);
      if (typeof value !== 'function') return value;
      return async (...args: unknown[]) => {
        before();
        return Reflect.apply(value, target, args) as unknown;
      };
    },
  });
}
