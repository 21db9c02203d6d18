import { join } from 'node:path';
import type { Clock } from '../../src/domain/clock.ts';
import type { Mailbox } from '../../src/domain/mailbox.ts';
import { openStore } from '../../src/store/open.ts';
import type { Change, Store } from '../../src/store/store.ts';
import { systemClock } from '../../src/system-clock.ts';
import { newId, silentLog } from '../support/store.ts';
import type { MissingDefence, RefresherOrders } from './refresher-orders.ts';

/** The store as it would be without this defence. */
export async function storeWithout(defence: MissingDefence | undefined, store: Store, { folder, holder }: RefresherOrders): Promise<Store> {
  switch (defence) {
    case undefined:
    case 'look-at-the-clock':
      return store;
    case 'lease':
      return { ...store, acquireLease: async () => ({ acquired: true, fence: 0 }) };
    case 'lease-by-the-database': {
      // SQLite has no clock of its own: it goes by the one of the process that has it open.
      const url = `sqlite:${join(folder, 'leases-by-local-clocks.db')}`;
      const local = await openStore(url, { clock: systemClock, newId, random: Math.random, log: silentLog, serve: false, holder });
      return {
        ...store,
        acquireLease: (name, own, ttlMs) => local.acquireLease(name, own, ttlMs),
        releaseLease: (name, own) => local.releaseLease(name, own),
      };
    }
    case 'intent':
      return { ...store, commit: (changes) => store.commit(changes.map(withoutIntents)) };
    case 'look-at-the-token':
      return lookingOnce(store);
  }
}

/** The clock as it would be without this defence. */
export function clockWithout(defence: MissingDefence | undefined, clock: Clock): Clock {
  if (defence !== 'look-at-the-clock') return clock;
  const [at, monotonicMs] = [clock.now(), clock.monotonicMs()];
  return { ...clock, now: () => at, monotonicMs: () => monotonicMs };
}

/** True for the change that notes what is about to be sent. */
export function notesIntent(change: Change): boolean {
  return (change.mailboxes ?? []).some((guarded) => guarded.kind !== 'remove' && intentOf(guarded.doc) !== undefined);
}

function intentOf({ active }: Mailbox): unknown {
  return active?.credential.kind === 'OAUTH2' ? active.credential.grant.refreshIntent : undefined;
}

function withoutIntents(change: Change): Change {
  const mailboxes = (change.mailboxes ?? []).map((guarded) =>
    guarded.kind === 'remove' ? guarded : { ...guarded, doc: withoutIntent(guarded.doc) },
  );
  return { ...change, mailboxes };
}

function withoutIntent(mailbox: Mailbox): Mailbox {
  const { active } = mailbox;
  if (active?.credential.kind !== 'OAUTH2') return mailbox;
  const { refreshIntent, ...grant } = active.credential.grant;
  return { ...mailbox, active: { ...active, credential: { ...active.credential, grant } } };
}

/** Believes what it read first until the token is sent, and believes its note written. */
function lookingOnce(store: Store): Store {
  const seen = new Map<string, Mailbox | null>();
  return {
    ...store,
    async mailbox(workspaceId, id) {
      const known = seen.get(id);
      if (known !== undefined) return known;
      const mailbox = await store.mailbox(workspaceId, id);
      seen.set(id, mailbox);
      return mailbox;
    },
    async commit(changes) {
      if (changes.some(notesIntent)) return changes.map(() => ({ kind: 'committed', events: [] }));
      seen.clear();
      return store.commit(changes);
    },
  };
}
