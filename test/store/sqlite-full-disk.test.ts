import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../support/store.ts';

const hasPrlimit = spawnSync('prlimit', ['--version'], { stdio: 'ignore' }).status === 0;

test.skipIf(!hasPrlimit)(
  'a full disk refuses writes, half-writes nothing, goes on reading, and works again once there is space',
  async () => {
    const folder = temporaryFolder();
    const path = join(folder.path, 'gateway.db');
    // A soft limit on the size of each file stands in for the disk: SQLite sees a failing write either way.
    const command = `ulimit -S -f 700; exec "$0" --import tsx "$1" "$2"`;
    const child = spawn('bash', ['-c', command, process.execPath, join(import.meta.dirname, 'full-disk-process.ts'), `sqlite:${path}`], {
      stdio: ['pipe', 'pipe', 'inherit'],
      cwd: join(import.meta.dirname, '../..'),
    });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const nextReport = async (): Promise<Record<string, unknown>> =>
      JSON.parse(String((await lines.next()).value)) as Record<string, unknown>;
    const full = await nextReport();
    expect(full).toEqual({ code: 'STORE_UNAVAILABLE', acknowledged: full['acknowledged'], readable: full['acknowledged'] });
    expect(spawnSync('prlimit', ['--pid', String(child.pid), '--fsize=unlimited'], { stdio: 'inherit' }).status).toBe(0);
    child.stdin.write('\n');
    const afterwards = await nextReport();
    const wanted = Number(full['acknowledged']) + 50;
    expect(afterwards).toEqual({ acknowledged: wanted, stored: wanted, position: wanted });
    await new Promise((resolve) => (child.exitCode === null ? child.once('exit', resolve) : resolve(null)));
    const raw = new Database(path, { readonly: true });
    expect(raw.pragma('integrity_check', { simple: true })).toBe('ok');
    raw.close();
    folder.remove();
  },
);
