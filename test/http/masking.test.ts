import { GraphQLNonNull, GraphQLObjectType, GraphQLSchema, GraphQLString } from 'graphql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { StoreUnavailable } from '../../src/store/errors.ts';
import { openEventStream } from './event-stream.ts';
import { startGatewayServer, type GatewayServer } from './gateway-server.ts';
import { openSocket } from './socket-client.ts';
import type { Json } from './json.ts';

const CANARY = 'hunter2-canary';

/** As a mail library would throw it: the password in the message and in fields. */
function spilled(): Error {
  return Object.assign(new Error(`Login failed for password=${CANARY} at /opt/secret/path.js`), { credentials: { password: CANARY } });
}

const text = { type: GraphQLString };
const schema = new GraphQLSchema({
  query: new GraphQLObjectType({
    name: 'Query',
    fields: {
      fine: { ...text, resolve: () => 'fine' },
      throws: { ...text, resolve: () => Promise.reject(spilled()) },
      throwsText: {
        ...text,
        resolve: () => {
          // eslint-disable-next-line @typescript-eslint/only-throw-error
          throw CANARY;
        },
      },
      required: { type: new GraphQLNonNull(GraphQLString), resolve: () => Promise.reject(spilled()) },
      unavailable: { ...text, resolve: () => Promise.reject(new StoreUnavailable(`down, password=${CANARY}`)) },
    },
  }),
  subscription: new GraphQLObjectType({
    name: 'Subscription',
    fields: {
      cannotBegin: { ...text, subscribe: () => Promise.reject(spilled()) },
      sourceBreaks: {
        ...text,
        subscribe: async function* () {
          yield { sourceBreaks: 'one' };
          await Promise.resolve();
          throw spilled();
        },
      },
      fieldBreaks: {
        ...text,
        subscribe: async function* () {
          yield await Promise.resolve(1);
        },
        resolve: () => Promise.reject(spilled()),
      },
    },
  }),
});

let server: GatewayServer;
beforeAll(async () => {
  server = await startGatewayServer({ schema });
});
afterAll(async () => {
  await server.close();
  // Over the whole file: no log line has the secret, and each masked error was logged.
  expect(server.logged.join('\n')).not.toContain(CANARY);
  expect(server.logged.filter((line) => line.startsWith('error')).length).toBeGreaterThan(5);
});

const token = (): string => server.acme.tokens.VIEWER;

async function overSocket(query: string): Promise<readonly Json[]> {
  const socket = await openSocket(server.url);
  await socket.init(token());
  socket.subscribe('1', query);
  const messages = [];
  for (;;) {
    const message = await socket.next();
    messages.push(message);
    if (message.type === 'complete' || message.type === 'error') break;
  }
  // Only the operation ended: the socket still answers.
  socket.send({ type: 'ping' });
  await socket.until(({ type }) => type === 'pong');
  socket.close();
  return messages;
}

async function overSse(query: string): Promise<readonly Json[]> {
  const stream = await openEventStream(server.url, query, token());
  const events = [];
  for (let event = await stream.next(); event !== null; event = await stream.next()) events.push(event);
  return events;
}

describe('an error that nobody threw on purpose', () => {
  test.each(['throws', 'throwsText', 'required'])('is masked in a POST, a GET and on a socket: %s', async (field) => {
    const answers = [
      (await server.post(`{ fine ${field} }`, { token: token() })).text,
      (await server.get(`{ fine ${field} }`, { token: token() })).text,
      JSON.stringify(await overSocket(`{ fine ${field} }`)),
    ];
    for (const answer of answers) {
      expect(answer).toContain('Unexpected error.');
      expect(answer).not.toContain(CANARY);
      expect(answer).not.toContain('path.js');
      expect(answer).not.toContain('stack');
    }
  });

  test.each(['cannotBegin', 'sourceBreaks', 'fieldBreaks'])('is masked in a subscription over SSE and on a socket: %s', async (field) => {
    const answers = [
      JSON.stringify(await overSse(`subscription { ${field} }`)),
      JSON.stringify(await overSocket(`subscription { ${field} }`)),
    ];
    for (const answer of answers) {
      expect(answer).toContain('Unexpected error.');
      expect(answer).not.toContain(CANARY);
    }
  });

  test('carries the id of its request, under which the original was logged without its secret', async () => {
    const { body, headers } = await server.post('{ throws }', { token: token() });
    const { requestId, code } = body.errors[0].extensions;
    expect(code).toBe('INTERNAL_SERVER_ERROR');
    expect(requestId).toBe(headers.get('x-request-id'));
    const line = server.logged.find((entry) => entry.includes(requestId))!;
    expect(line).toContain('"path":"throws"');
    expect(line).toContain('at spilled');
    expect(line).not.toContain('Login failed');
  });

  test('of a database that cannot be asked says so, and that nothing was changed', async () => {
    const { body } = await server.post('{ unavailable }', { token: token() });
    expect(body.errors[0]).toMatchObject({ message: expect.stringContaining('Nothing was changed'), extensions: { code: 'UNAVAILABLE' } });
  });
});

test('a socket whose token cannot be looked up now is told to come back, not that it is refused', async () => {
  const { createHttpServer } = await import('../../src/http/server.ts');
  const { createMetrics } = await import('../../src/http/metrics.ts');
  const down = { ...server.store, token: () => Promise.reject(new StoreUnavailable('down')) };
  const http = createHttpServer({
    gateway: { ...server.gateway, store: down },
    staticDir: '/nowhere',
    readiness: [],
    metrics: createMetrics(),
    metricsToken: null,
    jwt: null,
    trustProxyHops: 0,
  });
  const { port } = await http.listen('127.0.0.1', 0);
  const socket = await openSocket(`http://127.0.0.1:${port}`);
  socket.send({ type: 'connection_init', payload: { authorization: `Bearer ${token()}` } });
  expect(await socket.closed).toEqual({ code: 1013, reason: 'Try again later' });
  const response = await fetch(`http://127.0.0.1:${port}/graphql?query={fine}`, { headers: { authorization: `Bearer ${token()}` } });
  expect(response.status).toBe(503);
  expect(response.headers.get('retry-after')).toBe('5');
  await http.close(1_000);
});
