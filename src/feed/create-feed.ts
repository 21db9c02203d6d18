import type { Clock } from '../domain/clock.ts';
import type { LogEvent } from '../domain/event.ts';
import type { WorkspaceId } from '../domain/ids.ts';
import type { Log } from '../domain/log.ts';
import type { Store } from '../store/store.ts';
import { createChannel, type Channel } from './channel.ts';
import { cursorOf, formatCursor, parseCursor, START, type Cursor } from './cursor.ts';
import type { Feed, ResumeOutcome } from './feed.ts';
import { Reader, type ReaderStart } from './reader.ts';

const RETRY_MS = 1_000;

/**
 * Follows the store once for the whole process and serves any number of readers from it.
 * The log is the truth: a followed event only says that there is something to read.
 */
export function createFeed(parts: { readonly store: Store; readonly clock: Clock; readonly log: Log }): Feed {
  const { store, clock, log } = parts;
  const channels = new Map<WorkspaceId, { readonly channel: Channel; users: number }>();
  const eventListeners = new Set<(event: LogEvent) => void>();
  const gapListeners = new Set<() => void>();
  let stopping: AbortController | null = null;
  let following: Promise<void> = Promise.resolve();

  function readError(error: unknown): void {
    log.warn('The log could not be read; it is read again shortly.', { error: error instanceof Error ? error.name : 'unknown' });
    clock.schedule(RETRY_MS, catchUpAll);
  }

  function catchUpAll(): void {
    for (const { channel } of channels.values()) channel.catchUp().catch(readError);
  }

  async function headCursor(workspaceId: WorkspaceId): Promise<Cursor> {
    const head = await store.head(workspaceId);
    if (head.position === 0) return START;
    const newest = await store.eventAt(workspaceId, head.position);
    if (newest === null) throw new Error('The newest event of a log is missing.');
    return cursorOf(newest);
  }

  async function resumeFrom(workspaceId: WorkspaceId, after: string | null): Promise<{ now: Cursor; from: Cursor; resume: ResumeOutcome }> {
    const now = await headCursor(workspaceId);
    if (after === null) return { now, from: now, resume: 'LIVE' };
    const cursor = parseCursor(after);
    const reset = { now, from: now, resume: 'RESET_REQUIRED' } as const;
    if (cursor === null || cursor.position > now.position) return reset;
    if (cursor.position === now.position) return cursor.mark === now.mark ? { now, from: now, resume: 'UP_TO_DATE' } : reset;
    if (cursor.position === 0) {
      const head = await store.head(workspaceId);
      return cursor.mark === START.mark && head.floor <= 1 ? { now, from: cursor, resume: 'REPLAYING' } : reset;
    }
    const seen = await store.eventAt(workspaceId, cursor.position);
    return seen !== null && cursorOf(seen).mark === cursor.mark ? { now, from: cursor, resume: 'REPLAYING' } : reset;
  }

  function enter(workspaceId: WorkspaceId): { channel: Channel; release: () => void } {
    const entry = channels.get(workspaceId) ?? { channel: createChannel(store, workspaceId, readError), users: 0 };
    channels.set(workspaceId, entry);
    entry.users += 1;
    let held = true;
    return {
      channel: entry.channel,
      release: () => {
        if (!held) return;
        held = false;
        entry.users -= 1;
        if (entry.users === 0) channels.delete(workspaceId);
      },
    };
  }

  async function open(workspaceId: WorkspaceId, after: string | null): Promise<ReaderStart> {
    // The channel is entered before the head is read: an event committed in between reaches it, so none falls in the gap.
    const { channel, release } = enter(workspaceId);
    try {
      const { now, from, resume } = await resumeFrom(workspaceId, after);
      channel.startAt(now.position);
      await channel.catchUp();
      return { channel, resume, from, release };
    } catch (error) {
      release();
      throw error;
    }
  }

  async function follow(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        for await (const wake of store.follow(signal)) {
          if (wake.kind === 'gap') {
            catchUpAll();
            for (const listener of gapListeners) listener();
            continue;
          }
          channels.get(wake.workspaceId)?.channel.accept(wake.events);
          for (const event of wake.events) for (const listener of eventListeners) listener(event);
        }
      } catch (error) {
        log.warn('Following the log failed; it starts again.', { error: error instanceof Error ? error.name : 'unknown' });
      }
      await pause(clock, RETRY_MS, signal);
    }
  }

  return {
    read: (workspaceId, after, options) => new Reader(clock, () => open(workspaceId, after), options?.onSlow ?? (() => undefined)),
    cursorNow: async (workspaceId) => formatCursor(await headCursor(workspaceId)),
    onEvent(listener) {
      eventListeners.add(listener);
      return () => eventListeners.delete(listener);
    },
    onGap(listener) {
      gapListeners.add(listener);
      return () => gapListeners.delete(listener);
    },
    start() {
      if (stopping !== null) return;
      stopping = new AbortController();
      following = follow(stopping.signal);
    },
    async stop() {
      stopping?.abort();
      await following;
      stopping = null;
    },
  };
}

/** Resolves after `ms`, or at once when `signal` is aborted. */
function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const stop = (): void => {
      timer.cancel();
      resolve();
    };
    const timer = clock.schedule(ms, () => {
      signal.removeEventListener('abort', stop);
      resolve();
    });
    signal.addEventListener('abort', stop, { once: true });
  });
}
