import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Mailbox } from '../../../src/domain/mailbox.ts';
import { cancelAuthorization } from '../../../src/resolvers/mutations/cancel-authorization.ts';
import { migrate } from '../../../src/resolvers/mutations/migrate.ts';
import { pauseMailbox } from '../../../src/resolvers/mutations/pause-mailbox.ts';
import { reauth } from '../../../src/resolvers/mutations/reauth.ts';
import { removeMailbox } from '../../../src/resolvers/mutations/remove-mailbox.ts';
import { updateMailbox } from '../../../src/resolvers/mutations/update-mailbox.ts';
import { connectInput, createWorld, deferred, errorOf, kindsOf, pathsOf, payloadOf, type World } from '../world.ts';
import { connectMailbox } from '../../../src/resolvers/mutations/connect-mailbox.ts';

const ADDRESS = 'support@acme.test';
let world: World;
let mailbox: Mailbox;
beforeEach(async () => {
  world = await createWorld();
  mailbox = await world.connect(ADDRESS);
  world.servers.passwords.set(ADDRESS, 'second-password');
  world.servers.logins.length = 0;
});
afterEach(() => world.close());

const renew = (over = {}) => reauth(world.gateway, world.viewer, { mailboxId: mailbox.id, password: 'second-password', ...over });
const credentialInUse = async () => (await world.mailbox(mailbox.id)).active?.credential.id;

describe('a new password', () => {
  test('that logs in replaces the old one, which is kept for a roll-back', async () => {
    const payload = payloadOf(await renew());
    expect(payload.authorization).toMatchObject({ status: 'COMMITTED', committedLoginVersion: 2 });
    expect(payload.mailbox).toMatchObject({
      loginVersion: 2,
      version: mailbox.version + 1,
      unconfirmedAuthorizationId: payload.authorization.id,
    });
    expect(payload.mailbox.previous?.setup.credential.id).toBe(mailbox.active?.credential.id);
    expect((await world.statusEvents()).slice(-2)).toMatchObject([
      { leg: 'INCOMING', from: 'HEALTHY', to: 'HEALTHY', trigger: 'AUTHORIZATION', credentialVersion: 2, triggeredBy: 'admin token' },
      { leg: 'OUTGOING', credentialVersion: 2 },
    ]);
  });

  test('that is refused changes nothing: the old credential is in use and its secret opens', async () => {
    const payload = payloadOf(await renew({ password: 'wrong' }));
    expect(payload.authorization).toMatchObject({ status: 'REJECTED', candidate: null, rejection: { reason: 'BAD_CREDENTIALS' } });
    expect(payload.mailbox).toMatchObject({ repairRejected: true, loginVersion: 1, version: mailbox.version, active: mailbox.active });
    world.servers.passwords.set(ADDRESS, 'first-password');
    const login = await world.gateway.openLogin(
      { workspaceId: mailbox.workspaceId, mailboxId: mailbox.id },
      payload.mailbox.active!,
      'INCOMING',
      { forceRefresh: false },
    );
    expect(login.kind).toBe('READY');
    expect(login.kind === 'READY' && login.login.proof.kind === 'PASSWORD' && login.login.proof.password.reveal()).toBe('first-password');
  });

  test('that fails on the outgoing leg alone is refused, naming that leg', async () => {
    world.servers.answers.set('OUTGOING', '535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant.');
    const { authorization } = payloadOf(await renew());
    expect(authorization).toMatchObject({ status: 'REJECTED', rejection: { reason: 'SMTP_AUTH_DISABLED', leg: 'OUTGOING' } });
    expect(authorization.proofs).toMatchObject([
      { leg: 'INCOMING', succeeded: true },
      { leg: 'OUTGOING', succeeded: false },
    ]);
  });

  test('after a success clears the memory of earlier rejections', async () => {
    await renew({ password: 'wrong' });
    expect(payloadOf(await renew()).mailbox.repairRejected).toBe(false);
  });

  test('may come with another user name', async () => {
    world.servers.passwords.set('acme-42', 'second-password');
    const payload = payloadOf(await renew({ username: 'acme-42' }));
    expect(payload.mailbox.active?.credential).toMatchObject({ login: { username: 'acme-42' } });
  });

  test('for a paused mailbox is proven and leaves it paused', async () => {
    await pauseMailbox(world.gateway, world.viewer, { mailboxId: mailbox.id });
    const payload = payloadOf(await renew());
    expect(payload.authorization.status).toBe('COMMITTED');
    expect(payload.mailbox).toMatchObject({ paused: true, incoming: { health: 'PAUSED' } });
  });
});

