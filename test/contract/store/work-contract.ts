import { describe, expect, test } from 'vitest';
import type { AuthorizationId, IncidentId, MailboxId, WorkspaceId } from '../../../src/domain/ids.ts';
import { pinKey } from '../../../src/domain/mailbox-index.ts';
import type { Mailbox } from '../../../src/domain/mailbox.ts';
import type { Sealed } from '../../../src/domain/sealed.ts';
import type { ClaimRequest } from '../../../src/store/store.ts';
import { aGrant, aLeg, aMailbox, anAuthorization, anIncident, aSetup, newId } from '../../support/store.ts';
import { aWorkspace, commit, databases, insert, type EngineUnderTest } from './harness.ts';

const PAST = 5_000;
const FUTURE = 9_000_000_000_000;

export function workContract(engine: EngineUnderTest): void {
  const open = databases(engine);

  function due(workspaceId: WorkspaceId, address: string, at: number, parts: Partial<Mailbox> = {}): Mailbox {
    return aMailbox(workspaceId, address, {
      incoming: aLeg('INCOMING', { nextCheckAt: at }),
      outgoing: aLeg('OUTGOING', { nextCheckAt: FUTURE }),
      ...parts,
    });
  }
  const claim = (parts: Partial<ClaimRequest> = {}): ClaimRequest => ({
    holder: 'one',
    limit: 100,
    leaseMs: 60_000,
    exceptHosts: [],
    ...parts,
  });
  const idsOf = (documents: readonly { readonly id: string }[]): readonly string[] => documents.map(({ id }) => id);

  describe('claims', () => {
    test('due mailboxes are handed out oldest first; pending, paused and later ones are not', async () => {
      const { store } = await open();
      const workspaceId = await aWorkspace(store);
      const elsewhere = await aWorkspace(store);
      const first = due(workspaceId, 'a@acme.test', PAST);
      const second = due(elsewhere, 'b@acme.test', PAST + 1);
      const third = due(workspaceId, 'c@acme.test', PAST + 2);
      await insert(
        store,
        third,
        second,
        first,
        due(workspaceId, 'later@acme.test', FUTURE),
        due(workspaceId, 'paused@acme.test', PAST, { paused: true }),
        due(workspaceId, 'pending@acme.test', PAST, { live: false }),
        aMailbox(workspaceId, 'never@acme.test'),
      );
      expect(await store.nextDueAt()).toBe(PAST);
      const claimed = await store.claimDue(claim({ limit: 2 }));
      expect(claimed).toEqual([
        { ...first, revision: 1 },
        { ...second, revision: 1 },
      ]);
      expect(await store.nextDueAt()).toBe(PAST + 2);
      expect(idsOf(await store.claimDue(claim()))).toEqual([third.id]);
      expect(await store.claimDue(claim())).toEqual([]);
      expect(await store.nextDueAt()).toBe(FUTURE);
    });

    test('two callers at once get no mailbox twice and miss none', async () => {
      const { store, another } = await open();
      const second = await another();
      const workspaceId = await aWorkspace(store);
      const count = 40 * engine.effort;
      await insert(store, ...Array.from({ length: count }, (_, index) => due(workspaceId, `${index}@acme.test`, PAST + index)));
      const claimed: string[] = [];
      for (let round = 0; round < 50 && claimed.length < count; round += 1) {
        const batches = await Promise.all([
          store.claimDue(claim({ holder: 'one', limit: 7 })),
          second.claimDue(claim({ holder: 'two', limit: 7 })),
        ]);
        claimed.push(...batches.flatMap(idsOf));
      }
      expect(claimed).toHaveLength(count);
      expect(new Set(claimed).size).toBe(count);
    });

    test('a mailbox with a leg at an excepted host is left for later', async () => {
      const { store } = await open();
      const workspaceId = await aWorkspace(store);
      const at = (incoming: string, outgoing: string): Partial<Mailbox> => ({
        active: aSetup('x@acme.test', {
          incomingServer: { host: incoming, port: 993, security: 'TLS' },
          outgoingServer: { host: outgoing, port: 587, security: 'STARTTLS' },
        }),
      });
      const free = due(workspaceId, 'free@acme.test', PAST, at('imap.free.test', 'smtp.free.test'));
      const incoming = due(workspaceId, 'in@acme.test', PAST, at('IMAP.busy.test', 'smtp.free.test'));
      const outgoing = due(workspaceId, 'out@acme.test', PAST, at('imap.free.test', 'smtp.busy.test'));
      await insert(store, free, incoming, outgoing);
      expect(idsOf(await store.claimDue(claim({ exceptHosts: ['imap.busy.test', 'smtp.busy.test'] })))).toEqual([free.id]);
      expect([...idsOf(await store.claimDue(claim()))].sort()).toEqual([incoming.id, outgoing.id].sort());
    });

    test('a claim ends when it expires, when its holder releases all, and by a commit that says so', async () => {
      const { store, passTime } = await open();
      const workspaceId = await aWorkspace(store);
      const [mailbox] = await insert(store, due(workspaceId, 'a@acme.test', PAST));
      expect(await store.claimDue(claim({ leaseMs: 30 }))).toHaveLength(1);
      await passTime(50);
      expect(await store.claimDue(claim({ holder: 'two' }))).toHaveLength(1);
      await store.releaseClaims('one');
      expect(await store.claimDue(claim())).toEqual([]);
      await store.releaseClaims('two');
      expect(await store.claimDue(claim({ holder: 'three' }))).toHaveLength(1);
      const write = (expectedRevision: number, releaseClaim?: string) =>
        commit(store, {
          workspaceId,
          at: 1,
          mailboxes: [{ kind: 'replace', doc: mailbox!, expectedRevision }],
          ...(releaseClaim === undefined ? {} : { releaseClaim }),
        });
      await write(1);
      expect(await store.claimDue(claim())).toEqual([]);
      await write(2, 'somebody else');
      expect(await store.claimDue(claim())).toEqual([]);
      await write(3, 'three');
      expect(await store.claimDue(claim())).toHaveLength(1);
    });

    test('a mailbox whose next check was moved on is due then', async () => {
      const { store } = await open();
      const workspaceId = await aWorkspace(store);
      const [mailbox] = await insert(store, due(workspaceId, 'a@acme.test', PAST));
      await store.claimDue(claim());
      const moved = { ...mailbox!, incoming: aLeg('INCOMING', { nextCheckAt: FUTURE }) };
      await commit(store, { workspaceId, at: 1, mailboxes: [{ kind: 'replace', doc: moved, expectedRevision: 1 }], releaseClaim: 'one' });
      expect(await store.claimDue(claim())).toEqual([]);
      expect(await store.nextDueAt()).toBe(FUTURE);
    });

    test('a removed mailbox takes its claim with it', async () => {
      const { store } = await open();
      const workspaceId = await aWorkspace(store);
      const [mailbox] = await insert(store, due(workspaceId, 'a@acme.test', PAST));
      await store.claimDue(claim());
      await commit(store, { workspaceId, at: 1, mailboxes: [{ kind: 'remove', id: mailbox!.id, expectedRevision: 1 }] });
      await insert(store, mailbox!);
      expect(idsOf(await store.claimDue(claim({ holder: 'two' })))).toEqual([mailbox!.id]);
    });
  });

  describe('background work', () => {
    test('authorizations are due for their verification and for their expiry, while they are open', async () => {
      const { store } = await open();
      const workspaceId = await aWorkspace(store);
      const authorization = (parts: Parameters<typeof anAuthorization>[2]) => anAuthorization(workspaceId, newId() as MailboxId, parts);
      const verify = authorization({ status: 'VERIFYING', nextVerifyAt: 100, expiresAt: 900 });
      const waiting = authorization({ status: 'AWAITING_USER', nextVerifyAt: 100, expiresAt: 500 });
      const ended = authorization({ status: 'REJECTED', nextVerifyAt: 100, expiresAt: 500 });
      const inHand = authorization({ status: 'VERIFYING', nextVerifyAt: null, expiresAt: 700 });
      await commit(store, { workspaceId, at: 1, authorizations: [verify, waiting, ended, inHand].map((doc) => ({ kind: 'insert', doc })) });
      expect(await store.authorizationsDue(99, 10)).toEqual([]);
      expect(idsOf(await store.authorizationsDue(100, 10))).toEqual([verify.id]);
      expect(idsOf(await store.authorizationsDue(1000, 10))).toEqual([verify.id, waiting.id, inHand.id]);
      expect(idsOf(await store.authorizationsDue(1000, 2))).toEqual([verify.id, waiting.id]);
      await commit(store, {
        workspaceId,
        at: 1,
        authorizations: [{ kind: 'replace', doc: { ...verify, status: 'COMMITTED' }, expectedRevision: 1 }],
      });
      expect(idsOf(await store.authorizationsDue(1000, 10))).toEqual([waiting.id, inHand.id]);
    });

    test('an authorization is found by its state and by its id without a workspace', async () => {
      const { store } = await open();
      const workspaceId = await aWorkspace(store);
      const flow = {
        stateHash: 'hash-1',
        cookieHash: 'c',
        nonce: 'n',
        verifier: 'sealed' as Sealed,
        issuer: 'i',
        redirectUri: 'r',
        expiresAt: 9,
      };
      const authorization = anAuthorization(workspaceId, newId() as MailboxId, { flow });
      await commit(store, { workspaceId, at: 1, authorizations: [{ kind: 'insert', doc: authorization }] });
      expect((await store.authorizationByState('hash-1'))?.id).toBe(authorization.id);
      expect(await store.authorizationByState('hash-2')).toBeNull();
      expect((await store.authorizationForStart(authorization.id))?.id).toBe(authorization.id);
      expect(await store.authorizationForStart(newId() as AuthorizationId)).toBeNull();
      await commit(store, {
        workspaceId,
        at: 1,
        authorizations: [{ kind: 'replace', doc: { ...authorization, flow: { ...flow, stateHash: 'hash-2' } }, expectedRevision: 1 }],
      });
      expect(await store.authorizationByState('hash-1')).toBeNull();
      expect((await store.authorizationByState('hash-2'))?.id).toBe(authorization.id);
    });

    test('roll-backs, pending mailboxes and idle grants are found when their time has come', async () => {
      const { store } = await open();
      const workspaceId = await aWorkspace(store);
      const previous = { setup: aSetup('old@acme.test'), replacedAt: 1, keptUntil: 100, secretErased: false, replacedBy: null };
      const kept = aMailbox(workspaceId, 'kept@acme.test', { previous });
      const erased = aMailbox(workspaceId, 'erased@acme.test', { previous: { ...previous, secretErased: true } });
      const forgotten = aMailbox(workspaceId, 'forgotten@acme.test', { live: false, active: null, updatedAt: 50 });
      const inProgress = { ...forgotten, id: newId() as MailboxId, openAuthorizationId: newId() as AuthorizationId };
      const grant = (address: string, parts: Parameters<typeof aGrant>[1]) =>
        aMailbox(workspaceId, address, { active: aSetup(address, { provider: 'GMAIL', credential: aGrant(address, parts) }) });
      const idle = grant('idle@acme.test', { lastRefreshedAt: 200 });
      const neverRefreshed = grant('never@acme.test', { consentedAt: 300 });
      const fresh = grant('fresh@acme.test', { lastRefreshedAt: 9000 });
      await insert(store, kept, erased, forgotten, inProgress, idle, neverRefreshed, fresh);
      expect(await store.rollbacksExpired(99, 10)).toEqual([]);
      expect(idsOf(await store.rollbacksExpired(100, 10))).toEqual([kept.id]);
      expect(await store.pendingExpired(50, 10)).toEqual([]);
      expect(idsOf(await store.pendingExpired(51, 10))).toEqual([forgotten.id]);
      expect(idsOf(await store.grantsIdle(1000, 10))).toEqual([idle.id, neverRefreshed.id]);
      expect(idsOf(await store.grantsIdle(1000, 1))).toEqual([idle.id]);
    });

    test('the users of a grant are counted over all workspaces, without the one that asks', async () => {
      const { store } = await open();
      const workspaceId = await aWorkspace(store);
      const elsewhere = await aWorkspace(store);
      const credential = aGrant('account@acme.test');
      const using = (owner: WorkspaceId, address: string, parts: Partial<Mailbox> = {}) =>
        aMailbox(owner, address, { active: aSetup(address, { provider: 'GMAIL', credential }), ...parts });
      const one = using(workspaceId, 'a@acme.test');
      await insert(store, one, using(elsewhere, 'b@acme.test'), using(workspaceId, 'c@acme.test', { live: false }));
      const pin = pinKey(credential.grant.pin);
      expect(await store.grantUsers('client', pin, one.id)).toBe(1);
      expect(await store.grantUsers('client', pin, newId() as MailboxId)).toBe(2);
      expect(await store.grantUsers('another client', pin, one.id)).toBe(0);
    });

    test('mailboxes at an incident are found over all workspaces while live and not paused', async () => {
      const { store } = await open();
      const workspaceId = await aWorkspace(store);
      const elsewhere = await aWorkspace(store);
      const one = anIncident(workspaceId);
      const two = anIncident(elsewhere);
      const closed = anIncident(workspaceId, { scope: 'tenant:1', closedAt: 5 });
      await commit(store, { workspaceId, at: 1, incidents: [one, closed].map((doc) => ({ kind: 'insert', doc })) });
      await commit(store, { workspaceId: elsewhere, at: 1, incidents: [{ kind: 'insert', doc: two }] });
      const at = (owner: WorkspaceId, address: string, incidentId: IncidentId, parts: Partial<Mailbox> = {}) =>
        aMailbox(owner, address, { outgoing: aLeg('OUTGOING', { health: 'BLOCKED', incidentId }), ...parts });
      const here = at(workspaceId, 'a@acme.test', one.id);
      const there = at(elsewhere, 'b@acme.test', two.id);
      await insert(store, here, there, at(workspaceId, 'c@acme.test', one.id, { paused: true }), at(workspaceId, 'd@acme.test', closed.id));
      expect([...idsOf(await store.mailboxesAtIncidents([one.id, two.id], 10))].sort()).toEqual([here.id, there.id].sort());
      expect(await store.mailboxesAtIncidents([one.id, two.id], 1)).toHaveLength(1);
      expect(await store.mailboxesAtIncidents([], 10)).toEqual([]);
      expect([...idsOf(await store.openIncidents(one.scope))].sort()).toEqual([one.id, two.id].sort());
      expect(await store.openIncidents(null)).toHaveLength(2);
      expect(await store.openIncidents('tenant:1')).toEqual([]);
    });

    test('hand-overs under way are found', async () => {
      const { store } = await open();
      const workspace = await store.ensureWorkspace('Acme', 1);
      await aWorkspace(store);
      expect(await store.workspacesWithHandOver()).toEqual([]);
      const handOver = {
        mailboxId: newId() as MailboxId,
        interimMailboxId: null,
        startedBy: 'admin',
        startedAt: 1,
        restoresAt: 2,
        authorizationId: null,
      };
      await commit(store, { workspaceId: workspace.id, at: 1, workspace: { doc: { ...workspace, handOver }, expectedRevision: 1 } });
      expect(idsOf(await store.workspacesWithHandOver())).toEqual([workspace.id]);
    });

    test('suspicions count distinct mailboxes of a cohort since a time', async () => {
      const { store } = await open();
      const [one, two] = [newId() as MailboxId, newId() as MailboxId];
      await Promise.all([
        store.addSuspicion('OTHER|h', one, 1000),
        store.addSuspicion('OTHER|h', one, 1500),
        store.addSuspicion('OTHER|h', two, 5000),
      ]);
      await store.addSuspicion('OTHER|h', two, 900);
      await store.addSuspicion('OTHER|other', one, 5000);
      expect(await store.suspicionsSince('OTHER|h', 0)).toBe(2);
      expect(await store.suspicionsSince('OTHER|h', 1500)).toBe(2);
      expect(await store.suspicionsSince('OTHER|h', 1501)).toBe(1);
      expect(await store.suspicionsSince('OTHER|h', 5001)).toBe(0);
    });

    test('a cohort has the live, unpaused mailboxes of a provider at a host, over all workspaces', async () => {
      const { store } = await open();
      const workspaceId = await aWorkspace(store);
      const elsewhere = await aWorkspace(store);
      const [mailbox] = await insert(
        store,
        aMailbox(workspaceId, 'a@acme.test'),
        aMailbox(elsewhere, 'b@acme.test'),
        aMailbox(workspaceId, 'c@acme.test', { paused: true }),
        aMailbox(workspaceId, 'd@acme.test', { live: false }),
      );
      expect(await store.cohortSize('OTHER|imap.example.test')).toBe(2);
      await commit(store, {
        workspaceId,
        at: 1,
        mailboxes: [{ kind: 'replace', doc: { ...mailbox!, paused: true }, expectedRevision: 1 }],
      });
      expect(await store.cohortSize('OTHER|imap.example.test')).toBe(1);
      expect(await store.cohortSize('GMAIL|imap.example.test')).toBe(0);
    });

    test('every holder of secrets is paged over once', async () => {
      const { store } = await open();
      const workspaceId = await aWorkspace(store);
      const mailboxes = Array.from({ length: 7 }, (_, index) => aMailbox(workspaceId, `${index}@acme.test`));
      const authorizations = Array.from({ length: 5 }, () => anAuthorization(workspaceId, mailboxes[0]!.id));
      await commit(store, {
        workspaceId,
        at: 1,
        mailboxes: mailboxes.map((doc) => ({ kind: 'insert', doc })),
        authorizations: authorizations.map((doc) => ({ kind: 'insert', doc })),
      });
      const seen: string[] = [];
      let after: string | null = null;
      do {
        const page: Awaited<ReturnType<typeof store.sealedHolders>> = await store.sealedHolders(after, 3);
        seen.push(...idsOf(page.mailboxes), ...idsOf(page.authorizations));
        after = page.next;
      } while (after !== null);
      expect(seen.sort()).toEqual([...idsOf(mailboxes), ...idsOf(authorizations)].sort());
    });
  });
}
