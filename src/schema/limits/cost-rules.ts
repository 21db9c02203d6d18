import { createComplexityRule } from '@pothos/plugin-complexity';
import { getArgumentValues, type ASTVisitor, type ValidationContext, type ValidationRule } from 'graphql';
import { pageSizeProblem } from '../../resolvers/queries/page.ts';
import { refused } from './document-rules.ts';

/** Fields, each times the number of list items it is asked for. Every document of docs/operations.graphql fits with pages of 100. */
export const MAX_COMPLEXITY = 25_000;

export interface Operation {
  readonly operationName: string | null;
  readonly variables: Readonly<Record<string, unknown>>;
}

/** What an operation may cost, with the page sizes that its variables ask for. */
export function complexityRule({ operationName, variables }: Operation, context: object): ValidationRule {
  return createComplexityRule({
    context,
    variableValues: { ...variables },
    operationName,
    validate: ({ complexity }, reportError) => {
      if (complexity > MAX_COMPLEXITY) {
        reportError(
          refused(
            'TOO_COSTLY',
            `This operation costs ${complexity}; at most ${MAX_COMPLEXITY} is allowed. Ask for smaller pages or fewer fields.`,
          ),
        );
      }
    },
  });
}

const PAGE_ARGUMENTS = ['first', 'last'] as const;

/** Page sizes that no list has are refused before anything runs, with the maximum in the message. */
export function pageSizeRule({ variables }: Operation): ValidationRule {
  return (context: ValidationContext): ASTVisitor => ({
    Field: (node) => {
      const definition = context.getFieldDef();
      if (definition == null || !definition.args.some(({ name }) => name === 'first')) return;
      let values: Readonly<Record<string, unknown>>;
      try {
        values = getArgumentValues(definition, node, { ...variables });
      } catch {
        // A missing or mistyped variable is another rule's finding.
        return;
      }
      const [first, last] = PAGE_ARGUMENTS.map((name) => (typeof values[name] === 'number' ? values[name] : null));
      const problem = pageSizeProblem({ first, last });
      if (problem !== null) context.reportError(refused('PAGE_SIZE', problem, node));
    },
  });
}
