import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** What the HTTP side counts, and the registry that other parts add their own to. Labels name no workspace and no address. */
export interface Metrics {
  readonly registry: Registry;
  readonly requests: Counter<'route' | 'method' | 'status'>;
  readonly requestSeconds: Histogram<'route'>;
  readonly sockets: Gauge;
  readonly subscriptions: Gauge;
  readonly socketsClosed: Counter<'code'>;
  readonly operations: Counter<'transport' | 'outcome'>;
}

export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  return {
    registry,
    requests: new Counter({
      name: 'gateway_http_requests_total',
      help: 'Answered HTTP requests.',
      labelNames: ['route', 'method', 'status'],
      registers,
    }),
    requestSeconds: new Histogram({
      name: 'gateway_http_request_seconds',
      help: 'Time to answer an HTTP request; streams are left out.',
      labelNames: ['route'],
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
      registers,
    }),
    sockets: new Gauge({ name: 'gateway_websockets', help: 'Open WebSockets.', registers }),
    subscriptions: new Gauge({ name: 'gateway_subscriptions', help: 'Running operations on WebSockets.', registers }),
    socketsClosed: new Counter({
      name: 'gateway_websockets_closed_total',
      help: 'Closed WebSockets by close code.',
      labelNames: ['code'],
      registers,
    }),
    operations: new Counter({
      name: 'gateway_graphql_operations_total',
      help: 'GraphQL operations that were accepted or refused before they ran.',
      labelNames: ['transport', 'outcome'],
      registers,
    }),
  };
}
