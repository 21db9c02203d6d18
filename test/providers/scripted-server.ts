import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { createSecureContext, TLSSocket } from 'node:tls';
import type { Certificates } from '../../sandbox/certificates.ts';

/** A TCP server that follows a script of the test, usually a nasty one. */
export interface ScriptedServer {
  readonly port: number;
  readonly connections: () => number;
  readonly openConnections: () => number;
  /** Bytes that clients took from this server so far. */
  readonly bytesSent: () => number;
  stop(): Promise<void>;
}

/** Runs the script for each connection; with certificates, after a TLS handshake. */
export async function startScriptedServer(script: (socket: Socket) => void, certificates?: Certificates): Promise<ScriptedServer> {
  const open = new Set<Socket>();
  let connections = 0;
  let closedBytes = 0;
  const server = createServer((socket) => {
    connections += 1;
    open.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => {
      open.delete(socket);
      closedBytes += socket.bytesWritten - socket.writableLength;
    });
    script(certificates === undefined ? socket : encrypt(socket, certificates));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => connections,
    openConnections: () => open.size,
    bytesSent: () => closedBytes + [...open].reduce((sum, socket) => sum + socket.bytesWritten - socket.writableLength, 0),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of open) socket.destroy();
      }),
  };
}

function encrypt(socket: Socket, { keyPem, certificatePem }: Certificates): Socket {
  const secure = new TLSSocket(socket, { isServer: true, secureContext: createSecureContext({ key: keyPem, cert: certificatePem }) });
  secure.on('error', () => undefined);
  return secure;
}

/** Answers lines: `reply` gets each line a client sends. */
export function onLines(socket: Socket, reply: (line: string) => void): void {
  let rest = '';
  socket.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString('latin1')).split('\r\n');
    rest = lines.pop() ?? '';
    for (const line of lines) reply(line);
  });
}

/** Sends the same chunk for ever, as fast as the client takes it. */
export function flood(socket: Socket, chunk: string | Buffer): void {
  const pump = (): void => {
    while (!socket.destroyed && socket.write(chunk));
  };
  socket.on('drain', pump);
  pump();
}

/** Sends one byte after the other, each `everyMs`. */
export function drip(socket: Socket, text: string, everyMs: number): void {
  let sent = 0;
  const timer = setInterval(() => {
    socket.write(text[sent % text.length] ?? '');
    sent += 1;
  }, everyMs);
  socket.once('close', () => {
    clearInterval(timer);
  });
}
