import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { TokenId, WorkspaceId } from '../domain/ids.ts';
import type { ApiToken, Role } from '../domain/viewer.ts';

/**
 * An API token as its owner holds it: `mgk_<id>_<secret>_<crc>`. The id finds the stored token, the secret (256 bits) proves it,
 * the CRC lets a mistyped or cut token, and a secret scanner, be told apart from a wrong one without asking the database.
 */
const PREFIX = 'mgk';
const FORM = /^mgk_([0-9A-Za-z]{1,40})_([0-9A-Za-z]{43})_([0-9a-f]{8})$/;
const LONGEST = 200;
const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

export interface NewApiToken {
  readonly workspaceId: WorkspaceId;
  readonly name: string;
  readonly role: Role;
  /** Epoch milliseconds. */
  readonly now: number;
  /** Epoch milliseconds; null for never. */
  readonly expiresAt: number | null;
}

/** A new token: what is stored (the secret only as a hash) and the text that its owner sees once. */
export function newApiToken(request: NewApiToken): { readonly token: ApiToken; readonly text: string } {
  const id = base62(randomBytes(12), 17) as TokenId;
  const secret = base62(randomBytes(32), 43);
  const token: ApiToken = {
    id,
    workspaceId: request.workspaceId,
    name: request.name,
    role: request.role,
    secretHash: hashOf(secret),
    createdAt: request.now,
    expiresAt: request.expiresAt,
    revokedAt: null,
  };
  return { token, text: formatToken(id, secret) };
}

export function formatToken(id: TokenId, secret: string): string {
  const body = `${PREFIX}_${id}_${secret}`;
  return `${body}_${checksum(body)}`;
}

/** Null when the text is no token of ours or was damaged on the way. */
export function parseToken(text: string): { readonly id: TokenId; readonly secret: string } | null {
  if (text.length > LONGEST) return null;
  const match = FORM.exec(text);
  if (match?.[1] === undefined || match[2] === undefined || match[3] === undefined) return null;
  if (checksum(text.slice(0, text.lastIndexOf('_'))) !== match[3]) return null;
  return { id: match[1] as TokenId, secret: match[2] };
}

/** Whether this is the token's secret, compared in constant time on digests of one length (timingSafeEqual throws on others). */
export function isSecretOf(token: ApiToken, secret: string): boolean {
  const stored = Buffer.from(token.secretHash, 'base64url');
  const given = createHash('sha256').update(secret, 'utf8').digest();
  return stored.length === given.length && timingSafeEqual(stored, given);
}

function hashOf(secret: string): string {
  return createHash('sha256').update(secret, 'utf8').digest('base64url');
}

function checksum(body: string): string {
  return crc32(body).toString(16).padStart(8, '0');
}

function base62(bytes: Buffer, length: number): string {
  let value = BigInt(`0x${bytes.toString('hex')}`);
  let text = '';
  while (text.length < length) {
    text = (ALPHABET[Number(value % 62n)] ?? '') + text;
    value /= 62n;
  }
  return text;
}
