const SHOWN = 50;

export interface LiveEvents<Result> {
  /** Since the subscription began, also those that are no longer shown. */
  readonly received: number;
  readonly newestFirst: readonly Result[];
}

/** A subscription's answers gathered, newest first, so that one event does not wipe the one before off the screen. */
export function gatherEvents<Result>(source: AsyncIterableIterator<Result>): AsyncIterableIterator<LiveEvents<Result>> {
  let received = 0;
  let newestFirst: readonly Result[] = [];
  const iterator: AsyncIterableIterator<LiveEvents<Result>> = {
    [Symbol.asyncIterator]: () => iterator,
    async next() {
      const step = await source.next();
      if (step.done === true) return { done: true, value: undefined };
      received += 1;
      newestFirst = [step.value, ...newestFirst].slice(0, SHOWN);
      return { done: false, value: { received, newestFirst } };
    },
    // Not through next(): a quiet subscription would hold the end back until its next event.
    async return() {
      await source.return?.();
      return { done: true, value: undefined };
    },
  };
  return iterator;
}
