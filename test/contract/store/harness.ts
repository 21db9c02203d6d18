import { afterEach, expect } from 'vitest';
import type { WorkspaceId } from '../../../src/domain/ids.ts';
import type { Mailbox } from '../../../src/domain/mailbox.ts';
import type { Change, CommitResult, Store, Wake } from '../../../src/store/store.ts';
import type { LogEvent } from '../../../src/domain/event.ts';
import { newId } from '../../support/store.ts';

/** One empty database of one engine. */
export interface OpenedStore {
  readonly store: Store;
  /** Closes `store` and opens the same database again, as a restart does. */
  readonly reopen: () => Promise<Store>;
  /** A second store on the same database, as another process would have. Closed by dispose. */
  readonly another: () => Promise<Store>;
  /** Lets the database's clock go on by this much: shifts an injected clock, or really waits. Keep it small. */
  readonly passTime: (ms: number) => Promise<void>;
  readonly dispose: () => Promise<void>;
}

export interface EngineUnderTest {
  readonly name: string;
  open(): Promise<OpenedStore>;
  /** Scales the sizes of races and lists: the MongoDB stand-in of the tests is slow. */
  readonly effort: number;
}

/** Opens a database per test and disposes of it afterwards. */
export function databases(engine: EngineUnderTest): () => Promise<OpenedStore> {
  const opened: OpenedStore[] = [];
  afterEach(async () => {
    for (const each of opened.splice(0)) await each.dispose();
  });
  return async () => {
    const database = await engine.open();
    opened.push(database);
    return database;
  };
}

export async function aWorkspace(store: Store): Promise<WorkspaceId> {
  return (await store.ensureWorkspace(`workspace-${newId()}`, 1000)).id;
}

export async function commit(store: Store, change: Change): Promise<CommitResult> {
  const [result] = await store.commit([change]);
  return result!;
}

export async function commitEvents(store: Store, change: Change): Promise<readonly LogEvent[]> {
  const result = await commit(store, change);
  expect(result.kind).toBe('committed');
  return result.kind === 'committed' ? result.events : [];
}

/** Inserts mailboxes without logging anything and returns them as stored. */
export async function insert(store: Store, ...mailboxes: readonly Mailbox[]): Promise<readonly Mailbox[]> {
  const results = await store.commit(
    mailboxes.map((doc) => ({ workspaceId: doc.workspaceId, at: 1000, mailboxes: [{ kind: 'insert' as const, doc }] })),
  );
  expect(results.every((result) => result.kind === 'committed')).toBe(true);
  return mailboxes.map((mailbox) => ({ ...mailbox, revision: 1 }));
}

/** The whole log, read as a resuming reader does. */
export async function wholeLog(store: Store, workspaceId: WorkspaceId): Promise<readonly LogEvent[]> {
  const events: LogEvent[] = [];
  for (;;) {
    const page = await store.eventsAfter(workspaceId, events.at(-1)?.position ?? 0, 200);
    if (page.length === 0) return events;
    events.push(...page);
  }
}

export interface Follower {
  /** Events of the workspace as followed, exactly as told, until one has this position. */
  until(workspaceId: WorkspaceId, position: number): Promise<readonly LogEvent[]>;
  /** How many `gap` came so far. */
  gaps(): number;
  nextGap(): Promise<void>;
  stop(): Promise<void>;
}

/** Follows as the feed does and resolves once the stream is open: what is committed from now on is told. */
export async function startFollowing(store: Store): Promise<Follower> {
  const controller = new AbortController();
  const told: LogEvent[] = [];
  let gaps = 0;
  let ended = false;
  let notify: () => void = () => undefined;
  const changed = (): Promise<void> => new Promise((resolve) => (notify = resolve));
  const reading = (async () => {
    for await (const wake of store.follow(controller.signal)) {
      take(wake);
      notify();
    }
    ended = true;
    notify();
  })();

  function take(wake: Wake): void {
    if (wake.kind === 'gap') gaps += 1;
    else told.push(...wake.events);
  }

  async function waitFor(condition: () => boolean): Promise<void> {
    while (!condition()) {
      if (ended) throw new Error('the stream ended');
      await changed();
    }
  }

  await waitFor(() => gaps > 0);
  return {
    async until(workspaceId, position) {
      const mine = (): LogEvent[] => told.filter((event) => event.workspaceId === workspaceId);
      await waitFor(() => mine().some((event) => event.position >= position));
      return mine();
    },
    gaps: () => gaps,
    nextGap: () => {
      const before = gaps;
      return waitFor(() => gaps > before);
    },
    async stop() {
      controller.abort();
      await reading;
    },
  };
}
