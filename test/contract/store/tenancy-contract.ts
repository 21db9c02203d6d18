import { describe, expect, test } from 'vitest';
import type { TokenId, WorkspaceId } from '../../../src/domain/ids.ts';
import type { ApiToken } from '../../../src/domain/viewer.ts';
import type { Store } from '../../../src/store/store.ts';
import { aMailbox, anAuthorization, anIncident, aStatusChange, newId } from '../../support/store.ts';
import { aWorkspace, commitEvents, databases, startFollowing, wholeLog, type EngineUnderTest } from './harness.ts';

export function tenancyContract(engine: EngineUnderTest): void {
  const open = databases(engine);
  const aToken = (workspaceId: WorkspaceId): ApiToken => ({
    id: newId() as TokenId,
    workspaceId,
    name: 'dashboard',
    role: 'VIEWER',
    secretHash: 'hash',
    createdAt: 1000,
    expiresAt: null,
    revokedAt: null,
  });

  describe('tenants', () => {
    test('nothing of a workspace is found through another one, by any reading method', async () => {
      const { store } = await open();
      const owner = await aWorkspace(store);
      const foreign = await aWorkspace(store);
      const mailbox = aMailbox(owner, 'a@acme.test');
      const pending = aMailbox(owner, 'b@acme.test', { live: false });
      const authorization = anAuthorization(owner, mailbox.id);
      const incident = anIncident(owner);
      const [event] = await commitEvents(store, {
        workspaceId: owner,
        at: 1,
        mailboxes: [mailbox, pending].map((doc) => ({ kind: 'insert', doc })),
        authorizations: [{ kind: 'insert', doc: authorization }],
        incidents: [{ kind: 'insert', doc: incident }],
        events: [aStatusChange(mailbox.id)],
      });
      const list = { filter: {}, orderBy: 'ADDRESS_ASC', limit: 10, fromEnd: false } as const;
      const reads: Readonly<Record<string, (workspaceId: WorkspaceId) => Promise<unknown>>> = {
        mailbox: (id) => store.mailbox(id, mailbox.id),
        pendingMailbox: (id) => store.mailbox(id, pending.id),
        mailboxes: (id) => store.mailboxes(id, [mailbox.id, pending.id]),
        mailboxByAddress: (id) => store.mailboxByAddress(id, 'a@acme.test'),
        pendingByAddress: (id) => store.pendingByAddress(id, 'b@acme.test'),
        mailboxPage: async (id) => (await store.mailboxPage(id, list)).items,
        mailboxPageById: async (id) => (await store.mailboxPage(id, { ...list, filter: { ids: [mailbox.id] } })).items,
        countMailboxes: (id) => store.countMailboxes(id, {}),
        healthCounts: async (id) => Object.values(await store.healthCounts(id)).filter((count) => count > 0),
        head: async (id) => (await store.head(id)).position,
        eventsAfter: (id) => store.eventsAfter(id, 0, 10),
        eventAt: (id) => store.eventAt(id, 1),
        eventById: (id) => store.eventById(id, event!.id),
        eventPage: async (id) => (await store.eventPage(id, { kind: 'STATUS', limit: 10, fromEnd: false })).items,
        eventPageOfMailbox: async (id) =>
          (await store.eventPage(id, { kind: 'STATUS', mailboxId: mailbox.id, limit: 10, fromEnd: false })).items,
        incident: (id) => store.incident(id, incident.id),
        incidentPage: async (id) => (await store.incidentPage(id, { open: null, limit: 10 })).items,
        openIncident: (id) => store.openIncident(id, incident.scope),
        authorization: (id) => store.authorization(id, authorization.id),
      };
      const isEmpty = (value: unknown): boolean =>
        value === null || value === 0 || (Array.isArray(value) && value.every((item) => item === null));
      for (const [method, read] of Object.entries(reads)) {
        expect([method, isEmpty(await read(foreign))]).toEqual([method, true]);
        // The negative control: the owner does find it.
        expect([method, isEmpty(await read(owner))]).toEqual([method, false]);
      }
      // A method that takes a workspace and is not in the list above would escape this test.
      const scoped: readonly (keyof Store)[] = [
        'mailbox',
        'mailboxes',
        'mailboxByAddress',
        'pendingByAddress',
        'mailboxPage',
        'countMailboxes',
        'healthCounts',
        'head',
        'eventsAfter',
        'eventAt',
        'eventById',
        'eventPage',
        'incident',
        'incidentPage',
        'openIncident',
        'authorization',
      ];
      for (const method of scoped) expect(Object.keys(reads)).toContain(method);
    });

    test('a workspace of a name is made once, under a race too', async () => {
      const { store, another } = await open();
      const second = await another();
      const made = await Promise.all(
        Array.from({ length: 10 }, (_, index) => (index % 2 === 0 ? store : second).ensureWorkspace('Acme', 1000 + index)),
      );
      expect(new Set(made.map(({ id }) => id)).size).toBe(1);
      expect(await store.ensureWorkspace('Acme', 5000)).toEqual(made[0]);
      expect((await store.ensureWorkspace('acme', 5000)).id).not.toBe(made[0]!.id);
      expect((await store.workspaces()).map(({ name }) => name)).toEqual(['Acme', 'acme']);
      expect(await store.workspace(made[0]!.id)).toEqual(made[0]);
      expect(await store.workspace(newId() as WorkspaceId)).toBeNull();
    });

    test('a renamed workspace keeps its id and frees its name', async () => {
      const { store } = await open();
      const workspace = await store.ensureWorkspace('Acme', 1000);
      const rename = await store.commit([
        { workspaceId: workspace.id, at: 1, workspace: { doc: { ...workspace, name: 'Acme Ltd' }, expectedRevision: 1 } },
      ]);
      expect(rename[0]!.kind).toBe('committed');
      expect(await store.ensureWorkspace('Acme Ltd', 1)).toEqual({ ...workspace, name: 'Acme Ltd', revision: 2 });
      const other = await store.ensureWorkspace('Acme', 1);
      expect(
        await store.commit([{ workspaceId: other.id, at: 1, workspace: { doc: { ...other, name: 'Acme Ltd' }, expectedRevision: 1 } }]),
      ).toEqual([{ kind: 'conflict', on: 'workspace' }]);
    });

    test('creating and revoking a token each append one event that followers see', async () => {
      const { store, another } = await open();
      const second = await another();
      const workspaceId = await aWorkspace(store);
      const follower = await startFollowing(second);
      const token = aToken(workspaceId);
      await store.createToken(token);
      expect(await store.token(token.id)).toEqual(token);
      const revocations = await Promise.all([
        store.revokeToken(token.id, 7),
        second.revokeToken(token.id, 7),
        store.revokeToken(token.id, 7),
      ]);
      expect(revocations.filter(Boolean)).toHaveLength(1);
      expect(await store.token(token.id)).toEqual({ ...token, revokedAt: 7 });
      expect(await store.revokeToken(newId() as TokenId, 8)).toBe(false);
      expect(await store.token(newId() as TokenId)).toBeNull();
      const log = await wholeLog(store, workspaceId);
      expect(log.map(({ facts }) => facts)).toEqual([
        { kind: 'TOKEN', tokenId: token.id, change: 'CREATED' },
        { kind: 'TOKEN', tokenId: token.id, change: 'REVOKED' },
      ]);
      expect(await follower.until(workspaceId, 2)).toEqual(log);
      await follower.stop();
      await store.createToken({ ...aToken(workspaceId), createdAt: 2000 });
      expect((await store.tokens()).map(({ createdAt }) => createdAt)).toEqual([1000, 2000]);
    });
  });
}
