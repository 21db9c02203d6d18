import { createCipheriv, createDecipheriv } from 'node:crypto';

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { Sealed } from '../../src/domain/sealed.ts';
import { createVault } from '../../src/vault/open-vault.ts';
import { Secret } from '../../src/vault/secret.ts';
import { SecretUnavailable, type SecretBinding } from '../../src/vault/vault.ts';
import { BINDING, freshRing } from './rings.ts';

const ring = freshRing('k1');
const vault = createVault(() => ring);

function opens(sealed: string, binding: SecretBinding = BINDING): boolean {
  try {
    vault.open(sealed as Sealed, binding);
    return true;
  } catch (error) {
    expect(error).toBeInstanceOf(SecretUnavailable);
    return false;
  }
}

function flipBit(text: string, bit: number): string {
  const bytes = Buffer.from(text, 'latin1');
  bytes[bit >> 3]! ^= 1 << (bit & 7);
  return bytes.toString('latin1');
}

describe('a sealed secret', () => {
  test('opens to the same text with the same binding, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 300 }), (text) => {
        expect(vault.open(vault.seal(new Secret(text), BINDING), BINDING).reveal()).toBe(text);
      }),
    );
  });

  test('keeps a byte order mark, a zero byte and the empty text', () => {
    for (const text of ['\uFEFFpass', 'a\0b', '', ' ', 'x'.repeat(10_000)]) {
      expect(vault.open(vault.seal(new Secret(text), BINDING), BINDING).reveal()).toBe(text);
    }
  });

  test('is refused at the door when the text is not well-formed, rather than changed', () => {
    expect(() => vault.seal(new Secret('p\ud800w'), BINDING)).toThrow(RangeError);
  });

  test('is another text each time and holds nothing of the secret', () => {
    const texts = new Set(Array.from({ length: 100 }, () => vault.seal(new Secret('hunter2-hunter2'), BINDING)));
    expect(texts.size).toBe(100);
    for (const text of texts) {
      expect(text).not.toContain('hunter2');
      expect(text).not.toContain(Buffer.from('hunter2-hunter2').toString('base64url').slice(2, -2));
    }
  });

  test('hides the length of a password of up to 60 bytes', () => {
    const lengths = new Set(
      ['', 'a', 'a'.repeat(59), 'a'.repeat(60), 'ü'.repeat(30)].map((text) => vault.seal(new Secret(text), BINDING).length),
    );
    expect(lengths.size).toBe(1);
    expect(vault.seal(new Secret('a'.repeat(61)), BINDING).length).toBeGreaterThan([...lengths][0]!);
  });
});

describe('tampering', () => {
  test('any bit flipped anywhere in a short one is noticed', () => {
    const sealed = vault.seal(new Secret('short'), BINDING);
    const bits = sealed.length * 8;
    const accepted = Array.from({ length: bits }, (_, bit) => bit).filter((bit) => opens(flipBit(sealed, bit)));
    expect(accepted).toEqual([]);
  });

  test('bits flipped in a long one are noticed, sampled over its whole length', () => {
    const sealed = vault.seal(new Secret('t'.repeat(1800)), BINDING);
    const bits = Array.from({ length: 2000 }, (_, index) => Math.floor((index * sealed.length * 8) / 2000));
    expect(bits.filter((bit) => opens(flipBit(sealed, bit)))).toEqual([]);
  });

  test('a text cut off anywhere, or with anything added, is noticed', () => {
    const sealed = vault.seal(new Secret('short'), BINDING);
    for (let length = 0; length < sealed.length; length += 1) expect(opens(sealed.slice(0, length))).toBe(false);
    for (const suffix of ['A', '=', '.', '\n', ' ', '.AAAA']) expect(opens(sealed + suffix)).toBe(false);
    expect(opens(` ${sealed}`)).toBe(false);
  });

  test.each([4, 8, 12, 15])('an authentication tag cut to %i bytes is not accepted, in either layer', (bytes) => {
    const [version, keyId, wrapped, boxed] = vault.seal(new Secret('short'), BINDING).split('.');
    const cut = (text: string): string =>
      Buffer.from(text, 'base64url')
        .subarray(0, -(16 - bytes))
        .toString('base64url');
    expect(opens([version, keyId, cut(wrapped!), boxed].join('.'))).toBe(false);
    expect(opens([version, keyId, wrapped, cut(boxed!)].join('.'))).toBe(false);
  });

  test('the layers of two secrets cannot be combined', () => {
    const one = vault.seal(new Secret('one'), BINDING).split('.');
    const two = vault.seal(new Secret('two'), BINDING).split('.');
    expect(opens([one[0], one[1], one[2], two[3]].join('.'))).toBe(false);
  });

  test.each<[string, Partial<SecretBinding>]>([
    ['workspace', { workspaceId: 'workspace-2' }],
    ['mailbox', { mailboxId: 'mailbox-2' }],
    ['credential', { credentialId: 'credential-2' }],
    ['field', { field: 'outgoingPassword' }],
    ['secret version', { secretVersion: 4 }],
    ['workspace and mailbox, read as one text', { workspaceId: 'workspace-1m', mailboxId: 'ailbox-1' }],
  ])('a secret moved to another %s does not open', (_part, moved) => {
    const sealed = vault.seal(new Secret('short'), BINDING);
    expect(opens(sealed, { ...BINDING, ...moved })).toBe(false);
    expect(opens(sealed)).toBe(true);
  });

  test('a key id exchanged for another key of the ring does not open', () => {
    const two = freshRing('k1', 'k2');
    const both = createVault(() => two);
    const sealed = both.seal(new Secret('short'), BINDING);
    expect(both.keyIdOf(sealed)).toBe('k2');
    expect(() => both.open(sealed.replace('mg1.k2.', 'mg1.k1.') as Sealed, BINDING)).toThrow(SecretUnavailable);
  });

  test('negative control: without the additional data a moved secret opens', () => {
    // The same construction as the inner layer with one key, with and without its binding.
    const key = Buffer.alloc(32, 7);
    const iv = Buffer.alloc(12, 1);
    const seal = (aad: string | null): { box: Buffer; tag: Buffer } => {
      const cipher = createCipheriv('aes-256-gcm', key, iv, { authTagLength: 16 });
      if (aad !== null) cipher.setAAD(Buffer.from(aad));
      return { box: Buffer.concat([cipher.update('short'), cipher.final()]), tag: cipher.getAuthTag() };
    };
    const open = (sealed: { box: Buffer; tag: Buffer }, aad: string | null): string => {
      const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: 16 });
      if (aad !== null) decipher.setAAD(Buffer.from(aad));
      decipher.setAuthTag(sealed.tag);
      return Buffer.concat([decipher.update(sealed.box), decipher.final()]).toString();
    };
    expect(open(seal(null), null)).toBe('short');
    expect(() => open(seal('mailbox-1'), 'mailbox-2')).toThrow();
  });
});

