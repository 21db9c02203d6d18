import { describe, expect, test } from 'vitest';
import { gatherEvents } from '../../web/graphiql/src/live-events.ts';

async function* numbers(from: number, to: number): AsyncGenerator<number> {
  for (let number = from; number <= to; number += 1) yield number;
}

describe('the live tab', () => {
  test('shows the newest event on top and keeps the earlier ones below it', async () => {
    const seen: unknown[] = [];
    for await (const events of gatherEvents(numbers(1, 3))) seen.push(events);
    expect(seen).toEqual([
      { received: 1, newestFirst: [1] },
      { received: 2, newestFirst: [2, 1] },
      { received: 3, newestFirst: [3, 2, 1] },
    ]);
  });

  test('shows no more than 50 of them, and still counts all', async () => {
    const seen: { received: number; newestFirst: readonly number[] }[] = [];
    for await (const events of gatherEvents(numbers(1, 120))) seen.push(events);
    expect(seen.at(-1)?.received).toBe(120);
    expect(seen.at(-1)?.newestFirst).toHaveLength(50);
    expect(seen.at(-1)?.newestFirst[0]).toBe(120);
  });

  test('ends the subscription at once, also while it waits for an event', async () => {
    let ended = false;
    const quiet: AsyncIterableIterator<number> = {
      [Symbol.asyncIterator]: () => quiet,
      next: () => new Promise(() => undefined),
      return: async () => {
        ended = true;
        return { done: true, value: undefined };
      },
    };
    const events = gatherEvents(quiet);
    void events.next();
    await events.return?.();
    expect(ended).toBe(true);
  });
});
