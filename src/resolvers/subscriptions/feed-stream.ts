import type { FeedItem } from '../../feed/feed.ts';

/** What one item of the log gives a subscriber: something to send, nothing, or the end of the stream. */
export type Step<Out> =
  | { readonly kind: 'emit'; readonly value: Out }
  | { readonly kind: 'emit-last'; readonly value: Out }
  | { readonly kind: 'skip' }
  | { readonly kind: 'end' };

export const SKIP = { kind: 'skip' } as const;
export const END = { kind: 'end' } as const;

/**
 * Turns the log into a subscriber's events, pulled one by one. Written by hand: `return()` releases the log at once, also
 * while a `next()` waits on a quiet workspace (the log's reader answers it), where an async generator would wait for an event.
 */
export class FeedStream<Out> implements AsyncIterableIterator<Out> {
  readonly #items: AsyncIterableIterator<FeedItem>;
  readonly #step: (item: FeedItem) => Promise<Step<Out>> | Step<Out>;
  #ended = false;

  constructor(items: AsyncIterableIterator<FeedItem>, step: (item: FeedItem) => Promise<Step<Out>> | Step<Out>) {
    this.#items = items;
    this.#step = step;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Out, undefined>> {
    try {
      while (!this.#ended) {
        const item = await this.#items.next();
        if (item.done === true) break;
        const step = await this.#step(item.value);
        // Given up while the step was reading: nobody waits for its value.
        if (this.#isEnded()) break;
        if (step.kind === 'skip') continue;
        if (step.kind === 'end') break;
        if (step.kind === 'emit-last') this.#end();
        return { done: false, value: step.value };
      }
      this.#end();
      return { done: true, value: undefined };
    } catch (error) {
      this.#end();
      throw error;
    }
  }

  async return(): Promise<IteratorResult<Out, undefined>> {
    this.#end();
    return { done: true, value: undefined };
  }

  async throw(error: unknown): Promise<IteratorResult<Out, undefined>> {
    this.#end();
    throw error;
  }

  /** Asked anew: it may have ended while something was awaited. */
  #isEnded(): boolean {
    return this.#ended;
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    void this.#items.return?.();
  }
}
