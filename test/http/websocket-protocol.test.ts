import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { aStatusChange } from '../support/store.ts';
import { startGatewayServer, type GatewayServer } from './gateway-server.ts';
import { openSocket } from './socket-client.ts';

// Our own port of the cases of graphql-transport-ws, against PROTOCOL.md of graphql-ws 6.

let server: GatewayServer;
beforeAll(async () => {
  server = await startGatewayServer();
});
afterAll(() => server.close());

const token = (): string => server.acme.tokens.VIEWER;
const LIVE =
  'subscription { credentialStatusChanged { __typename ... on StreamOpened { cursor resume } ... on CredentialStatusChanged { change { sequence } } } }';

describe('graphql-transport-ws', () => {
  test('another subprotocol is closed with 4406', async () => {
    const socket = await openSocket(server.url, { protocol: null });
    expect(await socket.closed).toMatchObject({ code: 4406 });
  });

  test('the protocol that graphql-ws replaced is closed with 4406', async () => {
    await expect(openSocket(server.url, { protocol: 'graphql-ws' })).rejects.toThrow();
  });

  test('no connection_init within 3 s is closed with 4408', async () => {
    const socket = await openSocket(server.url);
    expect(await socket.closed).toEqual({ code: 4408, reason: 'Connection initialisation timeout' });
  });

  test('connection_init with a valid token is acknowledged', async () => {
    const socket = await openSocket(server.url);
    socket.send({ type: 'connection_init', payload: { authorization: `Bearer ${token()}` } });
    expect(await socket.next()).toEqual({ type: 'connection_ack' });
    socket.close();
  });

  test('the token may come in the header of the upgrade', async () => {
    const socket = await openSocket(server.url, { headers: { authorization: `Bearer ${token()}` } });
    socket.send({ type: 'connection_init' });
    expect(await socket.next()).toEqual({ type: 'connection_ack' });
    socket.close();
  });

  test.each([
    ['no token', {}],
    ['a wrong token', { authorization: 'Bearer mgk_x_y_z' }],
    ['a token that is no text', { authorization: 7 }],
  ])('connection_init with %s is closed with 4403', async (_, payload) => {
    const socket = await openSocket(server.url);
    socket.send({ type: 'connection_init', payload });
    expect(await socket.closed).toEqual({ code: 4403, reason: 'Forbidden' });
  });

  test('a second connection_init is closed with 4429', async () => {
    const socket = await openSocket(server.url);
    await socket.init(token());
    socket.send({ type: 'connection_init' });
    expect(await socket.closed).toMatchObject({ code: 4429 });
  });

  test('subscribe before connection_init is closed with 4401', async () => {
    const socket = await openSocket(server.url);
    socket.subscribe('1', '{ viewer { id } }');
    expect(await socket.closed).toEqual({ code: 4401, reason: 'Unauthorized' });
  });

  test.each([
    ['text that is no JSON', 'nonsense'],
    ['a message of no known type', '{"type":"start"}'],
    ['a subscribe without an id', '{"type":"subscribe","payload":{"query":"{ viewer { id } }"}}'],
    ['a subscribe without a query', '{"id":"1","type":"subscribe","payload":{}}'],
    ['variables that are no object', '{"id":"1","type":"subscribe","payload":{"query":"{ viewer { id } }","variables":[]}}'],
  ])('%s is closed with 4400', async (_, message) => {
    const socket = await openSocket(server.url);
    await socket.init(token());
    socket.sendText(message);
    expect(await socket.closed).toMatchObject({ code: 4400 });
  });

  test('an id that is in use is closed with 4409', async () => {
    const socket = await openSocket(server.url);
    await socket.init(token());
    socket.subscribe('1', LIVE);
    await socket.next();
    socket.subscribe('1', LIVE);
    expect(await socket.closed).toEqual({ code: 4409, reason: 'Subscriber for 1 already exists' });
  });

  test('an id can be used again once it is complete', async () => {
    const socket = await openSocket(server.url);
    await socket.init(token());
    for (let round = 0; round < 3; round += 1) {
      socket.subscribe('1', '{ viewer { role } }');
      expect(await socket.next()).toEqual({ id: '1', type: 'next', payload: { data: { viewer: { role: 'VIEWER' } } } });
      expect(await socket.next()).toEqual({ id: '1', type: 'complete' });
    }
    socket.close();
  });

  test('a query and a mutation run over the socket, with variables', async () => {
    const socket = await openSocket(server.url);
    await socket.init(token());
    socket.subscribe('q', 'query ($address: EmailAddress!) { mailboxByAddress(address: $address) { id } }', {
      address: 'nobody@acme.test',
    });
    expect(await socket.next()).toMatchObject({ id: 'q', type: 'next', payload: { data: { mailboxByAddress: null } } });
    expect(await socket.next()).toEqual({ id: 'q', type: 'complete' });
    socket.subscribe('m', 'mutation { pauseMailbox(input: { mailboxId: "x" }) { __typename } }');
    expect(await socket.next()).toMatchObject({ payload: { data: { pauseMailbox: { __typename: 'PermissionDenied' } } } });
    socket.close();
  });

  test('ping is answered with pong and its payload', async () => {
    const socket = await openSocket(server.url);
    socket.send({ type: 'ping', payload: { at: 1 } });
    expect(await socket.next()).toEqual({ type: 'pong', payload: { at: 1 } });
    await socket.init(token());
    socket.send({ type: 'ping' });
    expect(await socket.next()).toEqual({ type: 'pong' });
    socket.close();
  });

  test.each([
    ['a syntax error', '{ viewer {', /Syntax Error/],
    ['a field that does not exist', '{ viewers { id } }', /Cannot query field "viewers" on type "Query"\.$/],
    ['a document without an operation', 'fragment F on Viewer { id }', /./],
    ['a variable of the wrong type', 'query ($id: ID!) { mailbox(id: $id) { id } }', /Variable "\$id"/],
  ])('%s is an error message, and the socket and its other operations live on', async (_, query, message) => {
    const socket = await openSocket(server.url);
    await socket.init(token());
    socket.subscribe('other', LIVE);
    await socket.next();
    socket.subscribe('bad', query);
    const error = await socket.next();
    expect(error).toMatchObject({ id: 'bad', type: 'error' });
    expect(error.payload[0].message).toMatch(message);
    expect(error.payload[0].extensions ?? {}).not.toHaveProperty('http');
    const mailbox = await server.addMailbox(server.acme, `${Math.random()}@acme.test`);
    await server.commit(server.acme, { events: [aStatusChange(mailbox.id)] });
    expect((await socket.until(({ id }) => id === 'other')).payload.data.credentialStatusChanged.__typename).toBe(
      'CredentialStatusChanged',
    );
    socket.close();
  });

  test('a subscription that cannot begin says why and completes', async () => {
    const socket = await openSocket(server.url);
    await socket.init(token());
    socket.subscribe('1', 'subscription { authorizationUpdated(id: "x") { id } }');
    expect(await socket.next()).toMatchObject({ type: 'next', payload: { errors: [{ extensions: { code: 'AUTHORIZATION_NOT_FOUND' } }] } });
    expect(await socket.next()).toEqual({ id: '1', type: 'complete' });
    socket.close();
  });

  test('complete from the client ends the operation: nothing of it comes any more', async () => {
    const socket = await openSocket(server.url);
    await socket.init(token());
    socket.subscribe('1', LIVE);
    await socket.next();
    socket.subscribe('2', LIVE);
    await socket.next();
    socket.send({ id: '1', type: 'complete' });
    socket.send({ type: 'ping' });
    expect(await socket.next()).toEqual({ type: 'pong' });
    const mailbox = await server.addMailbox(server.acme, 'complete@acme.test');
    await server.commit(server.acme, { events: [aStatusChange(mailbox.id)] });
    expect(await socket.next()).toMatchObject({ id: '2', type: 'next' });
    socket.send({ type: 'ping' });
    expect(await socket.next()).toEqual({ type: 'pong' });
    socket.close();
  });

  test('a subscription that ends by itself says complete', async () => {
    const socket = await openSocket(server.url);
    await socket.init(server.acme.tokens.ADMIN);
    const { body } = await server.post(
      `mutation { connectMailbox(input: { address: "ends@acme.test", provider: OTHER, authMethod: BASIC, password: "wrong",
        incoming: { host: "imap.acme.test", port: 993, security: TLS }, outgoing: { host: "smtp.acme.test", port: 465, security: TLS } }) {
        ... on ConnectMailboxPayload { authorization { id status } mailbox { id provider direction authMethod { username } } } } }`,
    );
    const { authorization, mailbox } = body.data.connectMailbox;
    expect(authorization.status).toBe('REJECTED');
    expect(mailbox).toMatchObject({ provider: 'OTHER', direction: 'BOTH', authMethod: { username: 'ends@acme.test' } });
    socket.subscribe('1', `subscription { authorizationUpdated(id: "${authorization.id}") { status rejection { reason } } }`);
    expect(await socket.next()).toMatchObject({ type: 'next', payload: { data: { authorizationUpdated: { status: 'REJECTED' } } } });
    expect(await socket.next()).toEqual({ id: '1', type: 'complete' });
    socket.close();
  });

  test('a message over 64 kB is closed with 1009', async () => {
    const socket = await openSocket(server.url);
    await socket.init(token());
    socket.subscribe('1', `{ viewer { id } } # ${'x'.repeat(70_000)}`);
    expect(await socket.closed).toMatchObject({ code: 1009 });
  });

  test('at most 200 operations run on one socket', async () => {
    const socket = await openSocket(server.url);
    await socket.init(token());
    for (let id = 0; id < 200; id += 1) socket.subscribe(String(id), LIVE);
    for (let id = 0; id < 200; id += 1) expect(await socket.next()).toMatchObject({ type: 'next' });
    socket.subscribe('200', LIVE);
    expect(await socket.next()).toMatchObject({ id: '200', type: 'error', payload: [{ extensions: { code: 'TOO_MANY_OPERATIONS' } }] });
    socket.send({ id: '0', type: 'complete' });
    socket.send({ type: 'ping' });
    await socket.next();
    socket.subscribe('201', LIVE);
    expect(await socket.next()).toMatchObject({ id: '201', type: 'next' });
    socket.close();
  });
});
