import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { migrateStore } from '../../src/store/open.ts';
import { openSqliteStore } from '../../src/store/sqlite/open-sqlite-store.ts';
import type { Store } from '../../src/store/store.ts';
import { aMailbox, aPassword, aSetup, createShiftedClock, newId, silentLog, temporaryFolder, type ShiftedClock } from '../support/store.ts';
import type { Sealed } from '../../src/domain/sealed.ts';
import { aWorkspace, commit, insert } from '../contract/store/harness.ts';

let folder: ReturnType<typeof temporaryFolder>;
let path: string;
let clock: ShiftedClock;
let opened: Store[];

beforeEach(() => {
  folder = temporaryFolder();
  path = join(folder.path, 'data/gateway.db');
  clock = createShiftedClock();
  opened = [];
});
afterEach(async () => {
  for (const store of opened) await store.close();
  folder.remove();
});

async function open(serve: boolean, holder = newId()): Promise<Store> {
  const store = await openSqliteStore({ path, clock, newId, log: silentLog, serve, holder });
  opened.push(store);
  return store;
}

function edit<T>(work: (db: Database.Database) => T): T {
  const db = new Database(path);
  try {
    return work(db);
  } finally {
    db.close();
  }
}

/** The pid of a process that has ended. */
function deadPid(): number {
  return spawnSync(process.execPath, ['-e', ''], { stdio: 'ignore' }).pid;
}

describe('one serving process', () => {
  test('a second one is refused with the process, its start, and what to do', async () => {
    await open(true);
    await expect(open(true)).rejects.toMatchObject({
      code: 'STORE_REFUSED',
      message: expect.stringMatching(new RegExp(`process ${process.pid} on ${hostname()}, since 20.*Stop that one first`)),
    });
  });

  test('a command opens the file beside it and both write', async () => {
    const server = await open(true);
    const command = await open(false);
    const workspace = await command.ensureWorkspace('Acme', 1);
    await insert(server, aMailbox(workspace.id, 'a@acme.test'));
    expect(await command.mailboxByAddress(workspace.id, 'a@acme.test')).not.toBeNull();
  });

  test('the next one serves at once after a clean stop, and after the death of its process', async () => {
    const first = await open(true);
    await first.close();
    const second = await open(true);
    await second.close();
    edit((db) =>
      db
        .prepare('INSERT OR REPLACE INTO serving (slot, holder, pid, host, since, until) VALUES (1, ?, ?, ?, ?, ?)')
        .run('dead', deadPid(), hostname(), clock.now(), clock.now() + 15_000),
    );
    await expect(open(true)).resolves.toBeDefined();
  });

  test('a row with our own pid is a predecessor with the same pid, as containers have it', async () => {
    await (await open(true)).close();
    edit((db) =>
      db
        .prepare('INSERT OR REPLACE INTO serving (slot, holder, pid, host, since, until) VALUES (1, ?, ?, ?, ?, ?)')
        .run('predecessor', process.pid, hostname(), clock.now(), clock.now() + 15_000),
    );
    await expect(open(true)).resolves.toBeDefined();
  });

  test('a process on another host is waited for until its lease has run out', async () => {
    await (await open(true)).close();
    edit((db) =>
      db
        .prepare('INSERT OR REPLACE INTO serving (slot, holder, pid, host, since, until) VALUES (1, ?, ?, ?, ?, ?)')
        .run('elsewhere', 1, 'another-host', clock.now(), clock.now() + 15_000),
    );
    await expect(open(true)).rejects.toMatchObject({ code: 'STORE_REFUSED', message: expect.stringContaining('try again in') });
    clock.shift(16_000);
    await expect(open(true)).resolves.toBeDefined();
  });

  test('a server that was suspended until another took over writes nothing any more', async () => {
    const suspended = await open(true);
    const workspaceId = await aWorkspace(suspended);
    edit((db) => db.prepare('UPDATE serving SET holder = ?').run('successor'));
    await expect(
      commit(suspended, { workspaceId, at: 1, mailboxes: [{ kind: 'insert', doc: aMailbox(workspaceId, 'a@acme.test') }] }),
    ).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringContaining('took over'),
    });
    expect(await suspended.mailboxByAddress(workspaceId, 'a@acme.test')).toBeNull();
  });
});

