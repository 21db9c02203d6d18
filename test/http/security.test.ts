import { createConnection } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EVIL_ORIGIN, OWN_ORIGIN, startGatewayServer, type GatewayServer } from './gateway-server.ts';
import { openSocket, refusedUpgrade } from './socket-client.ts';
import type { Json } from './json.ts';

let server: GatewayServer;
beforeAll(async () => {
  server = await startGatewayServer();
});
afterAll(() => server.close());

const bearer = (token = server.acme.tokens.ADMIN): Record<string, string> => ({ authorization: `Bearer ${token}` });

test('a body that is no JSON gets 400 and nothing of it back', async () => {
  const headers = { ...bearer(), 'content-type': 'application/json' };
  const { status, body } = await server.request('/graphql', { method: 'POST', headers, body: '{"password":canary-secret}' });
  expect(status).toBe(400);
  expect(JSON.stringify(body)).not.toMatch(/canary|originalError/);
});

describe('who has no valid token', () => {
  const asking: readonly [string, (headers: Record<string, string>) => Promise<{ status: number; headers: Headers; body: Json }>][] = [
    ['a query by POST', (headers) => server.post('{ viewer { id } }', { token: null, headers })],
    ['a query by GET', (headers) => server.get('{ viewer { id } }', { token: null, headers })],
    ['introspection', (headers) => server.post('{ __schema { types { name } } }', { token: null, headers })],
    [
      'a subscription by SSE',
      (headers) =>
        server.get('subscription { bannerChanged { cursor } }', { token: null, headers: { ...headers, accept: 'text/event-stream' } }),
    ],
    ['metrics', (headers) => server.request('/metrics', { headers })],
  ];

  test.each(asking)('gets 401 for %s, in a form that GraphQL clients read', async (_, ask) => {
    const { status, headers, body } = await ask({});
    expect(status).toBe(401);
    expect(headers.get('www-authenticate')).toMatch(/^Bearer realm=/);
    expect(body.errors[0].extensions.code).toBe('UNAUTHENTICATED');
  });

  test('is not helped by a cookie', async () => {
    const { status } = await server.post('{ viewer { id } }', {
      token: null,
      headers: { cookie: `token=${server.acme.tokens.ADMIN}; authorization=Bearer ${server.acme.tokens.ADMIN}` },
    });
    expect(status).toBe(401);
  });

  test('gets 429 after 20 refused tokens a minute from one address; a valid token is still accepted', async () => {
    const own = await startGatewayServer();
    const statuses: number[] = [];
    for (let attempt = 0; attempt < 22; attempt += 1)
      statuses.push((await own.post('{ viewer { id } }', { token: `mgk_${attempt}` })).status);
    expect(statuses.slice(0, 20).every((status) => status === 401)).toBe(true);
    expect(statuses.slice(20)).toEqual([429, 429]);
    const throttled = await own.post('{ viewer { id } }', { token: 'mgk_x' });
    expect(Number(throttled.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await own.post('{ viewer { id } }')).status).toBe(200);
    own.clock.shift(61_000);
    expect((await own.post('{ viewer { id } }', { token: 'mgk_x' })).status).toBe(401);
    await own.close();
  });

  test('cannot hide behind a forged X-Forwarded-For', async () => {
    const own = await startGatewayServer();
    let last = 0;
    for (let attempt = 0; attempt < 21; attempt += 1) {
      last = (await own.post('{ viewer { id } }', { token: 'mgk_x', headers: { 'x-forwarded-for': `10.0.0.${attempt}` } })).status;
    }
    expect(last).toBe(429);
    await own.close();
  });
});

