import mongoose from 'mongoose';
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest';
import type { Store } from '../../src/store/store.ts';
import { migrateMongo } from '../../src/store/mongo/migrations.ts';
import { openMongoStore } from '../../src/store/mongo/open-mongo-store.ts';
import { databaseUrl, startMongo, startStandaloneMongo } from '../support/mongo-server.ts';
import { aMailbox, aStatusChange, createShiftedClock, newId, silentLog } from '../support/store.ts';
import { aWorkspace, commit, commitEvents, insert, startFollowing, wholeLog } from '../contract/store/harness.ts';
import { expectNothingLost, killedWithinTransaction } from './killed-writer.ts';

// Fail points hit whoever is connected, so this file has a server of its own: the other files run at the same time.
const own = inject('mongoUrl') === null ? null : await startMongo();
const server = own?.url ?? null;

if (server === null) {
  describe('MongoDB faults', () => test.skip('needs a MongoDB server: see test/support/mongo-server.ts', () => undefined));
} else {
  // A step-down that only a fail point knows of is noticed at the next heartbeat.
  const url = `${databaseUrl(server, `store_faults_${process.pid}`)}&heartbeatFrequencyMS=500`;
  const client = new mongoose.mongo.MongoClient(url);
  const opened: Store[] = [];

  beforeAll(() => migrateMongo(url, silentLog));
  afterEach(async () => {
    await client.db('admin').command({ configureFailPoint: 'failCommand', mode: 'off' });
    for (const store of opened.splice(0)) await store.close();
  });
  afterAll(async () => {
    await client.db().dropDatabase();
    await client.close();
    await own?.stop();
  });

  const open = async (at = url): Promise<Store> => {
    const store = await openMongoStore({ url: at, clock: createShiftedClock(), newId, random: Math.random, log: silentLog });
    opened.push(store);
    return store;
  };
  const failCommand = (times: number, data: Record<string, unknown>) =>
    client.db('admin').command({ configureFailPoint: 'failCommand', mode: { times }, data });

  describe('a fault while writing', () => {
    const faults: readonly (readonly [string, Record<string, unknown>])[] = [
      [
        'the connection closes on an insert',
        { failCommands: ['insert'], closeConnection: true, errorLabels: ['TransientTransactionError'] },
      ],
      ['the connection closes on the commit', { failCommands: ['commitTransaction'], closeConnection: true }],
      ['a write conflict', { failCommands: ['update'], errorCode: 112, errorLabels: ['TransientTransactionError'] }],
      ['the primary steps down', { failCommands: ['commitTransaction'], errorCode: 189, errorLabels: ['RetryableWriteError'] }],
      [
        'the outcome of the commit is unknown',
        { failCommands: ['commitTransaction'], errorCode: 50, errorLabels: ['UnknownTransactionCommitResult'] },
      ],
    ];
    test.each(faults)('%s: the change is there once', async (_, data) => {
      const store = await open();
      const workspaceId = await aWorkspace(store);
      const [mailbox] = await insert(store, aMailbox(workspaceId, 'a@acme.test'));
      await failCommand(1, data);
      const result = await commit(store, {
        workspaceId,
        at: 1,
        mailboxes: [{ kind: 'replace', doc: mailbox!, expectedRevision: 1 }],
        events: [aStatusChange(mailbox!.id)],
      });
      expect(result.kind).toBe('committed');
      expect((await store.mailbox(workspaceId, mailbox!.id))?.revision).toBe(2);
      expect((await wholeLog(store, workspaceId)).map(({ position }) => position)).toEqual([1]);
    });

    test('a fault that stays is unavailable, writes nothing, and says no more than its name', async () => {
      const store = await open();
      const workspaceId = await aWorkspace(store);
      const mailbox = aMailbox(workspaceId, 'canary@acme.test');
      await failCommand(1000, { failCommands: ['insert', 'update'], errorCode: 8000 });
      const writing = commit(store, {
        workspaceId,
        at: 1,
        mailboxes: [{ kind: 'insert', doc: mailbox }],
        events: [aStatusChange(mailbox.id)],
      });
      await expect(writing).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
      await expect(writing).rejects.not.toThrow(/canary/);
      await client.db('admin').command({ configureFailPoint: 'failCommand', mode: 'off' });
      expect(await store.mailbox(workspaceId, mailbox.id)).toBeNull();
      expect(await store.head(workspaceId)).toEqual({ position: 0, sequence: 0, floor: 1 });
    });

    test('a document larger than MongoDB stores fails alone', async () => {
      const store = await open();
      const workspaceId = await aWorkspace(store);
      const huge = aMailbox(workspaceId, 'huge@acme.test', { displayName: 'x'.repeat(17 * 1024 * 1024) });
      const fine = aMailbox(workspaceId, 'fine@acme.test');
      const [hugeResult, fineResult] = await Promise.allSettled([
        commit(store, { workspaceId, at: 1, mailboxes: [{ kind: 'insert', doc: huge }] }),
        commit(store, { workspaceId, at: 1, mailboxes: [{ kind: 'insert', doc: fine }], events: [aStatusChange(fine.id)] }),
      ]);
      expect(hugeResult).toMatchObject({ status: 'rejected', reason: { message: expect.stringContaining('16 MB') } });
      expect(fineResult).toMatchObject({ status: 'fulfilled', value: { kind: 'committed' } });
      expect(await store.mailboxByAddress(workspaceId, 'huge@acme.test')).toBeNull();
    });
  });

  describe('a fault while following', () => {
    const ended: readonly (readonly [string, number, string[]])[] = [
      ['history lost', 286, []],
      ['resume token unusable', 280, []],
      ['resume token invalid', 260, []],
    ];
    test.each(ended)('%s (%i): the stream is opened anew and a gap tells to read the log', async (_, errorCode, errorLabels) => {
      const store = await open();
      const workspaceId = await aWorkspace(store);
      const follower = await startFollowing(store);
      await commitEvents(store, { workspaceId, at: 1, events: [{ kind: 'WORKSPACE', change: 'PRIMARY' }] });
      await follower.until(workspaceId, 1);
      const gap = follower.nextGap();
      await failCommand(1, { failCommands: ['getMore'], errorCode, errorLabels });
      await gap;
      await commitEvents(store, { workspaceId, at: 2, events: [{ kind: 'WORKSPACE', change: 'PRIMARY' }] });
      expect((await follower.until(workspaceId, 2)).at(-1)?.position).toBe(2);
      await follower.stop();
    });

    const resumed: readonly (readonly [string, Record<string, unknown>])[] = [
      ['the connection closes', { closeConnection: true }],
      ['the primary steps down', { errorCode: 189, errorLabels: ['ResumableChangeStreamError'] }],
    ];
    test.each(resumed)('%s: every event is told, or a gap', async (_, data) => {
      const store = await open();
      const writer = await open();
      const workspaceId = await aWorkspace(store);
      const follower = await startFollowing(store);
      await failCommand(2, { failCommands: ['getMore'], ...data });
      for (let at = 1; at <= 5; at += 1)
        await commitEvents(writer, { workspaceId, at, events: [{ kind: 'WORKSPACE', change: 'PRIMARY' }] });
      const before = follower.gaps();
      const told = await follower.until(workspaceId, 5);
      const positions = told.map(({ position }) => position);
      if (follower.gaps() === 1 && before === 1) expect(positions).toEqual([1, 2, 3, 4, 5]);
      else expect(positions.at(-1)).toBe(5);
      await follower.stop();
    });

    test('a stream that cannot be opened is tried again without haste until it can', async () => {
      const store = await open();
      const workspaceId = await aWorkspace(store);
      const follower = await startFollowing(store);
      const gap = follower.nextGap();
      await failCommand(4, { failCommands: ['getMore', 'aggregate'], errorCode: 286 });
      await gap;
      await commitEvents(store, { workspaceId, at: 1, events: [{ kind: 'WORKSPACE', change: 'PRIMARY' }] });
      expect(await follower.until(workspaceId, 1)).toHaveLength(1);
      await follower.stop();
    });
  });

  describe('a start', () => {
    test('on a database that was not migrated is refused, and says what to run', async () => {
      await expect(open(databaseUrl(server, `store_unmigrated_${process.pid}`))).rejects.toMatchObject({
        code: 'STORE_REFUSED',
        message: expect.stringContaining('mailbox-gateway migrate'),
      });
    });

    test('on a database of a newer gateway, or without one of its indexes, is refused; migrating restores the index', async () => {
      const meta = client.db().collection<{ _id: string; value: string }>('meta');
      await meta.updateOne({ _id: 'schema-version' }, { $set: { value: '99' } });
      await expect(open()).rejects.toMatchObject({ code: 'STORE_REFUSED', message: expect.stringContaining('schema version 99') });
      await expect(migrateMongo(url, silentLog)).rejects.toMatchObject({ code: 'STORE_REFUSED' });
      await meta.updateOne({ _id: 'schema-version' }, { $set: { value: '1' } });
      await client.db().collection('mailboxes').dropIndex('live_address');
      await expect(open()).rejects.toMatchObject({ code: 'STORE_REFUSED', message: expect.stringContaining('mailboxes.live_address') });
      await migrateMongo(url, silentLog);
      await expect(open()).resolves.toBeDefined();
    });

    test('on a standalone server is refused, and says what to do', async () => {
      const standalone = await startStandaloneMongo();
      if (standalone === null) return;
      await expect(open(standalone.url)).rejects.toMatchObject({ code: 'STORE_REFUSED', message: expect.stringContaining('replica set') });
      await expect(migrateMongo(standalone.url, silentLog)).rejects.toMatchObject({ code: 'STORE_REFUSED' });
      await standalone.stop();
    });
  });

  test('reads go to the primary whatever the URL says', async () => {
    const store = await open(`${url}&readPreference=secondary&readConcernLevel=local&w=1`);
    const workspaceId = await aWorkspace(store);
    const [mailbox] = await insert(store, aMailbox(workspaceId, 'a@acme.test'));
    expect(await store.mailbox(workspaceId, mailbox!.id)).toEqual(mailbox);
  });

  test('a writer that is killed within its transaction holds the others up for moments, not for a minute', async () => {
    const store = await open();
    const workspaceId = await aWorkspace(store);
    const [mailbox] = await insert(store, aMailbox(workspaceId, 'a@acme.test'));
    await commitEvents(store, { workspaceId, at: 1, events: [aStatusChange(mailbox!.id)] });
    const holder = await killedWithinTransaction(url, workspaceId);
    const startedMs = performance.now();
    await commitEvents(store, { workspaceId, at: 1, events: [aStatusChange(mailbox!.id)] });
    // The server itself would take a minute.
    expect(performance.now() - startedMs).toBeLessThan(15_000);
    expect((await wholeLog(store, workspaceId)).map(({ position }) => position)).toEqual([1, 2]);
    const left = await client.db().collection<{ _id: string; owner: string }>('writers').find().toArray();
    expect(left.map(({ owner }) => owner)).not.toContain(holder);
  });

  test('kill -9 of a writer loses nothing that was acknowledged and half-writes nothing', async () => {
    const store = await open();
    const { cycles, acknowledged } = await expectNothingLost(url, store, 0, 3);
    expect(acknowledged).toBeGreaterThanOrEqual(cycles);
  });
}
