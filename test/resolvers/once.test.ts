import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Mailbox } from '../../src/domain/mailbox.ts';
import { ok, type Gateway } from '../../src/resolvers/gateway.ts';
import { connectMailbox } from '../../src/resolvers/mutations/connect-mailbox.ts';
import { pauseMailbox } from '../../src/resolvers/mutations/pause-mailbox.ts';
import { reauth } from '../../src/resolvers/mutations/reauth.ts';
import { removeMailbox } from '../../src/resolvers/mutations/remove-mailbox.ts';
import { reportCredentialFailure } from '../../src/resolvers/mutations/report-credential-failure.ts';
import { setPrimary } from '../../src/resolvers/mutations/set-primary.ts';
import { updateMailbox } from '../../src/resolvers/mutations/update-mailbox.ts';
import { canonicalInput, once } from '../../src/resolvers/once.ts';
import { mailboxReplay } from '../../src/resolvers/replay.ts';
import { connectInput, createWorld, errorOf, HOUR, pathsOf, payloadOf, type World } from './world.ts';

const ADDRESS = 'support@acme.test';
let world: World;
beforeEach(async () => {
  world = await createWorld();
  world.servers.passwords.set(ADDRESS, 'first-password');
});
afterEach(() => world.close());

const connect = (over = {}, gateway: Gateway = world.gateway) =>
  connectMailbox(gateway, world.viewer, connectInput(ADDRESS, { idempotencyKey: 'key-1', ...over }));

describe('the same key with the same input', () => {
  test('answers fifty times with the first result and does it once', async () => {
    const other = world.another().gateway;
    const calls = Promise.all(
      Array.from({ length: 50 }, (_, index) => connect({ clientMutationId: `try-${index}` }, index % 2 === 0 ? world.gateway : other)),
    );
    const payloads = (await world.timed(calls)).map(payloadOf);
    expect(new Set(payloads.map(({ mailbox }) => mailbox.id)).size).toBe(1);
    expect(new Set(payloads.map(({ authorization }) => authorization.id)).size).toBe(1);
    expect(world.servers.logins).toHaveLength(2);
  });

  test('repeats an error of the person too', async () => {
    await world.connect('other@acme.test');
    const duplicate = () => connect({ address: 'other@acme.test' });
    errorOf(await duplicate(), 'MailboxAlreadyExists');
    await removeMailbox(world.gateway, world.viewer, {
      mailboxId: (await world.store.mailboxByAddress(world.viewer.workspaceId, 'other@acme.test'))!.id,
    });
    errorOf(await duplicate(), 'MailboxAlreadyExists');
  });

  test('works again after 24 hours', async () => {
    payloadOf(await connect());
    await world.clock.advance(24 * HOUR + 1_000);
    errorOf(await connect(), 'MailboxAlreadyExists');
  });

  test('is the same whatever order the fields are in, and with clientMutationId or without', () => {
    const one = { address: 'a', nested: { b: 1, a: [1, null] }, idempotencyKey: 'x', clientMutationId: '1' };
    const other = { nested: { a: [1, null], b: 1 }, missing: undefined, address: 'a', idempotencyKey: 'y' };
    expect(canonicalInput(one)).toBe(canonicalInput(other));
    expect(canonicalInput({ idempotencyKey: 'x', ...{ primary: null } })).not.toBe(canonicalInput({ idempotencyKey: 'x' }));
  });
});

describe('a key', () => {
  test('with another input, or for another mutation, is refused', async () => {
    const { mailbox } = payloadOf(await connect());
    expect(pathsOf(await connect({ password: 'another' }))).toEqual(['idempotencyKey']);
    expect(pathsOf(await pauseMailbox(world.gateway, world.viewer, { mailboxId: mailbox.id, idempotencyKey: 'key-1' }))).toEqual([
      'idempotencyKey',
    ]);
  });

  test('is of one workspace: another one may use the same', async () => {
    payloadOf(await connect());
    const foreign = await world.store.ensureWorkspace('other', world.clock.now());
    const outcome = await connectMailbox(
      world.gateway,
      { ...world.viewer, workspaceId: foreign.id },
      connectInput(ADDRESS, { idempotencyKey: 'key-1' }),
    );
    expect(payloadOf(outcome).authorization.status).toBe('COMMITTED');
  });

  test('stays free when nothing was begun: a corrected input may use it', async () => {
    expect(pathsOf(await connect({ password: null }))).toEqual(['password']);
    expect(payloadOf(await connect()).authorization.status).toBe('COMMITTED');
  });

  test('has 1 to 200 printable characters', async () => {
    expect(pathsOf(await connect({ idempotencyKey: '' }))).toEqual(['idempotencyKey']);
  });

  test('keeps no password in the database', async () => {
    await connect({ password: 'canary-password' });
    expect(await world.files()).not.toContain('canary-password');
  });

  test('whose mailbox is gone says so', async () => {
    const { mailbox } = payloadOf(await connect());
    await removeMailbox(world.gateway, world.viewer, { mailboxId: mailbox.id });
    expect(errorOf(await connect(), 'InvalidInput').message).toContain('removed');
  });
});

