import type { Clock } from '../domain/clock.ts';
import { mapAuthorizationSecrets, mapMailboxSecrets } from '../domain/sealed-secrets.ts';
import type { Sealed } from '../domain/sealed.ts';
import type { Instance, Store } from '../store/store.ts';
import { activateKey, addKey, readKeyRing, removeKey } from '../vault/keyring-file.ts';
import { createVault } from '../vault/open-vault.ts';
import { checkKeyRing, keyIdOrNull } from './check-keyring.ts';
import { rotateSecrets } from './rotate-keys.ts';

export interface KeysParts {
  readonly store: Pick<Store, 'instances' | 'sealedHolders' | 'commit' | 'mailbox' | 'authorization' | 'setMeta'>;
  readonly keyRingPath: string;
  readonly clock: Clock;
  /** One line for the person at the terminal. */
  readonly print: (line: string) => void;
}

/**
 * What a keys command came to. Problems of the key ring file itself (missing, unsafe, locked, no such key) are thrown as
 * KeyRingRefused, of the database as StoreUnavailable.
 */
export type KeysOutcome = { readonly kind: 'done' } | { readonly kind: 'refused'; readonly message: string };

export interface KeyUse {
  readonly keyId: string;
  readonly inRing: boolean;
  readonly active: boolean;
  /** How many stored secrets it wraps. */
  readonly secrets: number;
  readonly removable: boolean;
}

/** A process counts as serving while its last heartbeat is this fresh. */
const SERVING_WITHIN_MS = 60_000;
const WAIT_MS = 5 * 60_000;
const POLL_MS = 1000;
/** Longer than a serving process takes to notice that the ring changed, and to finish sealing with the key it had before. */
const SETTLE_MS = 10_000;
const PAGE = 500;

const DONE: KeysOutcome = { kind: 'done' };

/** Prints each key with the number of secrets it seals, and which ones may go. Changes nothing. */
export async function keysStatus(parts: KeysParts): Promise<readonly KeyUse[]> {
  const ring = readKeyRing(parts.keyRingPath);
  const counts = await countSecrets(parts.store);
  const instances = await servingInstances(parts);
  const lacking = instances.filter((instance) => !instance.keyIds.includes(ring.activeKeyId));
  const uses = [...new Set([...ring.keys.keys(), ...counts.keys()])].map((keyId): KeyUse => {
    const secrets = counts.get(keyId) ?? 0;
    const active = keyId === ring.activeKeyId;
    const inRing = ring.keys.has(keyId);
    return { keyId, inRing, active, secrets, removable: inRing && !active && secrets === 0 && lacking.length === 0 };
  });
  for (const use of uses) parts.print(`${use.keyId}  ${String(use.secrets).padStart(7)} secrets  ${remarkOn(use)}`);
  parts.print(
    lacking.length === 0
      ? `Serving processes: ${instances.length}. All of them have the active key.`
      : `Serving processes: ${instances.length}. Without the active key: ${idsOf(lacking)}. Give them the same key ring file.`,
  );
  return uses;
}

/** Adds a key that does not seal yet. */
export async function keysAdd(parts: KeysParts): Promise<KeysOutcome> {
  const checked = await refuseWrongRing(parts);
  if (checked !== null) return checked;
  const { keyId } = addKey(parts.keyRingPath);
  parts.print(`Added key ${keyId}. It seals nothing yet.`);
  parts.print('Where several machines serve, give each of them this key ring file; then: mailbox-gateway keys activate');
  return DONE;
}

/**
 * Lets new secrets be sealed with a key (default: the newest), once every serving process has it: a process without it
 * could not open what the others seal. Waits at most 5 minutes, then changes nothing.
 */
export async function keysActivate(parts: KeysParts, keyId: string | null = null): Promise<KeysOutcome> {
  const checked = await refuseWrongRing(parts);
  if (checked !== null) return checked;
  const ring = readKeyRing(parts.keyRingPath);
  const wanted = keyId ?? [...ring.keys.keys()].at(-1) ?? ring.activeKeyId;
  if (wanted === ring.activeKeyId) {
    parts.print(`Key ${wanted} is the active one already.${keyId === null ? ' Make a new one first: mailbox-gateway keys add' : ''}`);
    return DONE;
  }
  if (ring.keys.has(wanted)) {
    const waited = await untilEveryProcessHas(parts, wanted);
    if (waited !== null) return waited;
  }
  activateKey(parts.keyRingPath, wanted);
  parts.print(`Key ${wanted} is active: new secrets are sealed with it. Re-wrap the others with: mailbox-gateway keys rotate`);
  return DONE;
}

