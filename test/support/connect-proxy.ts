import { createServer as createHttpServer, type IncomingMessage } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { connect, type AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';

export interface ConnectProxyOptions {
  /** With it the way to the proxy is TLS. */
  readonly tls?: { readonly key: string; readonly cert: string };
  /** Demanded of everybody who connects. */
  readonly user?: string;
  readonly password?: string;
}

export interface ConnectProxy {
  readonly port: number;
  /** Where it dials from, so that a server can tell who came through it. */
  readonly outgoingAddress: string;
  /** "host:port" of every tunnel that was asked for, in order, also of those that were refused. */
  asked(): readonly string[];
  /** How many tunnels were opened. */
  opened(): number;
  /** From now on it answers every CONNECT with this status; null to work again. */
  refuse(status: number | null): void;
  /** Says nothing to anybody from now on. */
  hang(): void;
  stop(): Promise<void>;
}

/** A real forward proxy on loopback: CONNECT only (RFC 9110 section 9.3.6), Basic authentication when asked for. */
export async function startConnectProxy(options: ConnectProxyOptions = {}): Promise<ConnectProxy> {
  const outgoingAddress = '127.0.0.2';
  const asked: string[] = [];
  const sockets = new Set<Duplex>();
  let opened = 0;
  let status: number | null = null;
  let hangs = false;
  const expected =
    options.user === undefined ? null : `Basic ${Buffer.from(`${options.user}:${options.password ?? ''}`).toString('base64')}`;

  const server = options.tls === undefined ? createHttpServer() : createHttpsServer({ key: options.tls.key, cert: options.tls.cert });
  const keep = <T extends Duplex>(socket: T): T => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.once('close', () => sockets.delete(socket));
    return socket;
  };
  const refuse = (socket: Duplex, code: number): void => {
    // A page such as proxies send; whoever shows it shows that it read what it should not.
    const page = `<html>${code}: the proxy says no, and quotes ${expected ?? 'nothing'}</html>`;
    const challenge = code === 407 ? 'Proxy-Authenticate: Basic realm="proxy"\r\n' : '';
    socket.end(`HTTP/1.1 ${code} Refused\r\n${challenge}Content-Length: ${page.length}\r\nConnection: close\r\n\r\n${page}`);
  };

  server.on('connection', keep);
  server.on('connect', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    keep(socket);
    const authority = request.url ?? '';
    asked.push(authority);
    if (hangs) return;
    if (expected !== null && request.headers['proxy-authorization'] !== expected) {
      refuse(socket, 407);
      return;
    }
    if (status !== null) {
      refuse(socket, status);
      return;
    }
    const [, port = '443'] = /:(\d+)$/.exec(authority) ?? [];
    // Everything here lives on 127.0.0.1, whatever name it is asked for by.
    const target = keep(connect({ host: '127.0.0.1', port: Number(port), localAddress: outgoingAddress }));
    target.once('connect', () => {
      opened += 1;
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      if (head.length > 0) target.write(head);
      socket.pipe(target).pipe(socket);
    });
    target.once('error', () => refuse(socket, 502));
    socket.once('close', () => target.destroy());
    target.once('close', () => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  return {
    port: (server.address() as AddressInfo).port,
    outgoingAddress,
    asked: () => [...asked],
    opened: () => opened,
    refuse: (next) => {
      status = next;
      // What is open already would go on being used.
      for (const socket of sockets) socket.destroy();
    },
    hang: () => {
      hangs = true;
      for (const socket of sockets) socket.destroy();
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
