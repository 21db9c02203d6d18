import { afterAll, beforeAll, expect, test } from 'vitest';
import { serverAudits } from 'graphql-http';
import { startGatewayServer, type GatewayServer } from './gateway-server.ts';

let server: GatewayServer;
beforeAll(async () => {
  server = await startGatewayServer();
});
afterAll(() => server.close());

test('all 61 audits of GraphQL over HTTP pass, with a token', async () => {
  const withToken: typeof fetch = (input, init) => {
    const headers = new Headers(init?.headers);
    headers.set('authorization', `Bearer ${server.acme.tokens.VIEWER}`);
    return fetch(input, { ...init, headers });
  };
  const audits = serverAudits({ url: `${server.url}/graphql`, fetchFn: withToken });
  const results = [];
  for (const audit of audits) results.push(await audit.fn());
  expect(results.filter(({ status }) => status !== 'ok').map(({ id, name, status }) => `${id} ${status} ${name}`)).toEqual([]);
  expect(results).toHaveLength(61);
});
