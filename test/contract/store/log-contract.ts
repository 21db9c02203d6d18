import { describe, expect, test } from 'vitest';
import type { LogEvent } from '../../../src/domain/event.ts';
import type { MailboxId, WorkspaceId } from '../../../src/domain/ids.ts';
import type { Store } from '../../../src/store/store.ts';
import { aMailbox, anIncident, aStatusChange, newId } from '../../support/store.ts';
import { aWorkspace, commit, commitEvents, databases, insert, startFollowing, wholeLog, type EngineUnderTest } from './harness.ts';

export function logContract(engine: EngineUnderTest): void {
  const open = databases(engine);

  /** Writers that each replace a mailbox of their own, with a change of status each time. */
  async function writers(stores: readonly Store[], workspaceId: WorkspaceId, count: number, each: number): Promise<void> {
    const mailboxes = Array.from({ length: count }, (_, index) => aMailbox(workspaceId, `writer-${index}@acme.test`));
    await insert(stores[0]!, ...mailboxes);
    await Promise.all(
      mailboxes.map(async (mailbox, index) => {
        const store = stores[index % stores.length]!;
        for (let round = 1; round <= each; round += 1) {
          await commitEvents(store, {
            workspaceId,
            at: round,
            mailboxes: [{ kind: 'replace', doc: mailbox, expectedRevision: round }],
            events:
              round % 3 === 0
                ? [aStatusChange(mailbox.id), { kind: 'MAILBOX', mailboxId: mailbox.id, change: 'CHANGED' }]
                : [aStatusChange(mailbox.id)],
          });
        }
      }),
    );
  }

  function expectGapFree(events: readonly LogEvent[]): void {
    expect(events.map(({ position }) => position)).toEqual(events.map((_, index) => index + 1));
    const sequences = events.filter(({ facts }) => facts.kind === 'STATUS').map(({ sequence }) => sequence);
    expect(sequences).toEqual(sequences.map((_, index) => index + 1));
  }

  describe('the log', () => {
    test('positions and sequences of 30 concurrent writers have no gap and are told in their order', async () => {
      const { store } = await open();
      const workspaceId = await aWorkspace(store);
      const follower = await startFollowing(store);
      await writers([store], workspaceId, 30, 3 * engine.effort);
      const log = await wholeLog(store, workspaceId);
      expectGapFree(log);
      expect(log.length).toBeGreaterThanOrEqual(90 * engine.effort);
      expect(await follower.until(workspaceId, log.length)).toEqual(log);
      await follower.stop();
    });

    test('so do those of writers in two processes, for followers in both', async () => {
      const { store, another } = await open();
      const second = await another();
      const workspaceId = await aWorkspace(store);
      const followers = [await startFollowing(store), await startFollowing(second)];
      await writers([store, second], workspaceId, 10, 3 * engine.effort);
      const log = await wholeLog(second, workspaceId);
      expectGapFree(log);
      for (const follower of followers) {
        expect(await follower.until(workspaceId, log.length)).toEqual(log);
        await follower.stop();
      }
    });

    test('a follower sees what another process commits, workspaces apart', async () => {
      const { store, another } = await open();
      const second = await another();
      const one = await aWorkspace(store);
      const two = await aWorkspace(store);
      const follower = await startFollowing(second);
      const first = await commitEvents(store, { workspaceId: one, at: 1, events: [{ kind: 'WORKSPACE', change: 'PRIMARY' }] });
      const other = await commitEvents(store, { workspaceId: two, at: 1, events: [{ kind: 'WORKSPACE', change: 'HAND_OVER' }] });
      expect(await follower.until(one, 1)).toEqual(first);
      expect(await follower.until(two, 1)).toEqual(other);
      await follower.stop();
    });

    test('a change that conflicts, or logs nothing, moves no head and wakes nobody', async () => {
      const { store } = await open();
      const workspaceId = await aWorkspace(store);
      const follower = await startFollowing(store);
      const [mailbox] = await insert(store, aMailbox(workspaceId, 'a@acme.test'));
      await commit(store, {
        workspaceId,
        at: 1,
        mailboxes: [{ kind: 'replace', doc: mailbox!, expectedRevision: 5 }],
        events: [aStatusChange(mailbox!.id)],
      });
      expect(await store.head(workspaceId)).toEqual({ position: 0, sequence: 0, floor: 1 });
      const events = await commitEvents(store, { workspaceId, at: 2, events: [aStatusChange(mailbox!.id)] });
      expect(await follower.until(workspaceId, 1)).toEqual(events);
      await follower.stop();
    });

    test('following ends with its signal, also one that was aborted before, and by return()', async () => {
      const { store } = await open();
      const follower = await startFollowing(store);
      await follower.stop();
      expect(await store.follow(AbortSignal.abort())[Symbol.asyncIterator]().next()).toEqual({ done: true, value: undefined });
      const iterator = store.follow(new AbortController().signal)[Symbol.asyncIterator]();
      await iterator.next();
      const waiting = iterator.next();
      await iterator.return?.();
      expect(await waiting).toEqual({ done: true, value: undefined });
    });

    test('closing the store ends its followers', async () => {
      const { store } = await open();
      const iterator = store.follow(new AbortController().signal)[Symbol.asyncIterator]();
      await iterator.next();
      const waiting = iterator.next();
      await store.close();
      expect(await waiting).toEqual({ done: true, value: undefined });
    });

    test('events are read after a position, by position and by id', async () => {
      const { store } = await open();
      const workspaceId = await aWorkspace(store);
      const events = await commitEvents(store, {
        workspaceId,
        at: 1,
        events: Array.from({ length: 5 }, () => aStatusChange(newId() as MailboxId)),
      });
      expect(await store.eventsAfter(workspaceId, 2, 2)).toEqual(events.slice(2, 4));
      expect(await store.eventsAfter(workspaceId, 5, 2)).toEqual([]);
      expect(await store.eventAt(workspaceId, 3)).toEqual(events[2]);
      expect(await store.eventAt(workspaceId, 6)).toBeNull();
      expect(await store.eventById(workspaceId, events[4]!.id)).toEqual(events[4]);
      expect(await store.eventById(workspaceId, newId())).toBeNull();
    });

    test('a page of one kind and one mailbox is right from both ends', async () => {
      const { store } = await open();
      const workspaceId = await aWorkspace(store);
      const one = newId() as MailboxId;
      const two = newId() as MailboxId;
      // Positions 1 … 12: MAILBOX at 3, 6, 9, 12; STATUS of two at 2, 5, 8, 11; STATUS of one at 1, 4, 7, 10.
      const facts = Array.from({ length: 12 }, (_, index) =>
        index % 3 === 2 ? ({ kind: 'MAILBOX', mailboxId: one, change: 'CHANGED' } as const) : aStatusChange(index % 3 === 0 ? one : two),
      );
      await commitEvents(store, { workspaceId, at: 1, events: facts });
      const page = async (request: Omit<Parameters<Store['eventPage']>[1], 'kind'>) => {
        const { items, hasPrevious, hasNext } = await store.eventPage(workspaceId, { kind: 'STATUS', ...request });
        return [
          items.map(({ item, position }) => (expect(position).toEqual({ key: item.position, id: item.id }), item.position)),
          hasPrevious,
          hasNext,
        ];
      };
      expect(await page({ limit: 3, fromEnd: false })).toEqual([[1, 2, 4], false, true]);
      expect(await page({ limit: 3, fromEnd: true })).toEqual([[8, 10, 11], true, false]);
      expect(await page({ limit: 3, fromEnd: false, after: 4 })).toEqual([[5, 7, 8], true, true]);
      expect(await page({ limit: 3, fromEnd: false, after: 8 })).toEqual([[10, 11], true, false]);
      expect(await page({ limit: 3, fromEnd: true, before: 7 })).toEqual([[2, 4, 5], true, true]);
      expect(await page({ limit: 3, fromEnd: true, before: 4 })).toEqual([[1, 2], false, true]);
      expect(await page({ limit: 9, fromEnd: false, after: 11 })).toEqual([[], true, false]);
      expect(await page({ limit: 9, fromEnd: false, mailboxId: two })).toEqual([[2, 5, 8, 11], false, false]);
      expect(await page({ limit: 2, fromEnd: true, mailboxId: two, after: 2, before: 11 })).toEqual([[5, 8], true, true]);
      const mailboxEvents = await store.eventPage(workspaceId, { kind: 'MAILBOX', mailboxId: one, limit: 9, fromEnd: false });
      expect(mailboxEvents.items.map(({ item }) => item.position)).toEqual([3, 6, 9, 12]);
    });

    test('incidents are paged newest first, open and closed apart', async () => {
      const { store } = await open();
      const workspaceId = await aWorkspace(store);
      const incidents = Array.from({ length: 6 }, (_, index) =>
        anIncident(workspaceId, { scope: `host:${index}`, openedAt: 100 + index, closedAt: index % 2 === 0 ? null : 900 }),
      );
      await commit(store, { workspaceId, at: 1, incidents: incidents.map((doc) => ({ kind: 'insert', doc })) });
      const page = async (openOnly: boolean | null, limit: number, after?: { key: string | number; id: string }) =>
        store.incidentPage(workspaceId, { open: openOnly, limit, ...(after === undefined ? {} : { after }) });
      const scopes = (result: Awaited<ReturnType<typeof page>>) => result.items.map(({ item }) => item.scope);
      const first = await page(null, 4);
      expect([scopes(first), first.hasPrevious, first.hasNext]).toEqual([['host:5', 'host:4', 'host:3', 'host:2'], false, true]);
      const rest = await page(null, 4, first.items.at(-1)!.position);
      expect([scopes(rest), rest.hasPrevious, rest.hasNext]).toEqual([['host:1', 'host:0'], true, false]);
      expect(scopes(await page(true, 9))).toEqual(['host:4', 'host:2', 'host:0']);
      expect(scopes(await page(false, 9))).toEqual(['host:5', 'host:3', 'host:1']);
      expect((await store.openIncident(workspaceId, 'host:2'))?.id).toBe(incidents[2]!.id);
      expect(await store.openIncident(workspaceId, 'host:3')).toBeNull();
    });

    test('prune deletes what is older, raises the floor, and keeps the newest event of each workspace', async () => {
      const { store } = await open();
      const busy = await aWorkspace(store);
      const quiet = await aWorkspace(store);
      const empty = await aWorkspace(store);
      for (const at of [10, 20, 30]) await commitEvents(store, { workspaceId: busy, at, events: [aStatusChange(newId() as MailboxId)] });
      const [last] = await commitEvents(store, { workspaceId: quiet, at: 10, events: [aStatusChange(newId() as MailboxId)] });
      expect(await store.prune(5)).toBe(0);
      expect(await store.prune(25)).toBe(2);
      expect(await store.head(busy)).toEqual({ position: 3, sequence: 3, floor: 3 });
      expect((await wholeLog(store, busy)).map(({ position }) => position)).toEqual([3]);
      expect(await store.prune(1000)).toBe(0);
      expect(await wholeLog(store, quiet)).toEqual([last]);
      expect(await store.head(quiet)).toEqual({ position: 1, sequence: 1, floor: 1 });
      expect(await store.head(empty)).toEqual({ position: 0, sequence: 0, floor: 1 });
      expect((await commitEvents(store, { workspaceId: busy, at: 40, events: [aStatusChange(newId() as MailboxId)] }))[0]?.position).toBe(
        4,
      );
    });
  });
}
