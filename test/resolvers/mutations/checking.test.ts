import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Mailbox } from '../../../src/domain/mailbox.ts';
import { checkMailbox } from '../../../src/resolvers/mutations/check-mailbox.ts';
import { connectMailbox } from '../../../src/resolvers/mutations/connect-mailbox.ts';
import { pauseMailbox } from '../../../src/resolvers/mutations/pause-mailbox.ts';
import { reportCredentialFailure } from '../../../src/resolvers/mutations/report-credential-failure.ts';
import { testCredentials } from '../../../src/resolvers/mutations/test-credentials.ts';
import { connectInput, createWorld, errorOf, IMAP, MINUTE, pathsOf, payloadOf, SMTP, type World } from '../world.ts';

const ADDRESS = 'support@acme.test';
let world: World;
let mailbox: Mailbox;
beforeEach(async () => {
  world = await createWorld();
  mailbox = await world.connect(ADDRESS);
  world.servers.logins.length = 0;
});
afterEach(() => world.close());

describe('checking now', () => {
  const check = (viewer = world.viewer, mailboxId: string = mailbox.id) => checkMailbox(world.gateway, viewer, { mailboxId });

  test('answers with the mailbox; a WORKER may, a VIEWER may not', async () => {
    expect(payloadOf(await check(world.worker)).mailbox.id).toBe(mailbox.id);
    expect(errorOf(await check(world.reader), 'PermissionDenied').requiredRole).toBe('WORKER');
  });

  test('is not for paused, pending or unknown mailboxes', async () => {
    const { mailbox: pending } = payloadOf(
      await connectMailbox(world.gateway, world.viewer, connectInput('new@acme.test', { password: 'wrong' })),
    );
    errorOf(await check(world.viewer, pending.id), 'NotApplicable');
    errorOf(await check(world.viewer, 'nothing'), 'MailboxNotFound');
    await pauseMailbox(world.gateway, world.viewer, { mailboxId: mailbox.id });
    errorOf(await check(), 'NotApplicable');
  });

  test('more than ten times a minute has to wait', async () => {
    for (let count = 0; count < 10; count += 1) payloadOf(await check());
    errorOf(await check(), 'RateLimited');
    await world.clock.advance(MINUTE);
    payloadOf(await check());
  });
});

describe('testing credentials', () => {
  const input = { username: ADDRESS, password: 'first-password', incoming: IMAP, outgoing: SMTP };
  const attempt = (over = {}, viewer = world.viewer) => testCredentials(world.gateway, viewer, { ...input, ...over });

  test('logs in on both legs and saves nothing', async () => {
    expect(payloadOf(await attempt())).toEqual({
      incoming: { succeeded: true, diagnosis: null },
      outgoing: { succeeded: true, diagnosis: null },
    });
    expect(await world.mailbox(mailbox.id)).toEqual(mailbox);
    expect(await world.files()).not.toContain('first-password');
  });

  test('says for each leg why it fails', async () => {
    world.servers.answers.set('OUTGOING', '421 4.3.2 Service not available, try again later');
    const payload = payloadOf(await attempt({ password: 'wrong' }));
    expect(payload.incoming?.diagnosis).toMatchObject({ reason: 'BAD_CREDENTIALS' });
    expect(payload.outgoing?.diagnosis).toMatchObject({ retryable: true });
  });

  test('tries exactly the servers that were typed, or those of a known provider, or discovered ones', async () => {
    expect(payloadOf(await attempt({ outgoing: null })).outgoing).toBeNull();
    world.servers.logins.length = 0;
    await attempt({ provider: 'GMAIL', incoming: null, outgoing: null });
    expect(world.servers.logins.map(({ server }) => server.host).sort()).toEqual(['imap.gmail.test', 'smtp.gmail.test']);
    expect(pathsOf(await attempt({ incoming: null, outgoing: null }))).toEqual(['incoming', 'outgoing']);
    world.discovered.push({ source: 'MX', provider: 'OTHER', incoming: IMAP, outgoing: null, usernameHint: null });
    expect(payloadOf(await attempt({ incoming: null, outgoing: null }))).toMatchObject({ incoming: { succeeded: true }, outgoing: null });
  });

  test('uses a login of its own for sending when one is given', async () => {
    world.servers.passwords.set('relay', 'relay-password');
    expect(payloadOf(await attempt({ outgoingUsername: 'relay', outgoingPassword: 'relay-password' })).outgoing?.succeeded).toBe(true);
  });

  test('judges its input, is limited, and is for an ADMIN', async () => {
    expect(pathsOf(await attempt({ username: 'a\r\nb', password: '', address: 'x', incoming: { ...IMAP, port: 0 } }))).toEqual([
      'address',
      'username',
      'password',
      'incoming.port',
    ]);
    errorOf(await attempt({}, world.worker), 'PermissionDenied');
    for (let count = 0; count < 20; count += 1) payloadOf(await attempt());
    errorOf(await attempt(), 'RateLimited');
  });
});

