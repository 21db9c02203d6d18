import { setTimeout as sleep } from 'node:timers/promises';

/** Short of the time that vitest gives a test and a hook: that ends without a word of what was waited for. */
const PATIENCE_MS = { test: 50_000, hook: 110_000 } as const;

/** Gives a wait an end. Rejects with what was waited for and, where `seen` tells, with what was seen last. */
export async function within<T>(
  what: string,
  work: Promise<T>,
  seen: () => string = () => '',
  where: keyof typeof PATIENCE_MS = 'test',
): Promise<T> {
  const patienceMs = PATIENCE_MS[where];
  const over = new AbortController();
  const end = sleep(patienceMs, undefined, { signal: over.signal, ref: false }).then(
    () => {
      const last = seen();
      throw new Error(`Not within ${patienceMs / 1000} s: ${what}.${last === '' ? '' : `\nSeen last:\n${last}`}`);
    },
    () => new Promise<never>(() => undefined),
  );
  try {
    return await Promise.race([work, end]);
  } finally {
    over.abort();
  }
}

/** Ends several things, each within its time and whatever happens to the others; then says which did not end. */
export async function endAll(works: Readonly<Record<string, () => unknown>>, seen?: () => string): Promise<void> {
  const failures: unknown[] = [];
  for (const [what, work] of Object.entries(works)) {
    await within(`the end of ${what}`, Promise.resolve().then(work), seen, 'hook').catch((error: unknown) => failures.push(error));
  }
  if (failures.length > 0) throw failures.length === 1 ? failures[0] : new AggregateError(failures, failures.map(String).join('\n'));
}
