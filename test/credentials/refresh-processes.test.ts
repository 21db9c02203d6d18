import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { describeOnEngine, ENGINES, type EngineName } from '../support/gateway.ts';
import { hammer, killInTheMiddle, pauseInTheMiddle, type Tally } from './refresh-experiments.ts';
import { createRefreshLab, type RefreshLab } from './refresh-lab.ts';
import { fourClocks } from './skewed-clock.ts';

/**
 * Experiments with real processes, one sign-in server and one database; bounded by how often something happens, never by
 * time. `npx tsx bench/refresh.ts` runs the same for longer.
 */
const PROCESSES = 4;
const SIZES = {
  sqlite: { mailboxes: 60, rounds: 2, kills: 4, killed: 12, skewed: 0 },
  mongodb: { mailboxes: 16, rounds: 2, kills: 3, killed: 12, skewed: 12 },
} as const;
const PAUSED = 2;
const MINUTE_MS = 61_000;
const HOUR_MS = 3_600_000;
/** Of a machine that has much else to do; on a quiet one each takes seconds. */
const TIMEOUT_MS = 400_000;

function line(name: string, engine: EngineName, tally: Tally, more = ''): void {
  const failed = Object.entries(tally.failed).map(([reason, count]) => `, ${count} ${reason}`);
  const dead = tally.dead.map(({ outcome, lives }) => `${outcome}${lives ? ' (alive)' : ''}`);
  console.log(
    `${name} ${engine}: ${tally.renewed} renewals, ${tally.saved} saved${failed.join('')}${more}; ` +
      `${tally.dead.length} of ${tally.fates.length} grants destroyed ${[...new Set(dead)].join(', ')}`.trimEnd(),
  );
}

describe.each(ENGINES)('processes that renew the same grants', (engine) => {
  describeOnEngine(engine, 'at a provider that ends a grant whose used token comes again', () => strict(engine));
  describeOnEngine(engine, 'at a provider that leaves used tokens alone, as Microsoft and Google do', () => lenient(engine));
});

