import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Authorization } from '../../src/domain/authorization.ts';
import type { Mailbox } from '../../src/domain/mailbox.ts';
import { startGatewayServer, type GatewayServer } from '../http/gateway-server.ts';
import { openEventStream } from '../http/event-stream.ts';
import { openSocket, type SocketClient } from '../http/socket-client.ts';
import { aLeg, aMailbox, anAuthorization, anIncident, aStatusChange } from '../support/store.ts';
import type { Json } from '../http/json.ts';

let server: GatewayServer;
let mailbox: Mailbox;
beforeAll(async () => {
  server = await startGatewayServer();
  mailbox = await server.addMailbox(server.acme, 'support@acme.test');
});
afterAll(() => server.close());

const STATUS = `subscription ($after: String, $filter: StatusChangeFilter) { credentialStatusChanged(after: $after, filter: $filter) { __typename
  ... on StreamOpened { cursor resume } ... on StreamCheckpoint { cursor } ... on CredentialStatusChanged { cursor change { sequence to } } } }`;
const WORKSPACE = `subscription ($after: String) { workspaceChanged(after: $after) { __typename
  ... on StreamOpened { cursor resume } ... on StreamCheckpoint { cursor }
  ... on CredentialStatusChanged { cursor change { sequence } } ... on MailboxChanged { cursor mailbox { address openAuthorization { id } } }
  ... on MailboxRemoved { cursor mailboxId } ... on PrimaryChanged { cursor workspace { primaryMailbox { id } } }
  ... on IncidentChanged { cursor incident { scope closedAt } } } }`;

async function subscribed(): Promise<SocketClient> {
  const socket = await openSocket(server.url);
  await socket.init(server.acme.tokens.VIEWER);
  return socket;
}

/** The next event of the one operation on a socket. */
async function event(socket: SocketClient): Promise<Json> {
  const message = await socket.next();
  if (message.type !== 'next' || message.payload.errors !== undefined) throw new Error(JSON.stringify(message));
  return Object.values(message.payload.data)[0];
}

const change = (parts: Parameters<typeof aStatusChange>[1] = {}): Promise<void> =>
  server.commit(server.acme, { events: [aStatusChange(mailbox.id, parts)] });
const cursorNow = (): Promise<string> => server.gateway.feed.cursorNow(server.acme.workspace.id);

