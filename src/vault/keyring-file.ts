import { createHash, randomBytes } from 'node:crypto';
import { closeSync, fstatSync, fsyncSync, linkSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

import { isKeyId, KEY_BYTES, ringKey, type KeyRing, type RingKey } from './keyring.ts';
import { KeyRingRefused } from './keyring-refused.ts';

/** What the file holds: `{"active": "<kid>", "keys": {"<kid>": "<32 bytes, base64url>"}}`, oldest key first. */
interface RingFile {
  readonly active: string;
  readonly keys: readonly (readonly [id: string, key: string])[];
}

/**
 * Reads the key ring. Throws KeyRingRefused (MISSING, UNSAFE, BROKEN) with the fix in its message: a file that others may
 * read, or that somebody else owns, is not used.
 */
export function readKeyRing(path: string): KeyRing {
  return ringOf(path, readRingFile(path));
}

/**
 * Makes a key ring with one key, readable by its owner only (0600), and returns it. When there is one already, also one
 * that another process made at this very moment, that one is returned: the file appears whole or not at all, once.
 */
export function createKeyRing(path: string): KeyRing {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const [id, key] = newKey();
  const written = writeBeside(path, { active: id, keys: [[id, key]] });
  try {
    linkSync(written, path);
    syncDirectory(path);
  } catch (error) {
    if (!isErrno(error, 'EEXIST')) throw error;
  } finally {
    rmSync(written, { force: true });
  }
  return readKeyRing(path);
}

/** Adds a fresh key that does not seal yet, and returns the new ring with the id of the key. Throws KeyRingRefused. */
export function addKey(path: string): { readonly ring: KeyRing; readonly keyId: string } {
  const [id, key] = newKey();
  const ring = change(path, (file) => ({ ...file, keys: [...file.keys, [id, key]] }));
  return { ring, keyId: id };
}

/** Makes a key of the ring the one that seals. Throws KeyRingRefused; NOT_APPLICABLE when the ring has no such key. */
export function activateKey(path: string, keyId: string): KeyRing {
  return change(path, (file) => {
    if (!file.keys.some(([id]) => id === keyId)) {
      throw new KeyRingRefused('NOT_APPLICABLE', `The key ring ${path} has no key "${keyId}". See "keys status".`);
    }
    return { ...file, active: keyId };
  });
}

/** Takes a key out for ever: what it sealed is lost. Throws KeyRingRefused; NOT_APPLICABLE for the active or an unknown key. */
export function removeKey(path: string, keyId: string): KeyRing {
  return change(path, (file) => {
    if (file.active === keyId) {
      throw new KeyRingRefused(
        'NOT_APPLICABLE',
        `The key "${keyId}" is the active one. Activate another key first ("keys add", "keys activate").`,
      );
    }
    if (!file.keys.some(([id]) => id === keyId)) {
      throw new KeyRingRefused('NOT_APPLICABLE', `The key ring ${path} has no key "${keyId}". See "keys status".`);
    }
    return { ...file, keys: file.keys.filter(([id]) => id !== keyId) };
  });
}

/** The id is a fingerprint of the key, so two machines cannot mean different keys by one id. */
function newKey(): readonly [id: string, key: string] {
  const bytes = randomBytes(KEY_BYTES);
  const fingerprint = createHash('sha256').update('mailbox-gateway/key-id').update(bytes).digest('hex').slice(0, 8);
  return [`k${fingerprint}`, bytes.toString('base64url')];
}

function readRingFile(path: string): RingFile {
  const descriptor = openForReading(path);
  try {
    refuseUnsafe(path, descriptor);
    return parse(path, readFileSync(descriptor, 'utf8'));
  } finally {
    closeSync(descriptor);
  }
}

function openForReading(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) {
      throw new KeyRingRefused('MISSING', `There is no key ring file ${path}. Restore it from its backup, or name it by KEYRING_FILE.`, {
        cause: error,
      });
    }
    throw new KeyRingRefused('UNSAFE', `The key ring file ${path} cannot be opened. Make it readable for the gateway's user.`, {
      cause: error,
    });
  }
}

