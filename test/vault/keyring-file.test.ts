import { fork } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { activateKey, addKey, createKeyRing, readKeyRing, removeKey } from '../../src/vault/keyring-file.ts';
import { keyCheckValue } from '../../src/vault/keyring.ts';
import { KeyRingRefused, type KeyRingProblem } from '../../src/vault/keyring-refused.ts';
import { createVault } from '../../src/vault/open-vault.ts';
import { Secret } from '../../src/vault/secret.ts';
import { watchKeyRing, type KeyRingChange } from '../../src/vault/watch-keyring.ts';
import { BINDING } from './rings.ts';

let directory: string;
let path: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'keyring-'));
  path = join(directory, 'keyring.json');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function refusal(work: () => unknown): { readonly problem: KeyRingProblem; readonly message: string } {
  try {
    work();
  } catch (error) {
    if (error instanceof KeyRingRefused) return { problem: error.problem, message: error.message };
    throw error;
  }
  throw new Error('nothing was refused');
}

function keysIn(text: string): readonly string[] {
  return Object.values((JSON.parse(text) as { keys: Record<string, string> }).keys);
}

describe('a new key ring', () => {
  test('is readable by its owner only, whatever the umask, and leaves nothing beside it', () => {
    const before = process.umask(0);
    try {
      createKeyRing(path);
    } finally {
      process.umask(before);
    }
    expect((statSync(path).mode & 0o777).toString(8)).toBe('600');
    expect(readdirSync(directory)).toEqual(['keyring.json']);
  });

  test('is made with its directory, which is closed to others too', () => {
    const nested = join(directory, 'data', 'deep', 'keyring.json');
    createKeyRing(nested);
    expect((statSync(join(directory, 'data')).mode & 0o777).toString(8)).toBe('700');
  });

  test('opens what it sealed after it was read again', () => {
    const made = createKeyRing(path);
    const sealed = createVault(() => made).seal(new Secret('short'), BINDING);
    const read = readKeyRing(path);
    expect(
      createVault(() => read)
        .open(sealed, BINDING)
        .reveal(),
    ).toBe('short');
    expect(keyCheckValue(read, read.activeKeyId)).toBe(keyCheckValue(made, made.activeKeyId));
  });

  test('does not replace the one that is there', () => {
    const first = createKeyRing(path);
    expect(createKeyRing(path).activeKeyId).toBe(first.activeKeyId);
  });

  test('two processes that make it at once get the same one', async () => {
    const script = join(directory, 'make.mjs');
    writeFileSync(
      script,
      `import { createKeyRing } from ${JSON.stringify(join(import.meta.dirname, '../../src/vault/keyring-file.ts'))};
       process.on('message', () => { process.send(createKeyRing(${JSON.stringify(path)}).activeKeyId); process.disconnect(); });
       process.send('ready');`,
    );
    const children = Array.from({ length: 4 }, () =>
      fork(script, { execArgv: ['--import', 'tsx'], cwd: join(import.meta.dirname, '../..') }),
    );
    const answers = children.map(
      (child) =>
        new Promise<{ made: Promise<string> }>((resolve) => {
          const made = new Promise<string>((gotRing, failed) => {
            child.on('message', (message: string) => (message === 'ready' ? resolve({ made }) : gotRing(message)));
            child.on('exit', (code) => failed(new Error(`child ended with ${code}`)));
          });
        }),
    );
    const ready = await Promise.all(answers);
    for (const child of children) child.send('go');
    const ids = await Promise.all(ready.map(({ made }) => made));
    expect(new Set(ids).size).toBe(1);
    expect(ids[0]).toBe(readKeyRing(path).activeKeyId);
  });
});

describe('a key ring file is refused', () => {
  test('when others may read it, with the command that fixes it', () => {
    createKeyRing(path);
    for (const mode of [0o644, 0o640, 0o604, 0o660, 0o601]) {
      chmodSync(path, mode);
      const refused = refusal(() => readKeyRing(path));
      expect(refused.problem).toBe('UNSAFE');
      expect(refused.message).toContain(`chmod 600 ${path}`);
    }
    chmodSync(path, 0o600);
    expect(readKeyRing(path).keys.size).toBe(1);
  });

  test('when a link leads to a file that others may read', () => {
    createKeyRing(path);
    const link = join(directory, 'link.json');
    symlinkSync(path, link);
    expect(readKeyRing(link).keys.size).toBe(1);
    chmodSync(path, 0o644);
    expect(refusal(() => readKeyRing(link)).problem).toBe('UNSAFE');
  });

  test.runIf(process.getuid?.() === 0)('when it belongs to another user', async () => {
    createKeyRing(path);
    const { chownSync } = await import('node:fs');
    chownSync(path, 12_345, 12_345);
    expect(refusal(() => readKeyRing(path)).message).toContain(`chown ${process.getuid!()} ${path}`);
  });

  test('when it is not there', () => {
    expect(refusal(() => readKeyRing(path)).problem).toBe('MISSING');
  });

  test('when it is a directory', () => {
    expect(refusal(() => readKeyRing(directory)).problem).toBe('BROKEN');
  });

  const key = Buffer.alloc(32, 1).toString('base64url');
  test.each([
    ['empty', ''],
    ['no JSON', 'k1: abc'],
    ['null', 'null'],
    ['an array', '[]'],
    ['without keys', '{"active":"k1"}'],
    ['without an active key', `{"keys":{"k1":"${key}"}}`],
    ['with an active key that it has not', `{"active":"k2","keys":{"k1":"${key}"}}`],
    ['with a short key', '{"active":"k1","keys":{"k1":"AAAA"}}'],
    ['with a key that is a number', '{"active":"k1","keys":{"k1":7}}'],
    ['with a key id that cannot be sealed', `{"active":"k.1","keys":{"k.1":"${key}"}}`],
    ['with one key under two ids', `{"active":"k1","keys":{"k1":"${key}","k2":"${key}"}}`],
  ])('when it is %s, and no message shows a key', (_what, text) => {
    writeFileSync(path, text, { mode: 0o600 });
    const refused = refusal(() => readKeyRing(path));
    expect(refused.problem).toBe('BROKEN');
    expect(refused.message).not.toContain(key);
  });

  test('when it was written by half, at any byte', () => {
    createKeyRing(path);
    const whole = readFileSync(path, 'utf8');
    for (let length = 0; length < whole.trimEnd().length; length += 1) {
      writeFileSync(path, whole.slice(0, length));
      const refused = refusal(() => readKeyRing(path));
      expect(refused.problem).toBe('BROKEN');
      expect(refused.message).not.toContain(keysIn(whole)[0]);
    }
  });
});

