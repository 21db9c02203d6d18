import type { IncomingMessage, ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { HostNotAllowed } from '../../src/network/dial.ts';
import { createHttpsGet, UnusableAnswer } from '../../src/network/https-get.ts';
import { parseNetworkAllow } from '../../src/network/network-allow.ts';
import { createPinHost } from '../../src/network/pin.ts';
import { createLogSpy } from './log-spy.ts';
import { certificateFor, httpsServer, type TestCertificate, type TestHttps } from './tls-servers.ts';

const HOST = 'autoconfig.example.com';
const signal = new AbortController().signal;

let certificate: TestCertificate;
let server: TestHttps;
let requests: { path: string; host: string | undefined; accepts: string | undefined }[] = [];
let routes: Record<string, (request: IncomingMessage, response: ServerResponse) => void> = {};

beforeAll(async () => {
  certificate = await certificateFor([HOST]);
  server = await httpsServer(certificate, (request, response) => {
    requests.push({
      path: request.url ?? '',
      host: request.headers.host,
      accepts: request.headers['accept-encoding'],
    });
    (routes[request.url ?? ''] ?? ((_, answer) => answer.writeHead(404).end()))(request, response);
  });
});
afterAll(() => server.close());

/** The host is let through by name, so it may resolve to loopback; nothing else may. */
function rig(options: { ca?: readonly string[] | null; answers?: string[]; timeoutMs?: number } = {}) {
  requests = [];
  const resolved: string[] = [];
  const allow = parseNetworkAllow(`${HOST}:*`);
  const answers = options.answers ?? ['127.0.0.1'];
  const pinHost = createPinHost({
    resolve: async (host) => {
      resolved.push(host);
      return [answers[Math.min(resolved.length, answers.length) - 1]!];
    },
    allow: 'ok' in allow ? allow.ok : [],
    trustedHosts: [],
    log: createLogSpy(),
  });
  const ca = options.ca === undefined ? [certificate.cert] : options.ca;
  const get = createHttpsGet({ pinHost, ca, ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }) });
  return { get: (path: string) => get(path.startsWith('http') ? path : `https://${HOST}:${server.port}${path}`, signal), resolved };
}

const redirectTo = (location: string) => (_: IncomingMessage, response: ServerResponse) => void response.writeHead(302, { location }).end();
const text = (body: string | Buffer) => (_: IncomingMessage, response: ServerResponse) => void response.writeHead(200).end(body);

