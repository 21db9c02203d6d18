import { describe, expect, test } from 'vitest';
import type { MailboxId, WorkspaceId } from '../../../src/domain/ids.ts';
import type { Diagnosis } from '../../../src/domain/diagnosis.ts';
import type { Mailbox } from '../../../src/domain/mailbox.ts';
import { MAILBOX_ORDERS, type MailboxFilter, type MailboxOrder, type PagePosition, type Store } from '../../../src/store/store.ts';
import { aGrant, aLeg, aMailbox, aSetup, newId } from '../../support/store.ts';
import { aWorkspace, databases, insert, type EngineUnderTest } from './harness.ts';

const REJECTED: Diagnosis = {
  reason: 'BAD_CREDENTIALS',
  retryable: false,
  actor: 'MAILBOX_OWNER',
  action: 'UPDATE_PASSWORD',
  scenario: 'REENTER_PASSWORD',
  message: 'The password is wrong.',
  confidence: 'CERTAIN',
  alternatives: [],
  providerMessage: null,
};

export function listContract(engine: EngineUnderTest): void {
  const open = databases(engine);

  /** Twelve live mailboxes of every kind, a pending one, and one in another workspace. */
  async function seed(store: Store): Promise<{ readonly workspaceId: WorkspaceId; readonly mailboxes: readonly Mailbox[] }> {
    const workspaceId = await aWorkspace(store);
    const elsewhere = await aWorkspace(store);
    const names = ['mike', 'Alpha', 'kilo', 'bravo', 'lima', 'Echo', 'golf', 'delta', 'hotel', 'charlie', 'juliet', 'foxtrot'];
    const mailboxes = names.map((name, index): Mailbox => {
      const address = `${name}@acme.test`;
      const broken = index % 4 === 1;
      const legs = broken
        ? { incoming: aLeg('INCOMING', { health: 'ACTION_REQUIRED', diagnosis: REJECTED }), outgoing: aLeg('OUTGOING') }
        : index % 4 === 2
          ? {
              incoming: aLeg('INCOMING', { health: 'DEGRADED', diagnosis: { ...REJECTED, reason: 'RATE_LIMITED', retryable: true } }),
              outgoing: null,
            }
          : {};
      const active = index % 3 === 0 ? aSetup(address, { provider: 'GMAIL', credential: aGrant(address) }) : aSetup(address);
      return aMailbox(workspaceId, address, { ...legs, active, paused: index === 11, changedAt: 2000 + (index % 5) });
    });
    await insert(
      store,
      ...mailboxes,
      aMailbox(workspaceId, 'pending@acme.test', { live: false, active: null }),
      aMailbox(elsewhere, 'zulu@acme.test'),
    );
    return { workspaceId, mailboxes };
  }

  const RANK = ['ACTION_REQUIRED', 'BLOCKED', 'DEGRADED', 'UNVERIFIED', 'HEALTHY', 'PAUSED'];
  function healthOf(mailbox: Mailbox): string {
    return mailbox.paused ? 'PAUSED' : (mailbox.incoming?.health ?? 'HEALTHY');
  }
  const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
  function sorted(mailboxes: readonly Mailbox[], order: MailboxOrder): readonly MailboxId[] {
    const byAddress = (a: Mailbox, b: Mailbox): number => byText(a.address.toLowerCase(), b.address.toLowerCase());
    const compare: Record<MailboxOrder, (a: Mailbox, b: Mailbox) => number> = {
      ADDRESS_ASC: byAddress,
      SEVERITY_DESC: (a, b) => RANK.indexOf(healthOf(a)) - RANK.indexOf(healthOf(b)) || byAddress(a, b),
      CHANGED_DESC: (a, b) => b.changedAt - a.changedAt || byText(a.id, b.id),
    };
    return [...mailboxes].sort(compare[order]).map(({ id }) => id);
  }

  describe('lists of mailboxes', () => {
    test.each(MAILBOX_ORDERS)('%s is walked page by page in both directions without loss or repetition', async (orderBy) => {
      const { store } = await open();
      const { workspaceId, mailboxes } = await seed(store);
      const wanted = sorted(mailboxes, orderBy);
      const forward: MailboxId[] = [];
      let after: PagePosition | null = null;
      for (;;) {
        const page = await store.mailboxPage(workspaceId, {
          filter: {},
          orderBy,
          limit: 5,
          fromEnd: false,
          ...(after === null ? {} : { after }),
        });
        expect(page.hasPrevious).toBe(forward.length > 0);
        forward.push(...page.items.map(({ item }) => item.id));
        expect(page.hasNext).toBe(forward.length < wanted.length);
        if (!page.hasNext) break;
        after = page.items.at(-1)!.position;
      }
      expect(forward).toEqual(wanted);
      const backward: MailboxId[] = [];
      let before: PagePosition | null = null;
      for (;;) {
        const page = await store.mailboxPage(workspaceId, {
          filter: {},
          orderBy,
          limit: 5,
          fromEnd: true,
          ...(before === null ? {} : { before }),
        });
        expect(page.hasNext).toBe(backward.length > 0);
        backward.unshift(...page.items.map(({ item }) => item.id));
        expect(page.hasPrevious).toBe(backward.length < wanted.length);
        if (!page.hasPrevious) break;
        before = page.items[0]!.position;
      }
      expect(backward).toEqual(wanted);
    });

    test('a page between two positions knows that the list goes on at both ends, also when it is empty', async () => {
      const { store } = await open();
      const { workspaceId } = await seed(store);
      const all = (await store.mailboxPage(workspaceId, { filter: {}, orderBy: 'ADDRESS_ASC', limit: 100, fromEnd: false })).items;
      const between = { filter: {}, orderBy: 'ADDRESS_ASC' as const, after: all[2]!.position, before: all[6]!.position };
      const page = await store.mailboxPage(workspaceId, { ...between, limit: 10, fromEnd: false });
      expect([page.items.map(({ item }) => item.id), page.hasPrevious, page.hasNext]).toEqual([
        all.slice(3, 6).map(({ item }) => item.id),
        true,
        true,
      ]);
      const last = await store.mailboxPage(workspaceId, { ...between, limit: 2, fromEnd: true });
      expect([last.items.map(({ item }) => item.id), last.hasPrevious, last.hasNext]).toEqual([
        all.slice(4, 6).map(({ item }) => item.id),
        true,
        true,
      ]);
      const none = await store.mailboxPage(workspaceId, { ...between, after: all[5]!.position, limit: 5, fromEnd: false });
      expect([none.items, none.hasPrevious, none.hasNext]).toEqual([[], true, true]);
      const beyond = await store.mailboxPage(workspaceId, {
        filter: {},
        orderBy: 'ADDRESS_ASC',
        after: all[11]!.position,
        limit: 5,
        fromEnd: false,
      });
      expect([beyond.items, beyond.hasPrevious, beyond.hasNext]).toEqual([[], true, false]);
    });

    test('each part of a filter narrows the page and the count alike', async () => {
      const { store } = await open();
      const { workspaceId, mailboxes } = await seed(store);
      const one = mailboxes[3]!;
      const matches: readonly (readonly [string, MailboxFilter, (mailbox: Mailbox, index: number) => boolean])[] = [
        ['health', { health: ['ACTION_REQUIRED', 'PAUSED'] }, (mailbox) => ['ACTION_REQUIRED', 'PAUSED'].includes(healthOf(mailbox))],
        ['no health at all', { health: [] }, () => false],
        ['reason', { reason: ['BAD_CREDENTIALS', 'STALE'] }, (_, index) => index % 4 === 1],
        ['reason, ordered', { reason: ['BAD_CREDENTIALS', 'RATE_LIMITED'] }, (_, index) => index % 4 === 1 || index % 4 === 2],
        ['provider', { provider: ['GMAIL'] }, (_, index) => index % 3 === 0],
        ['authMethod', { authMethod: ['OAUTH2'] }, (_, index) => index % 3 === 0],
        ['address', { addressContains: 'ECHO@' }, (mailbox) => mailbox.address === 'Echo@acme.test'],
        ['address, literally', { addressContains: '.*' }, () => false],
        ['ids', { ids: [one.id, newId() as MailboxId] }, (mailbox) => mailbox === one],
        ['exceptIds', { exceptIds: [one.id] }, (mailbox) => mailbox !== one],
        ['attention', { attention: true }, (mailbox) => !mailbox.paused && ['ACTION_REQUIRED', 'DEGRADED'].includes(healthOf(mailbox))],
        [
          'several',
          { provider: ['GMAIL'], health: ['ACTION_REQUIRED'], addressContains: 'charlie' },
          (mailbox) => mailbox.address.startsWith('charlie'),
        ],
      ];
      for (const [name, filter, matching] of matches) {
        const wanted = sorted(mailboxes.filter(matching), 'SEVERITY_DESC');
        const page = await store.mailboxPage(workspaceId, { filter, orderBy: 'SEVERITY_DESC', limit: 100, fromEnd: false });
        expect([name, page.items.map(({ item }) => item.id)]).toEqual([name, wanted]);
        expect([name, await store.countMailboxes(workspaceId, filter)]).toEqual([name, wanted.length]);
      }
    });

    test('a filter by scenario finds what that scenario repairs', async () => {
      const { store } = await open();
      const { workspaceId, mailboxes } = await seed(store);
      const found = await store.mailboxPage(workspaceId, {
        filter: { scenario: ['REENTER_PASSWORD'] },
        orderBy: 'ADDRESS_ASC',
        limit: 50,
        fromEnd: false,
      });
      const broken = mailboxes.filter((mailbox) => healthOf(mailbox) === 'ACTION_REQUIRED').map(({ id }) => id);
      expect(found.items.length).toBeGreaterThan(0);
      for (const { item } of found.items) expect(broken).toContain(item.id);
      expect(await store.countMailboxes(workspaceId, { scenario: ['PRIMARY_HANDOVER'] })).toBe(0);
      const handedOver = { scenario: ['PRIMARY_HANDOVER'] as const, scenarioAlsoIds: [mailboxes[0]!.id] };
      expect(await store.countMailboxes(workspaceId, handedOver)).toBe(1);
      expect(await store.countMailboxes(workspaceId, { ...handedOver, exceptIds: [mailboxes[0]!.id] })).toBe(0);
    });

    test('healths are counted, those without any as 0', async () => {
      const { store } = await open();
      const { workspaceId } = await seed(store);
      expect(await store.healthCounts(workspaceId)).toEqual({
        UNVERIFIED: 0,
        HEALTHY: 5,
        DEGRADED: 3,
        ACTION_REQUIRED: 3,
        BLOCKED: 0,
        PAUSED: 1,
      });
      expect(await store.healthCounts(newId() as WorkspaceId)).toEqual({
        UNVERIFIED: 0,
        HEALTHY: 0,
        DEGRADED: 0,
        ACTION_REQUIRED: 0,
        BLOCKED: 0,
        PAUSED: 0,
      });
    });

    test('mailboxes are found by id, in the order asked for, and by address whatever its case', async () => {
      const { store } = await open();
      const { workspaceId, mailboxes } = await seed(store);
      const [first, second] = mailboxes;
      const found = await store.mailboxes(workspaceId, [second!.id, newId() as MailboxId, first!.id, second!.id]);
      expect(found.map((mailbox) => mailbox?.id ?? null)).toEqual([second!.id, null, first!.id, second!.id]);
      expect((await store.mailboxByAddress(workspaceId, ' ALPHA@acme.test'))?.id).toBe(second!.id);
      expect(await store.mailboxByAddress(workspaceId, 'pending@acme.test')).toBeNull();
      const pending = await store.pendingByAddress(workspaceId, 'PENDING@acme.test');
      expect(pending.map(({ address }) => address)).toEqual(['pending@acme.test']);
      expect(await store.mailbox(workspaceId, pending[0]!.id)).not.toBeNull();
      expect(await store.pendingByAddress(workspaceId, 'alpha@acme.test')).toEqual([]);
    });
  });
}
