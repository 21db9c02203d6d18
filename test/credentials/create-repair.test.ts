import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Mailbox } from '../../src/domain/mailbox.ts';
import { evidenceOf } from '../../src/domain/diagnose/evidence-of.ts';
import type { Probe } from '../../src/providers/probe.ts';
import { reauth } from '../../src/resolvers/mutations/reauth.ts';
import { createWorld, deferred, MINUTE, payloadOf, SETTINGS, type World } from '../resolvers/world.ts';

const ADDRESS = 'support@acme.test';
const UNAVAILABLE = 'NO [UNAVAILABLE] Temporary authentication failure';
let world: World;
let mailbox: Mailbox;
beforeEach(async () => {
  world = await createWorld();
  mailbox = await world.connect(ADDRESS);
  world.servers.passwords.set(ADDRESS, 'second-password');
  world.servers.logins.length = 0;
});
afterEach(() => world.close());

const renew = (gateway = world.gateway) => reauth(gateway, world.viewer, { mailboxId: mailbox.id, password: 'second-password' });

describe('a verification', () => {
  test('is done by one process at a time', async () => {
    const slow = deferred();
    world.servers.silence.set('INCOMING', slow.promise);
    const { authorization } = payloadOf(await world.timed(renew()));
    const other = world.another();
    expect((await other.repair.verify(mailbox.workspaceId, authorization.id))?.status).toBe('VERIFYING');
    expect(world.servers.logins).toHaveLength(2);
    slow.resolve();
    await world.repair.verify(mailbox.workspaceId, authorization.id);
    expect((await world.mailbox(mailbox.id)).loginVersion).toBe(2);
  });

  test('asked for twice in one process logs in once', async () => {
    world.servers.answers.set('INCOMING', UNAVAILABLE);
    const { authorization } = payloadOf(await renew());
    world.servers.answers.clear();
    world.servers.logins.length = 0;
    const verify = () => world.repair.verify(mailbox.workspaceId, authorization.id);
    const both = await Promise.all([verify(), verify()]);
    expect(both.map((each) => each?.status)).toEqual(['COMMITTED', 'COMMITTED']);
    expect(world.servers.logins).toHaveLength(2);
  });

  test('of a process that was killed is taken over by another once its lease has run out', async () => {
    const killed: Probe = () => new Promise(() => undefined);
    void renew(world.another(killed).gateway).catch(() => undefined);
    await world.clock.advance(1_000);
    const { openAuthorizationId } = await world.mailbox(mailbox.id);
    const survivor = world.another();
    survivor.repair.start();
    await world.clock.advance(30_000);
    expect((await world.authorization(openAuthorizationId!)).status).toBe('VERIFYING');
    await world.clock.advance(2 * MINUTE);
    await survivor.repair.stop();
    expect(await world.authorization(openAuthorizationId!)).toMatchObject({ status: 'COMMITTED', candidate: null });
    expect(await world.mailbox(mailbox.id)).toMatchObject({ loginVersion: 2, openAuthorizationId: null });
  });

  test('whose process comes back too late changes nothing: the other one has committed', async () => {
    const late = deferred();
    const paused: Probe = async () => {
      await late.promise;
      return {
        kind: 'FAILED',
        evidence: evidenceOf(new Error('late'), { protocol: 'IMAP', provider: 'OTHER', host: null, authMethod: 'BASIC' }),
      };
    };
    const answer = renew(world.another(paused).gateway);
    await world.clock.advance(2 * MINUTE);
    const { openAuthorizationId } = await world.mailbox(mailbox.id);
    await world.another().repair.verify(mailbox.workspaceId, openAuthorizationId!);
    late.resolve();
    await answer;
    await world.clock.settle();
    expect(await world.authorization(openAuthorizationId!)).toMatchObject({ status: 'COMMITTED', rejection: null });
  });

  test('of something that is not there, or is over, answers with what is', async () => {
    expect(await world.repair.verify(mailbox.workspaceId, 'nothing' as never)).toBeNull();
    const { authorization } = payloadOf(await renew());
    expect((await world.repair.verify(mailbox.workspaceId, authorization.id))?.status).toBe('COMMITTED');
    expect(world.servers.logins).toHaveLength(2);
  });

  test('with a key ring that cannot read the candidate is rejected, and asks no owner for anything', async () => {
    world.servers.answers.set('INCOMING', UNAVAILABLE);
    const { authorization } = payloadOf(await renew());
    const open = await world.authorization(authorization.id);
    const foreign = { ...open, candidate: { ...open.candidate!, id: 'another-credential' as never } };
    await world.store.commit([
      { workspaceId: open.workspaceId, at: 0, authorizations: [{ kind: 'replace', doc: foreign, expectedRevision: open.revision }] },
    ]);
    const rejected = await world.repair.verify(mailbox.workspaceId, authorization.id);
    expect(rejected).toMatchObject({ status: 'REJECTED', rejection: { reason: 'SECRET_UNAVAILABLE', action: 'RESTORE_KEYRING' } });
    expect((await world.mailbox(mailbox.id)).active?.credential.id).toBe(mailbox.active?.credential.id);
  });
});

describe('stopping', () => {
  test('ends what is under way without concluding anything; the next start goes on', async () => {
    const never = deferred();
    world.servers.silence.set('INCOMING', never.promise);
    const { authorization } = payloadOf(await world.timed(renew()));
    await world.repair.stop();
    expect(await world.authorization(authorization.id)).toMatchObject({ status: 'VERIFYING', verifyAttempts: 0 });
    world.servers.silence.clear();
    world.repair.start();
    await world.clock.advance(2_000);
    expect((await world.authorization(authorization.id)).status).toBe('COMMITTED');
  });

  test('leaves no timer behind, and twice is fine', async () => {
    world.repair.start();
    await world.clock.advance(5_000);
    await world.repair.stop();
    await world.repair.stop();
    const before = world.clock.pending();
    await world.clock.advance(10_000);
    expect(world.clock.pending()).toBe(before);
  });
});

describe('a commit', () => {
  test('wakes the monitor for the confirming check, which comes after the confirmation time', async () => {
    const woken = world.wakes();
    const { mailbox: repaired } = payloadOf(await renew());
    expect(world.wakes()).toBeGreaterThan(woken);
    expect(repaired.incoming?.nextCheckAt).toBe(world.clock.now() + SETTINGS.confirmAfterMs);
  });

  test('survives writers of the same mailbox: it decides anew', async () => {
    const slow = deferred();
    world.servers.silence.set('INCOMING', slow.promise);
    const answer = renew();
    await world.clock.settle();
    const present = await world.mailbox(mailbox.id);
    await world.store.commit([
      {
        workspaceId: present.workspaceId,
        at: 0,
        mailboxes: [{ kind: 'replace', doc: { ...present, changedAt: 7 }, expectedRevision: present.revision }],
      },
    ]);
    slow.resolve();
    expect(payloadOf(await answer).authorization.status).toBe('COMMITTED');
  });
});
