/**
 * R5, R6 and R7 with real processes: `npx tsx bench/refresh.ts [seconds]`, 20 by default for each experiment, on SQLite and
 * on MongoDB (MONGODB_TEST_URL, else what the tests use). Every row has its negative control below it: the same without the
 * one defence. Ends with code 1 when a grant is destroyed that should live, or when a control destroys none.
 */
import { hammer, killInTheMiddle, pauseInTheMiddle, type Tally } from '../test/credentials/refresh-experiments.ts';
import { createRefreshLab, type LabOptions, type RefreshLab } from '../test/credentials/refresh-lab.ts';
import type { MissingDefence } from '../test/credentials/refresher-orders.ts';
import { fourClocks } from '../test/credentials/skewed-clock.ts';
import { startMongo } from '../test/support/mongo-server.ts';

const SECONDS = Number(process.argv[2] ?? 20);
const PROCESSES = 4;
const MAILBOXES = 60;
const CONTROLS = 20;
const PAUSED = 4;
/** Longer than a lease: nothing is made to look as if time had passed. */
const STOPPED_MS = 61_000;

type Engine = LabOptions['engine'];
type Goal = 'none destroyed' | 'all lost ones told' | 'control: destroyed' | 'control: not told';

const columns = [46, 9, 9, 7, 6, 10, 13] as const;

function row(...cells: readonly (string | number)[]): void {
  console.log(
    cells.map((cell, index) => (index === 0 ? String(cell).padEnd(columns[0]) : String(cell).padStart(columns[index] ?? 0))).join(' '),
  );
}

function print(name: string, engine: Engine, goal: Goal, tally: Tally & { readonly kills?: number }): void {
  const told = tally.dead.filter(({ outcome, hadIntent }) => outcome === 'REFRESH_INTERRUPTED' && hadIntent).length;
  const met = isMet(goal, tally.dead.length, told);
  if (!met) process.exitCode = 1;
  const destroyed = `${tally.dead.length}/${tally.fates.length}`;
  row(name, engine, tally.renewed, tally.saved, tally.kills ?? '', destroyed, told, ` ${met ? 'ok  ' : 'FAIL'} ${goal}`);
}

function isMet(goal: Goal, dead: number, told: number): boolean {
  switch (goal) {
    case 'none destroyed':
      return dead === 0;
    case 'all lost ones told':
      return told === dead;
    case 'control: destroyed':
      return dead > 0;
    case 'control: not told':
      return dead > 0 && told === 0;
  }
}

async function strict(engine: Engine, mongoUrl: string | null): Promise<void> {
  const people = 3 * MAILBOXES + CONTROLS + 2 * PAUSED;
  const lab = await createRefreshLab({ engine, mongoUrl, flavour: 'microsoft', rotate: true, people });
  try {
    const shared = await lab.addMailboxes(MAILBOXES);
    print(
      'R5 renewed by 4 processes',
      engine,
      'none destroyed',
      await hammer(lab, { mailboxIds: shared, processes: PROCESSES, seconds: SECONDS }),
    );
    const unleashed = await hammer(lab, { mailboxIds: shared, processes: PROCESSES, seconds: SECONDS, without: 'lease' });
    print('   without the lease', engine, 'control: destroyed', unleashed);

    const killed = await lab.addMailboxes(MAILBOXES);
    const honest = await killInTheMiddle(lab, { mailboxIds: killed, processes: PROCESSES, kills: 0, enough: 0, seconds: SECONDS });
    print('R6 killed in the middle', engine, 'all lost ones told', honest);
    const silent = await killInTheMiddle(lab, {
      mailboxIds: await lab.addMailboxes(CONTROLS),
      processes: PROCESSES,
      kills: PROCESSES,
      enough: CONTROLS / 2,
      without: 'intent',
    });
    print('   without the durable intent', engine, 'control: not told', silent);

    const [stopped, blind] = await Promise.all([paused(lab), paused(lab, 'look-at-the-clock')]);
    print(`R7 stopped for ${STOPPED_MS / 1_000} s before sending`, engine, 'none destroyed', stopped);
    print('   without a look at the clock', engine, 'control: destroyed', blind);
    await skewed(engine, lab);
  } finally {
    await lab.close();
  }
}

/** A process for each mailbox, all stopped at the same time. */
async function paused(lab: RefreshLab, without?: MissingDefence): Promise<Tally> {
  const mailboxIds = await lab.addMailboxes(PAUSED);
  const pause = { after: 'intent' } as const;
  const missing = without === undefined ? {} : { without };
  const tallies = await Promise.all(
    mailboxIds.map((id) => pauseInTheMiddle(lab, { mailboxIds: [id], pause, stoppedMs: STOPPED_MS, ...missing })),
  );
  return {
    renewed: tallies.reduce((sum, { renewed }) => sum + renewed, 0),
    saved: tallies.reduce((sum, { saved }) => sum + saved, 0),
    failed: {},
    fates: tallies.flatMap(({ fates }) => fates),
    dead: tallies.flatMap(({ dead }) => dead),
  };
}

async function skewed(engine: Engine, lab: RefreshLab): Promise<void> {
  if (engine === 'sqlite') {
    row('R7 two of four clocks an hour wrong', engine, '', '', '', '', '', ' -    one file, one machine, one clock');
    return;
  }
  const clocks = fourClocks();
  if (clocks === null) {
    row('R7 two of four clocks an hour wrong', engine, '', '', '', '', '', ' -    SKIPPED: needs faketime');
    return;
  }
  const mailboxIds = await lab.addMailboxes(MAILBOXES);
  const right = await hammer(lab, { mailboxIds, processes: PROCESSES, seconds: SECONDS, clocks });
  print('R7 two of four clocks an hour wrong', engine, 'none destroyed', right);
  const local = await hammer(lab, { mailboxIds, processes: PROCESSES, seconds: SECONDS, clocks, without: 'lease-by-the-database' });
  print('   with leases by local clocks', engine, 'control: destroyed', local);
}

async function lenient(
  engine: Engine,
  mongoUrl: string | null,
  name: string,
  provider: Pick<LabOptions, 'flavour' | 'rotate'>,
): Promise<void> {
  const lab = await createRefreshLab({ engine, mongoUrl, ...provider, people: MAILBOXES });
  try {
    const mailboxIds = await lab.addMailboxes(MAILBOXES);
    const tally = await killInTheMiddle(lab, { mailboxIds, processes: PROCESSES, kills: 0, enough: 0, seconds: SECONDS });
    print(name, engine, 'none destroyed', tally);
  } finally {
    await lab.close();
  }
}

const mongo = await startMongo();
try {
  console.log(`${PROCESSES} processes, ${MAILBOXES} grants, ${SECONDS} s for each experiment`);
  row('', 'engine', 'renewals', 'saved', 'kills', 'destroyed', 'told as such');
  for (const engine of ['sqlite', ...(mongo === null ? [] : ['mongodb' as const])] as const) {
    const url = mongo?.url ?? null;
    await strict(engine, url);
    await lenient(engine, url, "R6 killed; Microsoft's way: used ones stay good", { flavour: 'microsoft', rotate: 'keeping-used' });
    await lenient(engine, url, "R6 killed; Google's way: one token for good", { flavour: 'google', rotate: false });
  }
} finally {
  await mongo?.stop();
}
