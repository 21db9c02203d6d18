import { createYoga, type Plugin, type YogaServerInstance } from 'graphql-yoga';
import { GraphQLError, type DocumentNode, type GraphQLSchema, type Source } from 'graphql';
import type { Viewer } from '../domain/viewer.ts';
import type { Gateway } from '../resolvers/gateway.ts';
import { createContext, type Context } from '../schema/context.ts';
import { createDocuments, type Documents } from '../schema/limits/prepare.ts';
import type { Masking } from './masking.ts';
import type { Metrics } from './metrics.ts';

export const GRAPHQL_PATH = '/graphql';
const MAX_BODY_BYTES = 100_000;

/** What a transport adds to an operation. */
export interface Call {
  readonly viewer: Viewer;
  readonly transport: 'http' | 'websocket';
  readonly endSlowReader: () => void;
}

export type Yoga = YogaServerInstance<Call, Context>;

export function createGraphqlYoga(parts: {
  readonly gateway: Gateway;
  readonly schema: GraphQLSchema;
  readonly masking: Masking;
  readonly metrics: Metrics;
}): Yoga {
  const { gateway, schema, masking, metrics } = parts;
  return createYoga<Call, Context>({
    schema,
    context: ({ viewer, endSlowReader }) => createContext(gateway, viewer, endSlowReader),
    plugins: [useDocuments(createDocuments(schema), metrics), usePlainParseErrors()],
    maskedErrors: { maskError: (error) => masking.mask(error) },
    graphqlEndpoint: GRAPHQL_PATH,
    maxRequestBodySize: MAX_BODY_BYTES,
    // Ours knows the variables, which decide what a document costs.
    parserAndValidationCache: false,
    batching: false,
    multipart: false,
    graphiql: false,
    landingPage: false,
    // Origins are judged by the server, for every route and also where no handler is reached.
    cors: false,
    logging: false,
  });
}

/** The limits, in the only two places that POST, GET, SSE and sockets all pass through. */
function useDocuments(documents: Documents, metrics: Metrics): Plugin<Call> {
  return {
    onParse({ setParseFn }) {
      setParseFn((source: string | Source) => documents.parse(typeof source === 'string' ? source : source.body));
    },
    onValidate({ context, setValidationFn }) {
      const { params, transport } = context;
      setValidationFn((_: GraphQLSchema, document: DocumentNode) => {
        const operation = { operationName: params.operationName ?? null, variables: params.variables ?? {} };
        const errors = documents.validate(document, operation, context);
        metrics.operations.inc({ transport, outcome: errors.length === 0 ? 'accepted' : 'refused' });
        return errors;
      });
    },
  };
}

/** yoga puts the parser's own message beside "invalid JSON", and that quotes the body. */
function usePlainParseErrors(): Plugin<Call> {
  return {
    onRequestParse({ requestParser, setRequestParser }) {
      if (requestParser === undefined) return;
      setRequestParser(async (request) => {
        try {
          return await requestParser(request);
        } catch (error) {
          throw error instanceof GraphQLError && 'originalError' in error.extensions ? plainly(error) : error;
        }
      });
    },
  };
}

/** Its status is kept by `spec: false`: for yoga, an error without an original one is an executed operation's, with status 200. */
function plainly(error: GraphQLError): GraphQLError {
  const { originalError: _quotesTheBody, http, ...kept } = error.extensions;
  return new GraphQLError(error.message, { extensions: { ...kept, http: { ...(http ?? {}), spec: false } } });
}
