import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { commitAuthorization, openAuthorization } from '../../src/domain/authorization-changes.ts';
import type { AuthorizationId, MailboxId } from '../../src/domain/ids.ts';
import type { ProbeOutcome } from '../../src/providers/probe.ts';
import {
  CONFIRM_AFTER,
  createWorld,
  deferred,
  hanging,
  HOUR,
  INTERVAL,
  MINUTE,
  passwordExpired,
  proven,
  SECOND,
  unavailable,
  wrongPassword,
  type World,
} from './world.ts';

let world: World;
beforeEach(async () => {
  world = await createWorld();
});
afterEach(() => world.dispose());

/** Starts something, lets virtual time pass, and gives its result. */
async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  await world.clock.advance(ms);
  return work;
}

describe('checking now', () => {
  test('checks both legs at once, due or not, and returns the mailbox as it is then', async () => {
    const { id } = await world.add('support@acme.test', { direction: 'BOTH', dueInMs: INTERVAL });
    world.answer('support@acme.test', passwordExpired);
    const mailbox = await within(SECOND, world.process().checks.checkNow(world.workspaceId, id));
    expect(world.attempts.map(({ leg }) => leg)).toEqual(['INCOMING', 'OUTGOING']);
    expect([mailbox?.incoming?.health, mailbox?.outgoing?.health]).toEqual(['ACTION_REQUIRED', 'ACTION_REQUIRED']);
    expect(mailbox).toEqual(await world.mailbox(id));
  });

  test('joins a check of the same mailbox that is under way', async () => {
    const { id } = await world.add('support@acme.test');
    const answer = deferred<ProbeOutcome>();
    world.answer('support@acme.test', () => answer.promise);
    const status = world.process();
    status.start();
    await world.clock.advance(SECOND);
    const both = Promise.all([status.checks.checkNow(world.workspaceId, id), status.checks.checkNow(world.workspaceId, id)]);
    await world.clock.advance(SECOND);
    answer.resolve({ kind: 'PROVEN' });
    const [first, second] = await within(SECOND, both);
    expect(world.attempts).toHaveLength(1);
    expect(first).toEqual(second);
    expect(first?.incoming?.lastProvenAt).toBeGreaterThan(0);
  });

  test('a check under way of one leg is waited for, then both are checked', async () => {
    const { id } = await world.add('support@acme.test', { direction: 'BOTH' });
    const mailbox = await world.mailbox(id);
    const doc = { ...mailbox, outgoing: { ...mailbox.outgoing!, nextCheckAt: world.clock.now() + HOUR } };
    await world.store.commit([
      { workspaceId: world.workspaceId, at: world.clock.now(), mailboxes: [{ kind: 'replace', doc, expectedRevision: mailbox.revision }] },
    ]);
    const status = world.process();
    status.start();
    await world.clock.advance(50);
    await within(SECOND, status.checks.checkNow(world.workspaceId, id));
    expect(world.attempts.map(({ leg }) => leg)).toEqual(['INCOMING', 'INCOMING', 'OUTGOING']);
  });

  test('a leg that is not due is left alone by the monitor', async () => {
    const { id } = await world.add('support@acme.test', { direction: 'BOTH' });
    const mailbox = await world.mailbox(id);
    const doc = { ...mailbox, outgoing: { ...mailbox.outgoing!, nextCheckAt: world.clock.now() + HOUR } };
    await world.store.commit([
      { workspaceId: world.workspaceId, at: world.clock.now(), mailboxes: [{ kind: 'replace', doc, expectedRevision: mailbox.revision }] },
    ]);
    world.process().start();
    await world.clock.advance(SECOND);
    expect(world.attempts.map(({ leg }) => leg)).toEqual(['INCOMING']);
  });

  test('one leg may fail while the other is proven', async () => {
    const { id } = await world.add('support@acme.test', { direction: 'BOTH' });
    world.answer('support@acme.test', (attempt) => (attempt.leg === 'OUTGOING' ? passwordExpired(attempt) : proven(attempt)));
    const mailbox = await within(SECOND, world.process().checks.checkNow(world.workspaceId, id));
    expect([mailbox?.incoming?.health, mailbox?.outgoing?.health]).toEqual(['HEALTHY', 'ACTION_REQUIRED']);
  });

  test('asking again and again does not confirm a rejection before its time', async () => {
    const { id } = await world.add('support@acme.test');
    world.answer('support@acme.test', wrongPassword);
    const { checks } = world.process();
    for (let n = 0; n < 5; n += 1) await within(10 * SECOND, checks.checkNow(world.workspaceId, id));
    expect((await world.mailbox(id)).incoming?.health).toBe('DEGRADED');
    await world.clock.advance(CONFIRM_AFTER - 40 * SECOND);
    expect((await within(SECOND, checks.checkNow(world.workspaceId, id)))?.incoming?.health).toBe('ACTION_REQUIRED');
  });

  test('paused: returned unchecked; unknown, foreign and pending: nothing', async () => {
    const { id } = await world.add('paused@acme.test', { paused: true });
    const other = await world.store.ensureWorkspace('Other', world.clock.now());
    const { checks } = world.process();
    expect((await checks.checkNow(world.workspaceId, id))?.paused).toBe(true);
    expect(await checks.checkNow(other.id, id)).toBeNull();
    expect(await checks.checkNow(world.workspaceId, 'unknown' as MailboxId)).toBeNull();
    expect(world.attempts).toEqual([]);
  });

  test('waits for room at the host', async () => {
    const ids: MailboxId[] = [];
    for (let n = 0; n < 12; n += 1) ids.push((await world.add(`m${n}@acme.test`, { dueInMs: INTERVAL })).id);
    const { checks } = world.process();
    const all = Promise.all(ids.map((id) => checks.checkNow(world.workspaceId, id)));
    await within(2 * SECOND, all);
    expect(world.attempts).toHaveLength(12);
    expect(world.peaks.get('imap.example.com')).toBe(10);
  });

  test('a hanging server is answered at the deadline', async () => {
    const { id } = await world.add('support@acme.test');
    world.answer('support@acme.test', hanging);
    const mailbox = await within(35 * SECOND, world.process().checks.checkNow(world.workspaceId, id));
    expect(mailbox?.incoming).toMatchObject({ health: 'DEGRADED', diagnosis: { reason: 'CONNECTION_TIMEOUT' } });
  });
});

