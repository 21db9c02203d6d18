import { createCipheriv, createDecipheriv, randomBytes, type CipherKey } from 'node:crypto';

import type { Sealed } from '../domain/sealed.ts';
import { isKeyId, type KeyRing, type RingKey } from './keyring.ts';
import { Secret } from './secret.ts';
import { SecretUnavailable, type SecretBinding } from './vault.ts';

/**
 * The sealed text: `mg1.<kid>.<b64u(iv12 | wrapped data key 32 | tag16)>.<b64u(iv12 | ciphertext | tag16)>`.
 *
 * Both layers are AES-256-GCM (NIST SP 800-38D, 96-bit random IV, 128-bit tag). Additional data of the outer layer:
 * LP("mg1") LP("key") LP(kid) and the binding; of the inner layer: LP("mg1") LP("secret") and the binding, where the
 * binding is LP of workspace, mailbox, credential, field and secret version, and LP a 4-byte big-endian length with the
 * UTF-8 bytes. The key id is in the outer layer only, so that a rotation re-wraps the data key without opening the secret.
 *
 * The inner plaintext is a 4-byte big-endian length, the secret in UTF-8, and zeros up to a multiple of 64 bytes: the
 * length of a password (up to 60 bytes) cannot be read from its ciphertext.
 */
const VERSION = 'mg1';
const IV_BYTES = 12;
const TAG_BYTES = 16;
const DATA_KEY_BYTES = 32;
const BLOCK_BYTES = 64;
const LENGTH_BYTES = 4;

interface SealedParts {
  readonly keyId: string;
  readonly wrappedKey: Buffer;
  readonly box: Buffer;
}

/** Seals with a fresh data key. Throws RangeError for a secret that is no well-formed Unicode text. */
export function sealEnvelope(key: RingKey, secret: Secret, binding: SecretBinding): Sealed {
  const dataKey = randomBytes(DATA_KEY_BYTES);
  const plain = padded(secret.reveal());
  try {
    const wrappedKey = encrypt(key.wrappingKey, dataKey, keyContext(key.id, binding));
    return join(key.id, wrappedKey, encrypt(dataKey, plain, secretContext(binding)));
  } finally {
    dataKey.fill(0);
    plain.fill(0);
  }
}

/** Throws SecretUnavailable when the key is not in the ring, or anything differs from what was sealed. */
export function openEnvelope(ring: KeyRing, sealed: Sealed, binding: SecretBinding): Secret {
  const parts = parse(sealed);
  const dataKey = unwrap(ring, parts, binding);
  try {
    const plain = decrypt(dataKey, parts.box, secretContext(binding));
    try {
      return new Secret(unpadded(plain));
    } finally {
      plain.fill(0);
    }
  } finally {
    dataKey.fill(0);
  }
}

/** The same secret with its data key wrapped by `to`; the secret itself is not decrypted. Throws SecretUnavailable. */
export function rewrapEnvelope(ring: KeyRing, to: RingKey, sealed: Sealed, binding: SecretBinding): Sealed {
  const parts = parse(sealed);
  const dataKey = unwrap(ring, parts, binding);
  try {
    return join(to.id, encrypt(to.wrappingKey, dataKey, keyContext(to.id, binding)), parts.box);
  } finally {
    dataKey.fill(0);
  }
}

/** The id of the key that wrapped it. Throws SecretUnavailable when it is not a sealed text. */
export function keyIdOfEnvelope(sealed: Sealed): string {
  return parse(sealed).keyId;
}

function join(keyId: string, wrappedKey: Buffer, box: Buffer): Sealed {
  return `${VERSION}.${keyId}.${wrappedKey.toString('base64url')}.${box.toString('base64url')}` as Sealed;
}

