import type { Clock, ScheduledWork } from '../../domain/clock.ts';
import type { LogEvent } from '../../domain/event.ts';
import type { WorkspaceId } from '../../domain/ids.ts';
import type { Wake } from '../store.ts';
import { createWakeQueue, type WakeQueue } from '../wake-queue.ts';
import type { SqliteDatabase } from './database.ts';
import { EVENT_COLUMNS, eventOf, type EventRow } from './rows.ts';

/** How soon a write of another process (a command beside the server) is noticed. */
const POLL_EVERY_MS = 200;
const BATCH = 500;

interface Follower {
  readonly queue: WakeQueue;
  /** The newest `events.seq` that it was told of: the order of commits over all workspaces. */
  seen: number;
}

export interface Followers {
  readonly follow: (signal: AbortSignal) => AsyncIterable<Wake>;
  /** This process committed events. */
  readonly committed: () => void;
  readonly close: () => void;
}

/** Wakes come from this process's commits at once, from other processes' by polling PRAGMA data_version while anybody follows. */
export function createFollowers(db: SqliteDatabase, clock: Clock): Followers {
  const followers = new Set<Follower>();
  let dataVersion = db.pragma('data_version');
  let poll: ScheduledWork | null = null;

  function tell(follower: Follower): void {
    for (;;) {
      const rows = db.all<EventRow>(`SELECT ${EVENT_COLUMNS} FROM events WHERE seq > ? ORDER BY seq LIMIT ?`, follower.seen, BATCH);
      const groups = new Map<WorkspaceId, LogEvent[]>();
      for (const row of rows) {
        const event = eventOf(row);
        groups.set(event.workspaceId, [...(groups.get(event.workspaceId) ?? []), event]);
        follower.seen = row.seq;
      }
      for (const [workspaceId, events] of groups) follower.queue.pushEvents(workspaceId, events);
      if (rows.length < BATCH) return;
    }
  }

  /** A read that fails now succeeds at the next commit or poll: `seen` stays where it is. */
  function tellAll(): void {
    try {
      for (const follower of followers) tell(follower);
    } catch {
      for (const follower of followers) follower.queue.pushGap();
    }
  }

  function lookForForeignWrites(): void {
    poll = null;
    if (followers.size === 0) return;
    try {
      const version = db.pragma('data_version');
      if (version !== dataVersion) {
        dataVersion = version;
        tellAll();
      }
    } catch {
      for (const follower of followers) follower.queue.pushGap();
    }
    schedulePoll();
  }

  function schedulePoll(): void {
    poll ??= clock.schedule(POLL_EVERY_MS, lookForForeignWrites);
  }

  function newestSeq(): number {
    return db.get<{ seq: number }>('SELECT coalesce(max(seq), 0) AS seq FROM events')?.seq ?? 0;
  }

  return {
    follow(signal) {
      const stop = (): void => {
        signal.removeEventListener('abort', stop);
        followers.delete(follower);
        queue.end();
      };
      const queue = createWakeQueue(stop);
      const follower: Follower = { queue, seen: newestSeq() };
      if (signal.aborted) {
        queue.end();
        return queue.iterator;
      }
      signal.addEventListener('abort', stop);
      followers.add(follower);
      queue.pushGap();
      schedulePoll();
      return queue.iterator;
    },
    committed: tellAll,
    close() {
      poll?.cancel();
      poll = null;
      for (const follower of followers) follower.queue.end();
      followers.clear();
    },
  };
}
