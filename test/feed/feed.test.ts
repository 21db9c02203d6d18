import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { WorkspaceId } from '../../src/domain/ids.ts';
import type { Log } from '../../src/domain/log.ts';
import { createFeed } from '../../src/feed/create-feed.ts';
import type { Feed, FeedItem } from '../../src/feed/feed.ts';
import { openSqliteStore } from '../../src/store/sqlite/open-sqlite-store.ts';
import type { Store, Wake } from '../../src/store/store.ts';
import { createVirtualClock, type VirtualClock } from '../support/virtual-clock.ts';

const silent: Log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

describe('the feed', () => {
  let folder: string;
  let clock: VirtualClock;
  let store: Store;
  let feed: Feed;
  let workspace: WorkspaceId;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'mg-feed-'));
    clock = createVirtualClock();
    store = await openSqliteStore({ path: join(folder, 'gateway.db'), clock, newId: randomUUID, log: silent, serve: true, holder: 'test' });
    workspace = (await store.ensureWorkspace('acme', clock.now())).id;
    feed = createFeed({ store, clock, log: silent });
    feed.start();
  });
  afterEach(async () => {
    await feed.stop();
    await store.close();
    rmSync(folder, { recursive: true });
  });

  async function append(count: number, to: WorkspaceId = workspace): Promise<void> {
    for (let n = 0; n < count; n += 1)
      await store.commit([{ workspaceId: to, at: clock.now(), events: [{ kind: 'WORKSPACE', change: 'PRIMARY' }] }]);
  }

  async function take(reader: AsyncIterator<FeedItem>, count: number): Promise<FeedItem[]> {
    const items: FeedItem[] = [];
    while (items.length < count) {
      const next = await reader.next();
      if (next.done === true) throw new Error('The reading ended early.');
      items.push(next.value);
    }
    return items;
  }

  const positions = (items: readonly FeedItem[]): readonly number[] =>
    items.flatMap((item) => (item.kind === 'event' ? [item.event.position] : []));

  test('the first item says how the reading begins; without a cursor it is LIVE and nothing older comes', async () => {
    await append(3);
    const reader = feed.read(workspace, null);
    const [opened] = await take(reader, 1);
    expect(opened).toMatchObject({ kind: 'opened', resume: 'LIVE' });
    await append(2);
    expect(positions(await take(reader, 2))).toEqual([4, 5]);
    await reader.return?.();
  });

  test('a cursor gets exactly what was missed, then goes on live', async () => {
    await append(2);
    const before = await feed.cursorNow(workspace);
    await append(5);
    const reader = feed.read(workspace, before);
    const items = await take(reader, 6);
    expect(items[0]).toMatchObject({ kind: 'opened', resume: 'REPLAYING', cursor: before });
    expect(positions(items)).toEqual([3, 4, 5, 6, 7]);
    await append(1);
    expect(positions(await take(reader, 1))).toEqual([8]);
    await reader.return?.();
  });

  test('a replay longer than any batch in memory has no gap', async () => {
    const before = await feed.cursorNow(workspace);
    await append(700);
    const reader = feed.read(workspace, before);
    const items = await take(reader, 701);
    expect(positions(items)).toEqual(Array.from({ length: 700 }, (_, index) => index + 1));
    await reader.return?.();
  });

  test('a cursor of the newest event is UP_TO_DATE', async () => {
    await append(1);
    const reader = feed.read(workspace, await feed.cursorNow(workspace));
    expect((await take(reader, 1))[0]).toMatchObject({ resume: 'UP_TO_DATE' });
    await reader.return?.();
  });

  test('a cursor of an empty log replays from the beginning', async () => {
    const start = await feed.cursorNow(workspace);
    await append(2);
    const reader = feed.read(workspace, start);
    const items = await take(reader, 3);
    expect(items[0]).toMatchObject({ resume: 'REPLAYING' });
    expect(positions(items)).toEqual([1, 2]);
    await reader.return?.();
  });

  test.each(['', 'nonsense', 'MS4wMDAw', 'a'.repeat(100)])(
    'a cursor that is none of ours (%j) is RESET_REQUIRED and goes on from now',
    async (cursor) => {
      await append(3);
      const reader = feed.read(workspace, cursor);
      const [opened] = await take(reader, 1);
      expect(opened).toMatchObject({ resume: 'RESET_REQUIRED', cursor: await feed.cursorNow(workspace) });
      await append(1);
      expect(positions(await take(reader, 1))).toEqual([4]);
      await reader.return?.();
    },
  );

  test('a cursor of another workspace, of the future or of another copy of the data is RESET_REQUIRED', async () => {
    const other = (await store.ensureWorkspace('other', clock.now())).id;
    await append(3);
    await append(3, other);
    const foreign = await feed.cursorNow(other);
    const [position = ''] = Buffer.from(foreign, 'base64url').toString().split('.');
    expect(position).toBe('3');
    const future = Buffer.from(`9.${'a'.repeat(16)}`).toString('base64url');
    for (const cursor of [foreign, future]) {
      const reader = feed.read(workspace, cursor);
      expect((await take(reader, 1))[0]).toMatchObject({ resume: 'RESET_REQUIRED' });
      await reader.return?.();
    }
  });

  test('a workspace sees nothing of another', async () => {
    const other = (await store.ensureWorkspace('other', clock.now())).id;
    const reader = feed.read(workspace, null);
    await take(reader, 1);
    await append(5, other);
    await append(1);
    const [item] = await take(reader, 1);
    expect(item).toMatchObject({ kind: 'event', event: { workspaceId: workspace } });
    await reader.return?.();
  });

  test('return() ends a pending pull at once', async () => {
    const reader = feed.read(workspace, null);
    await take(reader, 1);
    const pending = reader.next();
    await reader.return?.();
    expect(await pending).toMatchObject({ done: true });
    expect(await reader.next()).toMatchObject({ done: true });
  });

  test('who pulls nothing for 60 seconds while events wait is told to go; who is idle is not', async () => {
    let slow = 0;
    const idle = feed.read(workspace, null, { onSlow: () => (slow += 100) });
    const lagging = feed.read(workspace, null, { onSlow: () => (slow += 1) });
    await take(idle, 1);
    await take(lagging, 1);
    const pulled = idle.next();
    await append(1);
    await pulled;
    void idle.next();
    await clock.advance(61_000);
    expect(slow).toBe(1);
    expect(await lagging.next()).toMatchObject({ done: true });
    await idle.return?.();
  });

  test('a checkpoint comes after a while, once, when events went by', async () => {
    const reader = feed.read(workspace, null);
    await take(reader, 1);
    await append(1);
    const [event] = await take(reader, 1);
    const pending = reader.next();
    await clock.advance(30_000);
    expect(await pending).toMatchObject({ done: false, value: { kind: 'checkpoint', cursor: event?.cursor } });
    let second = false;
    void reader.next().then(() => (second = true));
    await clock.advance(120_000);
    expect(second).toBe(false);
    await reader.return?.();
  });

  test('repeated, late and lost wakes change nothing: each reader gets every position once', async () => {
    // The store's wakes reach the feed doubled, thinned out and in bursts; the log is complete.
    let seed = 7;
    const random = (): number => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647;
    const unreliable: Store = {
      ...store,
      follow: (signal) =>
        (async function* (): AsyncGenerator<Wake> {
          for await (const wake of store.follow(signal)) {
            if (random() < 0.3) continue;
            yield wake;
            if (random() < 0.3) yield wake;
            if (random() < 0.1) yield { kind: 'gap' };
          }
        })(),
    };
    await feed.stop();
    feed = createFeed({ store: unreliable, clock, log: silent });
    feed.start();
    const readers = [feed.read(workspace, null), feed.read(workspace, null)];
    for (const reader of readers) await take(reader, 1);
    await append(120);
    // Whatever wake comes last decides when the rest is read; a sure one is a gap.
    const collecting = { complete: false };
    const collected = Promise.all(readers.map((reader) => take(reader, 120))).finally(() => (collecting.complete = true));
    while (!collecting.complete) await append(1);
    const all = await collected;
    for (const items of all) expect(positions(items).slice(0, 120)).toEqual(Array.from({ length: 120 }, (_, index) => index + 1));
    for (const reader of readers) await reader.return?.();
  });

  test('listeners hear the events of every workspace', async () => {
    const other = (await store.ensureWorkspace('other', clock.now())).id;
    const heard: string[] = [];
    const off = feed.onEvent((event) => heard.push(`${event.workspaceId}:${event.position}`));
    const reader = feed.read(other, null);
    await take(reader, 1);
    await append(1);
    await append(1, other);
    await take(reader, 1);
    expect(heard).toEqual([`${workspace}:1`, `${other}:1`]);
    off();
    await reader.return?.();
  });
});
