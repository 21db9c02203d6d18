import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Mailbox } from '../../../src/domain/mailbox.ts';
import { cancelAuthorization } from '../../../src/resolvers/mutations/cancel-authorization.ts';
import { connectMailbox } from '../../../src/resolvers/mutations/connect-mailbox.ts';
import { migrate } from '../../../src/resolvers/mutations/migrate.ts';
import { pauseMailbox } from '../../../src/resolvers/mutations/pause-mailbox.ts';
import { removeMailbox } from '../../../src/resolvers/mutations/remove-mailbox.ts';
import { resumeMailbox } from '../../../src/resolvers/mutations/resume-mailbox.ts';
import { setPrimary } from '../../../src/resolvers/mutations/set-primary.ts';
import { updateMailbox } from '../../../src/resolvers/mutations/update-mailbox.ts';
import { connectInput, createWorld, errorOf, IMAP, kindsOf, pathsOf, payloadOf, SETTINGS, type World } from '../world.ts';

const ADDRESS = 'support@acme.test';
let world: World;
let mailbox: Mailbox;
beforeEach(async () => {
  world = await createWorld();
  mailbox = await world.connect(ADDRESS);
});
afterEach(() => world.close());

const update = (over: object) => updateMailbox(world.gateway, world.viewer, { mailboxId: mailbox.id, ...over });

describe('updating a mailbox', () => {
  test('with another server makes that leg unverified, due now, and wakes the monitor', async () => {
    const woken = world.wakes();
    const { mailbox: updated } = payloadOf(await update({ outgoing: { host: 'relay.acme.test', port: 587, security: 'STARTTLS' } }));
    expect(updated).toMatchObject({
      loginVersion: 2,
      version: mailbox.version + 1,
      incoming: { health: 'HEALTHY' },
      outgoing: { health: 'UNVERIFIED', nextCheckAt: world.clock.now() },
    });
    expect((await world.statusEvents()).at(-1)).toMatchObject({
      leg: 'OUTGOING',
      from: 'HEALTHY',
      to: 'UNVERIFIED',
      trigger: 'ADMINISTRATION',
      triggeredBy: 'admin token',
    });
    expect(world.wakes()).toBeGreaterThan(woken);
  });

  test('with what it has already writes nothing', async () => {
    const before = (await world.events()).length;
    expect(payloadOf(await update({ incoming: IMAP, direction: 'BOTH' })).mailbox.version).toBe(mailbox.version);
    expect(await world.events()).toHaveLength(before);
  });

  test('clears the display name with null and keeps it when absent', async () => {
    await update({ displayName: 'Help' });
    expect(payloadOf(await update({ deleteAfterFetch: true })).mailbox.displayName).toBe('Help');
    expect(payloadOf(await update({ displayName: null })).mailbox.displayName).toBeNull();
  });

  test('to sending only drops the incoming leg and delete-after-fetch', async () => {
    await update({ deleteAfterFetch: true });
    const { mailbox: updated } = payloadOf(await update({ direction: 'OUTGOING' }));
    expect(updated).toMatchObject({ incoming: null, active: { direction: 'OUTGOING', deleteAfterFetch: false, incomingServer: null } });
  });

  test('that adds a leg discovers its server, or asks for it', async () => {
    await update({ direction: 'INCOMING' });
    expect(pathsOf(await update({ direction: 'BOTH' }))).toEqual(['outgoing']);
    world.discovered.push({
      source: 'SRV',
      provider: 'OTHER',
      incoming: null,
      outgoing: { host: 'out.found.test', port: 465, security: 'TLS' },
      usernameHint: null,
    });
    expect(payloadOf(await update({ direction: 'BOTH' })).mailbox).toMatchObject({
      outgoing: { health: 'UNVERIFIED' },
      active: { outgoingServer: { host: 'out.found.test' } },
    });
  });

  test('judges every field at its path', async () => {
    const outcome = await update({ displayName: 'a\u0000', incoming: { host: 'a b', port: 70_000, security: 'TLS' } });
    expect(pathsOf(outcome)).toEqual(['displayName', 'incoming.host', 'incoming.port']);
    expect(pathsOf(await update({ direction: 'OUTGOING', deleteAfterFetch: true, incoming: IMAP }))).toEqual([
      'deleteAfterFetch',
      'incoming',
    ]);
  });

  test('may not take the primary its sending', async () => {
    await setPrimary(world.gateway, world.viewer, { mailboxId: mailbox.id });
    expect(pathsOf(await update({ direction: 'INCOMING' }))).toEqual(['direction']);
  });

  test('of a stale version is a conflict; of two at once with the same version one wins', async () => {
    errorOf(await update({ expectedVersion: 1 }), 'VersionConflict');
    const both = await Promise.all(['A', 'B'].map((displayName) => update({ displayName, expectedVersion: mailbox.version })));
    expect(both.map((outcome) => (outcome.kind === 'ok' ? 'ok' : outcome.error.kind)).sort()).toEqual(['VersionConflict', 'ok']);
  });

  test('of a pending or unknown mailbox is not found; a WORKER may not', async () => {
    const { mailbox: pending } = payloadOf(
      await connectMailbox(world.gateway, world.viewer, connectInput('new@acme.test', { password: 'wrong' })),
    );
    errorOf(await update({ mailboxId: pending.id, displayName: 'x' }), 'MailboxNotFound');
    errorOf(await update({ mailboxId: 'nothing', displayName: 'x' }), 'MailboxNotFound');
    errorOf(await updateMailbox(world.gateway, world.worker, { mailboxId: mailbox.id }), 'PermissionDenied');
  });

  test('to a host that this gateway may never dial is refused at the host: the mailbox goes on where it is', async () => {
    world.forbiddenHosts.add('169.254.169.254');
    const outcome = await update({ outgoing: { host: '169.254.169.254', port: 465, security: 'TLS' } });
    expect(pathsOf(outcome)).toEqual(['outgoing.host']);
    expect(errorOf(outcome, 'InvalidInput')).toMatchObject({ issues: [{ message: expect.stringContaining('not allowed') }] });
    expect(await world.mailbox(mailbox.id)).toMatchObject({ version: mailbox.version, outgoing: { health: 'HEALTHY' } });
  });

  test('with the eleventh new host within a minute is refused at the host', async () => {
    for (let host = 0; host < 8; host += 1) payloadOf(await update({ incoming: { ...IMAP, host: `host-${host}.test` } }));
    expect(pathsOf(await update({ incoming: { ...IMAP, host: 'host-8.test' } }))).toEqual(['incoming.host']);
  });
});

