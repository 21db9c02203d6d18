import type { Sealed } from '../domain/sealed.ts';
import type { Secret } from './secret.ts';

/** What a ciphertext is bound to: opened with anything else it is SECRET_UNAVAILABLE. */
export interface SecretBinding {
  readonly workspaceId: string;
  readonly mailboxId: string;
  /** Credential id, or the authorization's id for a PKCE verifier and a code. */
  readonly credentialId: string;
  readonly field: 'password' | 'outgoingPassword' | 'refreshToken' | 'accessToken' | 'verifier' | 'code';
  readonly secretVersion: number;
}

/** Purposes of keyed hashes; each has its own sub-key. */
export type MacPurpose = 'idempotency' | 'start-link' | 'flow';

export interface Vault {
  /** Seals with the active key and a fresh data key. */
  seal(secret: Secret, binding: SecretBinding): Sealed;
  /** Throws SecretUnavailable when the key is unknown, the text was tampered with, or the binding is another. */
  open(sealed: Sealed, binding: SecretBinding): Secret;
  /** The same secret under the active key, without decrypting it; null when it is there already. */
  rewrap(sealed: Sealed, binding: SecretBinding): Sealed | null;
  keyIdOf(sealed: Sealed): string;
  /** base64url HMAC-SHA-256. */
  mac(purpose: MacPurpose, text: string): string;
  /** True if any key of the ring makes this MAC (rotation keeps old links alive); compared in constant time. */
  verifyMac(purpose: MacPurpose, text: string, mac: string): boolean;
}

/** The secret cannot be read with the keys at hand. Never a reason to ask a mailbox owner for anything. */
export class SecretUnavailable extends Error {
  readonly code = 'SECRET_UNAVAILABLE';
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'SecretUnavailable';
  }
}
