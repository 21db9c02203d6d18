import type { LogEvent } from '../domain/event.ts';
import type { WorkspaceId } from '../domain/ids.ts';
import type { Store } from '../store/store.ts';

const RING_SIZE = 512;
const READ_BATCH = 200;

/** One followed log: what this process knows of it, without a gap. Exists while somebody reads that workspace. */
export interface Channel {
  /** Every event up to this position is known to be committed and readable. */
  readonly delivered: number;
  /** Events with position > after from memory or from the store, ascending; empty when there are none yet. */
  eventsAfter(after: number): Promise<readonly LogEvent[]>;
  /** Follow from this position on, unless the channel is ahead already (others read it). */
  startAt(position: number): void;
  /** A followed event: repetitions are dropped, jumps filled from the store. */
  accept(events: readonly LogEvent[]): void;
  /** Something may have been missed: read up to the head. Rejects when the store cannot answer. */
  catchUp(): Promise<void>;
  /** Runs `listener` whenever `delivered` has moved on. */
  subscribe(listener: () => void): () => void;
  readonly readerCount: number;
}

/**
 * Work on a channel is serialized, so `delivered` only grows and no event is skipped:
 * followed events are a wake-up, their positions decide what is read.
 */
export function createChannel(store: Store, workspaceId: WorkspaceId, onError: (error: unknown) => void): Channel {
  let started = false;
  let delivered = 0;
  let ring: LogEvent[] = [];
  let work: Promise<void> = Promise.resolve();
  const listeners = new Set<() => void>();

  function append(event: LogEvent): void {
    delivered = event.position;
    ring.push(event);
    if (ring.length > RING_SIZE) ring = ring.slice(-RING_SIZE / 2);
  }

  async function readUpTo(target: number): Promise<void> {
    while (delivered < target) {
      const events = await store.eventsAfter(workspaceId, delivered, READ_BATCH);
      if (events.length === 0) return;
      for (const event of events) {
        if (event.position === delivered + 1) append(event);
        // The log was pruned under a channel that nobody pulled: its readers find out from their own positions.
        else if (event.position > delivered) {
          ring = [];
          append(event);
        }
      }
    }
  }

  function announce(before: number): void {
    if (delivered > before) for (const listener of listeners) listener();
  }

  function enqueue(task: () => Promise<void>): Promise<void> {
    const run = work.then(async () => {
      const before = delivered;
      try {
        await task();
      } finally {
        announce(before);
      }
    });
    work = run.catch(() => undefined);
    return run;
  }

  return {
    get delivered() {
      return delivered;
    },
    get readerCount() {
      return listeners.size;
    },
    async eventsAfter(after) {
      const first = ring[0];
      if (first !== undefined && first.position <= after + 1)
        return ring.slice(after + 1 - first.position, after + 1 - first.position + READ_BATCH);
      if (after >= delivered) return [];
      return store.eventsAfter(workspaceId, after, READ_BATCH);
    },
    startAt(position) {
      if (started) return;
      started = true;
      delivered = position;
    },
    accept(events) {
      // Not started: the first reader is still finding its place and reads up to the head when it has.
      if (!started) return;
      void enqueue(async () => {
        for (const event of events) {
          if (event.position <= delivered) continue;
          if (event.position === delivered + 1) append(event);
          else await readUpTo(event.position);
        }
      }).catch(onError);
    },
    catchUp() {
      if (!started) return Promise.resolve();
      return enqueue(async () => {
        const head = await store.head(workspaceId);
        await readUpTo(head.position);
      });
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
