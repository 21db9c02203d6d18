import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { temporaryFolder } from './support/store.ts';

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));
let folder: ReturnType<typeof temporaryFolder>;
beforeAll(() => {
  folder = temporaryFolder();
});
afterAll(() => folder.remove());

/** Runs the command line as an operator does. */
async function command(args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  const child = spawn(process.execPath, ['--import', 'tsx', MAIN, ...args], {
    env: {
      ...process.env,
      DATABASE_URL: `sqlite:${folder.path}/gateway.db`,
      KEYRING_FILE: `${folder.path}/keyring.json`,
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exit = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const [out, err, code] = await Promise.all([text(child.stdout), text(child.stderr), exit]);
  return { out, err, code };
}

describe.concurrent('the command line', { timeout: 60_000 }, () => {
  test('a HOST that is no address of this machine stops the start with one line that says what to do', async () => {
    const { err, code } = await command(['serve'], { HOST: 'nowhere.invalid', PORT: '0', DATABASE_URL: `sqlite:${folder.path}/host.db` });
    expect(code).toBe(78);
    expect(err).toContain('HOST is no address of this machine.');
    expect(err).not.toContain('    at ');
  });

  test('a file that is no database stops the start and is left as it is', async () => {
    const path = join(folder.path, 'letter.db');
    writeFileSync(path, 'Dear reader, this is not a database at all.');
    const { err, code } = await command(['tokens', 'list'], { DATABASE_URL: `sqlite:${path}` });
    expect(code).toBe(78);
    expect(err).toContain('is no SQLite database. Check DATABASE_URL');
    expect(readFileSync(path, 'utf8')).toBe('Dear reader, this is not a database at all.');
  });

  test('an option of explain that means nothing is named, not ignored', async () => {
    const { err, out, code } = await command(['explain', '--protocol', 'telepathy', '535 5.7.8 Nope']);
    expect(code).toBe(64);
    expect(out).toBe('');
    expect(err).toContain('--protocol has to be imap, smtp, oauth or network, not "telepathy".');
  });

  test('a word too many makes no token', async () => {
    const { err, out, code } = await command(['tokens', 'create', '--workspace', 'acme', '--role', 'admin', 'viewer']);
    expect(code).toBe(64);
    expect(out).toBe('');
    expect(err).toContain('"viewer" is not expected here.');
  });
});
