import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Mailbox } from '../../../src/domain/mailbox.ts';
import { cancelAuthorization } from '../../../src/resolvers/mutations/cancel-authorization.ts';
import { handOverPrimary } from '../../../src/resolvers/mutations/hand-over-primary.ts';
import { pauseMailbox } from '../../../src/resolvers/mutations/pause-mailbox.ts';
import { reauth } from '../../../src/resolvers/mutations/reauth.ts';
import { removeMailbox } from '../../../src/resolvers/mutations/remove-mailbox.ts';
import { setPrimary } from '../../../src/resolvers/mutations/set-primary.ts';
import { updateMailbox } from '../../../src/resolvers/mutations/update-mailbox.ts';
import { createWorld, deferred, errorOf, HOUR, kindsOf, MINUTE, pathsOf, payloadOf, SETTINGS, type World } from '../world.ts';

const ADDRESS = 'support@acme.test';
const UNAVAILABLE = 'NO [UNAVAILABLE] Temporary authentication failure';
let world: World;
let support: Mailbox;
let sales: Mailbox;
beforeEach(async () => {
  world = await createWorld();
  support = await world.connect(ADDRESS);
  sales = await world.connect('sales@acme.test');
  await setPrimary(world.gateway, world.viewer, { mailboxId: support.id });
  world.servers.passwords.set(ADDRESS, 'second-password');
});
afterEach(() => world.close());

const handOver = (over = {}) =>
  handOverPrimary(world.gateway, world.viewer, { mailboxId: support.id, password: 'second-password', ...over });
const primary = async () => (await world.workspace()).primaryMailboxId;

describe('handing the primary over', () => {
  test('repairs the mailbox, and it is primary again', async () => {
    const before = (await world.events()).length;
    const payload = payloadOf(await handOver());
    expect(payload.authorization.status).toBe('COMMITTED');
    expect(payload.workspace).toMatchObject({ primaryMailboxId: support.id, handOver: null });
    const kinds = kindsOf((await world.events()).slice(before)).filter((kind) => kind.startsWith('WORKSPACE'));
    expect(kinds).toEqual(['WORKSPACE PRIMARY', 'WORKSPACE HAND_OVER', 'WORKSPACE PRIMARY', 'WORKSPACE HAND_OVER']);
  });

  test('repairs a sending login of its own alone', async () => {
    world.servers.passwords.set('relay', 'relay-password');
    const office = await world.connect('office@acme.test', { outgoingUsername: 'relay', outgoingPassword: 'relay-password' });
    await setPrimary(world.gateway, world.viewer, { mailboxId: office.id });
    world.servers.passwords.set('relay', 'changed');
    const input = { mailboxId: office.id, outgoingUsername: 'relay', outgoingPassword: 'changed' };
    const { authorization, workspace } = payloadOf(await handOverPrimary(world.gateway, world.viewer, input));
    expect(authorization.status).toBe('COMMITTED');
    expect(workspace).toMatchObject({ primaryMailboxId: office.id, handOver: null });
  });

  test('lets the interim be primary while the repair is under way', async () => {
    world.servers.answers.set('INCOMING', UNAVAILABLE);
    const payload = payloadOf(await handOver());
    expect(payload.workspace).toMatchObject({
      primaryMailboxId: sales.id,
      handOver: { mailboxId: support.id, interimMailboxId: sales.id, startedBy: 'admin token', authorizationId: payload.authorization.id },
    });
    world.servers.answers.clear();
    world.repair.start();
    await world.clock.advance(10_000);
    expect(await world.workspace()).toMatchObject({ primaryMailboxId: support.id, handOver: null });
  });

  test('ends where it began when the password is refused', async () => {
    const payload = payloadOf(await handOver({ password: 'wrong' }));
    expect(payload.authorization.status).toBe('REJECTED');
    expect(payload.workspace).toMatchObject({ primaryMailboxId: support.id, handOver: null });
  });

  test('ends where it began when the sign-in expires', async () => {
    world.configured.add('GMAIL');
    const payload = payloadOf(await handOver({ password: null, migrateTo: 'GMAIL' }));
    expect(payload).toMatchObject({
      authorization: { status: 'AWAITING_USER', purpose: 'MIGRATE' },
      workspace: { primaryMailboxId: sales.id },
    });
    await world.clock.advance(SETTINGS.authorizationTtlMs);
    await world.look();
    expect(await world.workspace()).toMatchObject({ primaryMailboxId: support.id, handOver: null });
  });

  test('ends where it began when somebody cancels the repair', async () => {
    world.servers.answers.set('INCOMING', UNAVAILABLE);
    const { authorization } = payloadOf(await handOver());
    payloadOf(await cancelAuthorization(world.gateway, world.viewer, { authorizationId: authorization.id }));
    expect(await world.workspace()).toMatchObject({ primaryMailboxId: support.id, handOver: null });
  });

  test('is over when somebody calls setPrimary meanwhile: the repair goes on and the choice stays', async () => {
    world.servers.answers.set('INCOMING', UNAVAILABLE);
    const { authorization } = payloadOf(await handOver());
    payloadOf(await setPrimary(world.gateway, world.viewer, { mailboxId: sales.id }));
    expect((await world.workspace()).handOver).toBeNull();
    world.servers.answers.clear();
    world.repair.start();
    await world.clock.advance(10_000);
    expect((await world.authorization(authorization.id)).status).toBe('COMMITTED');
    expect(await primary()).toBe(sales.id);
  });

  test('goes on with a new attempt when it is called again, or when the mailbox is re-authorized', async () => {
    world.configured.add('GMAIL');
    const waiting = payloadOf(await handOver({ password: null, migrateTo: 'GMAIL' }));
    world.servers.answers.set('INCOMING', UNAVAILABLE);
    const again = payloadOf(await handOver());
    expect((await world.authorization(waiting.authorization.id)).status).toBe('SUPERSEDED');
    expect(again.workspace).toMatchObject({ primaryMailboxId: sales.id, handOver: { authorizationId: again.authorization.id } });
    world.servers.answers.clear();
    expect(
      payloadOf(await reauth(world.gateway, world.viewer, { mailboxId: support.id, password: 'second-password' })).authorization.status,
    ).toBe('COMMITTED');
    expect(await world.workspace()).toMatchObject({ primaryMailboxId: support.id, handOver: null });
  });

  test('survives the process: another one finishes it', async () => {
    const never = deferred();
    world.servers.silence.set('INCOMING', never.promise);
    payloadOf(await world.timed(handOver()));
    await world.repair.stop();
    world.servers.silence.clear();
    const other = world.another();
    other.repair.start();
    await world.clock.advance(2 * MINUTE);
    await other.repair.stop();
    expect(await world.workspace()).toMatchObject({ primaryMailboxId: support.id, handOver: null });
    expect((await world.mailbox(support.id)).loginVersion).toBe(2);
  });

  test('that nothing ends any more is ended by the clock', async () => {
    const workspace = await world.workspace();
    const stranded = {
      ...workspace,
      primaryMailboxId: sales.id,
      handOver: {
        mailboxId: support.id,
        interimMailboxId: sales.id,
        startedBy: 'Ann',
        startedAt: 1,
        restoresAt: world.clock.now() + HOUR,
        authorizationId: null,
      },
    };
    await world.store.commit([
      { workspaceId: workspace.id, at: world.clock.now(), workspace: { doc: stranded, expectedRevision: workspace.revision } },
    ]);
    await world.look();
    expect(await world.workspace()).toMatchObject({ primaryMailboxId: support.id, handOver: null });
  });
});