describe('credentialStatusChanged', () => {
  test('opens LIVE without a cursor, then carries every change in order', async () => {
    const socket = await subscribed();
    socket.subscribe('1', STATUS);
    expect(await event(socket)).toMatchObject({ __typename: 'StreamOpened', resume: 'LIVE' });
    for (let count = 0; count < 20; count += 1) await change();
    const sequences: number[] = [];
    for (let count = 0; count < 20; count += 1) sequences.push((await event(socket)).change.sequence);
    expect(sequences).toEqual(Array.from({ length: 20 }, (_, index) => sequences[0]! + index));
    socket.close();
  });

  test('resumes: UP_TO_DATE with the newest cursor, REPLAYING with an older one, each event once', async () => {
    const before = await cursorNow();
    const socket = await subscribed();
    socket.subscribe('1', STATUS, { after: before });
    expect(await event(socket)).toEqual({ __typename: 'StreamOpened', resume: 'UP_TO_DATE', cursor: before });
    await change({ to: 'HEALTHY' });
    const seen = await event(socket);
    await change({ to: 'DEGRADED' });
    await event(socket);
    socket.close();
    const again = await subscribed();
    again.subscribe('1', STATUS, { after: seen.cursor });
    expect(await event(again)).toMatchObject({ resume: 'REPLAYING', cursor: seen.cursor });
    expect((await event(again)).change).toEqual({ sequence: Number(seen.change.sequence) + 1, to: 'DEGRADED' });
    again.close();
  });

  test.each(['nonsense', Buffer.from('999999.0000000000000000').toString('base64url'), ''])(
    'a cursor that is not ours is RESET_REQUIRED: "%s"',
    async (after) => {
      const socket = await subscribed();
      socket.subscribe('1', STATUS, { after });
      const opened = await event(socket);
      expect(opened.resume).toBe('RESET_REQUIRED');
      await change();
      expect((await event(socket)).__typename).toBe('CredentialStatusChanged');
      socket.subscribe('2', STATUS, { after: opened.cursor });
      expect((await socket.until(({ id }) => id === '2')).payload.data.credentialStatusChanged.resume).toBe('REPLAYING');
      socket.close();
    },
  );

  test('nothing falls between a list and the stream that goes on from its asOf', async () => {
    const { body } = await server.post('{ mailboxes { asOf nodes { status { sequence } } } }');
    await change({ to: 'BLOCKED' });
    const socket = await subscribed();
    socket.subscribe('1', STATUS, { after: body.data.mailboxes.asOf });
    expect(await event(socket)).toMatchObject({ resume: 'REPLAYING' });
    expect((await event(socket)).change.to).toBe('BLOCKED');
    socket.close();
  });

  test('a filter lets through what it names: mailboxes, and changes from or to a health', async () => {
    const other = await server.addMailbox(server.acme, 'other@acme.test');
    const socket = await subscribed();
    socket.subscribe('mailbox', STATUS, { filter: { mailboxIds: [other.id] } });
    await event(socket);
    socket.subscribe('health', STATUS, { filter: { health: ['BLOCKED'] } });
    await event(socket);
    await change({ from: 'HEALTHY', to: 'DEGRADED' });
    await change({ from: 'BLOCKED', to: 'HEALTHY' });
    await change({ from: 'HEALTHY', to: 'BLOCKED' });
    await server.commit(server.acme, { events: [aStatusChange(other.id, { to: 'UNVERIFIED' })] });
    const seen = [await socket.next(), await socket.next(), await socket.next()];
    const shown = seen.map(({ id, payload }) => `${id} ${payload.data.credentialStatusChanged.change.to}`).toSorted();
    expect(shown).toEqual(['health BLOCKED', 'health HEALTHY', 'mailbox UNVERIFIED']);
    socket.close();
  });

  test('a subscriber whose filter lets nothing through gets a checkpoint after 100 events, with a cursor to go on from', async () => {
    const socket = await subscribed();
    socket.subscribe('1', STATUS, { filter: { mailboxIds: ['nobody'] } });
    await event(socket);
    for (let count = 0; count < 100; count += 1) await change();
    const checkpoint = await event(socket);
    expect(checkpoint).toEqual({ __typename: 'StreamCheckpoint', cursor: await cursorNow() });
    socket.close();
  });

  test('comes over SSE too, by GET and by POST', async () => {
    for (const method of ['GET', 'POST'] as const) {
      const stream = await openEventStream(server.url, STATUS, server.acme.tokens.VIEWER, { method });
      expect(stream.contentType).toContain('text/event-stream');
      expect((await stream.next()).data.credentialStatusChanged).toMatchObject({ resume: 'LIVE' });
      await change();
      expect((await stream.next()).data.credentialStatusChanged.__typename).toBe('CredentialStatusChanged');
      stream.abort();
    }
  });
});

