import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, print, separateOperations, type DocumentNode } from 'graphql';
import { createClient as createSocketClient, type Client as SocketClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import type { Json } from '../http/json.ts';
import { collectEvents, type Live } from './live-events.ts';
import { within } from './within.ts';

const documents: Readonly<Record<string, DocumentNode>> = separateOperations(
  parse(readFileSync(join(import.meta.dirname, '../../docs/operations.graphql'), 'utf8')),
);

/** An operation of docs/operations.graphql by its name, with its fragments; any other text is taken as it is. */
export function operationText(operation: string): string {
  const document = documents[operation];
  if (document !== undefined) return print(document);
  if (/^\w+$/u.test(operation)) throw new Error(`docs/operations.graphql has no operation ${operation}.`);
  return operation;
}

export interface HttpAnswer {
  readonly status: number;
  readonly body: Json;
}

/** One front end with one token. Operations are names from docs/operations.graphql, or texts. */
export interface GraphqlClient {
  /** POST. Gives `data`, or rejects with the errors. */
  ask(operation: string, variables?: unknown): Promise<Json>;
  /** POST. Gives whatever the server said. */
  post(operation: string, variables?: unknown): Promise<HttpAnswer>;
  /** The only field of a mutation's answer. Rejects on a GraphQL error; a UserError is an answer. */
  act(operation: string, variables?: unknown): Promise<Json>;
  /** A subscription over WebSocket, by the npm client that front ends use. All of a client share one socket. */
  subscribe(operation: string, variables?: Record<string, unknown>): Live;
  /** The same over server-sent events. */
  stream(operation: string, variables?: unknown): Live;
  /** Resolves when the socket closes, with its code; for the socket of the first subscription. */
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  /** Ends every subscription. */
  close(): Promise<void>;
}

/** `hear` gets every text that the server sends to this client, as it came. */
export function createGraphqlClient(url: string, token: string, hear: (text: string) => void = () => undefined): GraphqlClient {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
  const open = new Set<Live>();
  let sockets: SocketClient | null = null;
  let announceClose: (event: { code: number; reason: string }) => void = () => undefined;
  const closed = new Promise<{ code: number; reason: string }>((resolve) => (announceClose = resolve));

  async function post(operation: string, variables?: unknown): Promise<HttpAnswer> {
    const asked = fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { ...headers, accept: 'application/json' },
      body: JSON.stringify({ query: operationText(operation), variables }),
    });
    const answered = asked.then(async (response) => ({ status: response.status, text: await response.text() }));
    const { status, text } = await within(`an answer to ${operation}`, answered);
    hear(text);
    return { status, body: JSON.parse(text) };
  }

  async function ask(operation: string, variables?: unknown): Promise<Json> {
    const { status, body } = await post(operation, variables);
    if (body.errors !== undefined || body.data == null) throw new Error(`${operation} answered ${status}: ${JSON.stringify(body.errors)}`);
    return body.data;
  }

  function socketClient(): SocketClient {
    sockets ??= createSocketClient({
      url: `${url.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      connectionParams: { authorization: `Bearer ${token}` },
      // A test says itself when it comes back.
      retryAttempts: 0,
      on: {
        message: (message) => hear(JSON.stringify(message)),
        closed: (event) => {
          const { code, reason } = event as { code: number; reason: string };
          announceClose({ code, reason });
        },
      },
    });
    return sockets;
  }

  return {
    post,
    ask,
    async act(operation, variables) {
      const data = await ask(operation, variables);
      return Object.values(data as Record<string, unknown>)[0];
    },
    subscribe(operation, variables = {}) {
      const query = operationText(operation);
      const live = collectEvents((sink) => socketClient().subscribe({ query, variables }, sink));
      open.add(live);
      return live;
    },
    stream(operation, variables = {}) {
      const live = collectEvents((sink) => {
        const controller = new AbortController();
        readEventStream(url, headers, { query: operationText(operation), variables }, controller.signal, hear, (payload) =>
          sink.next(payload),
        ).then(
          () => sink.complete(),
          (error: unknown) => (controller.signal.aborted ? sink.complete() : sink.error(error)),
        );
        return () => controller.abort();
      });
      open.add(live);
      return live;
    },
    closed,
    async close() {
      for (const live of open) live.stop();
      await sockets?.dispose();
    },
  };
}

/** Reads a subscription in graphql-sse's "distinct connections" mode until it completes. */
async function readEventStream(
  url: string,
  headers: Record<string, string>,
  operation: { readonly query: string; readonly variables: unknown },
  signal: AbortSignal,
  hear: (text: string) => void,
  next: (payload: Json) => void,
): Promise<void> {
  const accept = { accept: 'text/event-stream' };
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { ...headers, ...accept },
    body: JSON.stringify(operation),
    signal,
  });
  if (!response.ok || response.body === null) throw new Error(`The event stream answered ${response.status}.`);
  let buffer = '';
  for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
    hear(text);
    buffer += text;
    const blocks = buffer.split('\n\n');
    buffer = blocks.pop() ?? '';
    for (const block of blocks) {
      if (/^event: complete/mu.test(block)) return;
      const data = /^data: (.+)$/mu.exec(block)?.[1];
      if (data !== undefined) next(JSON.parse(data));
    }
  }
  throw new Error('The event stream broke off.');
}
