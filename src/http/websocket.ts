import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ExecutionArgs } from 'graphql';
import { GraphQLError } from 'graphql';
import {
  CloseCode,
  handleProtocols,
  makeServer,
  type Context as SocketContext,
  type OperationResult,
  type SubscribePayload,
} from 'graphql-ws';
import { WebSocketServer, type WebSocket } from 'ws';
import type { Clock } from '../domain/clock.ts';
import type { Log } from '../domain/log.ts';
import type { Viewer } from '../domain/viewer.ts';
import type { Authenticator } from './authenticate.ts';
import type { LiveStreams } from './live-streams.ts';
import type { Masking } from './masking.ts';
import type { Metrics } from './metrics.ts';
import type { Yoga } from './yoga.ts';

const INIT_TIMEOUT_MS = 3_000;
const MAX_MESSAGE_BYTES = 64 * 1024;
const OPERATIONS_PER_SOCKET = 200;
const PING_MS = 30_000;
const CLOSE_GRACE_MS = 2_000;
/** The reader took nothing for a minute; a client of graphql-ws comes back after this code and resumes from its cursor. */
export const CLOSE_SLOW_READER = 4499;
const CLOSE_GOING_AWAY = 1001;
const CLOSE_TRY_AGAIN_LATER = 1013;

/** What is known of a socket once its connection_init was accepted. */
interface SocketExtra {
  readonly socket: WebSocket;
  readonly request: IncomingMessage;
  readonly address: string;
  viewer: Viewer | null;
  closeStream: () => void;
}

type Connected = SocketContext<Record<string, unknown> | undefined, SocketExtra>;

export interface WebSockets {
  /** Takes over an upgrade that was judged already (path and Origin). */
  accept(request: IncomingMessage, socket: Duplex, head: Buffer, address: string): void;
  /** Closes every socket with 1001 and resolves when they are gone, at the latest after 2 s. */
  close(): Promise<void>;
  readonly size: number;
}