describe('what is no sealed secret', () => {
  test.each([
    ['nothing', ''],
    ['a password in clear', 'hunter2'],
    ['a password in clear with dots', 'mg1.my.pass.word'],
    ['an unknown version', 'mg9.k1.AAAA.AAAA'],
    ['only the version', 'mg1'],
    ['empty parts', 'mg1...'],
    ['a key id with odd characters', 'mg1.k 1.AAAA.AAAA'],
    ['a compact JWE', 'eyJhbGciOiJkaXIifQ..AAAA.AAAA.AAAA'],
  ])('%s is never used as a secret', (_what, text) => {
    expect(opens(text)).toBe(false);
  });

  test('a wrong key is SECRET_UNAVAILABLE and nothing else', () => {
    const other = freshRing('k1');
    const sealed = vault.seal(new Secret('short'), BINDING);
    const attempt = (): unknown => createVault(() => other).open(sealed, BINDING);
    expect(attempt).toThrow(SecretUnavailable);
    expect(attempt).toThrow(expect.objectContaining({ code: 'SECRET_UNAVAILABLE' }));
  });

  test("a key that is not in the ring is named, the ring's content is not", () => {
    const sealed = createVault(() => freshRing('gone')).seal(new Secret('short'), BINDING);
    expect(() => vault.open(sealed, BINDING)).toThrow('The key ring has no key "gone".');
  });
});

describe('re-wrapping', () => {
  const old = freshRing('k1');
  const both = { activeKeyId: 'k2', keys: new Map([...old.keys, ...freshRing('k2').keys]) };

  test('keeps the secret, changes the key id, and leaves the ciphertext of the secret as it is', () => {
    const sealed = createVault(() => old).seal(new Secret('short'), BINDING);
    const rotating = createVault(() => both);
    const rewrapped = rotating.rewrap(sealed, BINDING)!;
    expect(rotating.keyIdOf(rewrapped)).toBe('k2');
    expect(rewrapped.split('.')[3]).toBe(sealed.split('.')[3]);
    expect(rotating.open(rewrapped, BINDING).reveal()).toBe('short');
    const onlyNew = { activeKeyId: 'k2', keys: new Map([['k2', both.keys.get('k2')!]]) };
    expect(
      createVault(() => onlyNew)
        .open(rewrapped, BINDING)
        .reveal(),
    ).toBe('short');
  });

  test('is null when there is nothing to do', () => {
    const rotating = createVault(() => both);
    expect(rotating.rewrap(rotating.seal(new Secret('short'), BINDING), BINDING)).toBeNull();
  });

  test('does not move a secret to another place', () => {
    const sealed = createVault(() => old).seal(new Secret('short'), BINDING);
    expect(() => createVault(() => both).rewrap(sealed, { ...BINDING, mailboxId: 'mailbox-2' })).toThrow(SecretUnavailable);
  });
});

describe('keyed hashes', () => {
  const old = freshRing('k1');
  const both = { activeKeyId: 'k2', keys: new Map([...old.keys, ...freshRing('k2').keys]) };
  const rotated = createVault(() => both);

  test('hold for their purpose and text only', () => {
    const mac = vault.mac('start-link', 'authorization-1');
    expect(vault.verifyMac('start-link', 'authorization-1', mac)).toBe(true);
    expect(vault.verifyMac('start-link', 'authorization-2', mac)).toBe(false);
    expect(vault.verifyMac('flow', 'authorization-1', mac)).toBe(false);
    expect(vault.verifyMac('start-link', 'authorization-1', '')).toBe(false);
    expect(vault.verifyMac('start-link', 'authorization-1', `${mac}=`)).toBe(false);
  });

  test('made with a key before the rotation still hold, and no longer once it is removed', () => {
    const mac = createVault(() => old).mac('start-link', 'authorization-1');
    expect(rotated.verifyMac('start-link', 'authorization-1', mac)).toBe(true);
    expect(createVault(() => freshRing('k2')).verifyMac('start-link', 'authorization-1', mac)).toBe(false);
  });
});