function strict(engine: EngineName): void {
  const size = SIZES[engine];
  let lab: RefreshLab;

  beforeAll(async () => {
    const people = size.mailboxes + size.skewed + 2 * size.killed + 5 * PAUSED;
    lab = await createRefreshLab({ engine, mongoUrl: inject('mongoUrl'), flavour: 'microsoft', rotate: true, people });
  });
  afterAll(() => lab.close());

  test('four at the same time destroy none of them; without the lease they destroy all (R5)', { timeout: TIMEOUT_MS }, async () => {
    const mailboxIds = await lab.addMailboxes(size.mailboxes);
    const tally = await hammer(lab, { mailboxIds, processes: PROCESSES, rounds: size.rounds });
    line('R5', engine, tally);
    expect(tally.dead).toEqual([]);
    expect(tally.renewed).toBeGreaterThanOrEqual(size.mailboxes);
    expect(tally.saved).toBeGreaterThan(0);

    const control = await hammer(lab, { mailboxIds, processes: PROCESSES, rounds: 20, without: 'lease' });
    line('R5 without the lease', engine, control);
    expect(control.dead.length).toBe(size.mailboxes);
  });

  test('kill -9 is honest: every grant that was lost says REFRESH_INTERRUPTED (R6)', { timeout: TIMEOUT_MS }, async () => {
    const mailboxIds = await lab.addMailboxes(size.killed);
    const tally = await killInTheMiddle(lab, { mailboxIds, processes: PROCESSES, kills: size.kills, enough: 1 });
    line('R6', engine, tally, `, ${tally.kills} kills`);
    expect(tally.dead.length).toBeGreaterThan(0);
    for (const { hadIntent, outcome } of tally.dead)
      expect({ hadIntent, outcome }).toEqual({ hadIntent: true, outcome: 'REFRESH_INTERRUPTED' });
  });

  test('without the durable intent nobody knows why a grant is lost (R6)', { timeout: TIMEOUT_MS }, async () => {
    const mailboxIds = await lab.addMailboxes(size.killed);
    const tally = await killInTheMiddle(lab, { mailboxIds, processes: PROCESSES, kills: 2, enough: 1, without: 'intent' });
    line('R6 without the intent', engine, tally, `, ${tally.kills} kills`);
    expect(tally.dead.length).toBeGreaterThan(0);
    for (const { outcome } of tally.dead) expect(outcome).not.toBe('REFRESH_INTERRUPTED');
  });

  // Of SQLite all processes are on one machine, which has one clock.
  if (engine === 'mongodb') {
    const clocks = fourClocks();
    const title = 'clocks that are an hour wrong do no harm, because leases go by the database; by local clocks they would (R7)';
    if (clocks === null) test.skip(`${title}: needs faketime`, () => undefined);
    else
      test(title, { timeout: TIMEOUT_MS }, async () => {
        const mailboxIds = await lab.addMailboxes(size.skewed);
        const tally = await hammer(lab, { mailboxIds, processes: PROCESSES, rounds: size.rounds, clocks });
        line('R7 two of four clocks an hour wrong', engine, tally);
        expect(tally.skewsMs.map((skewMs) => Math.round(skewMs / HOUR_MS)).join(' ')).toBe('0 0 1 -1');
        expect(tally.dead).toEqual([]);

        const control = await hammer(lab, { mailboxIds, processes: PROCESSES, rounds: 20, clocks, without: 'lease-by-the-database' });
        line('R7 two of four clocks an hour wrong, leases by local clocks', engine, control);
        expect(control.dead.length).toBeGreaterThan(0);
      });
  }

  describe('a holder that is stopped (SIGSTOP) until its lease is over and another one has renewed the grant (R7)', () => {
    const long = { after: 'intent', jump: { of: 'monotonic', ms: MINUTE_MS } } as const;
    const asleep = { after: 'intent', jump: { of: 'wall', ms: MINUTE_MS } } as const;
    const unseen = { after: 'read' } as const;

    test.each([
      ['does not send the old token', long],
      ['nor when the whole machine slept, which only the time of day shows', asleep],
      ['nor when no clock saw the pause, but the token is another one by now', unseen],
    ])('%s', { timeout: TIMEOUT_MS }, async (title, pause) => {
      const tally = await pauseInTheMiddle(lab, { mailboxIds: await lab.addMailboxes(PAUSED), pause, stoppedMs: 0 });
      line(`R7 paused, ${title}`, engine, tally);
      expect(tally.dead).toEqual([]);
      expect(tally.renewed).toBe(0);
    });

    test.each([
      ['without a look at the clock', long, 'look-at-the-clock'],
      ['without a look at the token', unseen, 'look-at-the-token'],
    ] as const)('%s the grants die', { timeout: TIMEOUT_MS }, async (title, pause, without) => {
      const tally = await pauseInTheMiddle(lab, { mailboxIds: await lab.addMailboxes(PAUSED), pause, stoppedMs: 0, without });
      line(`R7 paused, ${title}`, engine, tally);
      expect(tally.dead.length).toBe(PAUSED);
    });
  });
}

function lenient(engine: EngineName): void {
  const size = SIZES[engine];
  let lab: RefreshLab;

  beforeAll(async () => {
    lab = await createRefreshLab({
      engine,
      mongoUrl: inject('mongoUrl'),
      flavour: 'microsoft',
      rotate: 'keeping-used',
      people: size.killed,
    });
  });
  afterAll(() => lab.close());

  test('kill -9 loses nothing (R6)', { timeout: TIMEOUT_MS }, async () => {
    const mailboxIds = await lab.addMailboxes(size.killed);
    const tally = await killInTheMiddle(lab, { mailboxIds, processes: PROCESSES, kills: size.kills, enough: 0 });
    line('R6 used tokens stay good', engine, tally, `, ${tally.kills} kills`);
    expect(tally.dead).toEqual([]);
    expect(tally.renewed).toBeGreaterThan(0);
  });
}
