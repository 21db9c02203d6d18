import type { Json } from '../http/json.ts';

const PATIENCE_MS = 30_000;

/** What a subscription has said so far, and what it says next. */
export interface Live {
  /** The value of the subscription's field, one an event. */
  readonly events: readonly Json[];
  /** The newest cursor. */
  readonly cursor: string;
  /**
   * The first event that passes among those that no earlier call has gone past; waits for it. Rejects after 30 s, or when the
   * subscription ends before, and then tells what came instead.
   */
  until(passes: (event: Json) => boolean, what?: string): Promise<Json>;
  /** How it ended: undefined when it completed, else what the client made of it (a close event, errors). */
  readonly ended: Promise<unknown>;
  stop(): void;
}

/** What a transport calls: payloads as GraphQL results. */
export interface EventSink {
  next(payload: Json): void;
  error(error: unknown): void;
  complete(): void;
}

/** Collects what a transport hears. `start` begins to listen and returns how to stop. */
export function collectEvents(start: (sink: EventSink) => () => void): Live {
  const events: Json[] = [];
  let taken = 0;
  let over: { readonly why: unknown } | null = null;
  const watchers = new Set<() => void>();
  let announce: (why: unknown) => void = () => undefined;
  const ended = new Promise<unknown>((resolve) => (announce = resolve));
  const wake = (): void => {
    for (const watcher of [...watchers]) watcher();
  };
  const end = (why: unknown): void => {
    if (over !== null) return;
    over = { why };
    announce(why);
    wake();
  };

  const stop = start({
    next(payload) {
      if (payload.errors !== undefined) end(payload.errors);
      else {
        events.push(Object.values(payload.data as Record<string, unknown>)[0]);
        wake();
      }
    },
    error: end,
    complete: () => end(undefined),
  });

  return {
    events,
    get cursor() {
      return String(events.findLast((event) => typeof event?.cursor === 'string')?.cursor);
    },
    until: (passes, what = passes.toString()) =>
      new Promise((resolve, reject) => {
        const settle = (work: () => void): void => {
          clearTimeout(timer);
          watchers.delete(look);
          work();
        };
        const look = (): void => {
          while (taken < events.length) {
            const event = events[taken];
            taken += 1;
            if (passes(event)) {
              settle(() => resolve(event));
              return;
            }
          }
          if (over !== null)
            settle(() => reject(new Error(`The subscription ended (${explain(over?.why)}) before ${what}.\n${tail(events)}`)));
        };
        const timer = setTimeout(
          () => settle(() => reject(new Error(`Not within ${PATIENCE_MS / 1000} s: ${what}.\n${tail(events)}`))),
          PATIENCE_MS,
        );
        watchers.add(look);
        look();
      }),
    ended,
    stop,
  };
}

function explain(why: unknown): string {
  if (why === undefined) return 'completed';
  if (why instanceof Error) return why.message;
  const { code, reason } = why as { code?: number; reason?: string };
  return code === undefined ? JSON.stringify(why) : `closed ${code} ${reason ?? ''}`;
}

function tail(events: readonly unknown[]): string {
  return `The last of ${events.length} events:\n${events
    .slice(-8)
    .map((event) => JSON.stringify(event))
    .join('\n')}`;
}
