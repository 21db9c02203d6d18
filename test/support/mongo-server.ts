import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, openSync, closeSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import mongoose from 'mongoose';

export interface TestMongo {
  /** Has no database name: give each test file its own with `databaseUrl`. */
  readonly url: string;
  stop(): Promise<void>;
}

const SECANTUS_VERSION = '0.7.0b3';
const CACHE = join(import.meta.dirname, '../../node_modules/.cache');
const READY_TIMEOUT_MS = 60_000;

/**
 * The MongoDB server that the tests use: MONGODB_TEST_URL, else `mongod` on PATH (as a replica set of one), else
 * SecantusDB in a virtual environment under node_modules/.cache that is made on first use. Null when none can be had,
 * so that the suites skip visibly; with REQUIRE_REAL=1 it throws instead.
 */
export async function startMongo(): Promise<TestMongo | null> {
  const given = process.env['MONGODB_TEST_URL'];
  if (given !== undefined && given !== '') return { url: given, stop: async () => undefined };
  try {
    if (onPath('mongod')) return await startMongod();
    if (onPath('python3')) return await startSecantus(await secantusLauncher());
    throw new Error('there is neither mongod nor python3 on PATH');
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    if (process.env['REQUIRE_REAL'] === '1')
      throw new Error(`REQUIRE_REAL=1, but no MongoDB server could be started: ${why}`, { cause: error });
    process.stderr.write(`\nMongoDB suites are SKIPPED: ${why}\n`);
    return null;
  }
}

/** A server of the same make that is no replica set. Null where the tests were given a server, and where there is none. */
export async function startStandaloneMongo(): Promise<TestMongo | null> {
  if ((process.env['MONGODB_TEST_URL'] ?? '') !== '') return null;
  if (onPath('mongod')) {
    const port = await freePort();
    const data = mkdtempSync(join(tmpdir(), 'gateway-mongod-'));
    const child = spawn('mongod', ['--port', String(port), '--dbpath', data, '--bind_ip', '127.0.0.1'], { stdio: 'ignore' });
    const url = `mongodb://127.0.0.1:${port}/`;
    await ready(child, url, 'mongod');
    return {
      url,
      stop: async () => {
        await end(child);
        rmSync(data, { recursive: true, force: true });
      },
    };
  }
  return onPath('python3') ? startSecantus(await secantusLauncher(), ['--standalone']) : null;
}

/** The same server, another database. */
export function databaseUrl(url: string, name: string): string {
  const [, start = '', query = ''] = /^(mongodb(?:\+srv)?:\/\/[^/?]+)(?:\/[^?]*)?(\?.*)?$/.exec(url) ?? [];
  return `${start}/${name}${query}`;
}

function onPath(command: string): boolean {
  return spawnSync(command, ['--version'], { stdio: 'ignore' }).status === 0;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}

async function startMongod(): Promise<TestMongo> {
  const port = await freePort();
  const data = mkdtempSync(join(tmpdir(), 'gateway-mongod-'));
  const args = [
    '--replSet',
    'rs0',
    '--port',
    String(port),
    '--dbpath',
    data,
    '--bind_ip',
    '127.0.0.1',
    '--setParameter',
    'enableTestCommands=1',
  ];
  const child = spawn('mongod', args, { stdio: 'ignore' });
  const direct = `mongodb://127.0.0.1:${port}/?directConnection=true`;
  await ready(child, direct, 'mongod');
  await admin(direct, { replSetInitiate: { _id: 'rs0', members: [{ _id: 0, host: `127.0.0.1:${port}` }] } });
  const url = `mongodb://127.0.0.1:${port}/?replicaSet=rs0`;
  await ready(child, url, 'mongod as a replica set');
  return {
    url,
    stop: async () => {
      await end(child);
      rmSync(data, { recursive: true, force: true });
    },
  };
}

async function startSecantus(launcher: string, more: readonly string[] = []): Promise<TestMongo> {
  const port = await freePort();
  const args = [
    ...more,
    '--host',
    '127.0.0.1',
    '--port',
    String(port),
    '--storage-path',
    ':memory:',
    '--enable-test-commands',
    '--sync-on-commit',
  ];
  const child = spawn(launcher, args, { stdio: 'ignore' });
  const url = `mongodb://127.0.0.1:${port}/${more.includes('--standalone') ? '' : '?replicaSet=secantus'}`;
  await ready(child, url, 'SecantusDB');
  return { url, stop: () => end(child) };
}

/** Path of the launcher, installed on first use. Safe when several test runs begin at once: one installs, the others wait for its marker. */
async function secantusLauncher(): Promise<string> {
  const venv = join(CACHE, `secantusdb-${SECANTUS_VERSION}`);
  const marker = join(venv, '.ready');
  const lock = `${venv}.lock`;
  const launcher = join(venv, 'bin/secantusd-py');
  mkdirSync(CACHE, { recursive: true });
  const deadline = performance.now() + 300_000;
  while (!existsSync(marker)) {
    if (takeLock(lock)) {
      try {
        process.stderr.write(`\nInstalling SecantusDB ${SECANTUS_VERSION} (the MongoDB server of the tests) into ${venv} …\n`);
        rmSync(venv, { recursive: true, force: true });
        run('python3', ['-m', 'venv', venv]);
        run(join(venv, 'bin/pip'), ['install', '--quiet', '--disable-pip-version-check', '--pre', `SecantusDB==${SECANTUS_VERSION}`]);
        writeFileSync(marker, '');
      } finally {
        rmSync(lock, { force: true });
      }
    } else {
      if (performance.now() > deadline) throw new Error(`another test run holds ${lock}; remove it if there is none`);
      await sleep(250);
    }
  }
  return launcher;
}

/** True for one process; the lock of a process that died is taken over. */
function takeLock(path: string): boolean {
  try {
    const file = openSync(path, 'wx');
    writeFileSync(file, String(process.pid));
    closeSync(file);
    return true;
  } catch {
    const holder = existsSync(path) ? Number(readFileSync(path, 'utf8')) : 0;
    if (holder > 0 && !isAlive(holder)) rmSync(path, { force: true });
    return false;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function run(command: string, args: readonly string[]): void {
  const result = spawnSync(command, args, { encoding: 'utf8' });
  if (result.status !== 0) throw new Error(`${command} ${args[0] ?? ''} failed: ${result.stderr.trim().split('\n').at(-1) ?? ''}`);
}

async function admin(url: string, command: Record<string, unknown>): Promise<void> {
  const client = new mongoose.mongo.MongoClient(url, { serverSelectionTimeoutMS: 1000 });
  try {
    await client.db('admin').command(command);
  } finally {
    await client.close();
  }
}

async function ready(child: ChildProcess, url: string, name: string): Promise<void> {
  const killWithUs = (): void => void child.kill('SIGKILL');
  process.once('exit', killWithUs);
  child.once('exit', () => process.off('exit', killWithUs));
  const deadline = performance.now() + READY_TIMEOUT_MS;
  for (;;) {
    if (child.exitCode !== null) throw new Error(`${name} ended at once with code ${child.exitCode}`);
    try {
      await admin(url, { ping: 1 });
      return;
    } catch (error) {
      if (performance.now() > deadline) {
        child.kill('SIGKILL');
        throw new Error(`${name} did not answer within ${READY_TIMEOUT_MS / 1000} s`, { cause: error });
      }
      await sleep(100);
    }
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill('SIGTERM');
  const forced = setTimeout(() => child.kill('SIGKILL'), 5000);
  await ended;
  clearTimeout(forced);
}
