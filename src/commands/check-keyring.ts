import { mapAuthorizationSecrets, mapMailboxSecrets } from '../domain/sealed-secrets.ts';
import type { Sealed } from '../domain/sealed.ts';
import type { Store } from '../store/store.ts';
import type { KeyRing } from '../vault/keyring.ts';
import { keyIdOfEnvelope } from '../vault/envelope.ts';

export type KeyRingCheck = { readonly kind: 'ok' } | { readonly kind: 'problem'; readonly message: string };

/** Documents looked at for keys that the ring lacks; one page is enough to notice that it is another ring altogether. */
const SAMPLE = 200;

/**
 * Whether this ring is the one that the database's secrets were sealed with; asked before anything is checked or served,
 * so that a wrong key never looks like a thousand expired credentials. A problem when a key differs from the one that was
 * first seen under its id, or when none of the secrets looked at has a key in the ring. Remembers the check values of new
 * keys (meta `kcv:<key id>`). Rejects with StoreUnavailable.
 */
export async function checkKeyRing(store: Pick<Store, 'setMeta' | 'sealedHolders'>, ring: KeyRing): Promise<KeyRingCheck> {
  for (const key of ring.keys.values()) {
    const known = await store.setMeta(`kcv:${key.id}`, key.checkValue, { ifAbsent: true });
    if (known !== key.checkValue) {
      return {
        kind: 'problem',
        message: `Key "${key.id}" of the key ring is not the key that this database knows by that id. Restore the right key ring file (KEYRING_FILE), or use the database that belongs to it (DATABASE_URL).`,
      };
    }
  }
  const used = await usedKeyIds(store);
  if (used.size > 0 && ![...used].some((id) => ring.keys.has(id))) {
    return {
      kind: 'problem',
      message: `The database's secrets were sealed with other keys (${[...used].join(', ')}) than the key ring holds (${[...ring.keys.keys()].join(', ')}). Restore the right key ring file (KEYRING_FILE).`,
    };
  }
  return { kind: 'ok' };
}

/**
 * What to do about a key ring file that does not exist; null when this database is new and gets a ring of its own. Only a new
 * SQLite database does: anywhere else making another would leave every stored secret unreadable. Rejects with StoreUnavailable.
 */
export async function missingKeyRingProblem(store: Pick<Store, 'engine' | 'sealedHolders'>, file: string): Promise<string | null> {
  if (store.engine === 'mongodb') {
    return `The key ring file ${file} does not exist. Copy it from where the gateway's keys are kept (KEYRING_FILE), or make one with "mailbox-gateway keys add" if this database is new.`;
  }
  const page = await store.sealedHolders(null, 1);
  if (page.mailboxes.length + page.authorizations.length === 0) return null;
  return `The key ring file ${file} does not exist, but the database holds secrets sealed with it. Restore the file (KEYRING_FILE).`;
}

async function usedKeyIds(store: Pick<Store, 'sealedHolders'>): Promise<ReadonlySet<string>> {
  const page = await store.sealedHolders(null, SAMPLE);
  const ids = new Set<string>();
  const note = (sealed: Sealed): Sealed => {
    const id = keyIdOrNull(sealed);
    if (id !== null) ids.add(id);
    return sealed;
  };
  for (const mailbox of page.mailboxes) mapMailboxSecrets(mailbox, note);
  for (const authorization of page.authorizations) mapAuthorizationSecrets(authorization, note);
  return ids;
}

/** Null for what is no sealed text: nobody can open it, whatever the keys. */
export function keyIdOrNull(sealed: Sealed): string | null {
  try {
    return keyIdOfEnvelope(sealed);
  } catch {
    return null;
  }
}
