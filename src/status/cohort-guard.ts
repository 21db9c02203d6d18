import type { Clock } from '../domain/clock.ts';
import { GUARD_WINDOW_MS, guardCloses } from '../domain/cohort.ts';
import type { MailboxId } from '../domain/ids.ts';
import { cohortIncident } from '../domain/incident-scope.ts';
import type { Store } from '../store/store.ts';

/**
 * Tells an outage from broken logins: when too many mailboxes of one provider and host are rejected within ten minutes,
 * no verdict about any of them is believed (design section 3, "Cohort guard").
 *
 * Suspicions are counted in the store, over all workspaces and processes. An open incident of the cohort keeps the guard
 * closed. What this process saw of held mailboxes decides when it opens again.
 */
export interface CohortGuard {
  /** Counts the rejection of a mailbox that was not held already. */
  suspect(cohort: string, mailbox: MailboxId, at: number): Promise<void>;
  verdict(cohort: string): Promise<GuardVerdict>;
  /** Any mailbox of the cohort logged in. */
  proven(cohort: string): void;
  /** A held mailbox was tried again. */
  heldOutcome(cohort: string, mailbox: MailboxId, proven: boolean): void;
  /**
   * Whether the incident of the cohort may close: no more suspicions than usual, and of the held mailboxes that were tried
   * most log in again. After an hour it is enough that others of the cohort log in: what lasts longer than that, at a server
   * that works for its neighbours, is the mailboxes' own fault (a company that renewed all its passwords).
   */
  mayOpen(cohort: string, closedAt: number): Promise<boolean>;
  /** No more suspicions than usual. */
  isCalm(cohort: string): Promise<boolean>;
  forget(cohort: string): void;
}

export interface GuardVerdict {
  readonly closed: boolean;
  readonly cohortSize: number;
}

const SIZE_IS_GOOD_FOR_MS = 60_000;
const RECENT_OUTCOMES = 10;
const HOLD_MOST_MS = 3_600_000;
const PROOF_IS_RECENT_FOR_MS = 1_800_000;

interface HeldOutcomes {
  /** The newest outcome of each mailbox. */
  readonly byMailbox: Map<MailboxId, boolean>;
  recent: readonly boolean[];
}

export function createCohortGuard({ store, clock }: { readonly store: Store; readonly clock: Clock }): CohortGuard {
  const sizes = new Map<string, { readonly size: number; readonly at: number }>();
  const outcomes = new Map<string, HeldOutcomes>();
  const provenAt = new Map<string, number>();

  async function sizeOf(cohort: string): Promise<number> {
    const known = sizes.get(cohort);
    if (known !== undefined && clock.monotonicMs() - known.at < SIZE_IS_GOOD_FOR_MS) return known.size;
    const size = await store.cohortSize(cohort);
    sizes.set(cohort, { size, at: clock.monotonicMs() });
    return size;
  }

  async function isAlarming(cohort: string): Promise<boolean> {
    return guardCloses(await store.suspicionsSince(cohort, clock.now() - GUARD_WINDOW_MS), await sizeOf(cohort));
  }

  return {
    suspect: (cohort, mailbox, at) => store.addSuspicion(cohort, mailbox, at),
    async verdict(cohort) {
      const cohortSize = await sizeOf(cohort);
      if (await isAlarming(cohort)) return { closed: true, cohortSize };
      const open = await store.openIncidents(cohortIncident(cohort).scope);
      return { closed: open.length > 0, cohortSize };
    },
    proven: (cohort) => void provenAt.set(cohort, clock.monotonicMs()),
    heldOutcome(cohort, mailbox, proven) {
      const held = outcomes.get(cohort) ?? { byMailbox: new Map<MailboxId, boolean>(), recent: [] };
      held.byMailbox.set(mailbox, proven);
      held.recent = [...held.recent, proven].slice(-RECENT_OUTCOMES);
      outcomes.set(cohort, held);
    },
    async mayOpen(cohort, closedAt) {
      const lastProvenAt = provenAt.get(cohort);
      const worksForOthers = lastProvenAt !== undefined && clock.monotonicMs() - lastProvenAt < PROOF_IS_RECENT_FOR_MS;
      if (worksForOthers && clock.now() - closedAt >= HOLD_MOST_MS) return true;
      const held = outcomes.get(cohort);
      if (held === undefined || !held.recent.includes(true)) return false;
      if (!isMajority(held.recent) && !isMajority([...held.byMailbox.values()])) return false;
      return !(await isAlarming(cohort));
    },
    isCalm: async (cohort) => !(await isAlarming(cohort)),
    forget(cohort) {
      outcomes.delete(cohort);
    },
  };
}

function isMajority(proofs: readonly boolean[]): boolean {
  return proofs.filter(Boolean).length * 2 >= proofs.length;
}