describe('a login of its own for sending', () => {
  test('keeps its password when only the other one changes', async () => {
    world.servers.passwords.set('relay', 'relay-password');
    world.servers.passwords.set('sales@acme.test', 'first-password');
    const other = await world.connect('sales@acme.test', { outgoingUsername: 'relay', outgoingPassword: 'relay-password' });
    world.servers.passwords.set('sales@acme.test', 'changed');
    const { authorization } = payloadOf(await reauth(world.gateway, world.viewer, { mailboxId: other.id, password: 'changed' }));
    expect(authorization.status).toBe('COMMITTED');
  });

  test('goes on sharing the password when it shared it before', async () => {
    world.servers.passwords.set('relay', 'first-password');
    const other = await world.connect('sales@acme.test', { outgoingUsername: 'relay' });
    world.servers.passwords.set('relay', 'changed');
    world.servers.passwords.set('sales@acme.test', 'changed');
    const { authorization } = payloadOf(await reauth(world.gateway, world.viewer, { mailboxId: other.id, password: 'changed' }));
    expect(authorization.status).toBe('COMMITTED');
  });

  test('can be renewed alone', async () => {
    world.servers.passwords.set('relay', 'relay-password');
    const other = await world.connect('sales@acme.test', { outgoingUsername: 'relay', outgoingPassword: 'relay-password' });
    world.servers.passwords.set('relay', 'changed');
    const { authorization } = payloadOf(await reauth(world.gateway, world.viewer, { mailboxId: other.id, outgoingPassword: 'changed' }));
    expect(authorization.status).toBe('COMMITTED');
  });
});

describe('a transient failure', () => {
  test('keeps the candidate, sealed, and commits it when the servers are back', async () => {
    world.servers.answers.set('INCOMING', 'NO [UNAVAILABLE] Temporary authentication failure');
    const { authorization } = payloadOf(await renew({ password: 'second-password' }));
    expect(authorization).toMatchObject({
      status: 'VERIFYING',
      proofs: [
        { leg: 'INCOMING', succeeded: false },
        { leg: 'OUTGOING', succeeded: true },
      ],
    });
    expect(await world.files()).not.toContain('second-password');
    world.servers.answers.clear();
    world.repair.start();
    await world.clock.advance(10_000);
    expect(await world.authorization(authorization.id)).toMatchObject({ status: 'COMMITTED', candidate: null });
  });

  test('is retried with growing pauses for ten minutes, then rejected with its reason', async () => {
    world.servers.answers.set('INCOMING', 'NO [UNAVAILABLE] Temporary authentication failure');
    const { authorization } = payloadOf(await renew());
    world.repair.start();
    await world.clock.advance(9 * 60_000);
    expect((await world.authorization(authorization.id)).status).toBe('VERIFYING');
    await world.clock.advance(2 * 60_000);
    const ended = await world.authorization(authorization.id);
    expect(ended).toMatchObject({ status: 'REJECTED', candidate: null, rejection: { reason: 'PROVIDER_UNAVAILABLE' } });
    expect(ended.verifyAttempts).toBeGreaterThan(8);
    expect(ended.verifyAttempts).toBeLessThan(25);
    expect(await credentialInUse()).toBe(mailbox.active?.credential.id);
  });

  test('of one leg does not hide a refusal of the other', async () => {
    world.servers.answers.set('INCOMING', 'NO [UNAVAILABLE] Temporary authentication failure');
    const { authorization } = payloadOf(await renew({ password: 'wrong' }));
    expect(authorization).toMatchObject({ status: 'REJECTED', rejection: { leg: 'OUTGOING', reason: 'BAD_CREDENTIALS' } });
  });
});

