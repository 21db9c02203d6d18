import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { migrateStore, openStore } from '../../src/store/open.ts';
import { createShiftedClock, newId, silentLog, temporaryFolder } from '../support/store.ts';

const options = () => ({ clock: createShiftedClock(), newId, random: Math.random, log: silentLog, serve: true, holder: newId() });

describe('DATABASE_URL', () => {
  test('sqlite: opens the file it names', async () => {
    const folder = temporaryFolder();
    const store = await openStore(`sqlite:${join(folder.path, 'gateway.db')}`, options());
    expect(store.engine).toBe('sqlite');
    await store.close();
    folder.remove();
  });

  test.each(['', 'gateway.db', 'postgres://localhost/x', 'sqlite:', 'sqlite::memory:'])('%j names no engine that there is', async (url) => {
    await expect(openStore(url, options())).rejects.toMatchObject({
      code: 'STORE_REFUSED',
      message: expect.stringContaining('DATABASE_URL'),
    });
    await expect(migrateStore(url, silentLog)).rejects.toMatchObject({ code: 'STORE_REFUSED' });
  });

  test('a MongoDB URL that is malformed is refused without repeating its password', async () => {
    const opening = openStore('mongodb://user:canary-password@/nowhere?replicaSet', options());
    await expect(opening).rejects.toMatchObject({ code: 'STORE_REFUSED' });
    await expect(opening).rejects.not.toThrow(/canary/);
  });

  test('a MongoDB server that nobody runs is unavailable', async () => {
    await expect(openStore('mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=200', options())).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    });
  });

  test('who opens one engine never loads the other', () => {
    const script = `
      import { createRequire } from 'node:module';
      import { openStore } from '${join(import.meta.dirname, '../../src/store/open.ts')}';
      await openStore('sqlite::memory:', {}).catch(() => undefined);
      const folder = process.argv[2];
      const store = await openStore('sqlite:' + folder + '/g.db', { clock: { now: () => 0, monotonicMs: () => 0, schedule: () => ({ cancel() {} }) }, newId: () => 'x', random: () => 0, log: { info() {} }, serve: false, holder: 'h' });
      await store.close();
      
      const loaded = Object.keys(createRequire(import.meta.url).cache).filter((name) => name.includes('/node_modules/mongo'));
      await openStore('mongodb:', {}).catch(() => undefined);
      const afterwards = Object.keys(createRequire(import.meta.url).cache).filter((name) => name.includes('/node_modules/mongo'));
      console.log(JSON.stringify([loaded, afterwards.length > 0]));
    `;
    const folder = temporaryFolder();
    const file = join(folder.path, 'load.mts');
    spawnSync('tee', [file], { input: script });
    const result = spawnSync(process.execPath, ['--import', 'tsx', file, folder.path], {
      encoding: 'utf8',
      cwd: join(import.meta.dirname, '../..'),
    });
    expect(result.stderr).toBe('');
    // The second is the negative control: loading the other engine would be seen.
    expect(JSON.parse(result.stdout)).toEqual([[], true]);
    folder.remove();
  });
});