function parse(sealed: Sealed): SealedParts {
  const [version, keyId, wrapped, boxed, ...rest] = sealed.split('.');
  if (version !== VERSION || keyId === undefined || wrapped === undefined || boxed === undefined || rest.length > 0) {
    throw new SecretUnavailable('The stored text is no sealed secret of a version that this gateway knows.');
  }
  if (!isKeyId(keyId)) throw new SecretUnavailable('The sealed secret names no key.');
  const wrappedKey = decodeStrictly(wrapped);
  const box = decodeStrictly(boxed);
  const ciphertextBytes = box.length - IV_BYTES - TAG_BYTES;
  if (wrappedKey.length !== IV_BYTES + DATA_KEY_BYTES + TAG_BYTES || ciphertextBytes < BLOCK_BYTES || ciphertextBytes % BLOCK_BYTES !== 0) {
    throw new SecretUnavailable('The sealed secret is cut off or damaged.');
  }
  return { keyId, wrappedKey, box };
}

/** Node skips characters that are no base64url and ignores spare bits; a text that is not the one way to write its bytes was altered. */
function decodeStrictly(text: string): Buffer {
  const bytes = Buffer.from(text, 'base64url');
  if (bytes.toString('base64url') !== text) throw new SecretUnavailable('The sealed secret is damaged.');
  return bytes;
}

function unwrap(ring: KeyRing, parts: SealedParts, binding: SecretBinding): Buffer {
  const key = ring.keys.get(parts.keyId);
  if (key === undefined) throw new SecretUnavailable(`The key ring has no key "${parts.keyId}".`);
  return decrypt(key.wrappingKey, parts.wrappedKey, keyContext(parts.keyId, binding));
}

function encrypt(key: CipherKey, plain: Buffer, context: Buffer): Buffer {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, iv, { authTagLength: TAG_BYTES });
  cipher.setAAD(context);
  return Buffer.concat([iv, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

function decrypt(key: CipherKey, box: Buffer, context: Buffer): Buffer {
  const tagStart = box.length - TAG_BYTES;
  // Without authTagLength Node would accept a tag of 4 bytes.
  const decipher = createDecipheriv('aes-256-gcm', key, box.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES });
  decipher.setAAD(context);
  decipher.setAuthTag(box.subarray(tagStart));
  try {
    return Buffer.concat([decipher.update(box.subarray(IV_BYTES, tagStart)), decipher.final()]);
  } catch (error) {
    throw new SecretUnavailable('The sealed secret was made with another key, for another place, or was altered.', { cause: error });
  }
}

function keyContext(keyId: string, binding: SecretBinding): Buffer {
  return lengthPrefixed([VERSION, 'key', keyId, ...boundTo(binding)]);
}

function secretContext(binding: SecretBinding): Buffer {
  return lengthPrefixed([VERSION, 'secret', ...boundTo(binding)]);
}

function boundTo(binding: SecretBinding): readonly string[] {
  return [binding.workspaceId, binding.mailboxId, binding.credentialId, binding.field, String(binding.secretVersion)];
}

function lengthPrefixed(parts: readonly string[]): Buffer {
  return Buffer.concat(
    parts.flatMap((part) => {
      const bytes = Buffer.from(part, 'utf8');
      return [lengthOf(bytes), bytes];
    }),
  );
}

function lengthOf(bytes: Buffer): Buffer {
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32BE(bytes.length);
  return length;
}

function padded(text: string): Buffer {
  const bytes = Buffer.from(text, 'utf8');
  // A lone surrogate would come back as U+FFFD: another password than the one that was given.
  if (bytes.toString('utf8') !== text) throw new RangeError('A secret has to be well-formed Unicode text.');
  const plain = Buffer.alloc(Math.ceil((LENGTH_BYTES + bytes.length) / BLOCK_BYTES) * BLOCK_BYTES);
  plain.writeUInt32BE(bytes.length);
  bytes.copy(plain, LENGTH_BYTES);
  bytes.fill(0);
  return plain;
}

function unpadded(plain: Buffer): string {
  const length = plain.readUInt32BE();
  if (length > plain.length - LENGTH_BYTES) throw new SecretUnavailable('The sealed secret has a wrong length.');
  return plain.toString('utf8', LENGTH_BYTES, LENGTH_BYTES + length);
}