describe('a foreign page', () => {
  const mutation = 'mutation { setPrimary(input: { mailboxId: null }) { __typename ... on SetPrimaryPayload { workspace { id } } } }';
  const form = (type: string, body: string): RequestInit => ({
    method: 'POST',
    headers: { 'content-type': type, origin: EVIL_ORIGIN, cookie: 'session=1', ...bearer() },
    body,
  });
  const forms: readonly [string, () => Promise<{ status: number; body: Json }>][] = [
    ['a GET', () => server.get(mutation, { headers: { origin: EVIL_ORIGIN } })],
    [
      'a urlencoded form',
      () => server.request('/graphql', form('application/x-www-form-urlencoded', new URLSearchParams({ query: mutation }).toString())),
    ],
    [
      'a multipart form',
      () =>
        server.request(
          '/graphql',
          form(
            'multipart/form-data; boundary=x',
            `--x\r\nContent-Disposition: form-data; name="operations"\r\n\r\n${JSON.stringify({ query: mutation })}\r\n--x--`,
          ),
        ),
    ],
    ['text/plain', () => server.request('/graphql', form('text/plain', JSON.stringify({ query: mutation })))],
    ['application/graphql', () => server.request('/graphql', form('application/graphql', mutation))],
    ['application/graphql+json', () => server.request('/graphql', form('application/graphql+json', JSON.stringify({ query: mutation })))],
    [
      'no content type',
      () =>
        server.request('/graphql', {
          method: 'POST',
          headers: { origin: EVIL_ORIGIN, ...bearer() },
          body: new Blob([JSON.stringify({ query: mutation })]),
        }),
    ],
    [
      'a content type that only begins like JSON',
      () => server.request('/graphql', form('application/jsonp, text/plain', JSON.stringify({ query: mutation }))),
    ],
  ];

  test.each(forms)('runs no mutation by %s, even with a valid token', async (_, send) => {
    const head = await server.store.head(server.acme.workspace.id);
    const { status, body } = await send();
    expect([405, 415]).toContain(status);
    expect(body?.data ?? null).toBeNull();
    expect(await server.store.head(server.acme.workspace.id)).toEqual(head);
  });

  test('the same mutation runs as JSON: the cases above would see it', async () => {
    const { body } = await server.post(mutation);
    expect(body.data.setPrimary.__typename).toBe('SetPrimaryPayload');
  });

  test.each([EVIL_ORIGIN, 'null', `${OWN_ORIGIN}.evil.example`, 'http://localhost:40000'])(
    'cannot open a socket from %s',
    async (origin) => {
      expect(await refusedUpgrade(server.url, { origin, ...bearer(), cookie: 'session=1' })).toBe(403);
    },
  );

  test('our own page and programs without an Origin can open a socket', async () => {
    for (const headers of [{ origin: OWN_ORIGIN }, {}]) {
      const socket = await openSocket(server.url, { headers });
      await socket.init(server.acme.tokens.VIEWER);
      socket.close();
    }
  });

  test('a socket is opened nowhere but at /graphql', async () => {
    expect(await refusedUpgrade(server.url, {}, '/elsewhere')).toBe(404);
  });

  test('may not read answers; an allowed one may, without cookies', async () => {
    const foreign = await server.post('{ viewer { id } }', { headers: { origin: EVIL_ORIGIN } });
    expect(foreign.headers.get('access-control-allow-origin')).toBeNull();
    const preflight = await server.request('/graphql', {
      method: 'OPTIONS',
      headers: { origin: OWN_ORIGIN, 'access-control-request-method': 'POST' },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-origin')).toBe(OWN_ORIGIN);
    expect(preflight.headers.get('access-control-allow-headers')).toContain('authorization');
    expect(preflight.headers.get('access-control-allow-credentials')).toBeNull();
    const refused = await server.post('{ viewer { id } }', { token: null, headers: { origin: OWN_ORIGIN } });
    expect(refused.headers.get('access-control-allow-origin')).toBe(OWN_ORIGIN);
  });
});

describe('security headers', () => {
  const answers: readonly [string, () => Promise<{ headers: Headers }>][] = [
    ['a result', () => server.post('{ viewer { id } }')],
    ['a refused document', () => server.post('{')],
    ['401', () => server.post('{ viewer { id } }', { token: null })],
    ['404', () => server.request('/nothing')],
    ['405', () => server.request('/healthz', { method: 'DELETE' })],
    ['413', () => server.post(`{ viewer { id } } # ${'x'.repeat(101_000)}`)],
    ['415', () => server.request('/graphql', { method: 'POST', headers: bearer(), body: 'x' })],
    ['/healthz', () => server.request('/healthz')],
    ['/readyz', () => server.request('/readyz')],
    ['/metrics', () => server.request('/metrics', { headers: bearer() })],
    ['the redirect of /', () => server.request('/')],
    ['a page that is not built', () => server.request('/graphiql')],
  ];

  test.each(answers)('are on %s', async (_, ask) => {
    const { headers } = await ask();
    expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('cross-origin-opener-policy')).toBe('same-origin');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    expect(headers.get('server')).toBeNull();
    expect(headers.get('x-powered-by')).toBeNull();
  });

  test('are on what is not HTTP at all', async () => {
    const answer = await raw('NONSENSE\r\n\r\n');
    expect(answer).toMatch(/^HTTP\/1\.1 400/);
    expect(answer).toContain('X-Content-Type-Options: nosniff');
  });

  test('a target that cannot be read is 400', async () => {
    expect(await raw('GET http://[ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')).toMatch(/^HTTP\/1\.1 400/);
  });
});

async function raw(text: string): Promise<string> {
  const { port } = new URL(server.url);
  return new Promise((resolve, reject) => {
    const socket = createConnection({ host: '127.0.0.1', port: Number(port) }, () => socket.write(text));
    let answer = '';
    socket.on('data', (data) => (answer += data.toString()));
    socket.on('close', () => resolve(answer));
    socket.on('error', reject);
  });
}

test('NoSQL operators, prototypes and long texts in string inputs are only texts', async () => {
  const long = `${'a'.repeat(50_000)}!`;
  for (const address of ['{"$ne":null}', '__proto__', 'constructor.prototype', long]) {
    const { body } = await server.post('query ($address: EmailAddress!) { mailboxByAddress(address: $address) { id } }', {
      variables: { address },
    });
    expect(body).toEqual({ data: { mailboxByAddress: null } });
  }
  const { body } = await server.post('query ($f: MailboxFilter) { mailboxes(filter: $f) { totalCount } }', {
    variables: { f: { addressContains: { $ne: null } } },
  });
  expect(body.errors).toHaveLength(1);
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
});