describe('the interim', () => {
  test('is a healthy sending mailbox by itself, never a paused one or one that only fetches', async () => {
    await world.connect('a-fetch@acme.test', { direction: 'INCOMING' });
    const paused = await world.connect('b-paused@acme.test');
    await pauseMailbox(world.gateway, world.viewer, { mailboxId: paused.id });
    world.servers.answers.set('INCOMING', UNAVAILABLE);
    expect(payloadOf(await handOver()).workspace.primaryMailboxId).toBe(sales.id);
  });

  test('can be chosen', async () => {
    const other = await world.connect('zeta@acme.test');
    world.servers.answers.set('INCOMING', UNAVAILABLE);
    expect(payloadOf(await handOver({ interimMailboxId: other.id })).workspace.primaryMailboxId).toBe(other.id);
  });

  test('has to be there, to send, to be running, and to be another one', async () => {
    const fetching = await world.connect('a-fetch@acme.test', { direction: 'INCOMING' });
    errorOf(await handOver({ interimMailboxId: 'nothing' }), 'MailboxNotFound');
    errorOf(await handOver({ interimMailboxId: fetching.id }), 'NotApplicable');
    expect(pathsOf(await handOver({ interimMailboxId: support.id }))).toEqual(['interimMailboxId']);
    await pauseMailbox(world.gateway, world.viewer, { mailboxId: sales.id });
    errorOf(await handOver({ interimMailboxId: sales.id }), 'NotApplicable');
    expect(await world.workspace()).toMatchObject({ primaryMailboxId: support.id, handOver: null });
  });

  test('gives the role back when it is removed', async () => {
    world.servers.answers.set('INCOMING', UNAVAILABLE);
    payloadOf(await handOver());
    payloadOf(await removeMailbox(world.gateway, world.viewer, { mailboxId: sales.id }));
    expect(await world.workspace()).toMatchObject({ primaryMailboxId: support.id, handOver: null });
  });

  test('is missing: reauth is what to do', async () => {
    await removeMailbox(world.gateway, world.viewer, { mailboxId: sales.id });
    expect(errorOf(await handOver(), 'NotApplicable').message).toContain('reauth');
  });
});

