import type { Clock, ScheduledWork } from '../domain/clock.ts';
import type { LogEvent } from '../domain/event.ts';
import type { Channel } from './channel.ts';
import { cursorOf, formatCursor, type Cursor } from './cursor.ts';
import type { FeedItem, ResumeOutcome } from './feed.ts';

const SLOW_AFTER_MS = 60_000;
const CHECKPOINT_AFTER_MS = 20_000;

export interface ReaderStart {
  readonly channel: Channel;
  readonly resume: ResumeOutcome;
  /** Events after this one follow. */
  readonly from: Cursor;
  /** Lets the feed forget the channel when nobody reads it any more. */
  readonly release: () => void;
}

type Result = IteratorResult<FeedItem, undefined>;
const DONE: Result = { done: true, value: undefined };

/**
 * One pulled reading of a log. An iterator with state by hand: an async generator's `return()` would wait behind a
 * pending `next()`, and on a quiet workspace a closed subscriber would never be released.
 */
export class Reader implements AsyncIterableIterator<FeedItem> {
  readonly #clock: Clock;
  readonly #open: () => Promise<ReaderStart>;
  readonly #onSlow: () => void;
  #start: ReaderStart | null = null;
  #position = 0;
  #cursor = '';
  #checkpointed = 0;
  #buffer: LogEvent[] = [];
  #ended = false;
  #unsubscribe: (() => void) | null = null;
  #pulling: { resolve: (result: Result) => void; reject: (error: unknown) => void } | null = null;
  #filling = false;
  #slowTimer: ScheduledWork | null = null;
  #checkpointTimer: ScheduledWork | null = null;

  constructor(clock: Clock, open: () => Promise<ReaderStart>, onSlow: () => void) {
    this.#clock = clock;
    this.#open = open;
    this.#onSlow = onSlow;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<Result> {
    if (this.#ended) return Promise.resolve(DONE);
    if (this.#pulling !== null) return Promise.reject(new Error('A reader is pulled one item at a time.'));
    this.#slowTimer?.cancel();
    this.#slowTimer = null;
    return new Promise<Result>((resolve, reject) => {
      this.#pulling = { resolve, reject };
      if (this.#start === null) void this.#begin();
      else void this.#fill();
    });
  }

  return(): Promise<Result> {
    this.#end();
    return Promise.resolve(DONE);
  }

  async #begin(): Promise<void> {
    try {
      const start = await this.#open();
      if (this.#ended) {
        start.release();
        return;
      }
      this.#start = start;
      this.#position = start.from.position;
      this.#checkpointed = start.from.position;
      this.#cursor = formatCursor(start.from);
      this.#unsubscribe = start.channel.subscribe(() => this.#wake());
      this.#deliver({ kind: 'opened', cursor: this.#cursor, resume: start.resume });
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Answers the pending pull as soon as there is something; does nothing without one. */
  async #fill(): Promise<void> {
    if (this.#filling || this.#start === null) return;
    this.#filling = true;
    try {
      if (this.#buffer.length === 0 && this.#start.channel.delivered > this.#position) {
        this.#buffer = [...(await this.#start.channel.eventsAfter(this.#position))];
      }
      const event = this.#buffer.shift();
      if (event !== undefined && event.position !== this.#position + 1) {
        // Pruned under a reader that was weeks behind. Its cursor answers RESET_REQUIRED when it comes back.
        this.#end();
        this.#onSlow();
        return;
      }
      if (event !== undefined && !this.#ended) {
        this.#position = event.position;
        this.#cursor = formatCursor(cursorOf(event));
        this.#deliver({ kind: 'event', cursor: this.#cursor, event });
      } else if (this.#pulling !== null) {
        this.#scheduleCheckpoint();
      }
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#filling = false;
    }
    if (this.#pulling !== null && !this.#ended && this.#start.channel.delivered > this.#position) await this.#fill();
  }

  #wake(): void {
    if (this.#ended) return;
    if (this.#pulling !== null) {
      void this.#fill();
      return;
    }
    this.#slowTimer ??= this.#clock.schedule(SLOW_AFTER_MS, () => {
      this.#end();
      this.#onSlow();
    });
  }

  #scheduleCheckpoint(): void {
    if (this.#checkpointTimer !== null || this.#position === this.#checkpointed) return;
    this.#checkpointTimer = this.#clock.schedule(CHECKPOINT_AFTER_MS, () => {
      this.#checkpointTimer = null;
      if (this.#pulling === null || this.#filling || this.#ended) return;
      this.#checkpointed = this.#position;
      this.#deliver({ kind: 'checkpoint', cursor: this.#cursor });
    });
  }

  #deliver(item: FeedItem): void {
    const pull = this.#pulling;
    this.#pulling = null;
    this.#checkpointTimer?.cancel();
    this.#checkpointTimer = null;
    pull?.resolve({ done: false, value: item });
  }

  #fail(error: unknown): void {
    const pull = this.#pulling;
    this.#pulling = null;
    this.#end();
    pull?.reject(error);
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#slowTimer?.cancel();
    this.#checkpointTimer?.cancel();
    this.#unsubscribe?.();
    this.#start?.release();
    this.#buffer = [];
    this.#pulling?.resolve(DONE);
    this.#pulling = null;
  }
}
