import type { Credential, Pin } from '../domain/credential.ts';
import type { Log } from '../domain/log.ts';
import { grantKey, pinKey } from '../domain/mailbox-index.ts';
import { placeOf } from '../domain/sealed-secrets.ts';
import type { SignInProvider } from '../providers/provider.ts';
import { StoreUnavailable } from '../store/errors.ts';
import type { Store } from '../store/store.ts';
import type { Secret } from '../vault/secret.ts';
import { SecretUnavailable, type Vault } from '../vault/vault.ts';
import type { SecretOwner } from './credentials.ts';

const HTTP_TIMEOUT_MS = 10_000;

export interface GivenUpGrant {
  readonly clientId: string;
  readonly pin: Pin;
  readonly refreshToken: Secret;
}

/** Ends grants at their provider once they are given up here. Never rejects: what could not be revoked is erased all the same. */
export interface Revocation {
  /**
   * Call it after the change that gave them up was committed, with the credentials as they were, the one in use first: of
   * several with one account the first that can be opened speaks for all. Passwords are passed over. True when there was a
   * grant and the provider confirmed the end of each.
   */
  ofCredentials(owner: SecretOwner, givenUp: readonly (Credential | null | undefined)[]): Promise<boolean>;
  /** For a grant that was never stored. */
  ofGrant(owner: SecretOwner, grant: GivenUpGrant): Promise<boolean>;
}

export interface RevocationParts {
  readonly store: Pick<Store, 'mailbox' | 'grantUsers'>;
  readonly vault: Vault;
  readonly log: Log;
  readonly providerOf: (pin: Pin['kind']) => SignInProvider | null;
}

/** A provider may end all grants of one account and application together (Google does): one that somebody lives on is left alone. */
export function createRevocation({ store, vault, log, providerOf }: RevocationParts): Revocation {
  async function isInUse(owner: SecretOwner, clientId: string, pin: Pin): Promise<boolean> {
    const mailbox = await store.mailbox(owner.workspaceId, owner.mailboxId);
    const own = [mailbox?.active?.credential, mailbox?.previous?.secretErased === false ? mailbox.previous.setup.credential : undefined];
    const key = grantKey(clientId, pinKey(pin));
    if (own.some((credential) => credential?.kind === 'OAUTH2' && keyOf(credential) === key)) return true;
    return (await store.grantUsers(clientId, pinKey(pin), owner.mailboxId)) > 0;
  }

  async function revoke(owner: SecretOwner, { clientId, pin, refreshToken }: GivenUpGrant): Promise<boolean> {
    const provider = providerOf(pin.kind);
    // Another application's grant cannot be ended with this one's name.
    if (provider?.clientId !== clientId) return false;
    try {
      return !(await isInUse(owner, clientId, pin)) && (await provider.revoke(refreshToken, HTTP_TIMEOUT_MS));
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
      log.warn('A grant was erased without being revoked: the database did not say who else uses it.', { mailboxId: owner.mailboxId });
      return false;
    }
  }

  function open(owner: SecretOwner, credential: Extract<Credential, { kind: 'OAUTH2' }>): GivenUpGrant | null {
    const { clientId, pin, refreshToken } = credential.grant;
    if (refreshToken === null) return null;
    try {
      return { clientId, pin, refreshToken: vault.open(refreshToken, placeOf(owner, credential, 'refreshToken')) };
    } catch (error) {
      if (error instanceof SecretUnavailable) return null;
      throw error;
    }
  }

  return {
    ofGrant: revoke,
    async ofCredentials(owner, givenUp) {
      const grants = new Map<string, GivenUpGrant | null>();
      for (const credential of givenUp) {
        if (credential?.kind !== 'OAUTH2') continue;
        const key = keyOf(credential);
        grants.set(key, grants.get(key) ?? open(owner, credential));
      }
      const ended = await Promise.all([...grants.values()].map(async (grant) => grant !== null && revoke(owner, grant)));
      return ended.length > 0 && ended.every(Boolean);
    },
  };
}

function keyOf({ grant }: Extract<Credential, { kind: 'OAUTH2' }>): string {
  return grantKey(grant.clientId, pinKey(grant.pin));
}
