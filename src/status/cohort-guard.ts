import type { Clock } from '../domain/clock.ts';
import { GUARD_WINDOW_MS, guardCloses, hasGuard, isEverybodyRefused } from '../domain/cohort.ts';
import type { MailboxId } from '../domain/ids.ts';
import { cohortIncident } from '../domain/incident-scope.ts';
import type { Store } from '../store/store.ts';

/**
 * Tells an outage from broken logins: when too many mailboxes of one provider and host are rejected within ten minutes,
 * no verdict about any of them is believed (design section 3, "Cohort guard").
 *
 * Suspicions are counted in the store, over all workspaces and processes. Before they are too many, a handful in a row
 * without a single login between them says the same, and sooner: at the start of an outage the first mailboxes would else
 * be confirmed while the count still grows. An open incident of the cohort keeps the guard
 * closed. What this process saw of held mailboxes decides when it opens again.
 */
export interface CohortGuard {
  /** Counts the rejection of a mailbox that was not held already. */
  suspect(cohort: string, mailbox: MailboxId, at: number): Promise<void>;
  verdict(cohort: string): Promise<GuardVerdict>;
  /**
   * Whether a suspicion raised at `since` is not to be confirmed yet: nobody of the cohort has logged in since, and others
   * were refused too, or nobody else was tried although several should have been. Which of the two it is shows with the
   * neighbours' next checks. Not for cohorts too small for a guard; at most half an hour, an interval when it is silent.
   */
  cohortUnsure(cohort: string, mailbox: MailboxId, since: number, cohortSize: number): boolean;
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
const UNSURE_MOST_MS = 1_800_000;

/** So many checks of neighbours within one confirmation time make their absence a gap, and not the rule. */
const NEIGHBOURS_EXPECTED = 3;

export interface CohortGuardParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly intervalMs: number;
  readonly confirmAfterMs: number;
}

interface HeldOutcomes {
  /** The newest outcome of each mailbox. */
  readonly byMailbox: Map<MailboxId, boolean>;
  recent: readonly boolean[];
}

export function createCohortGuard({ store, clock, intervalMs, confirmAfterMs }: CohortGuardParts): CohortGuard {
  const sizes = new Map<string, { readonly size: number; readonly at: number }>();
  const outcomes = new Map<string, HeldOutcomes>();
  const provenAt = new Map<string, number>();
  /** When each mailbox was refused since the cohort's newest proof, as this process saw it. */
  const refusedInARow = new Map<string, Map<MailboxId, number>>();

  async function sizeOf(cohort: string): Promise<number> {
    const known = sizes.get(cohort);
    if (known !== undefined && clock.monotonicMs() - known.at < SIZE_IS_GOOD_FOR_MS) return known.size;
    const size = await store.cohortSize(cohort);
    sizes.set(cohort, { size, at: clock.monotonicMs() });
    return size;
  }

  function refusedSinceProof(cohort: string): number {
    const oldest = clock.now() - GUARD_WINDOW_MS;
    return [...(refusedInARow.get(cohort)?.values() ?? [])].filter((at) => at >= oldest).length;
  }

  async function isAlarming(cohort: string): Promise<boolean> {
    if (isEverybodyRefused(refusedSinceProof(cohort))) return true;
    return guardCloses(await store.suspicionsSince(cohort, clock.now() - GUARD_WINDOW_MS), await sizeOf(cohort));
  }

  return {
    suspect(cohort, mailbox, at) {
      const refused = refusedInARow.get(cohort) ?? new Map<MailboxId, number>();
      refusedInARow.set(cohort, refused.set(mailbox, at));
      return store.addSuspicion(cohort, mailbox, at);
    },
    async verdict(cohort) {
      const cohortSize = await sizeOf(cohort);
      if (await isAlarming(cohort)) return { closed: true, cohortSize };
      const open = await store.openIncidents(cohortIncident(cohort).scope);
      return { closed: open.length > 0, cohortSize };
    },
    cohortUnsure(cohort, mailbox, since, cohortSize) {
      const waitedMs = clock.now() - since;
      if (!hasGuard(cohortSize) || waitedMs > UNSURE_MOST_MS || (provenAt.get(cohort) ?? 0) >= since) return false;
      if ([...(refusedInARow.get(cohort)?.keys() ?? [])].some((other) => other !== mailbox)) return true;
      // The first one refused in an outage may meet a gap in which no neighbour is due. Where checks are sparse, silence says nothing.
      const expectedChecks = (cohortSize * confirmAfterMs) / intervalMs;
      return expectedChecks >= NEIGHBOURS_EXPECTED && waitedMs <= intervalMs;
    },
    proven(cohort) {
      provenAt.set(cohort, clock.now());
      refusedInARow.delete(cohort);
    },
    heldOutcome(cohort, mailbox, proven) {
      const held = outcomes.get(cohort) ?? { byMailbox: new Map<MailboxId, boolean>(), recent: [] };
      held.byMailbox.set(mailbox, proven);
      held.recent = [...held.recent, proven].slice(-RECENT_OUTCOMES);
      outcomes.set(cohort, held);
    },
    async mayOpen(cohort, closedAt) {
      const lastProvenAt = provenAt.get(cohort);
      const worksForOthers = lastProvenAt !== undefined && clock.now() - lastProvenAt < PROOF_IS_RECENT_FOR_MS;
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