describe('changing the ring', () => {
  test('a key that is added does not seal until it is activated', () => {
    const first = createKeyRing(path).activeKeyId;
    const { keyId, ring } = addKey(path);
    expect(ring.activeKeyId).toBe(first);
    expect([...readKeyRing(path).keys.keys()]).toEqual([first, keyId]);
    expect(activateKey(path, keyId).activeKeyId).toBe(keyId);
    expect(readKeyRing(path).activeKeyId).toBe(keyId);
    expect((statSync(path).mode & 0o777).toString(8)).toBe('600');
    expect(readdirSync(directory)).toEqual(['keyring.json']);
  });

  test('a key that was replaced can be removed, the active one cannot', () => {
    const first = createKeyRing(path).activeKeyId;
    const { keyId } = addKey(path);
    expect(refusal(() => removeKey(path, first)).problem).toBe('NOT_APPLICABLE');
    activateKey(path, keyId);
    expect([...removeKey(path, first).keys.keys()]).toEqual([keyId]);
    expect(refusal(() => removeKey(path, first)).problem).toBe('NOT_APPLICABLE');
    expect(refusal(() => activateKey(path, first)).problem).toBe('NOT_APPLICABLE');
  });

  test('is refused while another command changes it, and nothing is lost', () => {
    createKeyRing(path);
    writeFileSync(`${path}.lock`, '');
    const refused = refusal(() => addKey(path));
    expect(refused.problem).toBe('LOCKED');
    expect(refused.message).toContain(`${path}.lock`);
    rmSync(`${path}.lock`);
    expect(addKey(path).ring.keys.size).toBe(2);
    expect(existsSync(`${path}.lock`)).toBe(false);
  });

  test('does not touch a file that is not safe, and gives the lock back', () => {
    createKeyRing(path);
    chmodSync(path, 0o644);
    expect(refusal(() => addKey(path)).problem).toBe('UNSAFE');
    expect(readdirSync(directory)).toEqual(['keyring.json']);
  });
});

describe('watching', () => {
  test('a changed file takes effect, a broken or missing one does not and is told once', async () => {
    createKeyRing(path);
    const seen: KeyRingChange[] = [];
    let wake = (): void => undefined;
    const watch = watchKeyRing(
      path,
      (change) => {
        seen.push(change);
        wake();
      },
      5,
    );
    const until = async (done: () => boolean): Promise<void> => {
      while (!done()) await new Promise<void>((resolve) => (wake = resolve));
    };
    try {
      const vault = createVault(watch.ring);
      const sealed = vault.seal(new Secret('short'), BINDING);
      const { keyId } = addKey(path);
      activateKey(path, keyId);
      await until(() => watch.ring().activeKeyId === keyId);
      expect(vault.keyIdOf(vault.seal(new Secret('short'), BINDING))).toBe(keyId);
      expect(vault.open(sealed, BINDING).reveal()).toBe('short');

      const whole = readFileSync(path, 'utf8');
      seen.length = 0;
      writeFileSync(path, whole.slice(0, 20));
      await until(() => seen.length > 0);
      expect(vault.open(sealed, BINDING).reveal()).toBe('short');
      rmSync(path);
      await until(() => seen.length > 1);
      expect(vault.open(sealed, BINDING).reveal()).toBe('short');
      writeFileSync(path, whole, { mode: 0o600 });
      await until(() => seen.at(-1)?.kind === 'ring');
      expect(seen.map((change) => change.kind)).toEqual(['problem', 'problem', 'ring']);
      expect(watch.ring().activeKeyId).toBe(keyId);
    } finally {
      watch.close();
    }
  });

  test('does not begin with a file that cannot be used', () => {
    expect(refusal(() => watchKeyRing(path, () => undefined)).problem).toBe('MISSING');
  });
});