describe('the input', () => {
  test('needs a password', async () => {
    expect(pathsOf(await renew({ password: null }))).toEqual(['password']);
  });

  test('without a password for Microsoft points to migrate', async () => {
    world.servers.passwords.set('office@acme.test', 'first-password');
    const office = await world.connect('office@acme.test', { provider: 'MICROSOFT_365', incoming: null, outgoing: null });
    const error = errorOf(await reauth(world.gateway, world.viewer, { mailboxId: office.id }), 'NotApplicable');
    expect(error.message).toContain('migrate');
  });

  test('with a password for Microsoft is tried all the same', async () => {
    const office = await world.connect('office@acme.test', { provider: 'MICROSOFT_365', incoming: null, outgoing: null });
    const { authorization } = payloadOf(await reauth(world.gateway, world.viewer, { mailboxId: office.id, password: 'first-password' }));
    expect(authorization.status).toBe('COMMITTED');
  });

  test('of an earlier version is a conflict that tells the present one', async () => {
    expect(errorOf(await renew({ expectedVersion: mailbox.version - 1 }), 'VersionConflict').currentVersion).toBe(mailbox.version);
  });

  test('for an unknown mailbox, or one of another workspace, is not found', async () => {
    expect(errorOf(await renew({ mailboxId: 'nothing' }), 'MailboxNotFound').mailboxId).toBe('nothing');
    const foreign = await world.store.ensureWorkspace('other', world.clock.now());
    const stranger = { ...world.viewer, workspaceId: foreign.id };
    errorOf(await reauth(world.gateway, stranger, { mailboxId: mailbox.id, password: 'x' }), 'MailboxNotFound');
  });

  test('for a pending mailbox says to connect it again', async () => {
    const { mailbox: pending } = payloadOf(
      await connectMailbox(world.gateway, world.viewer, connectInput('new@acme.test', { password: 'wrong' })),
    );
    expect(errorOf(await renew({ mailboxId: pending.id }), 'NotApplicable').message).toContain('connectMailbox');
  });
});

