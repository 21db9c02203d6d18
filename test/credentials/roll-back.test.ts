import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Mailbox } from '../../src/domain/mailbox.ts';
import { connectMailbox } from '../../src/resolvers/mutations/connect-mailbox.ts';
import { pauseMailbox } from '../../src/resolvers/mutations/pause-mailbox.ts';
import { reauth } from '../../src/resolvers/mutations/reauth.ts';
import { rollBackCredential } from '../../src/resolvers/mutations/roll-back-credential.ts';
import { updateMailbox } from '../../src/resolvers/mutations/update-mailbox.ts';
import {
  confirmInBackground,
  connectInput,
  createWorld,
  deferred,
  errorOf,
  kindsOf,
  payloadOf,
  SETTINGS,
  type World,
} from '../resolvers/world.ts';

const ADDRESS = 'support@acme.test';
let world: World;
let connected: Mailbox;
let repaired: Mailbox;
beforeEach(async () => {
  world = await createWorld();
  connected = await world.connect(ADDRESS);
  world.servers.passwords.set(ADDRESS, 'second-password');
  repaired = payloadOf(await reauth(world.gateway, world.viewer, { mailboxId: connected.id, password: 'second-password' })).mailbox;
});
afterEach(() => world.close());

const rollBack = (over = {}) => rollBackCredential(world.gateway, world.viewer, { mailboxId: connected.id, ...over });

describe('a roll-back', () => {
  test('proves the old credential, swaps it in, and keeps what it replaces', async () => {
    world.servers.passwords.set(ADDRESS, 'first-password');
    const { mailbox } = payloadOf(await rollBack());
    expect(mailbox).toMatchObject({ loginVersion: 3, version: repaired.version + 1, unconfirmedAuthorizationId: null });
    expect(mailbox.active?.credential.id).toBe(connected.active?.credential.id);
    expect(mailbox.previous).toMatchObject({
      replacedBy: null,
      secretErased: false,
      setup: { credential: { id: repaired.active?.credential.id } },
    });
    expect(await world.authorization(repaired.unconfirmedAuthorizationId!)).toMatchObject({ status: 'ROLLED_BACK' });
    expect(kindsOf((await world.events()).slice(-4))).toEqual([
      'STATUS INCOMING HEALTHY>HEALTHY ROLL_BACK',
      'STATUS OUTGOING HEALTHY>HEALTHY ROLL_BACK',
      'MAILBOX CHANGED',
      'AUTHORIZATION',
    ]);
    expect((await world.statusEvents()).at(-1)).toMatchObject({ credentialVersion: 3, triggeredBy: 'admin token' });
  });

  test('can itself be rolled back', async () => {
    world.servers.passwords.set(ADDRESS, 'first-password');
    await rollBack();
    world.servers.passwords.set(ADDRESS, 'second-password');
    expect(payloadOf(await rollBack()).mailbox.active?.credential.id).toBe(repaired.active?.credential.id);
  });

  test('also marks an authorization that was confirmed', async () => {
    await confirmInBackground(world, repaired);
    world.servers.passwords.set(ADDRESS, 'first-password');
    payloadOf(await rollBack());
    expect(await world.authorization(repaired.unconfirmedAuthorizationId!)).toMatchObject({ status: 'ROLLED_BACK' });
  });

  test('to a credential that no longer logs in is refused with the reason, and changes nothing', async () => {
    const error = errorOf(await rollBack(), 'RollBackRejected');
    expect(error.diagnosis).toMatchObject({ reason: 'BAD_CREDENTIALS' });
    expect(await world.mailbox(connected.id)).toEqual(repaired);
  });

  test('while the servers cannot be asked is refused as retryable', async () => {
    world.servers.answers.set('INCOMING', 'NO [UNAVAILABLE] Temporary authentication failure');
    world.servers.passwords.set(ADDRESS, 'first-password');
    expect(errorOf(await rollBack(), 'RollBackRejected').diagnosis.retryable).toBe(true);
  });

  test('supersedes a repair that is under way', async () => {
    world.servers.answers.set('INCOMING', 'NO [UNAVAILABLE] Temporary authentication failure');
    const { authorization } = payloadOf(
      await reauth(world.gateway, world.viewer, { mailboxId: connected.id, password: 'second-password' }),
    );
    expect(authorization.status).toBe('VERIFYING');
    world.servers.answers.clear();
    world.servers.passwords.set(ADDRESS, 'first-password');
    payloadOf(await rollBack());
    expect(await world.authorization(authorization.id)).toMatchObject({ status: 'SUPERSEDED', candidate: null });
  });

  test('while somebody changes the mailbox is a conflict', async () => {
    world.servers.passwords.set(ADDRESS, 'first-password');
    const slow = deferred();
    world.servers.silence.set('INCOMING', slow.promise);
    const rollingBack = rollBack();
    await world.clock.settle();
    await updateMailbox(world.gateway, world.viewer, { mailboxId: connected.id, displayName: 'Help' });
    slow.resolve();
    errorOf(await rollingBack, 'VersionConflict');
  });

  test('twice at once swaps once', async () => {
    world.servers.passwords.set(ADDRESS, 'first-password');
    const both = await Promise.all([rollBack({ expectedVersion: repaired.version }), rollBack({ expectedVersion: repaired.version })]);
    expect(both.filter(({ kind }) => kind === 'ok')).toHaveLength(1);
    expect((await world.mailbox(connected.id)).loginVersion).toBe(3);
  });
});

describe('a roll-back is not possible', () => {
  test('without an earlier credential', async () => {
    const fresh = await world.connect('sales@acme.test');
    errorOf(await rollBack({ mailboxId: fresh.id }), 'NotApplicable');
  });

  test('once the earlier credential was erased: a week later its secret is gone and its user name is not', async () => {
    await world.clock.advance(SETTINGS.rollbackKeptMs);
    await world.look();
    const erased = await world.mailbox(connected.id);
    expect(erased.previous).toMatchObject({
      secretErased: true,
      setup: { credential: { login: { username: ADDRESS, password: '' } }, incomingServer: { host: 'imap.acme.test' } },
    });
    expect(erased.version).toBe(repaired.version);
    expect(errorOf(await rollBack(), 'NotApplicable').message).toContain('erased');
  });

  test('for paused, pending, unknown or changed mailboxes, nor for a WORKER', async () => {
    const { mailbox: pending } = payloadOf(
      await connectMailbox(world.gateway, world.viewer, connectInput('new@acme.test', { password: 'wrong' })),
    );
    errorOf(await rollBack({ mailboxId: pending.id }), 'NotApplicable');
    errorOf(await rollBack({ mailboxId: 'nothing' }), 'MailboxNotFound');
    errorOf(await rollBack({ expectedVersion: 1 }), 'VersionConflict');
    errorOf(await rollBackCredential(world.gateway, world.worker, { mailboxId: connected.id }), 'PermissionDenied');
    await pauseMailbox(world.gateway, world.viewer, { mailboxId: connected.id });
    errorOf(await rollBack(), 'NotApplicable');
  });

  test('more than ten times a minute', async () => {
    for (let attempt = 0; attempt < 9; attempt += 1) errorOf(await rollBack(), 'RollBackRejected');
    errorOf(await rollBack(), 'RateLimited');
  });
});
