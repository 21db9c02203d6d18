import { getIntrospectionQuery } from 'graphql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openEventStream } from './event-stream.ts';
import { startGatewayServer, type GatewayServer } from './gateway-server.ts';
import { openSocket } from './socket-client.ts';
import type { Json } from './json.ts';

let server: GatewayServer;
beforeAll(async () => {
  server = await startGatewayServer();
  await server.addMailbox(server.acme, 'support@acme.test');
});
afterAll(() => server.close());

const times = (count: number, text: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => text(index)).join(' ');

/** A selection `levels` fields deep: mailboxes, nodes, then openAuthorization and mailbox in turn. */
function nested(levels: number): string {
  let selection = 'id';
  for (let level = levels - 3; level > 0; level -= 1) selection = `${level % 2 === 1 ? 'openAuthorization' : 'mailbox'} { ${selection} }`;
  return `mailboxes(first: 1) { nodes { ${selection} } }`;
}

interface Case {
  readonly rule: string;
  readonly code: string | null;
  readonly document: string;
  readonly variables?: Record<string, unknown>;
}

/** Each as the body of a query and, with the same limit, of a subscription's selection where that is possible. */
const refusedDocuments: readonly Case[] = [
  { rule: '13 fields deep', code: 'TOO_DEEP', document: `{ ${nested(13)} }` },
  { rule: '13 fields deep through a fragment', code: 'TOO_DEEP', document: `{ ...F } fragment F on Query { ${nested(13)} }` },
  { rule: '16 aliases', code: 'TOO_MANY_ALIASES', document: `{ ${times(16, (index) => `a${index}: viewer { id }`)} }` },
  { rule: '16 aliases of __typename', code: 'TOO_MANY_ALIASES', document: `{ ${times(16, (index) => `a${index}: __typename`)} }` },
  {
    rule: '6 directives',
    code: 'TOO_MANY_DIRECTIVES',
    document: `{ viewer { id } ${times(6, () => 'viewer @include(if: true) { id }')} }`,
  },
  { rule: '6 unknown directives on one field', code: 'TOO_MANY_DIRECTIVES', document: `{ viewer ${times(6, () => '@aa')} { id } }` },
  { rule: '1001 tokens', code: 'TOO_MANY_TOKENS', document: `{ viewer { ${times(1_001, () => 'id')} } }` },
  { rule: 'first: 101', code: 'PAGE_SIZE', document: '{ mailboxes(first: 101) { totalCount } }' },
  { rule: 'first: 100000', code: 'PAGE_SIZE', document: '{ mailboxes(first: 100000) { nodes { id } } }' },
  { rule: 'first: 0', code: 'PAGE_SIZE', document: '{ statusChanges(first: 0) { nodes { id } } }' },
  { rule: 'a negative last', code: 'PAGE_SIZE', document: '{ statusChanges(last: -1) { nodes { id } } }' },
  { rule: 'first and last', code: 'PAGE_SIZE', document: '{ mailboxes(first: 1, last: 1) { totalCount } }' },
  {
    rule: 'first: 101 in a variable',
    code: 'PAGE_SIZE',
    document: 'query ($n: Int) { workspace { incidents(first: $n) { nodes { id } } } }',
    variables: { n: 101 },
  },
  {
    rule: 'pages in pages',
    code: 'TOO_COSTLY',
    document: '{ mailboxes(first: 100) { nodes { history(first: 100) { nodes { id from to } } } } }',
  },
  {
    rule: 'pages in pages by variables',
    code: 'TOO_COSTLY',
    document: 'query ($n: Int) { mailboxes(first: $n) { nodes { history(first: $n) { nodes { id from to } } } } }',
    variables: { n: 100 },
  },
  { rule: 'a fragment that contains itself', code: null, document: '{ viewer { ...F } } fragment F on Viewer { workspace { id } ...F }' },
  {
    rule: 'introspection in circles',
    code: null,
    document: '{ __schema { types { fields { type { fields { type { fields { type { name } } } } } } } } }',
  },
];

type Transport = (
  document: string,
  variables?: Record<string, unknown>,
) => Promise<{ readonly errors: readonly Json[]; readonly data: unknown; readonly status: number }>;

