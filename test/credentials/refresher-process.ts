import { randomUUID } from 'node:crypto';
import { createRefreshGrant } from '../../src/credentials/create-refresh-grant.ts';
import type { MailboxId, WorkspaceId } from '../../src/domain/ids.ts';
import { createMicrosoftProvider } from '../../src/providers/microsoft/microsoft-provider.ts';
import { openStore } from '../../src/store/open.ts';
import { systemClock } from '../../src/system-clock.ts';
import { createVault } from '../../src/vault/open-vault.ts';
import { readKeyRing } from '../../src/vault/keyring-file.ts';
import { Secret } from '../../src/vault/secret.ts';

/** A process of its own that renews grants as fast as it can, until it is killed. Says "renewed" for each. */

export interface RefresherOrders {
  readonly databaseUrl: string;
  readonly keyringFile: string;
  readonly authority: string;
  readonly ca: string;
  readonly workspaceId: WorkspaceId;
  readonly mailboxIds: readonly MailboxId[];
}

const orders = JSON.parse(process.argv[2] ?? '') as RefresherOrders;
const nothing = (): void => undefined;
const log = { debug: nothing, info: nothing, warn: nothing, error: nothing };
const store = await openStore(orders.databaseUrl, {
  clock: systemClock,
  newId: randomUUID,
  random: Math.random,
  log,
  serve: false,
  holder: randomUUID(),
});
const ring = readKeyRing(orders.keyringFile);
const provider = createMicrosoftProvider({
  clientId: 'gateway',
  authority: orders.authority,
  knownAuthorities: [new URL(orders.authority).host],
  secret: () => new Secret('app-secret'),
  ca: [orders.ca],
  now: Date.now,
});
const refreshGrant = createRefreshGrant({
  store,
  vault: createVault(() => ring),
  clock: systemClock,
  log,
  holder: randomUUID(),
  providerOf: () => provider,
});

for (;;) {
  const mailboxId = orders.mailboxIds[Math.floor(Math.random() * orders.mailboxIds.length)];
  if (mailboxId === undefined) throw new Error('There is nothing to renew.');
  const credential = (await store.mailbox(orders.workspaceId, mailboxId))?.active?.credential;
  if (credential?.kind !== 'OAUTH2') throw new Error('The mailbox has no grant.');
  const outcome = await refreshGrant({ workspaceId: orders.workspaceId, mailboxId }, credential, { force: true });
  process.stdout.write(outcome.kind === 'TOKEN' ? 'renewed\n' : 'refused\n');
}
