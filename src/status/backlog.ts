import type { Clock, Random } from '../domain/clock.ts';
import type { Mailbox } from '../domain/mailbox.ts';
import { legsOfMailbox, withLeg } from '../domain/mailbox-status.ts';
import type { Store } from '../store/store.ts';
import { spreadOver } from './schedule.ts';

/**
 * After a start, a database outage or a sleep of the machine, thousands of mailboxes are overdue at once. Checking them as
 * fast as possible would hit their providers together, now and every interval after. So all but the first batch are
 * spread over one interval, by writing their new times down.
 */
export interface Backlog {
  /** What is overdue now is a backlog. */
  expect(): void;
  /**
   * Of what was claimed, what to check now; the rest was given a new time and its claim back.
   * @param more Whether the claim came back full, so that there is more behind it.
   */
  sift(claimed: readonly Mailbox[], more: boolean): Promise<readonly Mailbox[]>;
}

export interface BacklogParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly holder: string;
  readonly checkIntervalMs: number;
}

export function createBacklog({ store, clock, random, holder, checkIntervalMs }: BacklogParts): Backlog {
  /** Only what was due before this is backlog; null when there is none. */
  let before: number | null = null;
  let firstBatch = true;

  function isBacklog(mailbox: Mailbox, limit: number): boolean {
    const due = legsOfMailbox(mailbox).filter((leg) => leg.nextCheckAt !== null && leg.nextCheckAt <= clock.now());
    // A leg that nobody ever checked has somebody waiting for it.
    return due.every((leg) => leg.lastCheckedAt !== null && (leg.nextCheckAt ?? 0) <= limit);
  }

  async function spread(mailboxes: readonly Mailbox[]): Promise<void> {
    const now = clock.now();
    await store.commit(
      mailboxes.map((mailbox) => {
        const dueAt = spreadOver(checkIntervalMs, now, random);
        const doc = legsOfMailbox(mailbox).reduce(
          (after, leg) => (leg.nextCheckAt !== null && leg.nextCheckAt <= now ? withLeg(after, { ...leg, nextCheckAt: dueAt }) : after),
          mailbox,
        );
        // A conflict is fine: whoever wrote it meanwhile decided when it is due.
        return { workspaceId: mailbox.workspaceId, at: now, mailboxes: [{ kind: 'replace', doc, expectedRevision: mailbox.revision }], releaseClaim: holder };
      }),
    );
  }

  return {
    expect() {
      before = clock.now();
      firstBatch = true;
    },
    async sift(claimed, more) {
      if (before === null) return claimed;
      const limit = before;
      if (firstBatch) {
        firstBatch = false;
        if (!more) before = null;
        return claimed;
      }
      const late = claimed.filter((mailbox) => isBacklog(mailbox, limit));
      if (late.length > 0) await spread(late);
      if (!more) before = null;
      return claimed.filter((mailbox) => !late.includes(mailbox));
    },
  };
}
