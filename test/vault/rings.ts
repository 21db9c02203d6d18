import { randomBytes } from 'node:crypto';

import { ringKey, type KeyRing } from '../../src/vault/keyring.ts';
import type { SecretBinding } from '../../src/vault/vault.ts';

/** A ring with these keys; the last one is active. */
export function ringOf(keys: Readonly<Record<string, Uint8Array>>): KeyRing {
  const ids = Object.keys(keys);
  return { activeKeyId: ids.at(-1)!, keys: new Map(ids.map((id) => [id, ringKey(id, keys[id]!)])) };
}

export function freshRing(...ids: readonly string[]): KeyRing {
  return ringOf(Object.fromEntries(ids.map((id) => [id, randomBytes(32)])));
}

export const BINDING: SecretBinding = {
  workspaceId: 'workspace-1',
  mailboxId: 'mailbox-1',
  credentialId: 'credential-1',
  field: 'password',
  secretVersion: 3,
};
