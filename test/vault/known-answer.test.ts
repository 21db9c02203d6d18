// An independent implementation re-derives the format from its description alone: noble's AES-GCM, Node's HKDF through WebCrypto.
import { randomBytes } from 'node:crypto';

import { gcm } from '@noble/ciphers/aes.js';
import { expect, test } from 'vitest';

import type { Sealed } from '../../src/domain/sealed.ts';
import { createVault } from '../../src/vault/open-vault.ts';
import { Secret } from '../../src/vault/secret.ts';
import { BINDING, ringOf } from './rings.ts';

const KEY = Buffer.from(Array.from({ length: 32 }, (_, index) => index));
const vault = createVault(() => ringOf({ k1: KEY }));

async function wrappingKey(): Promise<Uint8Array> {
  const material = await crypto.subtle.importKey('raw', KEY, 'HKDF', false, ['deriveBits']);
  const info = new TextEncoder().encode('mailbox-gateway/wrap');
  return new Uint8Array(await crypto.subtle.deriveBits({ name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(), info }, material, 256));
}

function lengthPrefixed(...parts: readonly string[]): Uint8Array {
  return Uint8Array.from(
    parts.flatMap((part) => {
      const bytes = [...new TextEncoder().encode(part)];
      return [0, 0, bytes.length >> 8, bytes.length & 255, ...bytes];
    }),
  );
}

const BOUND_TO = ['workspace-1', 'mailbox-1', 'credential-1', 'password', '3'] as const;
const keyContext = lengthPrefixed('mg1', 'key', 'k1', ...BOUND_TO);
const secretContext = lengthPrefixed('mg1', 'secret', ...BOUND_TO);

function nobleOpen(key: Uint8Array, box: Uint8Array, context: Uint8Array): Uint8Array {
  return gcm(key, box.subarray(0, 12), context).decrypt(box.subarray(12));
}

function nobleSeal(key: Uint8Array, plain: Uint8Array, context: Uint8Array): string {
  const iv = randomBytes(12);
  return Buffer.concat([iv, gcm(key, iv, context).encrypt(plain)]).toString('base64url');
}

test('noble opens what the vault sealed', async () => {
  const [version, keyId, wrapped, boxed] = vault.seal(new Secret('pässword'), BINDING).split('.');
  expect([version, keyId]).toEqual(['mg1', 'k1']);
  const dataKey = nobleOpen(await wrappingKey(), Buffer.from(wrapped!, 'base64url'), keyContext);
  const plain = Buffer.from(nobleOpen(dataKey, Buffer.from(boxed!, 'base64url'), secretContext));
  expect(plain).toHaveLength(64);
  expect(plain.readUInt32BE()).toBe(9);
  expect(plain.subarray(4, 13).toString('utf8')).toBe('pässword');
  expect(plain.subarray(13).every((byte) => byte === 0)).toBe(true);
});

test('the vault opens what noble sealed', async () => {
  const dataKey = randomBytes(32);
  const plain = Buffer.alloc(64);
  plain.writeUInt32BE(9);
  plain.write('pässword', 4, 'utf8');
  const sealed = `mg1.k1.${nobleSeal(await wrappingKey(), dataKey, keyContext)}.${nobleSeal(dataKey, plain, secretContext)}`;
  expect(vault.open(sealed as Sealed, BINDING).reveal()).toBe('pässword');
});

test('a text sealed by an earlier build still opens', () => {
  const sealed =
    'mg1.k1.cah7tx2ruBofOKASNeqNqgSgYVhJFn6E_dTUY-utKFq1r5LE2zlW3HlxXyC1JnBCcY7Il0kMRcEDhT3K.ExbyVECxOTX3_EiMT-npot2-jZBbfCk5NXLLUG4HtnGMHwiuAmIWTtQqUo76Ats0gHGvxhSl7TCg9mEGJgxjejmOS8vjTveK11DeaJlscjpYysArxTkRTdfNIXs';
  expect(vault.open(sealed as Sealed, BINDING).reveal()).toBe('correct horse battery staple');
});
