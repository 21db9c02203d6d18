import { once } from 'node:events';
import { WebSocket } from 'ws';
import type { Json } from './json.ts';

/** A bare graphql-transport-ws client: it sends what a test says and keeps what comes. */
export interface SocketClient {
  send(message: unknown): void;
  sendText(text: string): void;
  /** The next message that was not taken yet; rejects when the socket closes before. */
  next(): Promise<Json>;
  /** Takes messages until one passes. */
  until(passes: (message: Json) => boolean): Promise<Json>;
  init(token: string): Promise<void>;
  subscribe(id: string, query: string, variables?: unknown): void;
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  close(code?: number): void;
  pause(): void;
  resume(): void;
}

export interface ConnectOptions {
  readonly protocol?: string | null;
  readonly headers?: Record<string, string>;
}

export async function openSocket(url: string, options: ConnectOptions = {}): Promise<SocketClient> {
  const protocol = options.protocol === undefined ? 'graphql-transport-ws' : options.protocol;
  const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, protocol === null ? [] : protocol, {
    headers: options.headers ?? {},
    perMessageDeflate: false,
  });
  const messages: unknown[] = [];
  const waiting: { resolve: (message: unknown) => void; reject: (error: Error) => void }[] = [];
  let ended: string | null = null;
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.once('close', (code, reason) => {
      ended = `closed ${code} ${reason.toString()}`;
      for (const { reject } of waiting.splice(0)) reject(new Error(ended));
      resolve({ code, reason: reason.toString() });
    });
  });
  socket.on('message', (data: Buffer) => {
    const message: unknown = JSON.parse(data.toString());
    const first = waiting.shift();
    if (first === undefined) messages.push(message);
    else first.resolve(message);
  });
  // A refused upgrade is seen by the caller through 'open' never coming.
  await Promise.race([once(socket, 'open'), once(socket, 'error').then(([error]) => Promise.reject(error as Error))]);
  socket.on('error', () => undefined);

  const client: SocketClient = {
    send: (message) => socket.send(JSON.stringify(message)),
    sendText: (text) => socket.send(text),
    next: () => {
      if (messages.length > 0) return Promise.resolve(messages.shift());
      if (ended !== null) return Promise.reject(new Error(ended));
      return new Promise((resolve, reject) => waiting.push({ resolve, reject }));
    },
    async until(passes) {
      for (;;) {
        const message = await client.next();
        if (passes(message)) return message;
      }
    },
    async init(token) {
      client.send({ type: 'connection_init', payload: { authorization: `Bearer ${token}` } });
      const ack = await client.next();
      if (ack.type !== 'connection_ack') throw new Error(`expected connection_ack, got ${JSON.stringify(ack)}`);
    },
    subscribe: (id, query, variables) => client.send({ id, type: 'subscribe', payload: { query, variables } }),
    closed,
    close: (code = 1000) => socket.close(code),
    pause: () => socket.pause(),
    resume: () => socket.resume(),
  };
  return client;
}

/** The HTTP status that refused an upgrade. */
export async function refusedUpgrade(url: string, headers: Record<string, string>, path = '/graphql'): Promise<number> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}${path}`, 'graphql-transport-ws', { headers });
  const status = await new Promise<number>((resolve, reject) => {
    socket.once('open', () => reject(new Error('the upgrade was accepted')));
    socket.once('unexpected-response', (_request, response) => resolve(response.statusCode ?? 0));
    socket.once('error', () => undefined);
  });
  socket.terminate();
  return status;
}
