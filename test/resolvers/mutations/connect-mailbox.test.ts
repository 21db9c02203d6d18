import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { connectMailbox } from '../../../src/resolvers/mutations/connect-mailbox.ts';
import {
  connectInput,
  createWorld,
  deferred,
  errorOf,
  HOUR,
  IMAP,
  kindsOf,
  pathsOf,
  payloadOf,
  SETTINGS,
  SMTP,
  type World,
} from '../world.ts';

const ADDRESS = 'support@acme.test';
let world: World;
beforeEach(async () => {
  world = await createWorld();
  world.servers.passwords.set(ADDRESS, 'first-password');
});
afterEach(() => world.close());

const connect = (over = {}, viewer = world.viewer) => connectMailbox(world.gateway, viewer, connectInput(ADDRESS, over));

describe('connecting with a password', () => {
  test('proves it on both legs, then the mailbox is live and healthy', async () => {
    const { mailbox, authorization } = payloadOf(await connect());
    expect(authorization).toMatchObject({ status: 'COMMITTED', purpose: 'CONNECT', candidate: null, startedBy: 'admin token' });
    expect(mailbox).toMatchObject({ live: true, address: ADDRESS, incoming: { health: 'HEALTHY' }, outgoing: { health: 'HEALTHY' } });
    expect(kindsOf(await world.events())).toEqual([
      'AUTHORIZATION',
      'STATUS INCOMING UNVERIFIED>HEALTHY AUTHORIZATION',
      'STATUS OUTGOING UNVERIFIED>HEALTHY AUTHORIZATION',
      'MAILBOX ADDED',
      'AUTHORIZATION',
    ]);
    expect(mailbox.incoming!.sequence).toBe(1);
    expect((await world.statusEvents()).every(({ triggeredBy }) => triggeredBy === 'admin token')).toBe(true);
  });

  test('with a wrong password is rejected with the reason, and nothing goes live', async () => {
    const { mailbox, authorization } = payloadOf(await connect({ password: 'wrong' }));
    expect(authorization).toMatchObject({ status: 'REJECTED', rejection: { reason: 'BAD_CREDENTIALS', leg: 'INCOMING' }, candidate: null });
    expect(mailbox).toMatchObject({ live: false, active: null, repairRejected: true, openAuthorizationId: null });
    expect(await world.store.mailboxByAddress(world.viewer.workspaceId, ADDRESS)).toBeNull();
    expect(kindsOf(await world.events())).toEqual(['AUTHORIZATION', 'AUTHORIZATION']);
  });

  test('answers VERIFYING after 8 seconds when the servers take longer, and goes live by itself', async () => {
    const wait = deferred();
    world.servers.silence.set('OUTGOING', wait.promise);
    const { mailbox, authorization } = payloadOf(await world.timed(connect()));
    expect(authorization.status).toBe('VERIFYING');
    expect(mailbox.live).toBe(false);
    wait.resolve();
    await world.repair.verify(mailbox.workspaceId, authorization.id);
    expect((await world.mailbox(mailbox.id)).live).toBe(true);
  });

  test('keeps no password anywhere in clear, and logs none', async () => {
    await connect({ outgoingUsername: 'relay', outgoingPassword: 'canary-outgoing' });
    await connect({ password: 'canary-password' });
    expect(await world.files()).not.toMatch(/canary-|first-password/);
    expect(world.logged.join('\n')).not.toMatch(/canary-|first-password/);
  });

  test('sends with a login of its own when one is given', async () => {
    world.servers.passwords.set('relay', 'relay-password');
    const { authorization } = payloadOf(await connect({ outgoingUsername: 'relay', outgoingPassword: 'relay-password' }));
    expect(authorization.status).toBe('COMMITTED');
    expect(world.servers.logins.map(({ direction, username }) => `${direction} ${username}`).sort()).toEqual([
      `INCOMING ${ADDRESS}`,
      'OUTGOING relay',
    ]);
  });

  test('logs in as the address unless a user name is given', async () => {
    world.servers.passwords.set('acme-42', 'first-password');
    payloadOf(await connect({ username: 'acme-42' }));
    expect(world.servers.logins.map(({ username }) => username)).toEqual(['acme-42', 'acme-42']);
  });

  test('writes who asked into the audit', async () => {
    await connect();
    expect(await world.files()).toContain('mailbox.connect');
  });
});