describe('the file', () => {
  test('is readable by its owner only, with its companions', async () => {
    const store = await open(true);
    await aWorkspace(store);
    for (const file of [path, `${path}-wal`, `${path}-shm`]) expect([file, statSync(file).mode & 0o777]).toEqual([file, 0o600]);
    expect(statSync(join(folder.path, 'data')).mode & 0o777).toBe(0o700);
  });

  test('of a newer gateway is refused and left alone', async () => {
    await (await open(true)).close();
    edit((db) => db.pragma('user_version = 99'));
    const before = readFileSync(path);
    await expect(open(true)).rejects.toMatchObject({ code: 'STORE_REFUSED', message: expect.stringContaining('schema version 99') });
    await expect(open(false)).rejects.toMatchObject({ code: 'STORE_REFUSED' });
    await expect(migrateStore(`sqlite:${path}`, silentLog)).rejects.toMatchObject({ code: 'STORE_REFUSED' });
    expect(readFileSync(path).equals(before)).toBe(true);
    edit((db) => db.pragma('user_version = 1'));
    await expect(open(true)).resolves.toBeDefined();
  });

  test('of another program is refused', async () => {
    mkdirSync(join(folder.path, 'data'));
    edit((db) => db.exec('CREATE TABLE theirs (x)'));
    await expect(open(true)).rejects.toMatchObject({ code: 'STORE_REFUSED', message: expect.stringContaining('another program') });
    expect(edit((db) => db.pragma('journal_mode', { simple: true }))).toBe('delete');
  });

  test('that cannot be opened is refused with its path', async () => {
    mkdirSync(path, { recursive: true });
    await expect(open(true)).rejects.toMatchObject({ code: 'STORE_REFUSED', message: expect.stringContaining(path) });
  });

  test('is migrated by hand as by a start, again and again', async () => {
    await migrateStore(`sqlite:${path}`, silentLog);
    await migrateStore(`sqlite:${path}`, silentLog);
    expect(existsSync(path)).toBe(true);
    expect(await (await open(true)).workspaces()).toEqual([]);
  });

  test('keeps nothing of a sealed secret that was replaced', async () => {
    const store = await open(true);
    const workspaceId = await aWorkspace(store);
    const canary = `canary-${newId()}`;
    const credential = aPassword('a@acme.test');
    const active = aSetup('a@acme.test', { credential: { ...credential, login: { ...credential.login, password: canary as Sealed } } });
    const [mailbox] = await insert(store, aMailbox(workspaceId, 'a@acme.test', { active }));
    await commit(store, {
      workspaceId,
      at: 1,
      mailboxes: [{ kind: 'replace', doc: { ...mailbox!, active: aSetup('a@acme.test') }, expectedRevision: 1 }],
    });
    await store.close();
    expect(existsSync(`${path}-wal`)).toBe(false);
    expect(readFileSync(path).includes(canary)).toBe(false);
  });

  test('that is locked by somebody else for long makes a commit unavailable, and works again afterwards', async () => {
    const store = await open(true);
    const workspaceId = await aWorkspace(store);
    const insertOne = () =>
      commit(store, { workspaceId, at: 1, mailboxes: [{ kind: 'insert', doc: aMailbox(workspaceId, 'a@acme.test') }] });
    const other = new Database(path);
    other.exec('BEGIN IMMEDIATE');
    await expect(insertOne()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', message: expect.stringContaining('SQLITE_BUSY') });
    expect(await store.mailboxByAddress(workspaceId, 'a@acme.test')).toBeNull();
    other.exec('ROLLBACK');
    other.close();
    expect((await insertOne()).kind).toBe('committed');
  });
});