/** graphql-transport-ws over `ws`. graphql-ws stays the protocol's engine; parsing, limits, execution and masking are yoga's. */
export function createWebSockets(parts: {
  readonly yoga: Yoga;
  readonly authenticator: Authenticator;
  readonly live: LiveStreams;
  readonly socketsPerToken: number;
  readonly masking: Masking;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly log: Log;
}): WebSockets {
  const { yoga, authenticator, live, socketsPerToken, masking, metrics, clock, log } = parts;
  const sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_MESSAGE_BYTES, perMessageDeflate: false, handleProtocols });
  const engines = new WeakMap<ExecutionArgs, ReturnType<Yoga['getEnveloped']>>();
  const answering = new WeakSet<WebSocket>();

  function engineOf(args: ExecutionArgs): ReturnType<Yoga['getEnveloped']> {
    const engine = engines.get(args);
    if (engine === undefined) throw new Error('An operation was not prepared.');
    return engine;
  }

  async function connect({ extra, connectionParams }: Connected): Promise<boolean> {
    const given = connectionParams?.['authorization'] ?? connectionParams?.['Authorization'];
    const authorization = typeof given === 'string' ? given : extra.request.headers.authorization;
    const authentication = await authenticator.authenticate(authorization, extra.address);
    if (authentication.kind !== 'viewer') {
      if (authentication.kind === 'throttled') extra.socket.close(CloseCode.TooManyInitialisationRequests, 'Too many refused tokens');
      return false;
    }
    const { viewer } = authentication;
    if (live.count(viewer) >= socketsPerToken) {
      extra.socket.close(CloseCode.TooManyInitialisationRequests, `Too many connections with this token (at most ${socketsPerToken})`);
      return false;
    }
    // The socket may have gone while the token was looked up.
    if (extra.socket.readyState !== extra.socket.OPEN) return false;
    extra.viewer = viewer;
    extra.closeStream = live.open(viewer, (reason) => {
      extra.viewer = null;
      extra.socket.close(CloseCode.Forbidden, reason === 'expired' ? 'Token expired' : 'Token revoked');
    });
    return true;
  }

  /** Parse, judge, and build what runs. A refusal is an `error` message: throwing here would close the socket and end its other operations. */
  async function prepare({ extra, subscriptions }: Connected, payload: SubscribePayload): Promise<ExecutionArgs | readonly GraphQLError[]> {
    const { viewer, socket } = extra;
    if (viewer === null)
      return [new GraphQLError('The token of this connection is no longer valid.', { extensions: { code: 'UNAUTHENTICATED' } })];
    if (Object.keys(subscriptions).length > OPERATIONS_PER_SOCKET) {
      return [
        new GraphQLError(`A connection may carry at most ${OPERATIONS_PER_SOCKET} operations at a time.`, {
          extensions: { code: 'TOO_MANY_OPERATIONS' },
        }),
      ];
    }
    try {
      const engine = yoga.getEnveloped({
        viewer,
        transport: 'websocket',
        endSlowReader: () => socket.close(CLOSE_SLOW_READER, 'Slow reader'),
        params: { query: payload.query, operationName: payload.operationName ?? undefined, variables: payload.variables ?? {} },
      });
      const document = engine.parse(payload.query) as ExecutionArgs['document'];
      const errors = engine.validate(engine.schema, document) as readonly GraphQLError[];
      if (errors.length > 0) return errors;
      const contextValue: unknown = await engine.contextFactory();
      const args: ExecutionArgs = {
        schema: engine.schema as ExecutionArgs['schema'],
        document,
        operationName: payload.operationName ?? null,
        variableValues: payload.variables ?? null,
        contextValue,
      };
      engines.set(args, engine);
      return args;
    } catch (error) {
      return [masking.mask(error)];
    }
  }

  const server = makeServer<Record<string, unknown> | undefined, SocketExtra>({
    connectionInitWaitTimeout: INIT_TIMEOUT_MS,
    onConnect: (context) => masking.run(randomUUID(), () => connect(context)),
    onDisconnect: ({ extra }) => extra.closeStream(),
    async onSubscribe(context, _id, payload) {
      const prepared = await prepare(context, payload);
      return 'document' in prepared ? prepared : prepared.map(withoutTransportFacts);
    },
    execute: (args) => engineOf(args).execute(args) as OperationResult,
    subscribe: (args) => engineOf(args).subscribe(args) as OperationResult,
    // A source that fails after it began: shown masked, and only this operation ends.
    onError: (_context, _id, _payload, errors) => errors.map((error) => withoutTransportFacts(masking.mask(error)).toJSON()),
    onOperation: () => metrics.subscriptions.inc(),
    onComplete: () => metrics.subscriptions.dec(),
  });

  function serve(socket: WebSocket, request: IncomingMessage, address: string): void {
    const extra: SocketExtra = { socket, request, address, viewer: null, closeStream: () => undefined };
    metrics.sockets.inc();
    answering.add(socket);
    socket.on('pong', () => answering.add(socket));
    // A broken frame or one over the limit: ws closes the socket with the protocol's own code.
    socket.on('error', (error) => log.debug('A WebSocket failed.', { error: error.name }));
    const closed = server.opened(
      {
        protocol: socket.protocol,
        // Resolves when the kernel took the frame: the source is not pulled for a reader that takes nothing.
        send: (data) =>
          new Promise<void>((resolve, reject) => {
            if (socket.readyState !== socket.OPEN) resolve();
            else socket.send(data, (error) => (error == null ? resolve() : reject(error)));
          }),
        close: (code, reason) => socket.close(code, reason),
        onMessage: (receive) =>
          socket.on('message', (data: Buffer) => {
            void masking.run(randomUUID(), () =>
              receive(data.toString('utf8')).catch((error: unknown) => {
                if (socket.readyState !== socket.OPEN) return;
                const { code } = masking.mask(error).extensions;
                if (code === 'UNAVAILABLE') socket.close(CLOSE_TRY_AGAIN_LATER, 'Try again later');
                else socket.close(CloseCode.InternalServerError, 'Internal server error');
              }),
            );
          }),
      },
      extra,
    );
    socket.once('close', (code, reason) => {
      metrics.sockets.dec();
      metrics.socketsClosed.inc({ code: String(code) });
      extra.closeStream();
      closed(code, reason.toString('utf8')).catch((error: unknown) => void masking.mask(error));
    });
  }

  /** One sweep over all sockets instead of two timers on each: who did not answer the last ping is gone. */
  let sweep = clock.schedule(PING_MS, ping);
  function ping(): void {
    for (const socket of sockets.clients) {
      if (!answering.delete(socket)) socket.terminate();
      else socket.ping();
    }
    sweep = clock.schedule(PING_MS, ping);
  }

  return {
    get size() {
      return sockets.clients.size;
    },
    accept(request, stream, head, address) {
      sockets.handleUpgrade(request, stream, head, (socket) => serve(socket, request, address));
    },
    async close() {
      sweep.cancel();
      const open = [...sockets.clients];
      const gone = open.map((socket) => new Promise<void>((resolve) => socket.once('close', () => resolve())));
      for (const socket of open) socket.close(CLOSE_GOING_AWAY, 'The gateway is stopping');
      const timer = setTimeout(() => open.forEach((socket) => socket.terminate()), CLOSE_GRACE_MS);
      await Promise.all(gone);
      clearTimeout(timer);
      sockets.close();
    },
  };
}

/** HTTP status hints mean nothing to a socket's client. */
function withoutTransportFacts(error: GraphQLError): GraphQLError {
  if (!('http' in error.extensions)) return error;
  const extensions = Object.fromEntries(Object.entries(error.extensions).filter(([name]) => name !== 'http'));
  return new GraphQLError(error.message, {
    nodes: error.nodes ?? null,
    source: error.source ?? null,
    positions: error.positions ?? null,
    path: error.path ?? null,
    extensions,
  });
}