describe('an https fetch', () => {
  test('answers the text, dials the pinned address, and verifies the name', async () => {
    routes = { '/config.xml': text('<clientConfig>ü</clientConfig>') };
    const { get, resolved } = rig();
    await expect(get('/config.xml')).resolves.toBe('<clientConfig>ü</clientConfig>');
    expect(resolved).toEqual([HOST]);
    expect(requests).toEqual([{ path: '/config.xml', host: `${HOST}:${server.port}`, accepts: 'identity' }]);
  });

  test('is resolved once a hop: a name server that changes its answer is not asked again', async () => {
    routes = { '/config.xml': text('ok') };
    const { get, resolved } = rig({ answers: ['127.0.0.1', '127.0.0.2'] });
    await expect(get('/config.xml')).resolves.toBe('ok');
    expect(resolved).toHaveLength(1);
  });

  test('without the CA is refused', async () => {
    routes = { '/config.xml': text('ok') };
    await expect(rig({ ca: null }).get('/config.xml')).rejects.toMatchObject({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
    expect(requests).toEqual([]);
  });

  test('with a certificate for another name is refused', async () => {
    const other = await certificateFor(['other.example.com']);
    const impostor = await httpsServer(other, (_, response) => void response.end('ok'));
    try {
      await expect(rig({ ca: [other.cert] }).get(`https://${HOST}:${impostor.port}/`)).rejects.toMatchObject({
        code: 'ERR_TLS_CERT_ALTNAME_INVALID',
      });
    } finally {
      await impostor.close();
    }
  });

  test('does not go where the guard forbids', async () => {
    const { get } = rig();
    for (const url of [
      `https://127.0.0.1:${server.port}/`,
      `https://127.1:${server.port}/`,
      `https://[::1]:${server.port}/`,
      `https://localhost:${server.port}/`,
      `https://other.example.com:${server.port}/`,
    ]) {
      await expect(get(url)).rejects.toBeInstanceOf(HostNotAllowed);
    }
    for (const url of [
      `http://${HOST}/`,
      `ftp://${HOST}/`,
      'file:///etc/passwd',
      `https://user:pass@${HOST}:${server.port}/`,
      'nonsense',
    ]) {
      await expect(createHttpsGet({ pinHost: () => Promise.reject(new Error('dialled')), ca: null })(url, signal)).rejects.toBeInstanceOf(
        UnusableAnswer,
      );
    }
    expect(requests).toEqual([]);
  });
});

describe('redirects', () => {
  test('are followed twice, each through the guard', async () => {
    routes = { '/1': redirectTo('/2'), '/2': redirectTo(`https://${HOST}:${server.port}/3`), '/3': text('there') };
    const { get, resolved } = rig();
    await expect(get('/1')).resolves.toBe('there');
    expect(resolved).toHaveLength(3);
  });

  test('are not followed a third time', async () => {
    routes = { '/loop': redirectTo('/loop') };
    await expect(rig().get('/loop')).rejects.toBeInstanceOf(UnusableAnswer);
    expect(requests).toHaveLength(3);
  });

  test('to an address, to another host, to http or with a user name are not followed', async () => {
    for (const location of [
      `https://127.0.0.1:${server.port}/x`,
      `https://169.254.169.254/latest/meta-data`,
      `https://internal:${server.port}/x`,
    ]) {
      routes = { '/away': redirectTo(location) };
      await expect(rig().get('/away')).rejects.toBeInstanceOf(HostNotAllowed);
      expect(requests).toHaveLength(1);
    }
    for (const location of [`http://${HOST}:${server.port}/x`, `https://u@${HOST}:${server.port}/x`, 'javascript:1', '//']) {
      routes = { '/away': redirectTo(location) };
      await expect(rig().get('/away')).rejects.toBeInstanceOf(UnusableAnswer);
      expect(requests).toHaveLength(1);
    }
  });
});

describe('a hostile server', () => {
  test('cannot send more than is read', async () => {
    routes = {
      '/big': (_, response) => {
        response.writeHead(200);
        const push = (): void => {
          while (!response.destroyed && response.write('x'.repeat(65_536)));
          if (!response.destroyed) response.once('drain', push);
        };
        push();
      },
    };
    await expect(rig().get('/big')).rejects.toThrow('More than 262144 bytes');
  });

  test('cannot pack a bomb: compressed answers stay compressed', async () => {
    const bomb = gzipSync(Buffer.alloc(50_000_000));
    routes = { '/bomb': (_, response) => void response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb) };
    const answered = await rig()
      .get('/bomb')
      .catch((error: unknown) => error);
    expect(typeof answered === 'string' ? answered.length : 0).toBeLessThan(262_144);
  });

  test('cannot hold on longer than the deadline, at any stage', async () => {
    routes = {
      '/silent': () => undefined,
      '/drip': (_, response) => {
        response.writeHead(200);
        response.write('a');
      },
    };
    for (const path of ['/silent', '/drip']) await expect(rig({ timeoutMs: 100 }).get(path)).rejects.toMatchObject({ code: 'ETIMEDOUT' });
    const stuckResolver = createHttpsGet({ pinHost: () => new Promise(() => undefined), ca: null, timeoutMs: 50 });
    await expect(stuckResolver(`https://${HOST}/`, signal)).rejects.toMatchObject({ code: 'ETIMEDOUT' });
  });

  test('cannot pass another status for an answer', async () => {
    for (const status of [201, 204, 300, 401, 404, 500]) {
      routes = { '/status': (_, response) => void response.writeHead(status).end('body') };
      await expect(rig().get('/status')).rejects.toBeInstanceOf(UnusableAnswer);
    }
  });
});
