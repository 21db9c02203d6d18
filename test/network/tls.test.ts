import { createServer, connect, type AddressInfo } from 'node:net';
import { connect as tlsConnect, createServer as createTlsServer, type TLSSocket } from 'node:tls';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import type { PinnedHost } from '../../src/network/dial.ts';
import { createPortTest } from '../../src/network/port-test.ts';
import { resolveHost, resolveMx, resolveSrv } from '../../src/network/resolve.ts';
import { tlsOptions } from '../../src/network/tls.ts';
import { certificateFor, httpsServer, type TestCertificate, type TestHttps } from './tls-servers.ts';

const signal = new AbortController().signal;
let certificate: TestCertificate;
let server: TestHttps;

beforeAll(async () => {
  certificate = await certificateFor(['imap.example.com'], ['127.0.0.1']);
  server = await httpsServer(certificate, (_, response) => void response.end());
});
afterAll(() => server.close());

/** Null when the handshake was accepted, else the error's code. */
async function handshake(pinned: PinnedHost, ca: readonly string[] | null, port = server.port): Promise<string | null> {
  const socket: TLSSocket = tlsConnect({ host: pinned.address, port, ...tlsOptions(pinned, ca) });
  try {
    return await new Promise((resolve) => {
      socket.once('secureConnect', () => resolve(socket.authorized ? null : 'unauthorized'));
      socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    });
  } finally {
    socket.destroy();
  }
}

const byName = (servername: string): PinnedHost => ({ address: '127.0.0.1', port: server.port, servername });

describe('TLS to a pinned address', () => {
  test('is verified against the name', async () => {
    expect(await handshake(byName('imap.example.com'), [certificate.cert])).toBeNull();
    expect(await handshake(byName('smtp.example.com'), [certificate.cert])).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
  });

  test('is verified against the address when there is no name', async () => {
    expect(await handshake(byName('127.0.0.1'), [certificate.cert])).toBeNull();
    expect(tlsOptions(byName('127.0.0.1'), null)).not.toHaveProperty('servername');
    const other = await certificateFor(['imap.example.com']);
    const nameOnly = await httpsServer(other, (_, response) => void response.end());
    expect(await handshake(byName('127.0.0.1'), [other.cert], nameOnly.port)).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
    await nameOnly.close();
  });

  test('needs a known CA', async () => {
    expect(await handshake(byName('imap.example.com'), null)).toBe('DEPTH_ZERO_SELF_SIGNED_CERT');
    expect(await handshake(byName('imap.example.com'), [])).toBe('DEPTH_ZERO_SELF_SIGNED_CERT');
  });

  test('needs a certificate that is not expired', async () => {
    const old = await certificateFor(['imap.example.com'], [], new Date('2020-01-01'));
    const expired = await httpsServer(old, (_, response) => void response.end());
    expect(await handshake(byName('imap.example.com'), [old.cert], expired.port)).toBe('CERT_HAS_EXPIRED');
    await expired.close();
  });

  test('needs TLS 1.2', async () => {
    for (const ca of [null, [certificate.cert]]) {
      const legacy = createTlsServer({ ...certificate, minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' });
      await new Promise<void>((listening) => legacy.listen(0, '127.0.0.1', listening));
      legacy.on('tlsClientError', () => undefined);
      const code = await handshake(byName('imap.example.com'), ca, (legacy.address() as AddressInfo).port);
      expect(code).toMatch(/PROTOCOL/);
      await new Promise((closed) => legacy.close(closed));
    }
  });

  test('reads a list of CAs once', () => {
    const ca = [certificate.cert];
    expect(tlsOptions(byName('a.example.com'), ca).secureContext).toBe(tlsOptions(byName('b.example.com'), ca).secureContext);
  });
});

describe('a port test', () => {
  const pinned = (port: number) => () => Promise.resolve({ address: '127.0.0.1', port, servername: 'imap.example.com' });

  test('says whether the port answers', async () => {
    expect(await createPortTest(pinned(server.port))('imap.example.com', 993, signal)).toBe(true);
    const closed = createServer();
    await new Promise<void>((listening) => closed.listen(0, '127.0.0.1', listening));
    const { port } = closed.address() as AddressInfo;
    await new Promise((done) => closed.close(done));
    expect(await createPortTest(pinned(port))('imap.example.com', 993, signal)).toBe(false);
  });

  test('is false for what the guard refuses and when the time is over', async () => {
    expect(await createPortTest(() => Promise.reject(new Error('refused')))('imap.example.com', 993, signal)).toBe(false);
    expect(await createPortTest(pinned(server.port))('imap.example.com', 993, AbortSignal.abort())).toBe(false);
  });

  test('leaves no connection open', async () => {
    let open = 0;
    const counted = createServer((socket) => {
      open += 1;
      socket
        .on('error', () => undefined)
        .on('close', () => {
          open -= 1;
          if (open === 0) emptied();
        });
    });
    let emptied = (): void => undefined;
    await new Promise<void>((listening) => counted.listen(0, '127.0.0.1', listening));
    const allClosed = new Promise<void>((resolve) => (emptied = resolve));
    expect(await createPortTest(pinned((counted.address() as AddressInfo).port))('imap.example.com', 993, signal)).toBe(true);
    await allClosed;
    await new Promise((closed) => counted.close(closed));
  });
});

describe("the system's resolver", () => {
  test('gives all addresses of a name', async () => {
    const addresses = await resolveHost('localhost', signal);
    expect(addresses.every((address) => address === '127.0.0.1' || address === '::1')).toBe(true);
    expect(addresses.length).toBeGreaterThan(0);
  });

  test('stops waiting when the signal aborts', async () => {
    await expect(resolveHost('localhost', AbortSignal.abort(new Error('stopped')))).rejects.toThrow('stopped');
    await expect(resolveMx('example.com', AbortSignal.abort(new Error('stopped')))).rejects.toThrow('stopped');
    await expect(resolveSrv('_imaps._tcp.example.com', AbortSignal.abort(new Error('stopped')))).rejects.toThrow('stopped');
  });
});

test('a pinned address is dialled as it is: no look-up happens for an IP literal', async () => {
  let lookups = 0;
  const socket = connect({ host: '127.0.0.1', port: server.port, lookup: () => (lookups += 1) });
  await new Promise((connected) => socket.once('connect', connected));
  expect(socket.remoteAddress).toBe('127.0.0.1');
  socket.destroy();
  expect(lookups).toBe(0);
});
