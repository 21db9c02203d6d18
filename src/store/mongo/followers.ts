import type { Connection } from 'mongoose';
import type { Clock, Random } from '../../domain/clock.ts';
import type { Log } from '../../domain/log.ts';
import type { Wake } from '../store.ts';
import { createWakeQueue, type WakeQueue } from '../wake-queue.ts';
import { databaseOf } from './connection.ts';
import { eventOf, type EventRecord } from './records.ts';
import { pause } from './transaction.ts';

/** How long the server holds a quiet poll; also how soon a fresh stream is known to be open. */
const MAX_AWAIT_TIME_MS = 500;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 10_000;

export interface Followers {
  readonly follow: (signal: AbortSignal) => AsyncIterable<Wake>;
  /** Ends every stream and resolves when their cursors are closed. */
  readonly close: () => Promise<void>;
}

/**
 * ONE change stream per process, on a connection of its own so that its waiting poll never holds up a query. Several
 * followers share it. The loop lives until the last follower leaves.
 *
 * The stream is only a wake-up: after each opening the followers are told `gap` and read what the log has, so no resume
 * token is kept. What the driver can resume by itself (network, step-down) it does; anything else — history lost (286),
 * token unusable (280, 260), invalidated — ends the stream, and a new one is opened without a token.
 */
export function createFollowers(openConnection: () => Promise<Connection>, clock: Clock, random: Random, log: Log): Followers {
  const queues = new Set<WakeQueue>();
  let loop: Promise<void> | null = null;
  let connection: Promise<Connection> | null = null;
  let open: Stream | null = null;
  let isListening = false;

  function watch(db: ReturnType<typeof databaseOf>) {
    return db
      .collection<EventRecord>('events')
      .watch<EventRecord>([{ $match: { operationType: 'insert' } }], { maxAwaitTimeMS: MAX_AWAIT_TIME_MS });
  }
  type Stream = ReturnType<typeof watch>;
  type Item = Awaited<ReturnType<Stream['tryNext']>>;

  function tell(item: Item): void {
    if (item?.operationType !== 'insert') return;
    const event = eventOf(item.fullDocument);
    for (const queue of queues) queue.pushEvents(event.workspaceId, [event]);
  }

  async function readStream(onOpen: () => void): Promise<void> {
    connection ??= openConnection();
    const stream = watch(databaseOf(await connection));
    open = stream;
    try {
      // The first look opens the stream at the server; only then is it true that nothing newer can be missed.
      const first = await stream.tryNext();
      isListening = true;
      onOpen();
      for (const queue of queues) queue.pushGap();
      tell(first);
      while (queues.size > 0) tell(await stream.next());
    } finally {
      open = null;
      isListening = false;
      await stream.close().catch(() => undefined);
    }
  }

  async function supervise(): Promise<void> {
    let failures = 0;
    while (queues.size > 0) {
      try {
        await readStream(() => {
          failures = 0;
        });
      } catch (error) {
        if (queues.size === 0) break;
        // A connection that never came up is made anew; one that broke heals by itself.
        await connection?.catch(() => {
          connection = null;
        });
        failures += 1;
        log.warn('the change stream ended and is opened again', { code: codeOf(error), failures });
        await pause(clock, random() * Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** failures));
      }
    }
    loop = null;
  }

  function leave(queue: WakeQueue): void {
    queue.end();
    queues.delete(queue);
    // The only way to end a waiting `next()`.
    if (queues.size === 0) void open?.close().catch(() => undefined);
  }

  return {
    follow(signal) {
      const stop = (): void => {
        signal.removeEventListener('abort', stop);
        leave(queue);
      };
      const queue = createWakeQueue(stop);
      if (signal.aborted) {
        queue.end();
        return queue.iterator;
      }
      signal.addEventListener('abort', stop);
      queues.add(queue);
      // A second follower joins a stream that may be open for long: it has missed what came before.
      if (isListening) queue.pushGap();
      loop ??= supervise();
      return queue.iterator;
    },
    async close() {
      for (const queue of [...queues]) leave(queue);
      await loop;
      const opened = await connection?.catch(() => null);
      await opened?.close();
    },
  };
}

function codeOf(error: unknown): string | number {
  if (error instanceof Error && 'code' in error && typeof error.code === 'number') return error.code;
  return error instanceof Error ? error.name : 'unknown';
}
