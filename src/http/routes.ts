import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Gateway } from '../resolvers/gateway.ts';
import type { Secret } from '../vault/secret.ts';
import { sendError, sendJson, sendMethodNotAllowed, sendText, sendUnauthenticated } from './answers.ts';
import type { Authenticator } from './authenticate.ts';
import { helpRoute } from './help-page.ts';
import { readinessOf, type ReadinessCheck } from './health.ts';
import type { LiveStreams } from './live-streams.ts';
import type { Masking } from './masking.ts';
import type { Metrics } from './metrics.ts';
import type { StaticFiles } from './static-files.ts';
import { workerAccessRoute } from './worker-access.ts';
import { GRAPHQL_PATH, type Yoga } from './yoga.ts';

/** What is known of a request before its route handles it. */
export interface RouteCall {
  readonly requestId: string;
  readonly url: URL;
  readonly path: string;
  /** Where it came from, as far as the operator's proxies can be believed. */
  readonly address: string;
  /** The matched route's name, for metrics. */
  route: string;
  readonly params: Readonly<Record<string, string>>;
}

export interface Route {
  /** A bounded label for metrics, e.g. "graphql". */
  readonly name: string;
  /** The path's parameters, decoded; null when it is another route's. */
  readonly match: (path: string) => Readonly<Record<string, string>> | null;
  readonly handle: (request: IncomingMessage, response: ServerResponse, call: RouteCall) => Promise<void> | void;
}

export interface RouteParts {
  readonly gateway: Gateway;
  readonly yoga: Yoga;
  readonly authenticator: Authenticator;
  readonly live: LiveStreams;
  readonly masking: Masking;
  readonly metrics: Metrics;
  readonly metricsToken: Secret | null;
  readonly readiness: readonly ReadinessCheck[];
  readonly graphiql: StaticFiles;
}

export function exactly(wanted: string): Route['match'] {
  return (path) => (path === wanted ? {} : null);
}

/** Everything below a prefix; the rest, decoded, is the parameter `rest`. Null for a rest that cannot be decoded. */
export function below(prefix: string): Route['match'] {
  return (path) => {
    if (!path.startsWith(prefix)) return null;
    try {
      return { rest: decodeURIComponent(path.slice(prefix.length)) };
    } catch {
      return null;
    }
  };
}

export function createRoutes(parts: RouteParts): readonly Route[] {
  const { graphiql, metrics, readiness } = parts;
  return [
    { name: 'graphql', match: exactly(GRAPHQL_PATH), handle: (request, response, call) => graphql(parts, request, response, call) },
    { name: 'healthz', match: exactly('/healthz'), handle: reading((_, response) => sendJson(response, 200, { status: 'alive' })) },
    {
      name: 'readyz',
      match: exactly('/readyz'),
      handle: reading(async (_, response) => {
        const { ready, notReady } = await readinessOf(readiness);
        sendJson(response, ready ? 200 : 503, ready ? { status: 'ready' } : { status: 'not ready', notReady });
      }),
    },
    {
      name: 'metrics',
      match: exactly('/metrics'),
      handle: reading(async (request, response, call) => {
        if (!(await mayReadMetrics(parts, request, response, call))) return;
        response.setHeader('Content-Type', metrics.registry.contentType);
        response.end(await metrics.registry.metrics());
      }),
    },
    workerAccessRoute(parts),
    helpRoute(),
    { name: 'home', match: exactly('/'), handle: reading((_, response) => redirect(response, '/graphiql')) },
    {
      name: 'graphiql',
      match: exactly('/graphiql'),
      handle: reading((request, response) => graphiql.send(response, '', request.method === 'HEAD')),
    },
    {
      name: 'graphiql-file',
      match: below('/graphiql/'),
      handle: reading((request, response, { params }) => graphiql.send(response, params['rest'] ?? '', request.method === 'HEAD')),
    },
  ];
}

/** For what only answers questions: GET and HEAD. */
function reading(handle: Route['handle']): Route['handle'] {
  return (request, response, call) => {
    if (request.method === 'GET' || request.method === 'HEAD') return handle(request, response, call);
    sendMethodNotAllowed(response, ['GET', 'HEAD']);
  };
}

function redirect(response: ServerResponse, location: string): void {
  response.statusCode = 307;
  response.setHeader('Location', location);
  response.end();
}

async function graphql(
  { yoga, authenticator, live }: RouteParts,
  request: IncomingMessage,
  response: ServerResponse,
  call: RouteCall,
): Promise<void> {
  if (request.method === 'OPTIONS') {
    response.statusCode = 204;
    response.end();
    return;
  }
  if (request.method !== 'POST' && request.method !== 'GET') {
    sendMethodNotAllowed(response, ['GET', 'POST']);
    return;
  }
  const authentication = await authenticator.authenticate(request.headers.authorization, call.address);
  if (authentication.kind !== 'viewer') {
    sendUnauthenticated(response, authentication);
    return;
  }
  // Forms and plain text are what a foreign page can send without asking; JSON is not.
  if (request.method === 'POST' && !isJson(request.headers['content-type'])) {
    sendError(response, 415, 'UNSUPPORTED_MEDIA_TYPE', 'Send the operation as JSON: Content-Type: application/json.');
    return;
  }
  const closeStream = live.open(authentication.viewer, () => response.destroy());
  response.once('close', closeStream);
  await yoga(request, response, { viewer: authentication.viewer, transport: 'http', endSlowReader: () => response.destroy() });
}

function isJson(contentType: string | undefined): boolean {
  const [type] = (contentType ?? '').split(';');
  return type?.trim().toLowerCase() === 'application/json';
}

async function mayReadMetrics(
  { authenticator, metricsToken }: RouteParts,
  request: IncomingMessage,
  response: ServerResponse,
  call: RouteCall,
): Promise<boolean> {
  const { authorization } = request.headers;
  if (metricsToken !== null) {
    if (isSame(authorization ?? '', `Bearer ${metricsToken.reveal()}`)) return true;
    response.setHeader('WWW-Authenticate', 'Bearer realm="metrics"');
    sendText(response, 401, 'Send METRICS_TOKEN as a bearer token.\n');
    return false;
  }
  const authentication = await authenticator.authenticate(authorization, call.address);
  if (authentication.kind !== 'viewer') {
    sendUnauthenticated(response, authentication);
    return false;
  }
  if (authentication.viewer.role === 'ADMIN') return true;
  sendError(response, 403, 'PERMISSION_DENIED', 'This needs a token with the role ADMIN, or set METRICS_TOKEN.');
  return false;
}

/** Compared as digests, so that neither length nor content shows in the time it takes. */
function isSame(given: string, expected: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text, 'utf8').digest();
  return timingSafeEqual(digest(given), digest(expected));
}
