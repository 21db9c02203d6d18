import { describe, expect, test } from 'vitest';
import type { Clock } from '../../src/domain/clock.ts';
import type { Probe, ProbeOutcome } from '../../src/providers/probe.ts';
import { createCheck, longestCheckMs } from '../../src/status/check.ts';
import { createHostBudget, LOGINS_AT_BIG_HOST, LOGINS_AT_HOST } from '../../src/status/host-budget.ts';
import { createRetryBudget } from '../../src/status/retry-budget.ts';
import { StoreUnavailable } from '../../src/store/errors.ts';
import { createVirtualClock } from '../support/virtual-clock.ts';
import { createWorld, deferred, SETTINGS, TIMEOUT } from './world.ts';

const silentLog = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

async function oneMailbox() {
  const world = await createWorld();
  const mailbox = await world.add('support@acme.test', { direction: 'BOTH' });
  await world.dispose();
  return mailbox;
}

const request = () => ({ legs: ['INCOMING'], canary: false, signal: new AbortController().signal }) as const;
const ready = async () => ({ kind: 'READY', fresh: true, login: { server: { host: 'h' } } as never }) as const;

describe('one check', () => {
  test('both legs are tried at the same time', async () => {
    const clock = createVirtualClock();
    const both = deferred<ProbeOutcome>();
    let running = 0;
    const probe: Probe = () => {
      running += 1;
      if (running === 2) both.resolve({ kind: 'PROVEN' });
      return both.promise;
    };
    const check = createCheck({ openLogin: ready, probe, clock, log: silentLog, checkTimeoutMs: TIMEOUT });
    const checked = await check(await oneMailbox(), { ...request(), legs: ['INCOMING', 'OUTGOING'] });
    expect(checked.map(({ observation }) => [observation.leg, observation.outcome.kind])).toEqual([
      ['INCOMING', 'PROVEN'],
      ['OUTGOING', 'PROVEN'],
    ]);
  });

  test('opening a login that never ends is bounded too', async () => {
    const clock = createVirtualClock();
    const check = createCheck({
      openLogin: () => new Promise(() => undefined),
      probe: () => new Promise(() => undefined),
      clock,
      log: silentLog,
      checkTimeoutMs: TIMEOUT,
    });
    const checking = check(await oneMailbox(), request());
    await clock.advance(longestCheckMs(TIMEOUT));
    const [checked] = await checking;
    expect(checked?.observation.outcome).toMatchObject({ kind: 'FAILED', diagnosis: { reason: 'CONNECTION_TIMEOUT', retryable: true } });
    expect(clock.pending()).toBe(0);
  });

  test('a process that was held up by somebody else gives a waiting answer one more second', async () => {
    const inner = createVirtualClock();
    let heldUpMs = 0;
    const clock: Clock = { ...inner, monotonicMs: () => inner.monotonicMs() + heldUpMs };
    const answer = deferred<ProbeOutcome>();
    const check = createCheck({ openLogin: ready, probe: () => answer.promise, clock, log: silentLog, checkTimeoutMs: TIMEOUT });
    const checking = check(await oneMailbox(), request());
    heldUpMs = 5_000;
    inner.schedule(TIMEOUT + 2_500, () => answer.resolve({ kind: 'PROVEN' }));
    await inner.advance(TIMEOUT + 4_000);
    expect((await checking)[0]?.observation.outcome.kind).toBe('PROVEN');
  });

  test('negative control: without being held up the same answer comes too late', async () => {
    const clock = createVirtualClock();
    const answer = deferred<ProbeOutcome>();
    const check = createCheck({ openLogin: ready, probe: () => answer.promise, clock, log: silentLog, checkTimeoutMs: TIMEOUT });
    const checking = check(await oneMailbox(), request());
    clock.schedule(TIMEOUT + 2_500, () => answer.resolve({ kind: 'PROVEN' }));
    await clock.advance(TIMEOUT + 4_000);
    expect((await checking)[0]?.observation.outcome.kind).toBe('FAILED');
  });

  test('a database that is away is no observation', async () => {
    const clock = createVirtualClock();
    const openLogin = () => Promise.reject(new StoreUnavailable('away'));
    const check = createCheck({ openLogin, probe: () => new Promise(() => undefined), clock, log: silentLog, checkTimeoutMs: TIMEOUT });
    await expect(check(await oneMailbox(), request())).rejects.toBeInstanceOf(StoreUnavailable);
  });

  test('broken off, it says nothing', async () => {
    const clock = createVirtualClock();
    const stop = new AbortController();
    const check = createCheck({
      openLogin: ready,
      probe: () => new Promise(() => undefined),
      clock,
      log: silentLog,
      checkTimeoutMs: TIMEOUT,
    });
    const checking = check(await oneMailbox(), { ...request(), signal: stop.signal });
    await clock.settle();
    stop.abort();
    expect(await checking).toEqual([]);
  });
});

describe('how many logins at the same time', () => {
  test('ten at a host, fifty at a big one', () => {
    const budget = createHostBudget(SETTINGS.servers);
    const fill = (host: string): number => {
      let count = 0;
      while (budget.tryTake([host]) !== null) count += 1;
      return count;
    };
    expect(fill('imap.example.com')).toBe(LOGINS_AT_HOST);
    expect(fill('outlook.office365.com')).toBe(LOGINS_AT_BIG_HOST);
    expect([...budget.full()].toSorted()).toEqual(['imap.example.com', 'outlook.office365.com']);
  });

  test('both hosts of a mailbox or none', () => {
    const budget = createHostBudget(SETTINGS.servers);
    for (let n = 0; n < LOGINS_AT_HOST; n += 1) budget.tryTake(['full.example.com']);
    expect(budget.tryTake(['free.example.com', 'full.example.com'])).toBeNull();
    for (let n = 0; n < LOGINS_AT_HOST; n += 1) expect(budget.tryTake(['free.example.com'])).not.toBeNull();
  });

  test('who waits gets its turn in order, and giving back twice gives back once', async () => {
    const budget = createHostBudget(SETTINGS.servers);
    const taken = Array.from({ length: LOGINS_AT_HOST }, () => budget.tryTake(['h'])!);
    const order: number[] = [];
    const first = budget.take(['h']).then((turn) => (order.push(1), turn));
    const second = budget.take(['h']).then((turn) => (order.push(2), turn));
    taken[0]!.give();
    taken[0]!.give();
    await first;
    expect(order).toEqual([1]);
    (await first).give();
    await second;
    expect(order).toEqual([1, 2]);
  });
});

test('early retries: a few to begin with, then one for every ten checks', () => {
  const retries = createRetryBudget();
  let spent = 0;
  while (retries.spend()) spent += 1;
  expect(spent).toBe(20);
  for (let n = 0; n < 100; n += 1) retries.earn();
  spent = 0;
  while (retries.spend()) spent += 1;
  expect(spent).toBeGreaterThanOrEqual(9);
  expect(spent).toBeLessThanOrEqual(10);
});
