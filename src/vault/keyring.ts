import { createHmac, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';

import type { MacPurpose } from './vault.ts';

/** Bytes of a key of the ring. */
export const KEY_BYTES = 32;

/** One key of the ring with its sub-keys. Holds KeyObjects only: they print nothing. */
export interface RingKey {
  readonly id: string;
  /** Wraps data keys (AES-256-GCM). */
  readonly wrappingKey: KeyObject;
  readonly macKeys: Readonly<Record<MacPurpose, KeyObject>>;
  /** Tells whether two processes mean the same key by one id, without telling the key. */
  readonly checkValue: string;
}

/** The keys that open what was sealed; the active one seals. */
export interface KeyRing {
  readonly activeKeyId: string;
  /** By id, oldest first. Always holds the active one. */
  readonly keys: ReadonlyMap<string, RingKey>;
}

/** Ids are part of every sealed text, between dots. */
export function isKeyId(id: string): boolean {
  return /^[A-Za-z0-9_-]{1,32}$/.test(id);
}

/**
 * Derives a key's sub-keys (HKDF-SHA-256, RFC 5869, no salt, the purpose as info): none of them tells another, and the
 * key itself is used for nothing else. Throws RangeError unless `bytes` are 32.
 */
export function ringKey(id: string, bytes: Uint8Array): RingKey {
  if (bytes.length !== KEY_BYTES) throw new RangeError(`A key has ${KEY_BYTES} bytes.`);
  const subKey = (purpose: string): KeyObject =>
    createSecretKey(Buffer.from(hkdfSync('sha256', bytes, new Uint8Array(0), `mailbox-gateway/${purpose}`, KEY_BYTES)));
  return {
    id,
    wrappingKey: subKey('wrap'),
    macKeys: {
      idempotency: subKey('mac/idempotency'),
      'start-link': subKey('mac/start-link'),
      flow: subKey('mac/flow'),
    },
    checkValue: createHmac('sha256', subKey('check')).update(id).digest('base64url'),
  };
}

/** Null when the ring has no such key. Stored as `kcv:<kid>` in the store's meta. */
export function keyCheckValue(ring: KeyRing, keyId: string): string | null {
  return ring.keys.get(keyId)?.checkValue ?? null;
}
