import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { openSqliteStore } from '../../src/store/sqlite/open-sqlite-store.ts';
import { createShiftedClock, newId, silentLog, temporaryFolder } from '../support/store.ts';
import { expectNothingLost } from './killed-writer.ts';

test('kill -9 of the serving process loses nothing that was acknowledged, and the next one serves at once', async () => {
  const folder = temporaryFolder();
  const path = join(folder.path, 'gateway.db');
  const store = await openSqliteStore({ path, clock: createShiftedClock(), newId, log: silentLog, serve: false, holder: newId() });
  const { cycles, acknowledged } = await expectNothingLost(`sqlite:${path}`, store, 12_000, 5);
  expect(acknowledged).toBeGreaterThan(cycles);
  await store.close();
  const raw = new Database(path, { readonly: true });
  expect(raw.pragma('integrity_check', { simple: true })).toBe('ok');
  raw.close();
  folder.remove();
});