describe('a report of a worker', () => {
  const report = (error: string, over = {}) =>
    reportCredentialFailure(world.gateway, world.worker, { mailboxId: mailbox.id, leg: 'OUTGOING', error, ...over });

  test('is explained, turns nothing red, and makes the leg due', async () => {
    const later = { nextCheckAt: world.clock.now() + 10 * MINUTE };
    const scheduled = { ...mailbox, incoming: { ...mailbox.incoming!, ...later }, outgoing: { ...mailbox.outgoing!, ...later } };
    await world.store.commit([
      {
        workspaceId: mailbox.workspaceId,
        at: world.clock.now(),
        mailboxes: [{ kind: 'replace', doc: scheduled, expectedRevision: mailbox.revision }],
      },
    ]);
    await world.clock.advance(2 * MINUTE);
    const before = (await world.events()).length;
    const payload = payloadOf(await report('535 5.7.8 Error: authentication failed', { leg: 'INCOMING' }));
    expect(payload.diagnosis.reason).toBe('BAD_CREDENTIALS');
    expect(payload.mailbox.incoming).toMatchObject({ health: 'HEALTHY', nextCheckAt: world.clock.now() });
    expect(payload.mailbox.outgoing).toEqual(scheduled.outgoing);
    expect(await world.events()).toHaveLength(before);
    expect(world.servers.logins).toEqual([]);
    expect(world.wakes()).toBeGreaterThan(0);
  });

  test('does not make a leg log in again within the confirmation time of its last login', async () => {
    const payload = payloadOf(await report('535 5.7.8 Error: authentication failed'));
    expect(payload.mailbox.outgoing?.nextCheckAt).toBe(mailbox.outgoing!.lastCheckedAt! + MINUTE);
  });

  test('of Send As denied is one entry in the history whose health stays, however often it is reported', async () => {
    const denied = '550 5.7.60 SMTP; Client does not have permissions to send as this sender';
    for (let count = 0; count < 3; count += 1) payloadOf(await report(denied));
    const reported = (await world.statusEvents()).filter(({ trigger }) => trigger === 'REPORT');
    expect(reported).toMatchObject([
      { leg: 'OUTGOING', from: 'HEALTHY', to: 'HEALTHY', reason: 'SEND_AS_DENIED', triggeredBy: 'worker token' },
    ]);
    expect((await world.mailbox(mailbox.id)).outgoing).toMatchObject({ health: 'HEALTHY', diagnosis: null });
  });

  test('beyond sixty a minute is explained and moves nothing', async () => {
    for (let count = 0; count < 60; count += 1) payloadOf(await report('535 5.7.8 Error: authentication failed'));
    await world.clock.advance(MINUTE - 1);
    const limited = payloadOf(await report('535 5.7.8 Error: authentication failed', { leg: 'INCOMING' }));
    expect(limited.diagnosis.reason).toBe('BAD_CREDENTIALS');
    expect(limited.mailbox.incoming).toEqual((await world.mailbox(mailbox.id)).incoming);
  });

  test('judges its input and its reporter', async () => {
    expect(pathsOf(await report(' '))).toEqual(['error']);
    expect(pathsOf(await report('x'.repeat(20_001)))).toEqual(['error']);
    const fetching = await world.connect('fetch@acme.test', { direction: 'INCOMING' });
    expect(pathsOf(await report('NO', { mailboxId: fetching.id }))).toEqual(['leg']);
    errorOf(await report('NO', { mailboxId: 'nothing' }), 'MailboxNotFound');
    errorOf(
      await reportCredentialFailure(world.gateway, world.reader, { mailboxId: mailbox.id, leg: 'INCOMING', error: 'NO' }),
      'PermissionDenied',
    );
  });

  test('leaves no secret of the text behind', async () => {
    const payload = payloadOf(await report('Error: 535 5.7.8 failed password=canary-secret'));
    expect(JSON.stringify(payload)).not.toContain('canary-secret');
    expect(await world.files()).not.toContain('canary-secret');
  });
});
