import { describe, expect, test } from 'vitest';
import type { MailboxId, WorkspaceId } from '../../../src/domain/ids.ts';
import type { Store } from '../../../src/store/store.ts';
import { aMailbox, anAuthorization, anIncident, aStatusChange, newId } from '../../support/store.ts';
import { aWorkspace, commit, commitEvents, databases, insert, wholeLog, type EngineUnderTest } from './harness.ts';

export function commitContract(engine: EngineUnderTest): void {
  const open = databases(engine);

  describe('commit', () => {
    test('stores a document with a revision of its own and gives it back unchanged', async () => {
      const { store } = await open();
      const workspaceId = await aWorkspace(store);
      const mailbox = aMailbox(workspaceId, 'Support@Acme.test', { displayName: 'Çağrı “quoted” $dollar.dot', revision: 77 });
      expect(await commit(store, { workspaceId, at: 5, mailboxes: [{ kind: 'insert', doc: mailbox }] })).toEqual({
        kind: 'committed',
        events: [],
      });
      expect(await store.mailbox(workspaceId, mailbox.id)).toEqual({ ...mailbox, revision: 1 });
      await commit(store, {
        workspaceId,
        at: 6,
        mailboxes: [{ kind: 'replace', doc: { ...mailbox, displayName: null, revision: 99 }, expectedRevision: 1 }],
      });
      expect(await store.mailbox(workspaceId, mailbox.id)).toEqual({ ...mailbox, displayName: null, revision: 2 });
    });

    test('a replace of an older revision conflicts and writes nothing', async () => {
      const { store } = await open();
      const workspaceId = await aWorkspace(store);
      const [mailbox] = await insert(store, aMailbox(workspaceId, 'a@acme.test'));
      const replace = (displayName: string, expectedRevision: number) =>
        commit(store, {
          workspaceId,
          at: 7,
          mailboxes: [{ kind: 'replace', doc: { ...mailbox!, displayName }, expectedRevision }],
          events: [{ kind: 'MAILBOX', mailboxId: mailbox!.id, change: 'CHANGED' }],
        });
      expect((await replace('first', 1)).kind).toBe('committed');
      expect(await replace('late', 1)).toEqual({ kind: 'conflict', on: 'mailbox' });
      expect((await store.mailbox(workspaceId, mailbox!.id))?.displayName).toBe('first');
      expect(await wholeLog(store, workspaceId)).toHaveLength(1);
    });

    test('a remove is guarded like a replace', async () => {
      const { store } = await open();
      const workspaceId = await aWorkspace(store);
      const [mailbox] = await insert(store, aMailbox(workspaceId, 'a@acme.test'));
      const remove = (expectedRevision: number) =>
        commit(store, { workspaceId, at: 7, mailboxes: [{ kind: 'remove', id: mailbox!.id, expectedRevision }] });
      expect(await remove(2)).toEqual({ kind: 'conflict', on: 'mailbox' });
      expect(await store.mailbox(workspaceId, mailbox!.id)).not.toBeNull();
      expect((await remove(1)).kind).toBe('committed');
      expect(await store.mailbox(workspaceId, mailbox!.id)).toBeNull();
      expect(await remove(1)).toEqual({ kind: 'conflict', on: 'mailbox' });
    });

    test('an insert of an id that exists conflicts, in another workspace too', async () => {
      const { store } = await open();
      const workspaceId = await aWorkspace(store);
      const elsewhere = await aWorkspace(store);
      const [mailbox] = await insert(store, aMailbox(workspaceId, 'a@acme.test'));
      const again = { ...mailbox!, address: 'b@acme.test' };
      expect(await commit(store, { workspaceId, at: 1, mailboxes: [{ kind: 'insert', doc: again }] })).toEqual({
        kind: 'conflict',
        on: 'mailbox',
      });
      const foreign = { ...again, workspaceId: elsewhere };
      expect(await commit(store, { workspaceId: elsewhere, at: 1, mailboxes: [{ kind: 'insert', doc: foreign }] })).toEqual({
        kind: 'conflict',
        on: 'mailbox',
      });
    });

    test('a live address is unique in its workspace whatever its case; pending ones and other workspaces do not count', async () => {
      const { store } = await open();
      const workspaceId = await aWorkspace(store);
      const elsewhere = await aWorkspace(store);
      await insert(store, aMailbox(workspaceId, 'Support@acme.test'), aMailbox(elsewhere, 'support@acme.test'));
      const pending = aMailbox(workspaceId, 'support@acme.test', { live: false });
      await insert(store, pending, aMailbox(workspaceId, 'support@acme.test', { live: false }));
      expect(
        await commit(store, { workspaceId, at: 1, mailboxes: [{ kind: 'insert', doc: aMailbox(workspaceId, 'SUPPORT@ACME.TEST') }] }),
      ).toEqual({
        kind: 'conflict',
        on: 'address',
      });
      expect(
        await commit(store, { workspaceId, at: 1, mailboxes: [{ kind: 'replace', doc: { ...pending, live: true }, expectedRevision: 1 }] }),
      ).toEqual({
        kind: 'conflict',
        on: 'address',
      });
    });

    test('an address is free again in the same change that removes its mailbox', async () => {
      const { store } = await open();
      const workspaceId = await aWorkspace(store);
      const [old] = await insert(store, aMailbox(workspaceId, 'a@acme.test'));
      const next = aMailbox(workspaceId, 'a@acme.test');
      const result = await commit(store, {
        workspaceId,
        at: 1,
        mailboxes: [
          { kind: 'remove', id: old!.id, expectedRevision: 1 },
          { kind: 'insert', doc: next },
        ],
      });
      expect(result.kind).toBe('committed');
      expect((await store.mailboxByAddress(workspaceId, 'a@acme.test'))?.id).toBe(next.id);
    });

    test('of two live mailboxes with one address inserted at once exactly one is there', async () => {
      const { store, another } = await open();
      const second = await another();
      const workspaceId = await aWorkspace(store);
      for (let round = 0; round < 5 * engine.effort; round += 1) {
        const address = `race-${round}@acme.test`;
        const results = await Promise.all(
          [store, second, store, second].map((each) =>
            commit(each, { workspaceId, at: 1, mailboxes: [{ kind: 'insert', doc: aMailbox(workspaceId, address) }] }),
          ),
        );
        expect(results.filter(({ kind }) => kind === 'committed')).toHaveLength(1);
        expect(results.filter((result) => result.kind === 'conflict' && result.on === 'address')).toHaveLength(3);
      }
    });

    test('a failing guard anywhere in a change of many documents leaves nothing of it behind', async () => {
      const { store } = await open();
      const workspaceId = await aWorkspace(store);
      const workspace = (await store.workspace(workspaceId))!;
      const [mailbox] = await insert(store, aMailbox(workspaceId, 'a@acme.test'));
      const added = aMailbox(workspaceId, 'b@acme.test');
      const authorization = anAuthorization(workspaceId, mailbox!.id);
      const incident = anIncident(workspaceId);
      const whole = {
        workspaceId,
        at: 9,
        mailboxes: [
          { kind: 'insert' as const, doc: added },
          { kind: 'replace' as const, doc: { ...mailbox!, displayName: 'changed' }, expectedRevision: 1 },
        ],
        authorizations: [{ kind: 'insert' as const, doc: authorization }],
        incidents: [{ kind: 'insert' as const, doc: incident }],
        workspace: { doc: { ...workspace, primaryMailboxId: mailbox!.id }, expectedRevision: 1 },
        events: [aStatusChange(mailbox!.id)],
      };
      const nothing = async (): Promise<void> => {
        expect(await store.mailbox(workspaceId, added.id)).toBeNull();
        expect((await store.mailbox(workspaceId, mailbox!.id))?.revision).toBe(1);
        expect(await store.authorization(workspaceId, authorization.id)).toBeNull();
        expect(await store.incident(workspaceId, incident.id)).toBeNull();
        expect((await store.workspace(workspaceId))?.primaryMailboxId).toBeNull();
        expect(await store.head(workspaceId)).toEqual({ position: 0, sequence: 0, floor: 1 });
      };
      expect(await commit(store, { ...whole, workspace: { ...whole.workspace, expectedRevision: 2 } })).toEqual({
        kind: 'conflict',
        on: 'workspace',
      });
      await nothing();
      const missing = anIncident(workspaceId);
      expect(await commit(store, { ...whole, incidents: [{ kind: 'replace', doc: missing, expectedRevision: 1 }] })).toEqual({
        kind: 'conflict',
        on: 'incident',
      });
      await nothing();
      expect(await commit(store, { ...whole, authorizations: [{ kind: 'replace', doc: authorization, expectedRevision: 1 }] })).toEqual({
        kind: 'conflict',
        on: 'authorization',
      });
      await nothing();
      // The negative control: the same change with its guards right is there whole.
      expect((await commit(store, whole)).kind).toBe('committed');
      expect((await store.workspace(workspaceId))?.primaryMailboxId).toBe(mailbox!.id);
      expect(await store.authorization(workspaceId, authorization.id)).toEqual({ ...authorization, revision: 1 });
      expect(await store.incident(workspaceId, incident.id)).toEqual({ ...incident, revision: 1 });
    });

    test('the changes of one call succeed or conflict alone, answered in their order', async () => {
      const { store } = await open();
      const workspaceId = await aWorkspace(store);
      const elsewhere = await aWorkspace(store);
      const [mailbox] = await insert(store, aMailbox(workspaceId, 'a@acme.test'));
      const results = await store.commit([
        { workspaceId, at: 1, mailboxes: [{ kind: 'replace', doc: mailbox!, expectedRevision: 9 }] },
        { workspaceId: elsewhere, at: 1, mailboxes: [{ kind: 'insert', doc: aMailbox(elsewhere, 'b@acme.test') }] },
        {
          workspaceId,
          at: 1,
          mailboxes: [{ kind: 'replace', doc: { ...mailbox!, displayName: 'one' }, expectedRevision: 1 }],
          events: [aStatusChange(mailbox!.id)],
        },
        {
          workspaceId,
          at: 1,
          mailboxes: [{ kind: 'replace', doc: { ...mailbox!, displayName: 'two' }, expectedRevision: 2 }],
          events: [aStatusChange(mailbox!.id)],
        },
        { workspaceId, at: 1, mailboxes: [{ kind: 'insert', doc: aMailbox(workspaceId, 'A@acme.test') }] },
      ]);
      expect(results.map((result) => (result.kind === 'conflict' ? result.on : result.events.map(({ position }) => position)))).toEqual([
        'mailbox',
        [],
        [1],
        [2],
        'address',
      ]);
      expect((await store.mailbox(workspaceId, mailbox!.id))?.displayName).toBe('two');
      expect(await store.commit([])).toEqual([]);
    });

    test('a document of another workspace cannot be written through this one', async () => {
      const { store } = await open();
      const workspaceId = await aWorkspace(store);
      const elsewhere = await aWorkspace(store);
      const [mailbox] = await insert(store, aMailbox(workspaceId, 'a@acme.test'));
      const attempts = [
        { kind: 'replace' as const, doc: mailbox!, expectedRevision: 1 },
        { kind: 'replace' as const, doc: { ...mailbox!, workspaceId: elsewhere }, expectedRevision: 1 },
        { kind: 'remove' as const, id: mailbox!.id, expectedRevision: 1 },
        { kind: 'insert' as const, doc: aMailbox(workspaceId, 'b@acme.test') },
      ];
      for (const attempt of attempts) {
        expect(await commit(store, { workspaceId: elsewhere, at: 1, mailboxes: [attempt] })).toEqual({ kind: 'conflict', on: 'mailbox' });
      }
      expect(await store.mailbox(workspaceId, mailbox!.id)).toEqual(mailbox);
    });

    test('of two commits with the same guard exactly one wins, from two processes too', async () => {
      const { store, another } = await open();
      const second = await another();
      const workspaceId = await aWorkspace(store);
      const [mailbox] = await insert(store, aMailbox(workspaceId, 'a@acme.test'));
      for (let revision = 1; revision <= 8 * engine.effort; revision += 1) {
        const results = await Promise.all(
          [store, second].map((each, index) =>
            commit(each, {
              workspaceId,
              at: 1,
              mailboxes: [{ kind: 'replace', doc: { ...mailbox!, displayName: `${revision}/${index}` }, expectedRevision: revision }],
              events: [aStatusChange(mailbox!.id)],
            }),
          ),
        );
        expect(results.map(({ kind }) => kind).sort()).toEqual(['committed', 'conflict']);
        expect((await store.mailbox(workspaceId, mailbox!.id))?.displayName).toBe(
          `${revision}/${results[0]!.kind === 'committed' ? 0 : 1}`,
        );
      }
      const log = await wholeLog(second, workspaceId);
      expect(log.map(({ position }) => position)).toEqual(log.map((_, index) => index + 1));
    });

    test('setPrimary against itself 20 times ends with one winner a round and nothing lost', async () => {
      const { store, another } = await open();
      const second = await another();
      const workspaceId = await aWorkspace(store);
      const setPrimary = async (each: Store, id: string): Promise<void> => {
        for (;;) {
          const workspace = (await each.workspace(workspaceId))!;
          const result = await commit(each, {
            workspaceId,
            at: 1,
            workspace: { doc: { ...workspace, primaryMailboxId: id as MailboxId }, expectedRevision: workspace.revision },
            events: [{ kind: 'WORKSPACE', change: 'PRIMARY' }],
          });
          if (result.kind === 'committed') return;
          expect(result.on).toBe('workspace');
        }
      };
      const ids = Array.from({ length: 20 }, (_, index) => `primary-${index}`);
      await Promise.all(ids.map((id, index) => setPrimary(index % 2 === 0 ? store : second, id)));
      const workspace = (await store.workspace(workspaceId))!;
      expect(workspace.revision).toBe(21);
      expect(ids).toContain(workspace.primaryMailboxId);
      expect((await store.head(workspaceId)).position).toBe(20);
    });

    test('the sequence of a STATUS event is stamped into the leg it names', async () => {
      const { store } = await open();
      const workspaceId = await aWorkspace(store);
      const mailbox = aMailbox(workspaceId, 'a@acme.test');
      const events = await commitEvents(store, {
        workspaceId,
        at: 44,
        mailboxes: [{ kind: 'insert', doc: mailbox }],
        events: [
          { kind: 'MAILBOX', mailboxId: mailbox.id, change: 'ADDED' },
          aStatusChange(mailbox.id, { leg: 'OUTGOING' }),
          aStatusChange(newId() as MailboxId),
          aStatusChange(mailbox.id, { leg: 'INCOMING' }),
        ],
      });
      expect(events.map(({ position, sequence, at }) => [position, sequence, at])).toEqual([
        [1, null, 44],
        [2, 1, 44],
        [3, 2, 44],
        [4, 3, 44],
      ]);
      const stored = await store.mailbox(workspaceId, mailbox.id);
      expect([stored?.incoming?.sequence, stored?.outgoing?.sequence]).toEqual([3, 1]);
    });

    test('a workspace has at most one open incident of a scope', async () => {
      const { store } = await open();
      const workspaceId = await aWorkspace(store);
      const elsewhere = await aWorkspace(store);
      const first = anIncident(workspaceId);
      const insertIncident = (owner: WorkspaceId, doc: typeof first) =>
        commit(store, { workspaceId: owner, at: 1, incidents: [{ kind: 'insert', doc }] });
      expect((await insertIncident(workspaceId, first)).kind).toBe('committed');
      expect(await insertIncident(workspaceId, anIncident(workspaceId))).toEqual({ kind: 'conflict', on: 'incident' });
      expect((await insertIncident(elsewhere, anIncident(elsewhere))).kind).toBe('committed');
      await commit(store, { workspaceId, at: 1, incidents: [{ kind: 'replace', doc: { ...first, closedAt: 5 }, expectedRevision: 1 }] });
      expect((await insertIncident(workspaceId, anIncident(workspaceId))).kind).toBe('committed');
    });

    test('what was acknowledged is there after a restart', async () => {
      const { store, reopen } = await open();
      const workspaceId = await aWorkspace(store);
      const mailbox = aMailbox(workspaceId, 'a@acme.test');
      const events = await commitEvents(store, {
        workspaceId,
        at: 1,
        mailboxes: [{ kind: 'insert', doc: mailbox }],
        events: [aStatusChange(mailbox.id)],
        audit: [{ who: 'admin', what: 'connect', mailboxId: mailbox.id, facts: { leg: 'INCOMING', count: 1, ok: true, note: null } }],
      });
      const again = await reopen();
      expect((await again.mailbox(workspaceId, mailbox.id))?.incoming?.sequence).toBe(1);
      expect(await wholeLog(again, workspaceId)).toEqual(events);
      expect(await again.head(workspaceId)).toEqual({ position: 1, sequence: 1, floor: 1 });
      const next = await commitEvents(again, { workspaceId, at: 2, events: [aStatusChange(mailbox.id)] });
      expect(next.map(({ position, sequence }) => [position, sequence])).toEqual([[2, 2]]);
    });

    test('a closed store refuses politely and closes twice', async () => {
      const { store } = await open();
      await store.close();
      await store.close();
      expect(() => store.follow(new AbortController().signal)).toThrow('closed');
      await expect(store.workspaces()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
      await expect(store.commit([{ workspaceId: newId() as WorkspaceId, at: 1 }])).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    });
  });
}
