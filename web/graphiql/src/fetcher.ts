import type { Fetcher } from '@graphiql/toolkit';
import { Kind, OperationTypeNode } from 'graphql';
import { createClient, type Client } from 'graphql-ws';
import { gatherEvents } from './live-events.ts';

const ENDPOINT = new URL('/graphql', location.href);

/**
 * Queries and mutations by POST, subscriptions by WebSocket. The tab's own headers decide; without an authorization
 * among them the link's token is used, so a reloaded page keeps working.
 */
export function createFetcher(token: string | null): Fetcher {
  const clients = new Map<string, Client>();

  function authorizationIn(headers: Record<string, unknown>): string | null {
    const own = Object.entries(headers).find(([name]) => name.toLowerCase() === 'authorization')?.[1];
    if (typeof own === 'string' && own !== '') return own;
    return token === null ? null : `Bearer ${token}`;
  }

  function clientFor(authorization: string): Client {
    const known = clients.get(authorization);
    if (known !== undefined) return known;
    const url = new URL(ENDPOINT);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    const client = createClient({ url: url.href, lazy: true, connectionParams: { authorization }, retryAttempts: 5 });
    clients.set(authorization, client);
    return client;
  }

  return async (params, options) => {
    const headers = options?.headers ?? {};
    const authorization = authorizationIn(headers);
    const operation = options?.documentAST?.definitions.find(
      (definition) =>
        definition.kind === Kind.OPERATION_DEFINITION && (!params.operationName || definition.name?.value === params.operationName),
    );
    if (operation?.kind === Kind.OPERATION_DEFINITION && operation.operation === OperationTypeNode.SUBSCRIPTION) {
      const events = clientFor(authorization ?? '').iterate({
        query: params.query,
        operationName: params.operationName ?? null,
        variables: (params.variables ?? null) as Record<string, unknown> | null,
      });
      return gatherEvents(events) as AsyncIterableIterator<never>;
    }
    const response = await fetch(ENDPOINT, {
      method: 'POST',
      headers: {
        ...(headers as Record<string, string>),
        'content-type': 'application/json',
        ...(authorization === null ? {} : { authorization }),
      },
      body: JSON.stringify(params),
    });
    return (await response.json()) as never;
  };
}