describe('confirming an authorization', () => {
  async function committed(): Promise<{ readonly mailboxId: MailboxId; readonly authorizationId: AuthorizationId }> {
    const { id } = await world.add('support@acme.test', { direction: 'BOTH', dueInMs: MINUTE });
    const mailbox = await world.mailbox(id);
    const { credential, ...target } = mailbox.active!;
    const authorizationId = '11111111-1111-4111-8111-111111111111' as AuthorizationId;
    const now = world.clock.now();
    const opened = openAuthorization({
      id: authorizationId,
      workspaceId: world.workspaceId,
      mailboxId: id,
      purpose: 'REAUTHORIZE',
      target,
      kind: 'BASIC',
      candidate: credential,
      expectedPin: null,
      mayReplacePin: false,
      returnTo: null,
      startedBy: 'Ada',
      startedAtVersion: 1,
      replaces: credential.id,
      now,
      ttlMs: HOUR,
    });
    const doc = commitAuthorization(opened, { target, proofs: [], loginVersion: 1, now });
    await world.store.commit([
      {
        workspaceId: world.workspaceId,
        at: now,
        authorizations: [{ kind: 'insert', doc }],
        mailboxes: [
          { kind: 'replace', doc: { ...mailbox, unconfirmedAuthorizationId: authorizationId }, expectedRevision: mailbox.revision },
        ],
      },
    ]);
    return { mailboxId: id, authorizationId };
  }
  const statusOf = async (id: AuthorizationId) => (await world.store.authorization(world.workspaceId, id))?.status;

  test('the first background proof of every leg after the commit confirms it, in the same change', async () => {
    const { mailboxId, authorizationId } = await committed();
    world.process().start();
    await world.clock.advance(30 * SECOND);
    expect(await statusOf(authorizationId)).toBe('COMMITTED');
    await world.clock.advance(MINUTE);
    expect(await statusOf(authorizationId)).toBe('CONFIRMED');
    expect((await world.mailbox(mailboxId)).unconfirmedAuthorizationId).toBeNull();
    expect(await world.events()).toEqual([{ kind: 'AUTHORIZATION', authorizationId, mailboxId }]);
  });

  test('not while a leg fails', async () => {
    const { authorizationId } = await committed();
    world.answer('support@acme.test', (attempt) => (attempt.leg === 'OUTGOING' ? unavailable(attempt) : proven(attempt)));
    world.process().start();
    await world.clock.advance(2 * MINUTE);
    expect(await statusOf(authorizationId)).toBe('COMMITTED');
    world.answer('support@acme.test', proven);
    await world.clock.advance(INTERVAL + MINUTE);
    expect(await statusOf(authorizationId)).toBe('CONFIRMED');
  });
});
