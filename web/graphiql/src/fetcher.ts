import type { Fetcher } from '@graphiql/toolkit';
import { Kind, OperationTypeNode, parse, type OperationDefinitionNode } from 'graphql';
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
    const operation = operationIn(params.query, params.operationName ?? null);
    const operationName = operation === null ? (params.operationName ?? null) : (operation.name?.value ?? null);
    const request = { query: params.query, operationName, variables: (params.variables ?? null) as Record<string, unknown> | null };
    if (operation?.operation === OperationTypeNode.SUBSCRIPTION) {
      return gatherEvents(clientFor(authorization ?? '').iterate(request)) as AsyncIterableIterator<never>;
    }
    const response = await fetch(ENDPOINT, {
      method: 'POST',
      headers: {
        ...(headers as Record<string, string>),
        'content-type': 'application/json',
        ...(authorization === null ? {} : { authorization }),
      },
      body: JSON.stringify(request),
    });
    return (await response.json()) as never;
  };
}

/**
 * What is going to run: the operation of that name or, just after a change of tabs, when GraphiQL still names the former
 * tab's, the only one there is. Null when the document cannot be read; then the server says why.
 */
function operationIn(query: string, name: string | null): OperationDefinitionNode | null {
  try {
    const operations = parse(query).definitions.filter((definition) => definition.kind === Kind.OPERATION_DEFINITION);
    const only = operations.length === 1 ? operations[0] : undefined;
    return operations.find((operation) => operation.name?.value === name) ?? only ?? null;
  } catch {
    return null;
  }
}
