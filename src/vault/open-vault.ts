import { createHmac, timingSafeEqual } from 'node:crypto';

import { keyIdOfEnvelope, openEnvelope, rewrapEnvelope, sealEnvelope } from './envelope.ts';
import type { KeyRing, RingKey } from './keyring.ts';
import { SecretUnavailable, type MacPurpose, type Vault } from './vault.ts';

/**
 * The vault over a key ring. `ring` is asked anew for each call, so that a ring that was re-read takes effect at once.
 * Synchronous and free of state; about 20 µs a call.
 */
export function createVault(ring: () => KeyRing): Vault {
  return {
    seal: (secret, binding) => sealEnvelope(activeKey(ring()), secret, binding),
    open: (sealed, binding) => openEnvelope(ring(), sealed, binding),
    rewrap: (sealed, binding) => {
      const keys = ring();
      return keyIdOfEnvelope(sealed) === keys.activeKeyId ? null : rewrapEnvelope(keys, activeKey(keys), sealed, binding);
    },
    keyIdOf: keyIdOfEnvelope,
    mac: (purpose, text) => macOf(activeKey(ring()), purpose, text).toString('base64url'),
    verifyMac: (purpose, text, mac) => {
      const given = Buffer.from(mac, 'base64url');
      // Every key is tried whatever the first ones say: the time tells nothing about which key it was.
      const matches = [...ring().keys.values()].map((key) => equal(macOf(key, purpose, text), given));
      return matches.includes(true) && given.toString('base64url') === mac;
    },
  };
}

function activeKey(ring: KeyRing): RingKey {
  const key = ring.keys.get(ring.activeKeyId);
  if (key === undefined) throw new SecretUnavailable(`The key ring has no key "${ring.activeKeyId}" although it is the active one.`);
  return key;
}

function macOf(key: RingKey, purpose: MacPurpose, text: string): Buffer {
  return createHmac('sha256', key.macKeys[purpose]).update(text, 'utf8').digest();
}

function equal(expected: Buffer, given: Buffer): boolean {
  return expected.length === given.length && timingSafeEqual(expected, given);
}
