import type { Clock } from '../domain/clock.ts';
import type { MailboxId } from '../domain/ids.ts';
import type { Log } from '../domain/log.ts';
import type { LegDirection } from '../domain/mail.ts';
import type { Mailbox } from '../domain/mailbox.ts';
import type { Check } from './check.ts';
import type { Recorder } from './record.ts';

export interface CheckOrder {
  readonly mailbox: Mailbox;
  readonly legs: readonly LegDirection[];
  readonly canary: boolean;
}

/** The checks under way in this process: at most one a mailbox. */
export interface RunningChecks {
  /**
   * Checks and records; or joins the check of this mailbox that is under way, if it covers the legs asked for, else waits
   * for it and checks then. Rejects with StoreUnavailable.
   */
  run(order: CheckOrder): Promise<void>;
  isRunning(mailbox: MailboxId): boolean;
  count(): number;
  /** Waits until none runs, at most `graceMs`; then breaks off what is left, whose outcome nobody learns. */
  end(graceMs: number): Promise<void>;
}

/** What operators count. */
export interface CheckMetrics {
  checkEnded(facts: { readonly leg: LegDirection; readonly proven: boolean; readonly tookMs: number }): void;
}

export interface RunningChecksParts {
  readonly check: Check;
  readonly recorder: Recorder;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics?: CheckMetrics | undefined;
}

interface Running {
  readonly legs: ReadonlySet<LegDirection>;
  readonly done: Promise<void>;
}

export function createRunningChecks({ check, recorder, clock, log, metrics }: RunningChecksParts): RunningChecks {
  const running = new Map<MailboxId, Running>();
  /** One for each check, so that stopping costs one listener a leg. */
  const breakOffs = new Set<AbortController>();

  async function checkAndRecord({ mailbox, legs, canary }: CheckOrder): Promise<void> {
    const startedAt = clock.monotonicMs();
    const breakOff = new AbortController();
    breakOffs.add(breakOff);
    const checked = await check(mailbox, { legs, canary, signal: breakOff.signal }).finally(() => breakOffs.delete(breakOff));
    if (checked.length === 0) return;
    for (const { observation } of checked) {
      metrics?.checkEnded({ leg: observation.leg, proven: observation.outcome.kind === 'PROVEN', tookMs: clock.monotonicMs() - startedAt });
    }
    await recorder.record({ workspaceId: mailbox.workspaceId, mailboxId: mailbox.id, checked });
  }

  function start(order: CheckOrder): Promise<void> {
    const { id } = order.mailbox;
    const done = checkAndRecord(order).finally(() => running.delete(id));
    running.set(id, { legs: new Set(order.legs), done });
    return done;
  }

  async function run(order: CheckOrder): Promise<void> {
    const other = running.get(order.mailbox.id);
    if (other === undefined) return start(order);
    await other.done;
    if (!order.legs.every((leg) => other.legs.has(leg))) await run(order);
  }

  return {
    run,
    isRunning: (mailbox) => running.has(mailbox),
    count: () => running.size,
    async end(graceMs) {
      const all = Promise.allSettled([...running.values()].map(({ done }) => done));
      let timer = { cancel: (): void => undefined };
      const late = new Promise<'LATE'>((resolve) => (timer = clock.schedule(graceMs, () => resolve('LATE'))));
      const first = await Promise.race([all, late]);
      timer.cancel();
      if (first === 'LATE') log.warn('checks were broken off at the stop', { count: running.size });
      for (const breakOff of breakOffs) breakOff.abort();
      await Promise.all([all, recorder.drain()]);
    },
  };
}
