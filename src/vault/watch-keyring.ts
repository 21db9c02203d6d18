import { unwatchFile, watchFile } from 'node:fs';

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

/** How often the file is looked at. */
const POLL_MS = 1000;

/**
 * Reads the key ring and re-reads it whenever the file changes; polls, because notifications do not survive a rename,
 * a bind mount or a network file system. Throws KeyRingRefused when it cannot be read at first. Does not keep the process alive.
 */
export function watchKeyRing(path: string, onChange: (change: KeyRingChange) => void, pollMs: number = POLL_MS): KeyRingWatch {
  let ring = readKeyRing(path);
  let lastProblem: string | null = null;

  const reread = (): void => {
    try {
      ring = readKeyRing(path);
    } catch (error) {
      const message = error instanceof KeyRingRefused ? error.message : `The key ring file ${path} cannot be read.`;
      if (message !== lastProblem) {
        lastProblem = message;
        onChange({ kind: 'problem', message });
      }
      return;
    }
    lastProblem = null;
    onChange({ kind: 'ring', ring });
  };

  watchFile(path, { persistent: false, interval: pollMs }, reread);
  return { ring: () => ring, close: () => unwatchFile(path, reread) };
}
