import type { Clock, ScheduledWork } from '../domain/clock.ts';
import type { MailboxId } from '../domain/ids.ts';
import type { Log } from '../domain/log.ts';
import type { Mailbox } from '../domain/mailbox.ts';
import type { Store } from '../store/store.ts';
import type { RefreshGrant } from './refresh-grant.ts';

/** A grant that nobody used for this long is renewed, far before a provider ends it (Microsoft 90 days, Google 6 months). */
export const IDLE_MS = 7 * 86_400_000;
/** One that could not be renewed is left alone for this long, so that a dead one is not asked for again and again. */
const AGAIN_AFTER_MS = 86_400_000;
const ROUND_MS = 3_600_000;
/** A restart is no reason to hurry. */
const FIRST_ROUND_AFTER_MS = 60_000;
const BATCH = 50;
const LEASE_MS = 15 * 60_000;
const LEASE = 'keep-alive';

export interface KeepAliveParts {
  readonly store: Store;
  readonly refreshGrant: RefreshGrant;
  readonly clock: Clock;
  readonly log: Log;
  /** Unique to this process and start. */
  readonly holder: string;
}

export interface KeepAlive {
  start(): void;
  /** Resolves when no renewal is under way any more. */
  stop(): Promise<void>;
  /** One round: renews what is idle, one after another. Resolves with how many were renewed. Rejects with StoreUnavailable. */
  round(): Promise<number>;
}

/**
 * Renews grants that nobody uses, also of paused mailboxes, so that inactivity never ends one. It changes no health: what
 * a refused renewal means is for the next check to find out. One process at a time does this, by a lease.
 */
export function createKeepAlive(parts: KeepAliveParts): KeepAlive {
  const { store, clock, log, holder } = parts;
  const failedAt = new Map<MailboxId, number>();
  let stopping = false;
  let timer: ScheduledWork | null = null;
  let running: Promise<unknown> = Promise.resolve();

  async function renew(mailbox: Mailbox): Promise<boolean> {
    const credential = mailbox.active?.credential;
    if (credential?.kind !== 'OAUTH2') return false;
    const owner = { workspaceId: mailbox.workspaceId, mailboxId: mailbox.id };
    const outcome = await parts.refreshGrant(owner, credential, { force: true });
    if (outcome.kind === 'TOKEN') return true;
    failedAt.set(mailbox.id, clock.now());
    log.debug('An idle grant could not be renewed.', { mailboxId: mailbox.id });
    return false;
  }

  function forgetOldFailures(): void {
    for (const [id, at] of failedAt) if (clock.now() - at >= AGAIN_AFTER_MS) failedAt.delete(id);
  }

  async function renewAll(): Promise<number> {
    let renewed = 0;
    forgetOldFailures();
    for (;;) {
      // Those that failed come back with every question, at its head: they are asked for on top and left out.
      const idle = await store.grantsIdle(clock.now() - IDLE_MS, BATCH + failedAt.size);
      const due = idle.filter((mailbox) => !failedAt.has(mailbox.id));
      if (due.length === 0) return renewed;
      if (!(await store.acquireLease(LEASE, holder, LEASE_MS)).acquired) return renewed;
      for (const mailbox of due) {
        if (stopping) return renewed;
        if (await renew(mailbox)) renewed += 1;
      }
    }
  }

  async function round(): Promise<number> {
    if (!(await store.acquireLease(LEASE, holder, LEASE_MS)).acquired) return 0;
    try {
      return await renewAll();
    } finally {
      await store.releaseLease(LEASE, holder).catch(() => {
        log.warn('A lease could not be released; it runs out by itself.', { lease: LEASE });
      });
    }
  }

  function again(delayMs: number): void {
    timer = clock.schedule(delayMs, () => {
      running = round()
        .then((renewed) => {
          if (renewed > 0) log.info('Idle grants were renewed.', { renewed });
        })
        .catch((error: unknown) => {
          log.warn('Idle grants are renewed later.', { error: error instanceof Error ? error.name : 'unknown' });
        })
        .finally(() => {
          if (!stopping) again(ROUND_MS);
        });
    });
  }

  return {
    round,
    start() {
      if (timer !== null) return;
      stopping = false;
      again(FIRST_ROUND_AFTER_MS);
    },
    async stop() {
      stopping = true;
      timer?.cancel();
      timer = null;
      await running;
    },
  };
}