describe('a hand-over is refused', () => {
  test('for a mailbox that is not the primary', async () => {
    expect(errorOf(await handOver({ mailboxId: sales.id }), 'PrimaryConflict').currentPrimaryId).toBe(support.id);
  });

  test('for the second of two mailboxes while one runs', async () => {
    world.servers.answers.set('INCOMING', UNAVAILABLE);
    payloadOf(await handOver());
    errorOf(await handOver({ mailboxId: sales.id, password: 'first-password' }), 'PrimaryConflict');
  });

  test('without a password, with one beside a migration, for a provider without a sign-in, or one that is not configured', async () => {
    expect(pathsOf(await handOver({ password: null }))).toEqual(['password']);
    expect(pathsOf(await handOver({ migrateTo: 'GMAIL' }))).toEqual(['password']);
    expect(pathsOf(await handOver({ password: null, outgoingPassword: 'x', migrateTo: 'GMAIL' }))).toEqual(['outgoingPassword']);
    expect(pathsOf(await handOver({ password: null, migrateTo: 'OTHER' }))).toEqual(['migrateTo']);
    errorOf(await handOver({ password: null, migrateTo: 'GMAIL' }), 'ProviderNotConfigured');
    expect(await world.workspace()).toMatchObject({ primaryMailboxId: support.id, handOver: null });
  });

  test('to anybody but an ADMIN, and for a stale version', async () => {
    errorOf(await handOverPrimary(world.gateway, world.worker, { mailboxId: support.id, password: 'x' }), 'PermissionDenied');
    errorOf(await handOver({ expectedVersion: 99 }), 'VersionConflict');
  });
});

describe('choosing the primary', () => {
  const choose = (input: object) => setPrimary(world.gateway, world.viewer, input);

  test('answers with the one before, and is idempotent', async () => {
    const payload = payloadOf(await choose({ mailboxId: sales.id }));
    expect(payload.workspace.primaryMailboxId).toBe(sales.id);
    expect(payload.previousPrimary?.id).toBe(support.id);
    const before = (await world.events()).length;
    payloadOf(await choose({ mailboxId: sales.id }));
    expect(await world.events()).toHaveLength(before);
  });

  test('with null leaves none; without mailboxId it is an input error', async () => {
    payloadOf(await choose({ mailboxId: null }));
    expect(await primary()).toBeNull();
    expect(pathsOf(await choose({}))).toEqual(['mailboxId']);
  });

  test('expects what it says: another primary is a conflict', async () => {
    expect(errorOf(await choose({ mailboxId: sales.id, expectedPrimaryId: sales.id }), 'PrimaryConflict').currentPrimaryId).toBe(
      support.id,
    );
    expect(errorOf(await choose({ mailboxId: sales.id, expectedPrimaryId: null }), 'PrimaryConflict').currentPrimaryId).toBe(support.id);
    payloadOf(await choose({ mailboxId: sales.id, expectedPrimaryId: support.id }));
  });

  test('refuses a mailbox that only fetches, an unknown one, and anybody but an ADMIN', async () => {
    const fetching = await world.connect('fetch@acme.test', { direction: 'INCOMING' });
    errorOf(await choose({ mailboxId: fetching.id }), 'NotApplicable');
    errorOf(await choose({ mailboxId: 'nothing' }), 'MailboxNotFound');
    errorOf(await setPrimary(world.gateway, world.worker, { mailboxId: sales.id }), 'PermissionDenied');
  });

  test('of twenty at once each ends in a state that one of them chose', async () => {
    const ids = Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? support.id : sales.id));
    for (const outcome of await Promise.all(ids.map((mailboxId) => choose({ mailboxId })))) payloadOf(outcome);
    expect([support.id, sales.id]).toContain(await primary());
  });

  test('while the chosen mailbox is removed never leaves a primary that is not there', async () => {
    await Promise.all([choose({ mailboxId: sales.id }), removeMailbox(world.gateway, world.viewer, { mailboxId: sales.id })]);
    expect(await primary()).not.toBe(sales.id);
  });

  test('while the chosen mailbox stops sending never leaves a primary that cannot send', async () => {
    await Promise.all([
      choose({ mailboxId: sales.id }),
      updateMailbox(world.gateway, world.viewer, { mailboxId: sales.id, direction: 'INCOMING' }),
    ]);
    const chosen = await primary();
    expect(chosen === sales.id && (await world.mailbox(sales.id)).active?.direction === 'INCOMING').toBe(false);
  });
});