const transports: Readonly<Record<string, Transport>> = {
  POST: async (query, variables) => {
    const { body, status } = await server.post(query, { variables });
    return { errors: body.errors ?? [], data: body.data ?? null, status };
  },
  GET: async (query, variables) => {
    const { body, status } = await server.get(query, { variables });
    return { errors: body.errors ?? [], data: body.data ?? null, status };
  },
  SSE: async (query, variables) => {
    const stream = await openEventStream(server.url, query, server.acme.tokens.ADMIN, { variables, method: 'POST' });
    const result = await stream.next();
    stream.abort();
    return { errors: result?.errors ?? [], data: result?.data ?? null, status: stream.status };
  },
  WebSocket: async (query, variables) => {
    const socket = await openSocket(server.url);
    await socket.init(server.acme.tokens.ADMIN);
    socket.subscribe('1', query, variables);
    const message = await socket.next();
    socket.close();
    return message.type === 'error'
      ? { errors: message.payload, data: null, status: 400 }
      : { errors: [], data: message.payload.data, status: 200 };
  },
};

describe.each(Object.keys(transports))('over %s', (name) => {
  const send = transports[name]!;

  test.each(refusedDocuments)('$rule is refused before it runs', async ({ code, document, variables }) => {
    const { errors, data, status } = await send(document, variables);
    expect(errors.length).toBeGreaterThan(0);
    expect(data).toBeNull();
    if (code === null) return;
    expect(errors.map((error) => error.extensions?.code)).toContain(code);
    expect(status).toBe(400);
  });

  test('what is just within the limits runs', async () => {
    for (const document of [
      `{ ${nested(12)} }`,
      `{ ${times(15, (index) => `a${index}: __typename`)} }`,
      `{ viewer { id } ${times(5, () => 'viewer @include(if: true) { id }')} }`,
      '{ mailboxes(first: 100) { nodes { id status { health } } } }',
      '{ statusChanges(last: 100) { nodes { id } } }',
    ]) {
      const { errors, data } = await send(document);
      expect(errors).toEqual([]);
      expect(data).not.toBeNull();
    }
  });

  test('a mistyped field, argument, value or type is not corrected', async () => {
    for (const document of [
      '{ helo }',
      '{ mailbox(idd: "x") { id } }',
      '{ mailboxes(orderBy: ADDRESS_AS) { totalCount } }',
      '{ viewer { ... on Viewr { id } } }',
      '{ viewer { ide } }',
    ]) {
      const { errors } = await send(document);
      expect(errors.length).toBeGreaterThan(0);
      expect(JSON.stringify(errors)).not.toContain('Did you mean');
    }
    const { errors } = await send('query ($order: MailboxOrder) { mailboxes(orderBy: $order) { totalCount } }', { order: 'ADDRESS_AS' });
    expect(errors.length).toBeGreaterThan(0);
    expect(JSON.stringify(errors)).not.toContain('Did you mean');
  });

  test('a client’s introspection query runs, with a token', async () => {
    const { errors, data } = await send(getIntrospectionQuery());
    expect(errors).toEqual([]);
    expect(data).toHaveProperty('__schema');
  });
});

test('a subscription is limited like a query, on SSE and on a socket', async () => {
  const query = `subscription { workspaceChanged { __typename ... on PrimaryChanged { workspace { ${times(16, (index) => `a${index}: name`)} } } } }`;
  for (const name of ['SSE', 'WebSocket', 'GET'] as const) {
    const { errors } = await transports[name]!(query);
    expect(errors[0].extensions.code).toBe('TOO_MANY_ALIASES');
  }
});

test('the message of a page over the maximum names the maximum', async () => {
  const { body } = await server.post('{ mailboxes(first: 101) { totalCount } }');
  expect(body.errors[0].message).toBe('first has to be between 1 and 100; it is 101.');
});

test('a body over 100 kB is refused with 413', async () => {
  const { status } = await server.post(`{ viewer { id } } # ${'x'.repeat(101_000)}`);
  expect(status).toBe(413);
});

test('several operations in one body are refused with 400', async () => {
  const { status } = await server.request('/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${server.acme.tokens.ADMIN}` },
    body: JSON.stringify([{ query: '{ viewer { id } }' }, { query: '{ viewer { id } }' }]),
  });
  expect(status).toBe(400);
});

test('bombs are refused quickly: 50 fragments nested two by two, 3000 overlapping fields', async () => {
  const fragments = times(50, (index) => `fragment F${index} on Viewer { ...F${index + 1} ...F${index + 1} }`);
  const nestedFragments = `{ viewer { ...F0 } } ${fragments} fragment F50 on Viewer { id }`;
  const overlapping = `{ ${times(3_000, () => 'viewer { id }')} }`;
  for (const document of [nestedFragments, overlapping]) {
    const { status } = await server.post(document);
    expect(status).toBe(400);
  }
});