describe('an attempt', () => {
  const rules = { operation: 'test', replay: mailboxReplay, saysRateLimited: true };
  const input = { idempotencyKey: 'key-2' };
  let mailbox: Mailbox;
  beforeEach(async () => {
    mailbox = await world.connect('other@acme.test');
  });

  test('that threw leaves the key free', async () => {
    await expect(once(world.gateway, world.viewer, rules, input, () => Promise.reject(new Error('lost')))).rejects.toThrow('lost');
    expect(payloadOf(await once(world.gateway, world.viewer, rules, input, () => Promise.resolve(ok({ mailbox })))).mailbox.id).toBe(
      mailbox.id,
    );
  });

  test('that hangs makes others wait half a minute, then they are told to come back', async () => {
    const first = once(world.gateway, world.viewer, rules, input, () => new Promise(() => undefined));
    void first;
    await world.clock.settle();
    const second = await world.timed(once(world.gateway, world.viewer, rules, input, () => Promise.resolve(ok({ mailbox }))));
    expect(errorOf(second, 'RateLimited').retryAfterSeconds).toBe(30);
    const third = await world.timed(
      once(world.gateway, world.viewer, { ...rules, saysRateLimited: false }, input, () => Promise.resolve(ok({ mailbox }))),
    );
    expect(third.kind === 'ok' || third.error.kind === 'InvalidInput').toBe(true);
  });

  test('that died is taken over after a minute', async () => {
    void once(world.gateway, world.viewer, rules, input, () => new Promise(() => undefined));
    await world.clock.advance(61_000);
    expect(payloadOf(await once(world.gateway, world.viewer, rules, input, () => Promise.resolve(ok({ mailbox })))).mailbox.id).toBe(
      mailbox.id,
    );
  });
});

describe('every mutation', () => {
  test('gives its first result again', async () => {
    const { mailbox } = payloadOf(await connect());
    const { gateway, viewer } = world;
    const twice = async <T>(call: () => Promise<T>): Promise<readonly [T, T]> => [await call(), await call()];
    const base = { mailboxId: mailbox.id };

    const [renewed, again] = (await twice(() => reauth(gateway, viewer, { ...base, password: 'first-password', idempotencyKey: 'a' }))).map(
      payloadOf,
    );
    expect(again!.authorization.id).toBe(renewed!.authorization.id);
    expect((await world.mailbox(mailbox.id)).loginVersion).toBe(2);

    await twice(() => updateMailbox(gateway, viewer, { ...base, displayName: 'Help', idempotencyKey: 'b' }));
    expect((await world.mailbox(mailbox.id)).version).toBe(renewed!.mailbox.version + 1);

    const [chosen, chosenAgain] = (await twice(() => setPrimary(gateway, viewer, { ...base, idempotencyKey: 'c' }))).map(payloadOf);
    expect(chosenAgain!.previousPrimary).toEqual(chosen!.previousPrimary);

    const reports = (
      await twice(() =>
        reportCredentialFailure(gateway, viewer, { ...base, leg: 'INCOMING', error: 'NO [AUTHENTICATIONFAILED]', idempotencyKey: 'd' }),
      )
    ).map(payloadOf);
    expect(reports[1]!.diagnosis).toEqual(reports[0]!.diagnosis);

    const removals = (await twice(() => removeMailbox(gateway, viewer, { ...base, idempotencyKey: 'e' }))).map(payloadOf);
    expect(removals[1]).toEqual({ removedMailboxId: mailbox.id, grantRevoked: false });
  });
});
