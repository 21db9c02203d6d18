import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Secret } from '../../src/vault/secret.ts';
import { openEventStream } from './event-stream.ts';
import { startGatewayServer, type GatewayServer } from './gateway-server.ts';
import { openSocket } from './socket-client.ts';

let server: GatewayServer;
let directory: string;
let ready = true;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gateway-web-'));
  await mkdir(join(directory, 'graphiql/assets'), { recursive: true });
  await writeFile(join(directory, 'graphiql/index.html'), '<!doctype html><title>GraphiQL</title>');
  await writeFile(join(directory, 'graphiql/assets/main-1a2b3c4d.js'), 'export {};');
  await writeFile(join(directory, 'secret.txt'), 'outside');
  await symlink(join(directory, 'secret.txt'), join(directory, 'graphiql/link.txt'));
  server = await startGatewayServer({
    http: {
      staticDir: directory,
      metricsToken: new Secret('metrics-secret'),
      readiness: [
        { name: 'database', check: () => (ready ? Promise.resolve() : Promise.reject(new Error('password=hunter2'))) },
        { name: 'keyring', check: () => Promise.resolve() },
      ],
    },
  });
});
afterAll(async () => {
  await server.close();
  await rm(directory, { recursive: true, force: true });
});

describe('pages', () => {
  test('/ leads to GraphiQL', async () => {
    const { status, headers } = await server.request('/');
    expect([status, headers.get('location')]).toEqual([307, '/graphiql']);
  });

  test('the page is served without a token, under a policy that lets nothing foreign in', async () => {
    for (const path of ['/graphiql', '/graphiql/']) {
      const { status, headers, text } = await server.request(path);
      expect(status).toBe(200);
      expect(text).toContain('GraphiQL');
      expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
      expect(headers.get('content-security-policy')).toContain("script-src 'self'");
      expect(headers.get('content-security-policy')).not.toContain("script-src 'self' 'unsafe-inline'");
      expect(headers.get('cache-control')).toBe('no-cache');
    }
  });

  test('a file with a hash in its name is kept for ever', async () => {
    const { status, headers } = await server.request('/graphiql/assets/main-1a2b3c4d.js');
    expect(status).toBe(200);
    expect(headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(headers.get('content-type')).toBe('text/javascript; charset=utf-8');
  });

  test.each([
    '/graphiql/../secret.txt',
    '/graphiql/..%2fsecret.txt',
    '/graphiql/%2e%2e/secret.txt',
    '/graphiql/%2e%2e%2fsecret.txt',
    '/graphiql/..%5csecret.txt',
    '/graphiql/assets/../../secret.txt',
    '/graphiql//etc/passwd',
    '/graphiql/%2fetc%2fpasswd',
    '/graphiql/link.txt',
    '/graphiql/assets',
    '/graphiql/%00',
    '/graphiql/%ff',
    '/graphiql/missing.js',
  ])('nothing outside the directory is served: %s', async (path) => {
    const { status, text } = await server.request(path);
    expect(status).toBe(404);
    expect(text).not.toContain('outside');
    expect(text).not.toContain('root:');
  });

  test('without a web build the answer is 503 and says what to do', async () => {
    const own = await startGatewayServer();
    const { status, text } = await own.request('/graphiql');
    expect(status).toBe(503);
    expect(text).toContain('npm run build');
    await own.close();
  });

  test('HEAD has the headers and no body', async () => {
    const { status, headers, text } = await server.request('/graphiql', { method: 'HEAD' });
    expect([status, text]).toEqual([200, '']);
    expect(Number(headers.get('content-length'))).toBeGreaterThan(0);
  });
});

describe('what operators ask', () => {
  test('/healthz says that the process is alive', async () => {
    expect(await server.request('/healthz')).toMatchObject({ status: 200, body: { status: 'alive' } });
  });

  test('/readyz names what is not ready, and not why', async () => {
    expect(await server.request('/readyz')).toMatchObject({ status: 200, body: { status: 'ready' } });
    ready = false;
    const { status, body, text } = await server.request('/readyz');
    ready = true;
    expect(status).toBe(503);
    expect(body).toEqual({ status: 'not ready', notReady: ['database'] });
    expect(text).not.toContain('hunter2');
  });

  test('/metrics wants METRICS_TOKEN when there is one, and nothing else will do', async () => {
    const asked = (authorization: string) => server.request('/metrics', { headers: { authorization } });
    expect((await asked('Bearer metrics-secret')).text).toContain('gateway_http_requests_total');
    expect((await asked('Bearer metrics-secreT')).status).toBe(401);
    expect((await asked(`Bearer ${server.acme.tokens.ADMIN}`)).status).toBe(401);
  });

  test('/metrics takes an ADMIN token when there is no METRICS_TOKEN', async () => {
    const own = await startGatewayServer();
    const asked = (token: string) => own.request('/metrics', { headers: { authorization: `Bearer ${token}` } });
    expect((await asked(own.acme.tokens.ADMIN)).status).toBe(200);
    expect((await asked(own.acme.tokens.VIEWER)).status).toBe(403);
    expect((await asked(own.acme.tokens.ADMIN)).text).not.toContain('acme');
    await own.close();
  });

  test('an unknown path is 404 as JSON; a wrong method is 405 with what is allowed', async () => {
    expect(await server.request('/nothing')).toMatchObject({ status: 404, body: { errors: [{ extensions: { code: 'NOT_FOUND' } }] } });
    const wrong = await server.request('/graphql', { method: 'PUT' });
    expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'GET, POST']);
    const posted = await server.request('/healthz', { method: 'POST' });
    expect([posted.status, posted.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  });
});

describe('stopping', () => {
  test('sockets are closed with 1001, a request under way is answered, new ones are not', async () => {
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    let asked = (): void => undefined;
    const underWay = new Promise<void>((resolve) => {
      asked = resolve;
    });
    const own = await startGatewayServer({
      http: {
        routes: [
          {
            name: 'slow',
            match: (path) => (path === '/slow' ? {} : null),
            handle: async (_, response) => {
              asked();
              await held;
              response.end('answered');
            },
          },
        ],
      },
    });
    const socket = await openSocket(own.url);
    await socket.init(own.acme.tokens.VIEWER);
    const slow = own.request('/slow');
    await underWay;
    const closing = own.http.close(5_000);
    expect(await socket.closed).toEqual({ code: 1001, reason: 'The gateway is stopping' });
    await expect(own.request('/healthz')).rejects.toThrow();
    release();
    expect((await slow).text).toBe('answered');
    await closing;
    await own.close();
  });

  test('an event stream does not hold the stop up for its grace', async () => {
    const own = await startGatewayServer();
    const stream = await openEventStream(own.url, 'subscription { bannerChanged { cursor } }', own.acme.tokens.VIEWER);
    expect(await stream.next()).toMatchObject({ data: { bannerChanged: { cursor: expect.any(String) } } });
    // Longer than this test may last.
    await own.http.close(600_000);
    await expect(stream.next()).rejects.toThrow();
    await own.close();
  });

  test('what does not end is cut after the grace', async () => {
    const own = await startGatewayServer({
      http: {
        routes: [
          { name: 'stuck', match: (path) => (path === '/stuck' ? {} : null), handle: (_, response) => void response.write('begun') },
        ],
      },
    });
    const response = await fetch(`${own.url}/stuck`);
    await own.http.close(50);
    await expect(response.text()).rejects.toThrow();
    await own.close();
  });

  test('a port that is taken rejects with the system error', async () => {
    const { port } = new URL(server.url);
    const own = await startGatewayServer();
    await own.http.close(100);
    await own.close();
    const second = startGatewayServer();
    const other = await second;
    await expect(other.http.listen('127.0.0.1', Number(port))).rejects.toThrow();
    await other.close();
  });
});