/** Re-wraps every secret under the active key while the gateway serves. Resumable: a second run goes on. */
export async function keysRotate(parts: KeysParts): Promise<KeysOutcome> {
  const checked = await refuseWrongRing(parts);
  if (checked !== null) return checked;
  const ring = readKeyRing(parts.keyRingPath);
  const waited = await untilEveryProcessHas(parts, ring.activeKeyId);
  if (waited !== null) return waited;
  parts.print(`Re-wrapping secrets under key ${ring.activeKeyId} …`);
  const rotation = await rotateSecrets({ store: parts.store, vault: createVault(() => ring), clock: parts.clock, print: parts.print });
  parts.print(`${rotation.rewrappedSecrets} secrets re-wrapped.`);
  if (!rotation.finished) return refused('Some secrets changed all the time and are not re-wrapped yet. Run keys rotate again.');
  if (rotation.unreadableSecrets > 0) {
    return refused(
      `${rotation.unreadableSecrets} secrets cannot be opened with the keys at hand. See keys status; restore the key they need.`,
    );
  }
  return DONE;
}

/** Takes a key out of the ring for ever. Refused while a secret still needs it; looks twice, some seconds apart. */
export async function keysRemove(parts: KeysParts, keyId: string): Promise<KeysOutcome> {
  const checked = await refuseWrongRing(parts);
  if (checked !== null) return checked;
  const ring = readKeyRing(parts.keyRingPath);
  const waited = await untilEveryProcessHas(parts, ring.activeKeyId);
  if (waited !== null) return waited;
  for (const look of ['first', 'second'] as const) {
    const secrets = (await countSecrets(parts.store)).get(keyId) ?? 0;
    if (secrets > 0) return refused(`Key ${keyId} still seals ${secrets} secrets. Run keys rotate first.`);
    if (look === 'first') await pause(parts.clock, SETTLE_MS);
  }
  removeKey(parts.keyRingPath, keyId);
  parts.print(`Removed key ${keyId}.`);
  return DONE;
}

async function refuseWrongRing(parts: KeysParts): Promise<KeysOutcome | null> {
  const check = await checkKeyRing(parts.store, readKeyRing(parts.keyRingPath));
  return check.kind === 'ok' ? null : refused(check.message);
}

async function untilEveryProcessHas(parts: KeysParts, keyId: string): Promise<KeysOutcome | null> {
  const giveUpAt = parts.clock.monotonicMs() + WAIT_MS;
  let told = '';
  for (;;) {
    const lacking = (await servingInstances(parts)).filter((instance) => !instance.keyIds.includes(keyId));
    if (lacking.length === 0) return null;
    const ids = idsOf(lacking);
    if (parts.clock.monotonicMs() >= giveUpAt) {
      return refused(
        `Nothing was changed: after ${WAIT_MS / 60_000} minutes these serving processes still lack key ${keyId}: ${ids}. Give them the same key ring file, then try again.`,
      );
    }
    if (ids !== told) parts.print(`Waiting until these serving processes have key ${keyId}: ${ids}`);
    told = ids;
    await pause(parts.clock, POLL_MS);
  }
}

function servingInstances(parts: KeysParts): Promise<readonly Instance[]> {
  return parts.store.instances(parts.clock.now() - SERVING_WITHIN_MS);
}

async function countSecrets(store: Pick<Store, 'sealedHolders'>): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  const count = (sealed: Sealed): Sealed => {
    const keyId = keyIdOrNull(sealed) ?? 'damaged';
    counts.set(keyId, (counts.get(keyId) ?? 0) + 1);
    return sealed;
  };
  for (let after: string | null = null, more = true; more;) {
    const page = await store.sealedHolders(after, PAGE);
    for (const mailbox of page.mailboxes) mapMailboxSecrets(mailbox, count);
    for (const authorization of page.authorizations) mapAuthorizationSecrets(authorization, count);
    after = page.next;
    more = after !== null;
  }
  return counts;
}

function remarkOn(use: KeyUse): string {
  if (use.active) return 'active';
  if (!use.inRing) return 'NOT IN THE KEY RING: its secrets cannot be read; restore the key';
  if (use.removable) return `may be removed: mailbox-gateway keys remove ${use.keyId}`;
  return use.secrets > 0 ? 'still needed: mailbox-gateway keys rotate' : 'still needed by a serving process';
}

function idsOf(instances: readonly Instance[]): string {
  return instances.map((instance) => instance.id).join(', ');
}

function refused(message: string): KeysOutcome {
  return { kind: 'refused', message };
}

function pause(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => void clock.schedule(ms, resolve));
}
