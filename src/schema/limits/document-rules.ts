import {
  GraphQLError,
  Kind,
  type ASTVisitor,
  type DocumentNode,
  type FieldNode,
  type SelectionSetNode,
  type ValidationContext,
} from 'graphql';

export const MAX_TOKENS = 1_000;
export const MAX_DEPTH = 12;
export const MAX_ALIASES = 15;
export const MAX_DIRECTIVES = 5;

/**
 * Refused before anything runs: 400 on HTTP whatever the client accepts (`spec: false`: yoga would answer 200 to
 * application/json, as it has to for ordinary validation errors), an `error` message on a socket.
 */
export function refused(code: string, message: string, nodes?: FieldNode): GraphQLError {
  return new GraphQLError(message, { extensions: { code, http: { status: 400, spec: false } }, ...(nodes === undefined ? {} : { nodes }) });
}

/** Aliases let one request ask the same thing many times; `__typename` is counted like any other field. */
export function maxAliasesRule(context: ValidationContext): ASTVisitor {
  let aliases = 0;
  return {
    Field: (node) => {
      if (node.alias !== undefined) aliases += 1;
    },
    Document: {
      leave: () => {
        if (aliases > MAX_ALIASES)
          context.reportError(refused('TOO_MANY_ALIASES', `A document may use at most ${MAX_ALIASES} aliases; it uses ${aliases}.`));
      },
    },
  };
}

export function maxDirectivesRule(context: ValidationContext): ASTVisitor {
  let directives = 0;
  return {
    Directive: () => {
      directives += 1;
    },
    Document: {
      leave: () => {
        if (directives > MAX_DIRECTIVES) {
          context.reportError(
            refused('TOO_MANY_DIRECTIVES', `A document may use at most ${MAX_DIRECTIVES} directives; it uses ${directives}.`),
          );
        }
      },
    },
  };
}

/**
 * Fields below fields, through fragments. Introspection is left out here: its own nesting is bounded by graphql-js's
 * MaxIntrospectionDepthRule, and every client's introspection query is deeper than any real one.
 */
export function maxDepthRule(context: ValidationContext): ASTVisitor {
  return {
    Document: {
      leave: (document) => {
        const depth = depthOf(document);
        if (depth > MAX_DEPTH)
          context.reportError(refused('TOO_DEEP', `A document may be at most ${MAX_DEPTH} fields deep; it is deeper.`));
      },
    },
  };
}

function depthOf(document: DocumentNode): number {
  const fragments = new Map(
    document.definitions.flatMap((node) => (node.kind === Kind.FRAGMENT_DEFINITION ? [[node.name.value, node.selectionSet] as const] : [])),
  );
  // A fragment is measured once, however often it is spread: 600 nested spreads cost 600 steps.
  const known = new Map<SelectionSetNode, number>();
  const open = new Set<SelectionSetNode>();

  function below(set: SelectionSetNode | undefined): number {
    if (set === undefined) return 0;
    const measured = known.get(set);
    if (measured !== undefined) return measured;
    // Fragments that contain themselves are refused by their own rule.
    if (open.has(set)) return 0;
    open.add(set);
    let deepest = 0;
    for (const node of set.selections) deepest = Math.max(deepest, depthOfSelection(node));
    open.delete(set);
    known.set(set, deepest);
    return deepest;
  }

  function depthOfSelection(node: SelectionSetNode['selections'][number]): number {
    switch (node.kind) {
      case Kind.FIELD:
        return node.name.value.startsWith('__') ? 1 : 1 + below(node.selectionSet);
      case Kind.INLINE_FRAGMENT:
        return below(node.selectionSet);
      case Kind.FRAGMENT_SPREAD:
        return below(fragments.get(node.name.value));
    }
  }

  return Math.max(0, ...document.definitions.map((node) => (node.kind === Kind.OPERATION_DEFINITION ? below(node.selectionSet) : 0)));
}
