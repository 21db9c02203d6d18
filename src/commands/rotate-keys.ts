import type { Authorization } from '../domain/authorization.ts';
import type { Clock } from '../domain/clock.ts';
import type { Mailbox } from '../domain/mailbox.ts';
import { mapAuthorizationSecrets, mapMailboxSecrets, type SecretPlace } from '../domain/sealed-secrets.ts';
import type { Sealed } from '../domain/sealed.ts';
import type { Change, Store } from '../store/store.ts';
import { SecretUnavailable, type Vault } from '../vault/vault.ts';

export interface RotationParts {
  readonly store: Pick<Store, 'commit' | 'sealedHolders' | 'mailbox' | 'authorization'>;
  readonly vault: Vault;
  readonly clock: Clock;
  readonly print: (line: string) => void;
}

export interface Rotation {
  readonly rewrappedSecrets: number;
  /** Secrets that no key at hand opens; they stay as they are. */
  readonly unreadableSecrets: number;
  /** False when documents kept changing under the rotation; running it again goes on. */
  readonly finished: boolean;
}

type Holder = { readonly kind: 'mailbox'; readonly doc: Mailbox } | { readonly kind: 'authorization'; readonly doc: Authorization };

const PAGE = 100;
/** A serving process may seal with the old key until it re-reads the ring, so passes are made until one finds nothing. */
const MAX_PASSES = 10;
const MAX_RETRIES = 20;
const PROGRESS_EVERY_MS = 2000;

/**
 * Re-wraps every secret under the active key while the gateway serves. Each document is written by compare-and-set and
 * read again on a conflict, so no change of anybody else is lost; stopped anywhere, a second run goes on.
 * Rejects with StoreUnavailable.
 */
export async function rotateSecrets(parts: RotationParts): Promise<Rotation> {
  let rewrappedSecrets = 0;
  let lastProgressAt = parts.clock.monotonicMs();
  for (let pass = 1; pass <= MAX_PASSES; pass += 1) {
    let touched = 0;
    let unreadableSecrets = 0;
    let left = 0;
    for (let after: string | null = null, more = true; more;) {
      const page = await parts.store.sealedHolders(after, PAGE);
      const holders: Holder[] = [
        ...page.mailboxes.map((doc): Holder => ({ kind: 'mailbox', doc })),
        ...page.authorizations.map((doc): Holder => ({ kind: 'authorization', doc })),
      ];
      const outcome = await rewrapAll(parts, holders);
      touched += outcome.rewrapped;
      unreadableSecrets += outcome.unreadable;
      left += outcome.left;
      if (parts.clock.monotonicMs() - lastProgressAt >= PROGRESS_EVERY_MS) {
        lastProgressAt = parts.clock.monotonicMs();
        parts.print(`${rewrappedSecrets + touched} secrets re-wrapped so far …`);
      }
      after = page.next;
      more = after !== null;
    }
    rewrappedSecrets += touched;
    if (touched === 0 && left === 0) return { rewrappedSecrets, unreadableSecrets, finished: true };
  }
  return { rewrappedSecrets, unreadableSecrets: 0, finished: false };
}

interface PageOutcome {
  rewrapped: number;
  unreadable: number;
  /** Documents that changed each time before they could be written. */
  left: number;
}

async function rewrapAll(parts: RotationParts, holders: readonly Holder[]): Promise<PageOutcome> {
  const outcome: PageOutcome = { rewrapped: 0, unreadable: 0, left: 0 };
  let remaining = holders;
  for (let attempt = 0; remaining.length > 0; attempt += 1) {
    const rewrapped = remaining.map((holder) => rewrap(parts.vault, holder));
    outcome.unreadable += rewrapped.reduce((sum, { unreadable }) => sum + unreadable, 0);
    const changed = rewrapped.filter(({ secrets }) => secrets > 0);
    if (changed.length === 0) return outcome;

    const results = await parts.store.commit(changed.map(({ holder }) => changeOf(holder, parts.clock.now())));
    const conflicted = changed.filter((_, index) => results[index]?.kind === 'conflict');
    outcome.rewrapped += changed.reduce((sum, { secrets }, index) => sum + (results[index]?.kind === 'committed' ? secrets : 0), 0);
    if (attempt === MAX_RETRIES) {
      outcome.left += conflicted.length;
      return outcome;
    }
    // What is readable and what is not is counted anew for the documents that are read again.
    outcome.unreadable -= conflicted.reduce((sum, { unreadable }) => sum + unreadable, 0);
    remaining = (await Promise.all(conflicted.map(({ holder }) => readAgain(parts.store, holder)))).filter((holder) => holder !== null);
  }
  return outcome;
}

function rewrap(vault: Vault, holder: Holder): { readonly holder: Holder; readonly secrets: number; readonly unreadable: number } {
  let secrets = 0;
  let unreadable = 0;
  const map = (sealed: Sealed, place: SecretPlace): Sealed => {
    try {
      const rewrapped = vault.rewrap(sealed, place);
      if (rewrapped !== null) secrets += 1;
      return rewrapped ?? sealed;
    } catch (error) {
      if (!(error instanceof SecretUnavailable)) throw error;
      unreadable += 1;
      return sealed;
    }
  };
  switch (holder.kind) {
    case 'mailbox': {
      const doc = mapMailboxSecrets(holder.doc, map);
      return { holder: { kind: 'mailbox', doc }, secrets, unreadable };
    }
    case 'authorization': {
      const doc = mapAuthorizationSecrets(holder.doc, map);
      return { holder: { kind: 'authorization', doc }, secrets, unreadable };
    }
  }
}

function changeOf(holder: Holder, at: number): Change {
  const workspaceId = holder.doc.workspaceId;
  switch (holder.kind) {
    case 'mailbox':
      return { workspaceId, at, mailboxes: [{ kind: 'replace', doc: holder.doc, expectedRevision: holder.doc.revision }] };
    case 'authorization':
      return { workspaceId, at, authorizations: [{ kind: 'replace', doc: holder.doc, expectedRevision: holder.doc.revision }] };
  }
}

async function readAgain(store: RotationParts['store'], holder: Holder): Promise<Holder | null> {
  switch (holder.kind) {
    case 'mailbox': {
      const doc = await store.mailbox(holder.doc.workspaceId, holder.doc.id);
      return doc === null ? null : { kind: 'mailbox', doc };
    }
    case 'authorization': {
      const doc = await store.authorization(holder.doc.workspaceId, holder.doc.id);
      return doc === null ? null : { kind: 'authorization', doc };
    }
  }
}
