import type { Clock, NewId } from '../domain/clock.ts';
import type { BasicCredential } from '../domain/credential.ts';
import type { CredentialId } from '../domain/ids.ts';
import { placeOf, type SecretPlace } from '../domain/sealed-secrets.ts';
import type { Sealed } from '../domain/sealed.ts';
import { Secret } from '../vault/secret.ts';
import { SecretUnavailable, type Vault } from '../vault/vault.ts';
import type { SecretOwner } from './credentials.ts';

/** What a person typed. Null keeps what the credential in use has. */
export interface GivenLogin {
  readonly username: string;
  readonly password: string | null;
  readonly outgoingUsername: string | null;
  readonly outgoingPassword: string | null;
}

export type SealedCandidate =
  | { readonly kind: 'SEALED'; readonly credential: BasicCredential }
  /** Nothing was given and there is nothing readable to keep: it has to be typed. */
  | { readonly kind: 'MISSING'; readonly field: 'password' | 'outgoingPassword' };

export interface SealParts {
  readonly vault: Vault;
  readonly clock: Clock;
  readonly newId: NewId;
}

/**
 * A new credential from what was typed and, where nothing was, from `inUse`: a ciphertext is bound to its credential, so
 * what is kept is opened and sealed anew. Sending has its own login when one is given or was in use; an own user name
 * that shared the password before goes on sharing it.
 */
export function sealCandidate(parts: SealParts, owner: SecretOwner, given: GivenLogin, inUse: BasicCredential | null): SealedCandidate {
  const { vault, clock, newId } = parts;
  const identity = { id: newId() as CredentialId, secretVersion: 1 };
  const kept = (field: 'password' | 'outgoingPassword'): Secret | null => {
    const sealed = field === 'password' ? inUse?.login.password : inUse?.outgoingLogin?.password;
    return inUse === null || sealed === undefined ? null : openKept(vault, sealed, placeOf(owner, inUse, field));
  };
  const seal = (secret: Secret, field: 'password' | 'outgoingPassword'): Sealed => vault.seal(secret, placeOf(owner, identity, field));

  const password = given.password === null ? kept('password') : new Secret(given.password);
  if (password === null) return { kind: 'MISSING', field: 'password' };
  const basic = { kind: 'BASIC', ...identity, passwordSetAt: clock.now() } as const;
  const login = { username: given.username, password: seal(password, 'password') };

  const ownBefore = inUse?.outgoingLogin ?? null;
  if (given.outgoingUsername === null && given.outgoingPassword === null && ownBefore === null) {
    return { kind: 'SEALED', credential: { ...basic, login, outgoingLogin: null } };
  }
  const outgoingPassword =
    given.outgoingPassword !== null
      ? new Secret(given.outgoingPassword)
      : ownBefore === null || sharesPassword(kept)
        ? password
        : kept('outgoingPassword');
  if (outgoingPassword === null) return { kind: 'MISSING', field: 'outgoingPassword' };
  const outgoingLogin = {
    username: given.outgoingUsername ?? ownBefore?.username ?? given.username,
    password: seal(outgoingPassword, 'outgoingPassword'),
  };
  return { kind: 'SEALED', credential: { ...basic, login, outgoingLogin } };
}

function sharesPassword(kept: (field: 'password' | 'outgoingPassword') => Secret | null): boolean {
  const password = kept('password');
  return password !== null && password.reveal() === kept('outgoingPassword')?.reveal();
}

function openKept(vault: Vault, sealed: Sealed, place: SecretPlace): Secret | null {
  try {
    return vault.open(sealed, place);
  } catch (error) {
    if (error instanceof SecretUnavailable) return null;
    throw error;
  }
}
