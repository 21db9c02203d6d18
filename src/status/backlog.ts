import type { Clock, Random } from '../domain/clock.ts';
import type { Mailbox } from '../domain/mailbox.ts';
import { legsOfMailbox, withLeg } from '../domain/mailbox-status.ts';
import type { Change, Store } from '../store/store.ts';
import { spreadOver } from './schedule.ts';

/**
 * After a start, a database outage or a sleep of the machine, thousands of mailboxes are overdue at once. Checking them as
 * fast as possible would hit their providers together, now and every interval after. So all but the first batch are
 * spread over one interval, by writing their new times down.
 */
export interface Backlog {
  /** What is overdue now is a backlog. */
  expect(): void;
  /** Whether there may be some left. */
  pending(): boolean;
  /** Claims all that is overdue and gives it a new time and its claim back; returns what was claimed with it but is no backlog. */
  spread(leaseMs: number): Promise<readonly Mailbox[]>;
}

export interface BacklogParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly holder: string;
  readonly checkIntervalMs: number;
}

const PAGE = 100;

export function createBacklog({ store, clock, random, holder, checkIntervalMs }: BacklogParts): Backlog {
  /** Only what was due before this is backlog; null when there is none. */
  let before: number | null = null;

  function isBacklog(mailbox: Mailbox, limit: number): boolean {
    const due = legsOfMailbox(mailbox).filter((leg) => leg.nextCheckAt !== null && leg.nextCheckAt <= clock.now());
    // A leg that nobody ever checked has somebody waiting for it.
    return due.every((leg) => leg.lastCheckedAt !== null && (leg.nextCheckAt ?? 0) <= limit);
  }

  function putOff(mailbox: Mailbox): Change {
    const now = clock.now();
    const dueAt = spreadOver(checkIntervalMs, now, random);
    const doc = legsOfMailbox(mailbox).reduce(
      (after, leg) => (leg.nextCheckAt !== null && leg.nextCheckAt <= now ? withLeg(after, { ...leg, nextCheckAt: dueAt }) : after),
      mailbox,
    );
    return {
      workspaceId: mailbox.workspaceId,
      at: now,
      mailboxes: [{ kind: 'replace', doc, expectedRevision: mailbox.revision }],
      releaseClaim: holder,
    };
  }

  return {
    expect() {
      before = clock.now();
    },
    pending: () => before !== null,
    async spread(leaseMs) {
      const limit = before ?? 0;
      const others: Mailbox[] = [];
      for (let more = true; more;) {
        const claimed = await store.claimDue({ holder, limit: PAGE, leaseMs, exceptHosts: [] });
        const late = claimed.filter((mailbox) => isBacklog(mailbox, limit));
        others.push(...claimed.filter((mailbox) => !late.includes(mailbox)));
        // A conflict is fine: whoever wrote the mailbox meanwhile decided when it is due.
        if (late.length > 0) await store.commit(late.map(putOff));
        more = claimed.length === PAGE;
      }
      before = null;
      return others;
    },
  };
}