describe('an address', () => {
  test('that is connected already is refused, whatever its case', async () => {
    await world.connect(ADDRESS);
    const error = errorOf(await connectMailbox(world.gateway, world.viewer, connectInput('SUPPORT@acme.test')), 'MailboxAlreadyExists');
    expect(error.address).toBe('SUPPORT@acme.test');
  });

  test('that is pending can be connected again: the earlier attempt is superseded', async () => {
    world.servers.answers.set('INCOMING', '* BYE Server shutting down');
    const first = payloadOf(await connect());
    expect(first.authorization.status).toBe('VERIFYING');
    world.servers.answers.clear();
    const second = payloadOf(await connect());
    expect(second.authorization.status).toBe('COMMITTED');
    expect(await world.authorization(first.authorization.id)).toMatchObject({ status: 'SUPERSEDED', candidate: null });
  });

  test('connected twice at the same moment goes live once; the other attempt says that it was superseded', async () => {
    const both = (await Promise.all([connect(), connect()])).map(payloadOf);
    const statuses = await Promise.all(both.map(async ({ authorization }) => (await world.authorization(authorization.id)).status));
    expect(statuses.sort()).toEqual(['COMMITTED', 'SUPERSEDED']);
    expect(await world.store.countMailboxes(world.viewer.workspaceId, {})).toBe(1);
  });
});

describe('servers', () => {
  test('of Microsoft and Google are known; typed ones override them', async () => {
    payloadOf(
      await connect({ provider: 'MICROSOFT_365', incoming: null, outgoing: { host: 'smtp.cloud.test', port: 587, security: 'STARTTLS' } }),
    );
    expect(world.servers.logins.map(({ server }) => server.host).sort()).toEqual(['imap.microsoft.test', 'smtp.cloud.test']);
  });

  test('are discovered for other providers when none is typed', async () => {
    world.discovered.push({
      source: 'ISPDB',
      provider: 'OTHER',
      incoming: { host: 'in.found.test', port: 993, security: 'TLS' },
      outgoing: { host: 'out.found.test', port: 465, security: 'TLS' },
      usernameHint: null,
    });
    const { mailbox } = payloadOf(await connect({ incoming: null, outgoing: null }));
    expect(mailbox.active).toMatchObject({ incomingServer: { host: 'in.found.test' }, outgoingServer: { host: 'out.found.test' } });
  });

  test('that are not found are asked for', async () => {
    expect(pathsOf(await connect({ incoming: null, outgoing: null }))).toEqual(['incoming', 'outgoing']);
  });

  test('of a leg outside the direction are refused', async () => {
    expect(pathsOf(await connect({ direction: 'INCOMING', incoming: IMAP, outgoing: SMTP }))).toEqual(['outgoing']);
  });
});

describe('the input', () => {
  test('is judged whole: every fault at its own path', async () => {
    const paths = pathsOf(
      await connect({
        address: 'nobody',
        displayName: 'a\nb',
        password: null,
        signInAddress: '@',
        incoming: { host: '', port: 0, security: 'TLS' },
        username: '',
      }),
    );
    expect([...paths].sort()).toEqual([
      'address',
      'displayName',
      'incoming.host',
      'incoming.port',
      'password',
      'signInAddress',
      'username',
    ]);
  });

  test('may ask for deletion only when mail is fetched', async () => {
    expect(pathsOf(await connect({ direction: 'OUTGOING', incoming: null, deleteAfterFetch: true }))).toEqual(['deleteAfterFetch']);
  });

  test('may have no password for a sign-in', async () => {
    expect(pathsOf(await connect({ provider: 'GMAIL', authMethod: 'OAUTH2' }))).toEqual(['password']);
  });

  test('cannot choose a sign-in for a provider that has none', async () => {
    expect(pathsOf(await connect({ authMethod: 'OAUTH2', password: null }))).toEqual(['authMethod']);
  });
});

