import type { Change, CommitResult, Store } from '../store/store.ts';
import { StoreUnavailable } from '../store/errors.ts';

export type Conflict = Extract<CommitResult, { kind: 'conflict' }>['on'];

/** What a use-case decided: a change to write, or null when there is nothing to write, and what it answers once that is so. */
export interface Decision<Result> {
  readonly change: Change | null;
  readonly result: Result;
}

/** More losses in a row than any real contention causes: then something else is wrong. */
const MOST_ATTEMPTS = 50;

/**
 * Optimistic concurrency: `decide` reads and decides, the change is committed, and when a guard failed it decides anew
 * on fresh reads (told what the conflict was on). Resolves with the result of the decision that stands.
 * Rejects with StoreUnavailable, also after 50 conflicts in a row.
 */
export async function untilCommitted<Result>(
  store: Pick<Store, 'commit'>,
  decide: (lost: Conflict | null) => Promise<Decision<Result>>,
): Promise<Result> {
  let lost: Conflict | null = null;
  for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt += 1) {
    const { change, result } = await decide(lost);
    if (change === null) return result;
    const [outcome] = await store.commit([change]);
    if (outcome === undefined) throw new TypeError('The store answered a change with nothing.');
    if (outcome.kind === 'committed') return result;
    lost = outcome.on;
  }
  throw new StoreUnavailable(`Gave up after ${MOST_ATTEMPTS} conflicts in a row on the same change.`);
}

/** A document that replaces the one that was read; fails when somebody wrote it meanwhile. */
export function replacing<T extends { readonly revision: number }>(
  before: T,
  doc: T,
): { readonly kind: 'replace'; readonly doc: T; readonly expectedRevision: number } {
  return { kind: 'replace', doc, expectedRevision: before.revision };
}
