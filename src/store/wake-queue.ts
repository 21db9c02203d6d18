import type { LogEvent } from '../domain/event.ts';
import type { WorkspaceId } from '../domain/ids.ts';
import type { Wake } from './store.ts';

/** More waiting events than this are forgotten for one `gap`: the log has them, the memory need not. */
const MAX_WAITING_EVENTS = 10_000;

/** The seam between an engine that notices commits and the one reader that `follow()` serves. */
export interface WakeQueue {
  pushEvents(workspaceId: WorkspaceId, events: readonly LogEvent[]): void;
  pushGap(): void;
  /** Ends the iterator once what waits was read. Idempotent. */
  end(): void;
  readonly iterator: AsyncIterableIterator<Wake>;
}

/**
 * Groups what arrives for a workspace while the reader is busy; order within a workspace is kept. Bounded: a reader that
 * lags gets a `gap`. `return()` settles a pending `next()` at once and calls `onReturn` once.
 */
export function createWakeQueue(onReturn: () => void): WakeQueue {
  const waiting = new Map<WorkspaceId, LogEvent[]>();
  let waitingEvents = 0;
  let gap = false;
  let ended = false;
  let returned = false;
  const readers: ((result: IteratorResult<Wake>) => void)[] = [];

  function take(): Wake | null {
    if (gap) {
      gap = false;
      return { kind: 'gap' };
    }
    for (const [workspaceId, events] of waiting) {
      waiting.delete(workspaceId);
      waitingEvents -= events.length;
      return { kind: 'events', workspaceId, events };
    }
    return null;
  }

  function serve(): void {
    while (readers.length > 0) {
      const wake = take();
      if (wake === null && !ended) return;
      readers.shift()?.(wake === null ? { done: true, value: undefined } : { done: false, value: wake });
    }
  }

  function clear(): void {
    waiting.clear();
    waitingEvents = 0;
  }

  function finish(): void {
    if (returned) return;
    returned = true;
    ended = true;
    gap = false;
    clear();
    serve();
    onReturn();
  }

  return {
    pushEvents(workspaceId, events) {
      if (ended || events.length === 0) return;
      const group = waiting.get(workspaceId);
      if (group === undefined) waiting.set(workspaceId, [...events]);
      else group.push(...events);
      waitingEvents += events.length;
      if (waitingEvents > MAX_WAITING_EVENTS) {
        clear();
        gap = true;
      }
      serve();
    },
    pushGap() {
      if (ended) return;
      gap = true;
      serve();
    },
    end() {
      if (ended) return;
      ended = true;
      serve();
    },
    iterator: {
      [Symbol.asyncIterator]() {
        return this;
      },
      next: () =>
        new Promise((resolve) => {
          readers.push(resolve);
          serve();
        }),
      return: async () => {
        finish();
        return { done: true, value: undefined };
      },
    },
  };
}
