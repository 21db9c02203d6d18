import { readKeyRing } from './keyring-file.ts';
import type { KeyRing } from './keyring.ts';
import { KeyRingRefused } from './keyring-refused.ts';

export type KeyRingChange =
  | { readonly kind: 'ring'; readonly ring: KeyRing }
  /** The file cannot be used as it is now; the last good ring stays in use. Told once per problem. */
  | { readonly kind: 'problem'; readonly message: string };

export interface KeyRingWatch {
  /** The last good ring. Pass this to createVault. */
  readonly ring: () => KeyRing;
  readonly close: () => void;
}

const POLL_MS = 1000;

/**
 * Reads the key ring, and reads it again every second: notifications of the file system do not survive a rename, a bind
 * mount or a network file system, and a ring that goes unnoticed would hold up an activation for ever. `onChange` is
 * called when the ring is another one. Throws KeyRingRefused when it cannot be read at first. Does not keep the process alive.
 */
export function watchKeyRing(path: string, onChange: (change: KeyRingChange) => void, pollMs: number = POLL_MS): KeyRingWatch {
  let ring = readKeyRing(path);
  let problem: string | null = null;

  const reread = (): void => {
    let read: KeyRing;
    try {
      read = readKeyRing(path);
    } catch (error) {
      const message = error instanceof KeyRingRefused ? error.message : `The key ring file ${path} cannot be read.`;
      if (message === problem) return;
      problem = message;
      onChange({ kind: 'problem', message });
      return;
    }
    const mended = problem !== null;
    problem = null;
    if (!mended && identityOf(read) === identityOf(ring)) return;
    ring = read;
    onChange({ kind: 'ring', ring });
  };

  const timer = setInterval(reread, pollMs);
  timer.unref();
  return { ring: () => ring, close: () => clearInterval(timer) };
}

function identityOf(ring: KeyRing): string {
  return JSON.stringify([ring.activeKeyId, ...[...ring.keys.values()].map((key) => [key.id, key.checkValue])]);
}
