import { expect, test } from 'vitest';
import type { Clock } from '../../src/domain/clock.ts';
import { createHttpServer } from '../../src/http/server.ts';
import { createMetrics } from '../../src/http/metrics.ts';
import { createFeed } from '../../src/feed/create-feed.ts';
import { aStatusChange } from '../support/store.ts';
import { startGatewayServer } from './gateway-server.ts';
import { openSocket } from './socket-client.ts';

const LIVE =
  'subscription ($after: String) { credentialStatusChanged(after: $after) { ... on StreamOpened { cursor resume } ... on CredentialStatusChanged { cursor change { sequence message } } } }';

test('a socket that takes nothing for a minute is closed with 4499, and its cursor gives on the next one exactly what it missed', async () => {
  const server = await startGatewayServer();
  const mailbox = await server.addMailbox(server.acme, 'support@acme.test');
  let minuteOver = (): void => undefined;
  const over = new Promise<void>((resolve) => {
    minuteOver = resolve;
  });
  // The minute of a slow reader, told apart by its length, passes when the test says so.
  let passMinute = (): void => undefined;
  const clock: Clock = {
    now: () => server.clock.now(),
    monotonicMs: () => server.clock.monotonicMs(),
    schedule: (delayMs, work) => {
      if (delayMs !== 60_000) return server.clock.schedule(delayMs, work);
      let cancelled = false;
      passMinute = () => {
        if (cancelled) return;
        work();
        minuteOver();
      };
      return { cancel: () => (cancelled = true) };
    },
  };
  const feed = createFeed({ store: server.store, clock, log: server.gateway.log });
  feed.start();
  const http = createHttpServer({
    gateway: { ...server.gateway, feed },
    staticDir: '/nowhere',
    readiness: [],
    metrics: createMetrics(),
    metricsToken: null,
    jwt: null,
    trustProxyHops: 0,
  });
  const { port } = await http.listen('127.0.0.1', 0);
  const socket = await openSocket(`http://127.0.0.1:${port}`);
  await socket.init(server.acme.tokens.VIEWER);
  socket.subscribe('1', LIVE);
  const opened = (await socket.next()).payload.data.credentialStatusChanged;

  socket.pause();
  // More than the buffers between the two ends hold.
  const events = 60;
  for (let count = 0; count < events; count += 1) {
    await server.commit(server.acme, { events: [aStatusChange(mailbox.id, { message: 'x'.repeat(200_000) })] });
  }
  await new Promise<void>((resolve) => setImmediate(resolve));
  passMinute();
  await over;
  socket.resume();
  let cursor: string = opened.cursor;
  let last = 0;
  for (;;) {
    const message = await socket.next().catch(() => null);
    if (message === null) break;
    if (message.type !== 'next') continue;
    ({ cursor } = message.payload.data.credentialStatusChanged);
    last = message.payload.data.credentialStatusChanged.change.sequence;
  }
  expect(await socket.closed).toEqual({ code: 4499, reason: 'Slow reader' });
  expect(last).toBeLessThan(events);

  const again = await openSocket(server.url);
  await again.init(server.acme.tokens.VIEWER);
  again.subscribe('1', LIVE, { after: cursor });
  expect((await again.next()).payload.data.credentialStatusChanged.resume).toBe('REPLAYING');
  for (let sequence = last + 1; sequence <= events; sequence += 1) {
    expect((await again.next()).payload.data.credentialStatusChanged.change.sequence).toBe(sequence);
  }
  again.close();
  await http.close(1_000);
  await feed.stop();
  await server.close();
});