describe('a sign-in', () => {
  const signIn = { provider: 'MICROSOFT_365', authMethod: 'OAUTH2', password: null, incoming: null, outgoing: null } as const;

  test('goes to the servers of its provider, and to others only when the operator listed them', async () => {
    world.configured.add('MICROSOFT_365');
    const own = { host: 'mail.attacker.test', port: 993, security: 'TLS' } as const;
    expect(pathsOf(await connect({ ...signIn, incoming: own }))).toEqual(['incoming.host']);
    world.listedHosts.add(own.host);
    expect(payloadOf(await connect({ ...signIn, incoming: own })).authorization.status).toBe('AWAITING_USER');
  });

  test('of a provider that is not set up says which variable sets it up', async () => {
    const error = errorOf(await connect(signIn), 'ProviderNotConfigured');
    expect(error).toMatchObject({ provider: 'MICROSOFT_365' });
    expect(error.message).toContain('MICROSOFT_CLIENT_ID');
  });

  test('awaits its user when the provider is set up', async () => {
    world.configured.add('MICROSOFT_365');
    const { authorization, mailbox } = payloadOf(await connect({ ...signIn, returnTo: 'https://desk.acme.test/done' }));
    expect(authorization).toMatchObject({ status: 'AWAITING_USER', kind: 'OAUTH2', returnTo: 'https://desk.acme.test/done' });
    expect(mailbox).toMatchObject({ live: false, requested: { authMethod: 'OAUTH2' } });
  });

  test('returns only to origins on the list', async () => {
    world.configured.add('MICROSOFT_365');
    expect(pathsOf(await connect({ ...signIn, returnTo: 'https://evil.test' }))).toEqual(['returnTo']);
  });

  test('is not what a password needs, and still a wrong place to return to is named', async () => {
    expect(pathsOf(await connect({ returnTo: 'javascript:alert(1)' }))).toEqual(['returnTo']);
  });
});

describe('who and how often', () => {
  test('only an ADMIN connects mailboxes', async () => {
    expect(errorOf(await connect({}, world.worker), 'PermissionDenied').requiredRole).toBe('ADMIN');
    expect(errorOf(await connect({}, world.reader), 'PermissionDenied').requiredRole).toBe('ADMIN');
    expect(world.servers.logins).toEqual([]);
  });

  test('the eleventh attempt for one address within a minute has to wait', async () => {
    for (let attempt = 0; attempt < 10; attempt += 1) payloadOf(await connect({ password: 'wrong' }));
    expect(errorOf(await connect({ password: 'wrong' }), 'RateLimited').retryAfterSeconds).toBeGreaterThan(0);
  });
});

describe('a mailbox that never went live', () => {
  test('is erased 24 hours after it failed, and not before', async () => {
    const { mailbox } = payloadOf(await connect({ password: 'wrong' }));
    await world.clock.advance(23 * HOUR);
    await world.look();
    expect(await world.mailbox(mailbox.id)).not.toBeNull();
    await world.clock.advance(HOUR);
    await world.look();
    expect(await world.mailbox(mailbox.id)).toBeNull();
  });

  test('expires when its user never signs in', async () => {
    world.configured.add('GMAIL');
    const signIn = { provider: 'GMAIL', authMethod: 'OAUTH2', password: null, incoming: null, outgoing: null } as const;
    const { authorization } = payloadOf(await connect(signIn));
    await world.clock.advance(SETTINGS.authorizationTtlMs);
    await world.look();
    expect(await world.authorization(authorization.id)).toMatchObject({ status: 'EXPIRED' });
  });
});
