import { readFileSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { MailboxId } from '../../src/domain/ids.ts';
import type { Fate, RefreshLab, Refresher } from './refresh-lab.ts';
import type { MissingDefence, Pause } from './refresher-orders.ts';

const AT_ONCE = 4;

export interface Tally {
  readonly renewed: number;
  /** Calls that got the token of another process instead of sending the same one again. */
  readonly saved: number;
  /** All others, by their reason. */
  readonly failed: Readonly<Record<string, number>>;
  readonly fates: readonly Fate[];
  /** Grants that nobody can renew any more. */
  readonly dead: readonly Fate[];
}

export interface HammerOptions {
  readonly mailboxIds: readonly MailboxId[];
  readonly processes: number;
  /** How often each process goes over all mailboxes; until then, or until all grants are dead. */
  readonly rounds?: number;
  readonly seconds?: number;
  readonly without?: MissingDefence;
  /** The clock of each, see skewed-clock; right where there is none. */
  readonly clocks?: readonly Readonly<Record<string, string>>[];
}

/** R5: real processes renew the same grants at the same time, again and again. */
export async function hammer(lab: RefreshLab, options: HammerOptions): Promise<Tally & { readonly skewsMs: readonly number[] }> {
  const { mailboxIds, without, rounds, seconds } = options;
  const refreshers = Array.from({ length: options.processes }, (_, n) =>
    lab.start(
      { mailboxIds, atOnce: AT_ONCE, ...(rounds === undefined ? {} : { rounds }), ...(without === undefined ? {} : { without }) },
      options.clocks?.[n],
    ),
  );
  const counts: Record<string, number> = {};
  const stop = (): void => refreshers.forEach((each) => each.letGo());
  const clocks = await Promise.all(refreshers.map((each) => each.ready));
  const timer = seconds === undefined ? null : setTimeout(stop, seconds * 1_000);
  await Promise.all(
    refreshers.map(async (each) => {
      const reports = each.reports();
      each.begin();
      for await (const report of reports) {
        if (report.kind !== 'outcome') continue;
        counts[report.outcome] = (counts[report.outcome] ?? 0) + 1;
        if (report.outcome !== 'RENEWED' && report.outcome !== 'SAVED' && !mailboxIds.some((id) => lab.lives(id))) stop();
      }
    }),
  );
  if (timer !== null) clearTimeout(timer);
  return { skewsMs: clocks.map(({ skewMs }) => skewMs), ...tallied(counts, await lab.fates(mailboxIds)) };
}

export interface KillOptions {
  readonly mailboxIds: readonly MailboxId[];
  readonly processes: number;
  /** At least so many, and until `enough` grants are lost, but at most three times as many. */
  readonly kills: number;
  readonly enough: number;
  readonly seconds?: number;
  readonly without?: MissingDefence;
}

/** R6: as R5, and a process is killed again and again, a random moment after some of its renewals. */
export async function killInTheMiddle(lab: RefreshLab, options: KillOptions): Promise<Tally & { readonly kills: number }> {
  const { mailboxIds, without } = options;
  const counts: Record<string, number> = {};
  const until = performance.now() + (options.seconds ?? 0) * 1_000;
  let kills = 0;
  const lost = (): number => mailboxIds.filter((id) => !lab.lives(id)).length;
  const isEnough = (): boolean =>
    options.seconds === undefined
      ? lost() === mailboxIds.length || (kills >= options.kills && lost() >= options.enough) || kills >= 3 * options.kills
      : performance.now() >= until;

  async function oneLife(): Promise<void> {
    const refresher = lab.start({ mailboxIds: shuffled(mailboxIds), atOnce: AT_ONCE, ...(without === undefined ? {} : { without }) });
    await refresher.ready;
    let left = 1 + Math.floor(Math.random() * 12);
    const reports = refresher.reports();
    refresher.begin();
    for await (const report of reports) {
      if (report.kind !== 'outcome') continue;
      counts[report.outcome] = (counts[report.outcome] ?? 0) + 1;
      left -= 1;
      if (left === 0) setTimeout(() => void refresher.kill(), Math.random() * 30);
    }
    if (refresher.process.signalCode === 'SIGKILL') kills += 1;
    await lab.expireLeases(refresher.holder, mailboxIds);
  }

  await Promise.all(
    Array.from({ length: options.processes }, async () => {
      while (!isEnough()) await oneLife();
    }),
  );
  return { kills, ...tallied(counts, await lab.fates(mailboxIds)) };
}

export interface PauseOptions {
  readonly mailboxIds: readonly MailboxId[];
  readonly pause: Pause;
  /** How long the process is really stopped; 0: until another one has renewed the grant. */
  readonly stoppedMs: number;
  readonly without?: MissingDefence;
}

/** R7: a process stops (SIGSTOP) while it holds the lease, another one renews the grant meanwhile, and the first goes on. */
export async function pauseInTheMiddle(lab: RefreshLab, options: PauseOptions): Promise<Tally> {
  const { mailboxIds, pause, without, stoppedMs } = options;
  const counts: Record<string, number> = {};
  const refresher = lab.start({ mailboxIds, atOnce: 1, rounds: 1, pause, ...(without === undefined ? {} : { without }) });
  await refresher.ready;
  const reports = refresher.reports();
  refresher.begin();
  for await (const report of reports) {
    if (report.kind === 'outcome') counts[report.outcome] = (counts[report.outcome] ?? 0) + 1;
    if (report.kind !== 'stopping') continue;
    await isStopped(refresher);
    if (stoppedMs === 0) await lab.store.releaseLease(report.lease, refresher.holder);
    else await new Promise<void>((resolve) => setTimeout(resolve, stoppedMs));
    const meanwhile = await lab.world.refresh(lab.world.process(), report.mailboxId);
    refresher.process.kill('SIGCONT');
    if (meanwhile !== 'TOKEN') throw new Error(`Nobody else could renew the grant meanwhile: ${meanwhile}`);
  }
  return tallied(counts, await lab.fates(mailboxIds));
}

/** It has told that it will stop; this waits until the kernel says that it has. */
async function isStopped({ process: child }: Refresher): Promise<void> {
  while (child.exitCode === null && child.signalCode === null) {
    const stat = readFileSync(`/proc/${child.pid ?? 0}/stat`, 'utf8');
    if (stat.slice(stat.lastIndexOf(')') + 2).startsWith('T')) return;
    await nextTurn();
  }
}

function tallied(counts: Readonly<Record<string, number>>, fates: readonly Fate[]): Tally {
  const { RENEWED: renewed = 0, SAVED: saved = 0, ...failed } = counts;
  return { renewed, saved, failed, fates, dead: fates.filter(({ outcome, lives }) => outcome !== 'TOKEN' || !lives) };
}

function shuffled<T>(items: readonly T[]): readonly T[] {
  return items
    .map((item) => ({ item, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}
