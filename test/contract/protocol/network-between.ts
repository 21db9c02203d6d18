import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

/** What the network between probe and server does to a connection. */
export type NetworkMode =
  | 'pass'
  /** Accepts and says nothing. */
  | 'silent'
  /** Accepts and hangs up. */
  | 'cut-at-once'
  /** Hangs up after the server's first bytes (the greeting, or its side of the TLS handshake). */
  | 'cut-after-first-answer'
  /** Passes the server's first bytes, then nothing. */
  | 'stall-after-first-answer';

/** A TCP relay that can misbehave and that keeps every byte a client sent. */
export interface NetworkBetween {
  readonly port: number;
  setMode(mode: NetworkMode): void;
  /** What clients sent since the start, as it went over the wire. */
  heard(): Buffer;
  openConnections(): number;
  stop(): Promise<void>;
}

export async function startNetworkBetween(serverPort: number): Promise<NetworkBetween> {
  let mode: NetworkMode = 'pass';
  const chunks: Buffer[] = [];
  const sockets = new Set<Socket>();
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => sockets.delete(socket));
  };
  const server = createServer((client) => {
    keep(client);
    const chosen = mode;
    client.on('data', (chunk: Buffer) => chunks.push(chunk));
    if (chosen === 'cut-at-once') client.destroy();
    if (chosen === 'cut-at-once' || chosen === 'silent') return;
    const upstream = connect(serverPort, '127.0.0.1');
    keep(upstream);
    client.on('data', (chunk: Buffer) => upstream.write(chunk));
    client.once('close', () => upstream.destroy());
    upstream.once('close', () => client.destroy());
    let answered = false;
    upstream.on('data', (chunk: Buffer) => {
      if (chosen === 'stall-after-first-answer' && answered) return;
      client.write(chunk, () => {
        if (chosen === 'cut-after-first-answer') client.destroy();
      });
      answered = true;
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    setMode(next) {
      mode = next;
    },
    heard: () => Buffer.concat(chunks),
    openConnections: () => sockets.size,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