describe('workspaceChanged', () => {
  test('carries mailboxes added, changed and removed, the primary, incidents and status in the order of the log', async () => {
    const socket = await subscribed();
    socket.subscribe('1', WORKSPACE);
    await event(socket);
    const added = await server.addMailbox(server.acme, 'added@acme.test');
    expect(await event(socket)).toMatchObject({ __typename: 'MailboxChanged', mailbox: { address: 'added@acme.test' } });
    await server.post('mutation ($id: ID!) { setPrimary(input: { mailboxId: $id }) { __typename } }', { variables: { id: added.id } });
    expect(await event(socket)).toMatchObject({ __typename: 'PrimaryChanged', workspace: { primaryMailbox: { id: added.id } } });
    const incident = anIncident(server.acme.workspace.id, { scope: 'host:live' });
    await server.commit(server.acme, {
      incidents: [{ kind: 'insert', doc: incident }],
      events: [{ kind: 'INCIDENT', incidentId: incident.id }],
    });
    expect(await event(socket)).toMatchObject({ __typename: 'IncidentChanged', incident: { scope: 'host:live', closedAt: null } });
    await server.commit(server.acme, { events: [aStatusChange(added.id)] });
    expect(await event(socket)).toMatchObject({ __typename: 'CredentialStatusChanged' });
    await server.post('mutation ($id: ID!) { removeMailbox(input: { mailboxId: $id }) { __typename } }', { variables: { id: added.id } });
    const last: string[] = [];
    for (;;) {
      const { __typename, mailboxId } = await event(socket);
      last.push(__typename);
      if (mailboxId === added.id) break;
    }
    expect(last.at(-1)).toBe('MailboxRemoved');
    socket.close();
  });

  test('a mailbox that is not connected yet is in no stream; once it is, it is', async () => {
    const socket = await subscribed();
    socket.subscribe('1', WORKSPACE);
    await event(socket);
    const pending = aMailbox(server.acme.workspace.id, 'pending@acme.test', { live: false, active: null, incoming: null, outgoing: null });
    await server.commit(server.acme, {
      mailboxes: [{ kind: 'insert', doc: pending }],
      events: [{ kind: 'MAILBOX', mailboxId: pending.id, change: 'ADDED' }],
    });
    await change();
    expect(await event(socket)).toMatchObject({ __typename: 'CredentialStatusChanged' });
    socket.close();
  });

  test('a mailbox that was removed meanwhile appears in a replay as removed only', async () => {
    const after = await cursorNow();
    const gone = await server.addMailbox(server.acme, 'gone@acme.test');
    await server.post('mutation ($id: ID!) { removeMailbox(input: { mailboxId: $id }) { __typename } }', { variables: { id: gone.id } });
    const socket = await subscribed();
    socket.subscribe('1', WORKSPACE, { after });
    await event(socket);
    expect(await event(socket)).toMatchObject({ __typename: 'MailboxRemoved', mailboxId: gone.id });
    socket.close();
  });

  test('an authorization that opens shows as a changed mailbox', async () => {
    const socket = await subscribed();
    socket.subscribe('1', WORKSPACE);
    await event(socket);
    const stored = (await server.store.mailbox(server.acme.workspace.id, mailbox.id))!;
    const authorization = anAuthorization(server.acme.workspace.id, mailbox.id);
    await server.commit(server.acme, {
      mailboxes: [{ kind: 'replace', doc: { ...stored, openAuthorizationId: authorization.id }, expectedRevision: stored.revision }],
      authorizations: [{ kind: 'insert', doc: authorization }],
      events: [{ kind: 'AUTHORIZATION', authorizationId: authorization.id, mailboxId: mailbox.id }],
    });
    expect(await event(socket)).toMatchObject({ __typename: 'MailboxChanged', mailbox: { openAuthorization: { id: authorization.id } } });
    socket.close();
  });
});

describe('authorizationUpdated', () => {
  const UPDATED = 'subscription ($id: ID!) { authorizationUpdated(id: $id) { status proofs { leg succeeded } } }';

  async function opened(): Promise<Authorization> {
    const doc = anAuthorization(server.acme.workspace.id, mailbox.id, { status: 'VERIFYING' });
    await server.commit(server.acme, { authorizations: [{ kind: 'insert', doc }] });
    return (await server.store.authorization(server.acme.workspace.id, doc.id))!;
  }

  async function move(authorization: Authorization, parts: Partial<Authorization>): Promise<Authorization> {
    await server.commit(server.acme, {
      authorizations: [{ kind: 'replace', doc: { ...authorization, ...parts }, expectedRevision: authorization.revision }],
      events: [{ kind: 'AUTHORIZATION', authorizationId: authorization.id, mailboxId: mailbox.id }],
    });
    return (await server.store.authorization(server.acme.workspace.id, authorization.id))!;
  }

  test('begins with the present state, carries progress, and ends with a final state', async () => {
    const authorization = await opened();
    const socket = await subscribed();
    socket.subscribe('1', UPDATED, { id: authorization.id });
    expect(await event(socket)).toEqual({ status: 'VERIFYING', proofs: [] });
    const proven = await move(authorization, { proofs: [{ leg: 'INCOMING', succeeded: true, reason: null, at: 1 }] });
    expect(await event(socket)).toEqual({ status: 'VERIFYING', proofs: [{ leg: 'INCOMING', succeeded: true }] });
    const committed = await move(proven, { status: 'COMMITTED', completedAt: server.clock.now() });
    expect(await event(socket)).toMatchObject({ status: 'COMMITTED' });
    await move(committed, { status: 'CONFIRMED' });
    expect(await event(socket)).toMatchObject({ status: 'CONFIRMED' });
    expect(await socket.next()).toEqual({ id: '1', type: 'complete' });
    socket.close();
  });

  test.each(['CONFIRMED', 'REJECTED', 'EXPIRED', 'CANCELLED', 'SUPERSEDED', 'ROLLED_BACK'] as const)(
    'of one that is %s: that, and the end',
    async (status) => {
      const authorization = await move(await opened(), { status, completedAt: server.clock.now() });
      const socket = await subscribed();
      socket.subscribe('1', UPDATED, { id: authorization.id });
      expect(await event(socket)).toMatchObject({ status });
      expect(await socket.next()).toEqual({ id: '1', type: 'complete' });
      socket.close();
    },
  );

  test('of one that was committed more than an hour ago ends at once; within the hour it stays', async () => {
    const old = await move(await opened(), { status: 'COMMITTED', completedAt: server.clock.now() - 3_600_001 });
    const fresh = await move(await opened(), { status: 'COMMITTED', completedAt: server.clock.now() - 3_599_000 });
    const socket = await subscribed();
    socket.subscribe('fresh', UPDATED, { id: fresh.id });
    expect(await event(socket)).toMatchObject({ status: 'COMMITTED' });
    socket.subscribe('old', UPDATED, { id: old.id });
    expect(await event(socket)).toMatchObject({ status: 'COMMITTED' });
    expect(await socket.next()).toEqual({ id: 'old', type: 'complete' });
    // A second later the hour of the other is over.
    expect(await socket.next()).toEqual({ id: 'fresh', type: 'complete' });
    socket.close();
  });
});

