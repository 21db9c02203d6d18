import type { Clock } from '../domain/clock.ts';

/** Gathers items and handles them together: the first item of a batch waits `waitMs` for company, a full batch goes at once. */
export interface Batch<Item> {
  add(item: Item): void;
  /** Handles what is waiting and resolves when nothing is left, also of what is added meanwhile. */
  drain(): Promise<void>;
}

export interface BatchOptions<Item> {
  readonly clock: Clock;
  readonly waitMs: number;
  readonly most: number;
  /** Never called while it runs: one batch after the other. Must not reject. */
  readonly handle: (items: readonly Item[]) => Promise<void>;
}

export function createBatch<Item>({ clock, waitMs, most, handle }: BatchOptions<Item>): Batch<Item> {
  let waiting: Item[] = [];
  let timer: { cancel(): void } | null = null;
  let running: Promise<void> | null = null;

  async function handleAll(): Promise<void> {
    while (waiting.length > 0) {
      const items = waiting.slice(0, most);
      waiting = waiting.slice(most);
      await handle(items);
    }
  }

  function go(): Promise<void> {
    timer?.cancel();
    timer = null;
    running ??= handleAll().finally(() => {
      running = null;
      if (waiting.length > 0) waitForCompany();
    });
    return running;
  }

  function waitForCompany(): void {
    timer ??= clock.schedule(waitMs, () => {
      timer = null;
      void go();
    });
  }

  return {
    add(item) {
      waiting.push(item);
      if (running !== null) return;
      if (waiting.length >= most) void go();
      else waitForCompany();
    },
    async drain() {
      while (waiting.length > 0 || running !== null) await go();
    },
  };
}
