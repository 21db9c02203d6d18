import { randomUUID } from 'node:crypto';
import { createServer, STATUS_CODES, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import type { GraphQLSchema } from 'graphql';
import type { Gateway } from '../resolvers/gateway.ts';
import { schema as gatewaySchema } from '../schema/schema.ts';
import type { Secret } from '../vault/secret.ts';
import { sendError } from './answers.ts';
import { createAttempts } from './attempts.ts';
import { createAuthenticator } from './authenticate.ts';
import { clientAddress } from './client-address.ts';
import { isAllowedOrigin, pagePolicy, securityHeaders, setCrossOriginHeaders, setSecurityHeaders } from './headers.ts';
import type { ReadinessCheck } from './health.ts';
import { createJwtVerifier, type JwtOptions } from './jwt.ts';
import { createLiveStreams } from './live-streams.ts';
import { createMasking } from './masking.ts';
import type { Metrics } from './metrics.ts';
import { createRoutes, type Route, type RouteCall } from './routes.ts';
import { createStaticFiles } from './static-files.ts';
import { createWebSockets } from './websocket.ts';
import { createGraphqlYoga, GRAPHQL_PATH } from './yoga.ts';

export interface HttpServerOptions {
  readonly gateway: Gateway;
  /** The gateway's own unless a test brings another. */
  readonly schema?: GraphQLSchema;
  /** The web build, e.g. dist/web; its pages answer 503 with the remedy while it is missing. */
  readonly staticDir: string;
  /** What /readyz asks. The server adds nothing of its own but "stopping". */
  readonly readiness: readonly ReadinessCheck[];
  readonly metrics: Metrics;
  /** Who may read /metrics; null: a valid ADMIN token may. */
  readonly metricsToken: Secret | null;
  /** Accept the help desk's own tokens; null: only API tokens. */
  readonly jwt: JwtOptions | null;
  /** How many proxies of the operator stand before this server. */
  readonly trustProxyHops: number;
  /** More routes, asked before "not found"; e.g. the OAuth pages. */
  readonly routes?: readonly Route[];
}

export interface HttpServer {
  /** Resolves when connections are accepted; `port` 0 takes a free one. Rejects with the system's error, e.g. EADDRINUSE. */
  listen(host: string, port: number): Promise<{ readonly host: string; readonly port: number }>;
  /** Stops accepting, closes sockets with 1001, lets requests finish for up to `graceMs`, then cuts. Idempotent. */
  close(graceMs: number): Promise<void>;
}

const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 30_000;
const MAX_HEADER_BYTES = 16 * 1024;
const MAX_URL_CHARACTERS = 8 * 1024;

export function createHttpServer(options: HttpServerOptions): HttpServer {
  const { gateway, metrics, trustProxyHops } = options;
  const { store, feed, clock, log, settings } = gateway;
  const masking = createMasking(log);
  const jwt = options.jwt === null ? null : createJwtVerifier(options.jwt, { store, clock });
  const authenticator = createAuthenticator({ store, clock, attempts: createAttempts(clock), jwt });
  const live = createLiveStreams({ store, feed, clock, log });
  const yoga = createGraphqlYoga({ gateway, schema: options.schema ?? gatewaySchema, masking, metrics });
  const webSockets = createWebSockets({
    yoga,
    authenticator,
    live,
    socketsPerToken: settings.socketsPerToken,
    masking,
    metrics,
    clock,
    log,
  });
  const isHttps = settings.publicUrl.protocol === 'https:';
  /** Answers that nobody has ended yet. */
  const open = new Set<ServerResponse>();
  let stopping = false;

  const routes = [
    ...(options.routes ?? []),
    ...createRoutes({
      gateway,
      yoga,
      authenticator,
      live,
      masking,
      metrics,
      metricsToken: options.metricsToken,
      readiness: [
        { name: 'stopping', check: () => (stopping ? Promise.reject(new Error('stopping')) : Promise.resolve()) },
        ...options.readiness,
      ],
      graphiql: createStaticFiles(join(options.staticDir, 'graphiql'), pagePolicy(settings.publicUrl)),
    }),
  ];

  async function answer(request: IncomingMessage, response: ServerResponse, call: RouteCall): Promise<void> {
    for (const route of routes) {
      const params = route.match(call.path);
      if (params !== null) {
        call.route = route.name;
        await route.handle(request, response, { ...call, params });
        return;
      }
    }
    sendError(response, 404, 'NOT_FOUND', 'There is nothing here. The API is at /graphql.');
  }

  function handle(request: IncomingMessage, response: ServerResponse): void {
    const requestId = randomUUID();
    const startedAt = clock.monotonicMs();
    setSecurityHeaders(response, isHttps);
    response.setHeader('X-Request-Id', requestId);
    setCrossOriginHeaders(request, response, settings.allowedOrigins);
    const url = urlOf(request);
    const call: RouteCall = {
      requestId,
      url: url ?? new URL('http://localhost/'),
      path: url?.pathname ?? '',
      address: clientAddress(request, trustProxyHops),
      route: 'none',
      params: {},
    };
    open.add(response);
    response.once('close', () => {
      open.delete(response);
      metrics.requests.inc({ route: call.route, method: knownMethod(request.method), status: String(response.statusCode) });
      if (!isEventStream(response)) metrics.requestSeconds.observe({ route: call.route }, (clock.monotonicMs() - startedAt) / 1_000);
    });
    if (url === null) {
      sendError(response, 400, 'BAD_REQUEST', 'The address of this request cannot be read.');
      return;
    }
    void masking.run(requestId, () =>
      answer(request, response, call).catch((error: unknown) => {
        const masked = masking.mask(error);
        const code = masked.extensions['code'];
        if (code === 'UNAVAILABLE' && !response.headersSent) response.setHeader('Retry-After', '5');
        sendError(response, code === 'UNAVAILABLE' ? 503 : 500, typeof code === 'string' ? code : 'INTERNAL_SERVER_ERROR', masked.message);
        if (!response.writableEnded) response.destroy();
      }),
    );
  }

  const server: Server = createServer(
    { maxHeaderSize: MAX_HEADER_BYTES, headersTimeout: HEADERS_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS },
    handle,
  );

  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy());
    if (stopping) refuseUpgrade(socket, 503, isHttps);
    else if (urlOf(request)?.pathname !== GRAPHQL_PATH) refuseUpgrade(socket, 404, isHttps);
    else if (!isAllowedOrigin(request.headers.origin, settings.allowedOrigins)) refuseUpgrade(socket, 403, isHttps);
    else webSockets.accept(request, socket, head, clientAddress(request, trustProxyHops));
  });

  // Requests that are not HTTP get no answer of ours, but a clean end.
  server.on('clientError', (_error, socket) => {
    if (socket.writable) refuseUpgrade(socket, 400, isHttps);
    else socket.destroy();
  });

  let closing: Promise<void> | null = null;

  async function shut(graceMs: number): Promise<void> {
    stopping = true;
    const ended = new Promise<void>((resolve) => server.close(() => resolve()));
    await webSockets.close();
    // These never end by themselves; their readers come back elsewhere with their cursors, as those of the sockets do.
    for (const response of open) if (isEventStream(response)) response.destroy();
    server.closeIdleConnections();
    const timer = setTimeout(() => server.closeAllConnections(), graceMs);
    await ended;
    clearTimeout(timer);
    live.stop();
  }

  return {
    listen: (host, port) =>
      new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen({ host, port, backlog: 4_096 }, () => {
          server.removeListener('error', reject);
          const { address, port: bound } = server.address() as AddressInfo;
          resolve({ host: address, port: bound });
        });
      }),
    close: (graceMs) => (closing ??= shut(graceMs)),
  };
}

function isEventStream(response: ServerResponse): boolean {
  return String(response.getHeader('content-type') ?? '').startsWith('text/event-stream');
}

function urlOf(request: IncomingMessage): URL | null {
  const target = request.url ?? '';
  // The host header decides nothing here; only the path and the query are read.
  if (!target.startsWith('/') || target.length > MAX_URL_CHARACTERS) return null;
  return URL.canParse(`http://localhost${target}`) ? new URL(`http://localhost${target}`) : null;
}

function knownMethod(method: string | undefined): string {
  return ['GET', 'HEAD', 'POST', 'OPTIONS', 'PUT', 'DELETE', 'PATCH'].includes(method ?? '') ? (method ?? '') : 'other';
}

function refuseUpgrade(socket: Duplex, status: number, isHttps: boolean): void {
  const headers = { ...securityHeaders(isHttps), Connection: 'close', 'Content-Length': '0' };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('\r\n')}\r\n\r\n`);
}
