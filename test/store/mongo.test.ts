import { setTimeout as wait } from 'node:timers/promises';
import mongoose from 'mongoose';
import { afterAll, beforeAll, describe, inject, test } from 'vitest';
import { migrateMongo } from '../../src/store/mongo/migrations.ts';
import { openMongoStore } from '../../src/store/mongo/open-mongo-store.ts';
import type { Store } from '../../src/store/store.ts';
import type { OpenedStore } from '../contract/store/harness.ts';
import { storeContract } from '../contract/store/store-contract.ts';
import { databaseUrl } from '../support/mongo-server.ts';
import { createShiftedClock, newId, silentLog } from '../support/store.ts';

const server = inject('mongoUrl');

if (server === null) {
  describe('the store contract on MongoDB', () => test.skip('needs a MongoDB server: see test/support/mongo-server.ts', () => undefined));
} else {
  const url = databaseUrl(server, `store_contract_${process.pid}`);
  const client = new mongoose.mongo.MongoClient(url);

  beforeAll(() => migrateMongo(url, silentLog));
  afterAll(async () => {
    await client.db().dropDatabase();
    await client.close();
  });

  const open = async (): Promise<OpenedStore> => {
    // One database, emptied: making its indexes anew for each test would take longer than the tests.
    const collections = await client.db().collections();
    await Promise.all(collections.filter((each) => each.collectionName !== 'meta').map((each) => each.deleteMany({})));
    await client
      .db()
      .collection<{ _id: string }>('meta')
      .deleteMany({ _id: { $ne: 'schema-version' } });
    const opened: Store[] = [];
    const openOne = async (): Promise<Store> => {
      const store = await openMongoStore({ url, clock: createShiftedClock(), newId, random: Math.random, log: silentLog });
      opened.push(store);
      return store;
    };
    const store = await openOne();
    return {
      store,
      async reopen() {
        await store.close();
        return openOne();
      },
      another: openOne,
      // The database's clock cannot be moved, only waited for.
      passTime: (ms) => wait(ms),
      async dispose() {
        for (const each of opened) await each.close();
      },
    };
  };

  storeContract({ name: 'MongoDB', open, effort: 1 });
}
