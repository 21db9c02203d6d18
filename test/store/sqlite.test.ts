import { join } from 'node:path';
import { openSqliteStore } from '../../src/store/sqlite/open-sqlite-store.ts';
import type { Store } from '../../src/store/store.ts';
import type { OpenedStore } from '../contract/store/harness.ts';
import { storeContract } from '../contract/store/store-contract.ts';
import { createShiftedClock, newId, silentLog, temporaryFolder } from '../support/store.ts';

async function open(): Promise<OpenedStore> {
  const folder = temporaryFolder();
  const clock = createShiftedClock();
  const opened: Store[] = [];
  const openAs = async (serve: boolean): Promise<Store> => {
    const store = await openSqliteStore({ path: join(folder.path, 'gateway.db'), clock, newId, log: silentLog, serve, holder: newId() });
    opened.push(store);
    return store;
  };
  const store = await openAs(true);
  return {
    store,
    async reopen() {
      await store.close();
      return openAs(true);
    },
    another: () => openAs(false),
    passTime: async (ms) => clock.shift(ms),
    async dispose() {
      for (const each of opened) await each.close();
      folder.remove();
    },
  };
}

storeContract({ name: 'SQLite', open, effort: 3 });