describe('removing a mailbox', () => {
  const remove = (over = {}) => removeMailbox(world.gateway, world.viewer, { mailboxId: mailbox.id, ...over });

  test('clears the primary, ends what is open, and leaves no secret behind', async () => {
    world.configured.add('GMAIL');
    await setPrimary(world.gateway, world.viewer, { mailboxId: mailbox.id });
    const { authorization } = payloadOf(await migrate(world.gateway, world.viewer, { mailboxId: mailbox.id, provider: 'GMAIL' }));
    const before = (await world.events()).length;
    expect(payloadOf(await remove())).toEqual({ removedMailboxId: mailbox.id, grantRevoked: false });
    expect((await world.workspace()).primaryMailboxId).toBeNull();
    expect(await world.authorization(authorization.id)).toMatchObject({ status: 'CANCELLED' });
    expect(kindsOf((await world.events()).slice(before))).toEqual(['AUTHORIZATION', 'WORKSPACE PRIMARY', 'MAILBOX REMOVED']);
    errorOf(await remove(), 'MailboxNotFound');
  });

  test('works for a pending one, and its address is free again', async () => {
    const { mailbox: pending } = payloadOf(
      await connectMailbox(world.gateway, world.viewer, connectInput('new@acme.test', { password: 'wrong' })),
    );
    payloadOf(await remove({ mailboxId: pending.id }));
    expect(kindsOf(await world.events())).not.toContain('MAILBOX REMOVED');
  });

  test('of a stale version is a conflict; a WORKER may not', async () => {
    errorOf(await remove({ expectedVersion: 1 }), 'VersionConflict');
    errorOf(await removeMailbox(world.gateway, world.worker, { mailboxId: mailbox.id }), 'PermissionDenied');
  });
});

describe('pausing and resuming', () => {
  test('move every leg, say who did it, and repeat without effect', async () => {
    const input = { mailboxId: mailbox.id };
    const { mailbox: paused } = payloadOf(await pauseMailbox(world.gateway, world.viewer, input));
    expect(paused).toMatchObject({ paused: true, incoming: { health: 'PAUSED', nextCheckAt: null } });
    expect((await world.statusEvents()).at(-1)).toMatchObject({
      from: 'HEALTHY',
      to: 'PAUSED',
      trigger: 'ADMINISTRATION',
      triggeredBy: 'admin token',
    });
    expect(payloadOf(await pauseMailbox(world.gateway, world.viewer, input)).mailbox.version).toBe(paused.version);
    const { mailbox: resumed } = payloadOf(await resumeMailbox(world.gateway, world.viewer, input));
    expect(resumed).toMatchObject({ paused: false, outgoing: { health: 'UNVERIFIED', nextCheckAt: world.clock.now() } });
    expect(payloadOf(await resumeMailbox(world.gateway, world.viewer, input)).mailbox.version).toBe(resumed.version);
  });

  test('are for an ADMIN and for mailboxes that are there', async () => {
    for (const call of [pauseMailbox, resumeMailbox]) {
      errorOf(await call(world.gateway, world.worker, { mailboxId: mailbox.id }), 'PermissionDenied');
      errorOf(await call(world.gateway, world.viewer, { mailboxId: 'nothing' }), 'MailboxNotFound');
    }
  });
});

