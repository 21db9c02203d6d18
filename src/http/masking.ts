import { AsyncLocalStorage } from 'node:async_hooks';
import { GraphQLError } from 'graphql';
import type { Log } from '../domain/log.ts';
import { PageRefused } from '../resolvers/queries/page.ts';
import { withoutSuggestion } from '../schema/limits/prepare.ts';
import { StoreUnavailable } from '../store/errors.ts';

/** Which request (or operation on a socket) an error belongs to, wherever below it was thrown. */
export interface RequestScope {
  run<Result>(requestId: string, work: () => Result): Result;
}

export interface Masking extends RequestScope {
  /** What of an error may be shown. Anything that nobody threw on purpose is logged under the request's id and shown as that id only. */
  mask(error: unknown): GraphQLError;
}

export function createMasking(log: Log): Masking {
  const scope = new AsyncLocalStorage<string>();

  function mask(error: unknown): GraphQLError {
    const thrown = innermost(error);
    const position = error instanceof GraphQLError ? { nodes: error.nodes ?? null, path: error.path ?? null } : {};
    if (thrown instanceof GraphQLError) return withoutSuggestion(error instanceof GraphQLError ? error : thrown);
    if (thrown instanceof PageRefused) return new GraphQLError(thrown.message, { ...position, extensions: { code: thrown.code } });
    const requestId = scope.getStore() ?? null;
    if (thrown instanceof StoreUnavailable) {
      log.warn('The database could not be asked.', { requestId, path: pathOf(error) });
      return new GraphQLError('The gateway cannot reach its database right now. Nothing was changed; try again.', {
        ...position,
        extensions: { code: 'UNAVAILABLE', requestId },
      });
    }
    log.error('An unexpected error was masked.', { requestId, path: pathOf(error), ...factsOf(thrown) });
    return new GraphQLError('Unexpected error.', { ...position, extensions: { code: 'INTERNAL_SERVER_ERROR', requestId } });
  }

  return { mask, run: (requestId, work) => scope.run(requestId, work) };
}

/** graphql-js wraps what a resolver threw, once for each layer. */
function innermost(error: unknown): unknown {
  let inner = error;
  while (inner instanceof GraphQLError && inner.originalError != null) inner = inner.originalError;
  return inner;
}

function pathOf(error: unknown): string | null {
  return error instanceof GraphQLError && error.path !== undefined ? error.path.join('.') : null;
}

/** Neither the error object nor its message: either may carry a password, or what a server echoed. Where it was thrown says enough. */
function factsOf(thrown: unknown): Readonly<Record<string, unknown>> {
  if (!(thrown instanceof Error)) return { thrown: typeof thrown };
  const code: unknown = 'code' in thrown ? thrown.code : undefined;
  const frames = (thrown.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return {
    errorName: thrown.name,
    ...(typeof code === 'string' ? { errorCode: code } : {}),
    stack: frames.slice(0, 12).map((line) => line.trim()),
  };
}
