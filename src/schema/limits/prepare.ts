import { GraphQLError, parse, specifiedRules, validate, type DocumentNode, type GraphQLSchema } from 'graphql';
import { complexityRule, pageSizeRule, type Operation } from './cost-rules.ts';
import { variableProblems } from './variables.ts';
import { maxAliasesRule, maxDepthRule, maxDirectivesRule, MAX_TOKENS, refused } from './document-rules.ts';

const KEPT_DOCUMENTS = 1_000;
/** Longer ones are prepared anew each time: a thousand of them would fill the memory. */
const LONGEST_KEPT_CHARACTERS = 10_000;

/** The one place that decides whether a document may run. POST, GET, SSE and WebSocket all come through here. */
export interface Documents {
  /** Throws GraphQLError for a syntax error. */
  parse(source: string): DocumentNode;
  /** Why the operation may not run; empty when it may. `context` is what the fields' costs may depend on. */
  validate(document: DocumentNode, operation: Operation, context: object): readonly GraphQLError[];
}

export function createDocuments(schema: GraphQLSchema): Documents {
  const parsed = new Map<string, DocumentNode>();
  /** What validation says without variables; that part never changes for a document. */
  const judged = new WeakMap<DocumentNode, readonly GraphQLError[]>();

  /** Stands for every document with too many tokens, so that it is refused where, and as, all others are. */
  const tooLong = parse('{ __typename }');
  judged.set(tooLong, [refused('TOO_MANY_TOKENS', `A document may have at most ${MAX_TOKENS} tokens.`)]);

  function judge(document: DocumentNode): readonly GraphQLError[] {
    // The bounds come first and alone: the rules of the specification are quadratic in what these bound.
    const overBounds = validate(schema, document, [maxAliasesRule, maxDirectivesRule, maxDepthRule]);
    if (overBounds.length > 0) return overBounds;
    return validate(schema, document, specifiedRules, { maxErrors: 10, hideSuggestions: true }).map(withoutLiterals);
  }

  return {
    parse(source) {
      const known = parsed.get(source);
      if (known !== undefined) {
        // Moved to the end: the map's order is how long ago each was used.
        parsed.delete(source);
        parsed.set(source, known);
        return known;
      }
      const document = parseBounded(source);
      if (document === null) return tooLong;
      if (source.length <= LONGEST_KEPT_CHARACTERS) {
        parsed.set(source, document);
        const oldest = parsed.size > KEPT_DOCUMENTS ? parsed.keys().next() : null;
        if (oldest !== null && oldest.done !== true) parsed.delete(oldest.value);
      }
      return document;
    },
    validate(document, operation, context) {
      const errors = judged.get(document) ?? judge(document);
      judged.set(document, errors);
      if (errors.length > 0) return errors;
      const mistyped = variableProblems(schema, document, operation).map(withoutSuggestion);
      if (mistyped.length > 0) return mistyped;
      const pages = validate(schema, document, [pageSizeRule(operation)]);
      if (pages.length > 0) return pages;
      return validate(schema, document, [complexityRule(operation, context)]).map(withoutSuggestion);
    },
  };
}

/** Null when there are too many tokens; other syntax errors are thrown. */
function parseBounded(source: string): DocumentNode | null {
  try {
    return parse(source, { maxTokens: MAX_TOKENS });
  } catch (error) {
    if (error instanceof GraphQLError && error.message.includes('tokens. Parsing aborted')) return null;
    throw error instanceof GraphQLError ? withoutLiterals(error) : error;
  }
}

/** graphql-js repeats literals and string tokens that it cannot use; one of them may be a password. Where they are is said by `locations`. */
function withoutLiterals(error: GraphQLError): GraphQLError {
  return withMessage(
    error,
    error.message
      .replace(/^(Expected value of type "[^"]*"), found [\s\S]*$/, '$1.')
      .replace(/( cannot represent [^:"]*):[\s\S]*$/, '$1.')
      .replace(/^(Syntax Error: [\s\S]*?)(String|BlockString|Name|Int|Float) "[\s\S]*$/, '$1$2.'),
  );
}

/** graphql-js proposes names of types, fields and values in its messages; coercion errors have no option against it. */
export function withoutSuggestion(error: GraphQLError): GraphQLError {
  return withMessage(error, error.message.replace(/ Did you mean [^?]*\?/g, ''));
}

function withMessage(error: GraphQLError, message: string): GraphQLError {
  if (message === error.message) return error;
  return new GraphQLError(message, {
    nodes: error.nodes ?? null,
    source: error.source ?? null,
    positions: error.positions ?? null,
    path: error.path ?? null,
    originalError: error.originalError ?? null,
    extensions: error.extensions,
  });
}