describe('migrating', () => {
  const move = (over = {}) => migrate(world.gateway, world.viewer, { mailboxId: mailbox.id, provider: 'MICROSOFT_365' as const, ...over });

  test('without the provider set up says so', async () => {
    expect(errorOf(await move(), 'ProviderNotConfigured').provider).toBe('MICROSOFT_365');
  });

  test("carries direction and delete-after-fetch over, takes the provider's servers, and leaves the mailbox as it is", async () => {
    world.configured.add('MICROSOFT_365');
    await update({ direction: 'BOTH', deleteAfterFetch: true });
    const payload = payloadOf(await move({ signInAddress: 'ann@acme.test' }));
    expect(payload.authorization).toMatchObject({
      status: 'AWAITING_USER',
      purpose: 'MIGRATE',
      mayReplacePin: true,
      target: {
        direction: 'BOTH',
        deleteAfterFetch: true,
        signInAddress: 'ann@acme.test',
        incomingServer: SETTINGS.servers.microsoftImap,
        outgoingServer: SETTINGS.servers.microsoftSmtp,
      },
    });
    expect(payload.mailbox).toMatchObject({
      openAuthorizationId: payload.authorization.id,
      active: { provider: 'OTHER' },
      incoming: { health: 'HEALTHY' },
    });
  });

  test('judges its input', async () => {
    world.configured.add('GMAIL');
    await world.connect('taken@acme.test');
    expect(pathsOf(await move({ provider: 'OTHER' }))).toEqual(['provider']);
    expect(pathsOf(await move({ provider: 'GMAIL', address: 'x', direction: 'OUTGOING', deleteAfterFetch: true }))).toEqual([
      'address',
      'deleteAfterFetch',
    ]);
    errorOf(await move({ provider: 'GMAIL', address: 'TAKEN@acme.test' }), 'MailboxAlreadyExists');
    errorOf(await move({ mailboxId: 'nothing' }), 'MailboxNotFound');
    errorOf(await move({ expectedVersion: 99 }), 'VersionConflict');
    errorOf(await migrate(world.gateway, world.worker, { mailboxId: mailbox.id, provider: 'GMAIL' }), 'PermissionDenied');
    await setPrimary(world.gateway, world.viewer, { mailboxId: mailbox.id });
    expect(pathsOf(await move({ provider: 'GMAIL', direction: 'INCOMING' }))).toEqual(['direction']);
  });

  test('more than ten times a minute has to wait', async () => {
    world.configured.add('GMAIL');
    for (let attempt = 0; attempt < 10; attempt += 1) payloadOf(await move({ provider: 'GMAIL' }));
    errorOf(await move({ provider: 'GMAIL' }), 'RateLimited');
  });
});

describe('cancelling an authorization', () => {
  const cancel = (authorizationId: string, viewer = world.viewer) => cancelAuthorization(world.gateway, viewer, { authorizationId });

  test('ends it once; again is fine', async () => {
    world.configured.add('GMAIL');
    const { authorization } = payloadOf(await migrate(world.gateway, world.viewer, { mailboxId: mailbox.id, provider: 'GMAIL' }));
    expect(payloadOf(await cancel(authorization.id)).authorization.status).toBe('CANCELLED');
    expect(payloadOf(await cancel(authorization.id)).authorization.status).toBe('CANCELLED');
    expect((await world.mailbox(mailbox.id)).openAuthorizationId).toBeNull();
  });

  test('that is over answers what to do; unknown ones are not found; a WORKER may not', async () => {
    const committed = mailbox.unconfirmedAuthorizationId!;
    expect(errorOf(await cancel(committed), 'NotApplicable').message).toContain('rollBackCredential');
    expect(errorOf(await cancel('nothing'), 'AuthorizationNotFound').authorizationId).toBe('nothing');
    errorOf(await cancel(committed, world.worker), 'PermissionDenied');
  });
});