function refuseUnsafe(path: string, descriptor: number): void {
  const stat = fstatSync(descriptor);
  if (!stat.isFile()) throw new KeyRingRefused('BROKEN', `${path} is no file. Name the key ring file by KEYRING_FILE.`);
  const user = process.getuid?.();
  // Windows knows neither owners nor modes in this sense.
  if (user === undefined) return;
  if (stat.uid !== user) {
    throw new KeyRingRefused(
      'UNSAFE',
      `The key ring file ${path} belongs to another user (uid ${stat.uid}). Fix it with: chown ${user} ${path}`,
    );
  }
  if ((stat.mode & 0o077) !== 0) {
    const mode = (stat.mode & 0o777).toString(8).padStart(4, '0');
    throw new KeyRingRefused('UNSAFE', `The key ring file ${path} is open to other users (mode ${mode}). Fix it with: chmod 600 ${path}`);
  }
}

function parse(path: string, text: string): RingFile {
  const broken = (what: string): KeyRingRefused =>
    new KeyRingRefused('BROKEN', `The key ring file ${path} is damaged: ${what}. Restore it from its backup.`);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    // The parser's own message quotes the text, which holds keys.
    throw broken('it is no JSON');
  }
  if (!isRecord(json) || !isRecord(json['keys']) || typeof json['active'] !== 'string') {
    throw broken('it does not read {"active": "…", "keys": {"…": "…"}}');
  }
  const active = json['active'];
  const keys = Object.entries(json['keys']).map(([id, key]): readonly [string, string] => {
    if (!isKeyId(id)) throw broken('a key has an id that is not 1 to 32 letters, digits, "-" or "_"');
    if (typeof key !== 'string' || !/^[A-Za-z0-9_-]{43}$/.test(key)) throw broken(`key "${id}" is not 32 bytes in base64url`);
    return [id, key];
  });
  if (!keys.some(([id]) => id === active)) throw broken(`its active key "${isKeyId(active) ? active : '?'}" is not among its keys`);
  return { active, keys };
}

function ringOf(path: string, file: RingFile): KeyRing {
  const keys = new Map<string, RingKey>();
  const seen = new Set<string>();
  for (const [id, key] of file.keys) {
    if (seen.has(key))
      throw new KeyRingRefused('BROKEN', `The key ring file ${path} holds one key under two ids. Restore it from its backup.`);
    seen.add(key);
    keys.set(id, ringKey(id, Buffer.from(key, 'base64url')));
  }
  return { activeKeyId: file.active, keys };
}

/** One change at a time over all processes; the new file replaces the old one whole (rename), and is on the disk when this returns. */
function change(path: string, edit: (file: RingFile) => RingFile): KeyRing {
  const lock = `${path}.lock`;
  try {
    closeSync(openSync(lock, 'wx', 0o600));
  } catch (error) {
    if (!isErrno(error, 'EEXIST')) throw error;
    throw new KeyRingRefused('LOCKED', `Another command is changing the key ring. If none is running, remove ${lock} and try again.`, {
      cause: error,
    });
  }
  try {
    const edited = edit(readRingFile(path));
    const ring = ringOf(path, edited);
    const written = writeBeside(path, edited);
    try {
      renameSync(written, path);
    } catch (error) {
      rmSync(written, { force: true });
      throw error;
    }
    syncDirectory(path);
    return ring;
  } finally {
    rmSync(lock, { force: true });
  }
}

/** A synced file in the same directory, so that a link or rename is atomic. Returns its path. */
function writeBeside(path: string, file: RingFile): string {
  const written = `${path}.${randomBytes(6).toString('hex')}.new`;
  const descriptor = openSync(written, 'wx', 0o600);
  try {
    writeFileSync(descriptor, `${JSON.stringify({ active: file.active, keys: Object.fromEntries(file.keys) }, null, 2)}\n`);
    fsyncSync(descriptor);
  } catch (error) {
    rmSync(written, { force: true });
    throw error;
  } finally {
    closeSync(descriptor);
  }
  return written;
}

/** Without this the new name may be gone after a power loss. Directories cannot be opened on Windows. */
function syncDirectory(path: string): void {
  if (process.platform === 'win32') return;
  const descriptor = openSync(dirname(path), 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isErrno(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
