import { randomUUID } from 'node:crypto';
import { createRefreshGrant } from '../../src/credentials/create-refresh-grant.ts';
import type { RefreshedToken } from '../../src/credentials/refresh-grant.ts';
import type { Clock } from '../../src/domain/clock.ts';
import { diagnose } from '../../src/domain/diagnose/diagnose.ts';
import type { MailboxId } from '../../src/domain/ids.ts';
import type { SignInProvider } from '../../src/providers/provider.ts';
import { StoreUnavailable } from '../../src/store/errors.ts';
import { openStore } from '../../src/store/open.ts';
import type { Store } from '../../src/store/store.ts';
import { systemClock } from '../../src/system-clock.ts';
import { readKeyRing } from '../../src/vault/keyring-file.ts';
import { createVault } from '../../src/vault/open-vault.ts';
import { Secret } from '../../src/vault/secret.ts';
import { silentLog } from '../support/store.ts';
import { clockWithout, notesIntent, storeWithout } from './missing-defences.ts';
import type { RefresherOrders, RefresherReport, RefresherWord } from './refresher-orders.ts';

/** A process of its own that renews grants as fast as it can and tells of each. It begins when it is told to, and ends when its starter says so or is gone. */

const orders = JSON.parse(process.argv[2] ?? '') as RefresherOrders;
let ended = false;
const begun = new Promise<void>((resolve) => {
  process.on('message', (word: RefresherWord) => {
    if (word === 'end') ended = true;
    resolve();
  });
  process.once('disconnect', () => {
    ended = true;
    resolve();
  });
});

function tell(report: RefresherReport): Promise<void> {
  return new Promise((resolve) => {
    if (process.connected) process.send?.(report, undefined, undefined, () => resolve());
    else resolve();
  });
}

const gone = { monotonic: 0, wall: 0 };
const jumpingClock: Clock = {
  ...systemClock,
  now: () => systemClock.now() + gone.wall,
  monotonicMs: () => systemClock.monotonicMs() + gone.monotonic,
};

/** Tells which lease is held, and stops until somebody sends SIGCONT. */
async function stopHere(mailboxId: MailboxId, lease: string): Promise<void> {
  await tell({ kind: 'stopping', mailboxId, lease });
  process.kill(process.pid, 'SIGSTOP');
  const jump = orders.pause?.jump;
  if (jump !== undefined) gone[jump.of] += jump.ms;
}

function pausing(store: Store): Store {
  let held: string | null = null;
  let read: MailboxId | null = null;
  return {
    ...store,
    async acquireLease(name, holder, ttlMs) {
      const lease = await store.acquireLease(name, holder, ttlMs);
      held = lease.acquired ? name : null;
      return lease;
    },
    async mailbox(workspaceId, id) {
      const mailbox = await store.mailbox(workspaceId, id);
      read = id;
      if (orders.pause?.after === 'read') await stopOnce();
      return mailbox;
    },
    async commit(changes) {
      const results = await store.commit(changes);
      if (orders.pause?.after === 'intent' && changes.some(notesIntent)) await stopOnce();
      return results;
    },
  };

  async function stopOnce(): Promise<void> {
    if (held === null || read === null) return;
    const lease = held;
    held = null;
    await stopHere(read, lease);
  }
}

async function createProvider(): Promise<SignInProvider> {
  const shared = { clientId: 'gateway', secret: () => new Secret('app-secret'), ca: [orders.ca], now: Date.now };
  const { authority, auth, token, revoke, certs, api } = orders.endpoints;
  if (orders.flavour === 'microsoft') {
    const { createMicrosoftProvider } = await import('../../src/providers/microsoft/microsoft-provider.ts');
    return createMicrosoftProvider({ ...shared, authority, knownAuthorities: [new URL(authority).host] });
  }
  const { createGoogleProvider } = await import('../../src/providers/google/google-provider.ts');
  const urls = { authUrl: auth, tokenUrl: token, revokeUrl: revoke, certsUrl: certs, gmailApiUrl: api };
  return createGoogleProvider({ ...shared, ...urls, issuer: orders.origin });
}

const clock = clockWithout(orders.without, jumpingClock);
const real = await openStore(orders.databaseUrl, {
  clock: systemClock,
  newId: randomUUID,
  random: Math.random,
  log: silentLog,
  serve: false,
  holder: randomUUID(),
});
const guarded = await storeWithout(orders.without, real, orders);
const ring = readKeyRing(orders.keyringFile);
const provider = await createProvider();
const refreshGrant = createRefreshGrant({
  store: orders.pause === undefined ? guarded : pausing(guarded),
  vault: createVault(() => ring),
  clock,
  log: silentLog,
  holder: orders.holder,
  providerOf: () => provider,
});

/** What is dead stays so. */
const leftOut = new Set<MailboxId>();

async function renew(mailboxId: MailboxId): Promise<void> {
  const { workspaceId } = orders;
  const credential = (await real.mailbox(workspaceId, mailboxId))?.active?.credential;
  if (credential?.kind !== 'OAUTH2') throw new Error('The mailbox has no grant.');
  const outcome = await refreshGrant({ workspaceId, mailboxId }, credential, { force: true }).then(
    (answer) => wordFor(mailboxId, answer),
    (error: unknown) => {
      if (error instanceof StoreUnavailable) return error.code;
      throw error;
    },
  );
  await tell({ kind: 'outcome', mailboxId, outcome });
}

function wordFor(mailboxId: MailboxId, answer: RefreshedToken): string {
  if (answer.kind === 'TOKEN') return answer.fresh ? 'RENEWED' : 'SAVED';
  const { reason, retryable } = diagnose(answer.evidence);
  if (!retryable) leftOut.add(mailboxId);
  return reason;
}

/** All processes go over the mailboxes in the same order, so that they meet. */
const turns = (function* (): Generator<MailboxId> {
  for (let round = 0; round < (orders.rounds ?? Number.POSITIVE_INFINITY); round += 1) {
    const left = orders.mailboxIds.filter((id) => !leftOut.has(id));
    if (left.length === 0) return;
    yield* left;
  }
})();

async function work(): Promise<void> {
  for (const mailboxId of turns) {
    if (ended) return;
    await renew(mailboxId);
  }
}

await tell({ kind: 'ready', at: Date.now() });
await begun;
await Promise.all(Array.from({ length: orders.atOnce }, work));
await real.close();
if (process.connected) process.disconnect();