describe('bannerChanged', () => {
  test('begins with the banner as it is, and comes again only when it is another one', async () => {
    const socket = await subscribed();
    socket.subscribe(
      '1',
      'subscription { bannerChanged { cursor banner { severity message mailboxCount mailboxes { nodes { address } } } } }',
    );
    expect((await event(socket)).banner).toBeNull();
    await change();
    await change();
    const broken = await server.addMailbox(server.acme, 'broken@acme.test', {
      incoming: aLeg('INCOMING', {
        health: 'ACTION_REQUIRED',
        diagnosis: {
          reason: 'BAD_CREDENTIALS',
          retryable: false,
          actor: 'MAILBOX_OWNER',
          action: 'UPDATE_PASSWORD',
          scenario: 'REENTER_PASSWORD',
          message: 'The password was refused.',
          confidence: 'CERTAIN',
          alternatives: [],
          providerMessage: null,
        },
      }),
    });
    const { banner } = await event(socket);
    expect(banner).toMatchObject({ severity: 'CRITICAL', mailboxCount: 1, mailboxes: { nodes: [{ address: 'broken@acme.test' }] } });
    expect(banner.message).toMatch(/^Please reauthorize your Email settings/);
    await server.post('mutation ($id: ID!) { pauseMailbox(input: { mailboxId: $id }) { __typename } }', { variables: { id: broken.id } });
    expect((await event(socket)).banner).toBeNull();
    socket.close();
  });
});

test('a closed socket leaves no reader and no timer behind', async () => {
  let released = 0;
  let allReleased = (): void => undefined;
  const everything = new Promise<void>((resolve) => {
    allReleased = resolve;
  });
  const { feed } = server.gateway;
  const { createHttpServer } = await import('../../src/http/server.ts');
  const { createMetrics } = await import('../../src/http/metrics.ts');
  const watched = {
    ...feed,
    read: (...args: Parameters<typeof feed.read>) => {
      const items = feed.read(...args);
      return {
        [Symbol.asyncIterator]() {
          return this;
        },
        next: () => items.next(),
        return: async () => {
          released += 1;
          if (released === 4) allReleased();
          await items.return?.();
          return { done: true as const, value: undefined };
        },
      };
    },
  };
  const http = createHttpServer({
    gateway: { ...server.gateway, feed: watched },
    staticDir: '/nowhere',
    readiness: [],
    metrics: createMetrics(),
    metricsToken: null,
    jwt: null,
    trustProxyHops: 0,
  });
  const { port } = await http.listen('127.0.0.1', 0);
  const url = `http://127.0.0.1:${port}`;
  const socket = await openSocket(url);
  await socket.init(server.acme.tokens.VIEWER);
  for (const id of ['1', '2', '3']) {
    socket.subscribe(id, STATUS);
    await socket.next();
  }
  const stream = await openEventStream(url, STATUS, server.acme.tokens.VIEWER);
  await stream.next();
  socket.send({ id: '1', type: 'complete' });
  socket.send({ type: 'ping' });
  await socket.next();
  expect(released).toBe(1);
  socket.close();
  await socket.closed;
  stream.abort();
  await everything;
  await http.close(2_000);
  expect(released).toBe(4);
});