describe('two people at once', () => {
  test('both verifying: the first commit wins, the other is told that it was superseded', async () => {
    const slow = deferred();
    world.servers.silence.set('INCOMING', slow.promise);
    const first = renew();
    await world.clock.settle();
    world.servers.silence.clear();
    const second = payloadOf(await renew());
    expect(second.authorization.status).toBe('COMMITTED');
    slow.resolve();
    expect(payloadOf(await first).authorization).toMatchObject({ status: 'SUPERSEDED', candidate: null });
    expect(await credentialInUse()).toBe(second.mailbox.active?.credential.id);
  });

  test('the first of two may commit although a newer one is open: that one is superseded', async () => {
    const slow = deferred();
    world.servers.silence.set('OUTGOING', slow.promise);
    const blocked = renew();
    await world.clock.settle();
    const older = (await world.mailbox(mailbox.id)).openAuthorizationId!;
    const newer = renew();
    await world.clock.settle();
    const newest = (await world.mailbox(mailbox.id)).openAuthorizationId!;
    expect(newest).not.toBe(older);
    slow.resolve();
    await Promise.all([blocked, newer]);
    const statuses = [(await world.authorization(older)).status, (await world.authorization(newest)).status];
    expect(statuses.sort()).toEqual(['COMMITTED', 'SUPERSEDED']);
    expect((await world.mailbox(mailbox.id)).loginVersion).toBe(2);
  });

  test('a double click makes one swap', async () => {
    const both = (await Promise.all([renew(), renew()])).map(payloadOf);
    const statuses = await Promise.all(both.map(async ({ authorization }) => (await world.authorization(authorization.id)).status));
    expect(statuses.sort()).toEqual(['COMMITTED', 'SUPERSEDED']);
    expect(await world.mailbox(mailbox.id)).toMatchObject({ loginVersion: 2, openAuthorizationId: null });
  });

  test('a newer attempt supersedes a sign-in that nobody has finished', async () => {
    world.configured.add('MICROSOFT_365');
    const waiting = payloadOf(await migrate(world.gateway, world.viewer, { mailboxId: mailbox.id, provider: 'MICROSOFT_365' }));
    expect(waiting.authorization.status).toBe('AWAITING_USER');
    await renew();
    expect(await world.authorization(waiting.authorization.id)).toMatchObject({ status: 'SUPERSEDED' });
  });

  test('a password that commits supersedes a sign-in that was opened after it', async () => {
    world.configured.add('GMAIL');
    const slow = deferred();
    world.servers.silence.set('INCOMING', slow.promise);
    const renewing = renew();
    await world.clock.settle();
    const waiting = payloadOf(await migrate(world.gateway, world.viewer, { mailboxId: mailbox.id, provider: 'GMAIL' }));
    expect(waiting.authorization.status).toBe('AWAITING_USER');
    slow.resolve();
    expect(payloadOf(await renewing).authorization.status).toBe('COMMITTED');
    expect(await world.authorization(waiting.authorization.id)).toMatchObject({ status: 'SUPERSEDED' });
  });

  test('the settings change while a password is proven: it is proven again where the mailbox is now', async () => {
    const slow = deferred();
    world.servers.silence.set('INCOMING', slow.promise);
    const renewing = renew();
    await world.clock.settle();
    await updateMailbox(world.gateway, world.viewer, {
      mailboxId: mailbox.id,
      incoming: { host: 'new.acme.test', port: 993, security: 'TLS' },
    });
    slow.resolve();
    const payload = payloadOf(await renewing);
    expect(payload.authorization.status).toBe('COMMITTED');
    expect(payload.mailbox.active?.incomingServer?.host).toBe('new.acme.test');
    expect(world.servers.logins.some(({ server, username }) => server.host === 'new.acme.test' && username === ADDRESS)).toBe(true);
  });

  test('a refusal of a server that the mailbox has left meanwhile does not count', async () => {
    const slow = deferred();
    world.servers.silence.set('INCOMING', slow.promise);
    world.servers.answers.set('INCOMING', 'NO [AUTHENTICATIONFAILED] Invalid credentials');
    const renewing = renew();
    await world.clock.settle();
    await updateMailbox(world.gateway, world.viewer, {
      mailboxId: mailbox.id,
      incoming: { host: 'new.acme.test', port: 993, security: 'TLS' },
    });
    world.servers.silence.delete('INCOMING');
    world.servers.hosts.set('new.acme.test', null);
    slow.resolve();
    expect(payloadOf(await renewing).authorization.status).toBe('COMMITTED');
  });

  test('the mailbox is removed while a password is proven: its authorization ends', async () => {
    const slow = deferred();
    world.servers.silence.set('INCOMING', slow.promise);
    const renewing = renew();
    await world.clock.settle();
    payloadOf(await removeMailbox(world.gateway, world.viewer, { mailboxId: mailbox.id }));
    slow.resolve();
    expect(payloadOf(await renewing).authorization).toMatchObject({ status: 'CANCELLED', candidate: null });
    expect(await world.mailbox(mailbox.id)).toBeNull();
  });

  test('somebody cancels while a password is proven: it is not swapped in', async () => {
    const slow = deferred();
    world.servers.silence.set('INCOMING', slow.promise);
    const renewing = renew();
    await world.clock.settle();
    const { openAuthorizationId } = await world.mailbox(mailbox.id);
    await cancelAuthorization(world.gateway, world.viewer, { authorizationId: openAuthorizationId! });
    slow.resolve();
    expect(payloadOf(await renewing).authorization.status).toBe('CANCELLED');
    expect(await credentialInUse()).toBe(mailbox.active?.credential.id);
  });
});

describe('the log', () => {
  test('tells of an authorization that opens and of one that is rejected', async () => {
    const before = (await world.events()).length;
    await renew({ password: 'wrong' });
    expect(kindsOf((await world.events()).slice(before))).toEqual(['AUTHORIZATION', 'MAILBOX CHANGED', 'AUTHORIZATION', 'MAILBOX CHANGED']);
  });
});
