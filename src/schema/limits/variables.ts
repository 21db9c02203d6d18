import {
  coerceInputValue,
  getNamedType,
  getNullableType,
  GraphQLError,
  isInputObjectType,
  isInputType,
  isListType,
  isNonNullType,
  Kind,
  typeFromAST,
  type DocumentNode,
  type GraphQLInputType,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type VariableDefinitionNode,
} from 'graphql';
import type { Operation } from './cost-rules.ts';

const MOST_ERRORS = 10;

/** What graphql-js says without repeating a value: names of fields and types only. */
const SAYS_NO_VALUE =
  /^(?:Field "[^"]*" (?:is not defined by type|of required type) |Expected type "[^"]*" to be an object|Expected non-nullable type )/;

/**
 * Values of variables that their types refuse, as graphql-js finds them, but without the values: it repeats them whole, and
 * what a form sends with a misspelt field holds a password. At most 10.
 */
export function variableProblems(schema: GraphQLSchema, document: DocumentNode, operation: Operation): readonly GraphQLError[] {
  const definitions = operationOf(document, operation.operationName)?.variableDefinitions ?? [];
  return definitions.flatMap((definition) => problemsOf(schema, definition, operation.variables)).slice(0, MOST_ERRORS);
}

function problemsOf(schema: GraphQLSchema, definition: VariableDefinitionNode, variables: Operation['variables']): readonly GraphQLError[] {
  const name = definition.variable.name.value;
  const type = typeFromAST(schema, definition.type);
  // A type that is none is another rule's finding.
  if (!isInputType(type)) return [];
  const value = Object.hasOwn(variables, name) ? variables[name] : undefined;
  if (value === undefined) {
    if (definition.defaultValue !== undefined || !isNonNullType(type)) return [];
    return [new GraphQLError(`Variable "$${name}" of required type "${type.toString()}" was not provided.`, { nodes: definition })];
  }
  if (value === null && isNonNullType(type)) {
    return [new GraphQLError(`Variable "$${name}" of non-null type "${type.toString()}" must not be null.`, { nodes: definition })];
  }
  const problems: GraphQLError[] = [];
  coerceInputValue(value, type, (path, _value, error) => {
    if (problems.length >= MOST_ERRORS) return;
    const place = path.length === 0 ? '' : ` at "${[name, ...path].join('.')}"`;
    const why = SAYS_NO_VALUE.test(error.message) ? error.message : `It has to be a value of the type "${typeAt(type, path)}".`;
    problems.push(new GraphQLError(`Variable "$${name}" got an invalid value${place}; ${why}`, { nodes: definition }));
  });
  return problems;
}

/** The name of the type that is wanted at a path within a value. */
function typeAt(type: GraphQLInputType, path: readonly (string | number)[]): string {
  let wanted: GraphQLInputType = type;
  for (const key of path) {
    const nullable: GraphQLInputType = getNullableType(wanted);
    if (isListType(nullable)) wanted = nullable.ofType;
    else if (isInputObjectType(nullable)) wanted = nullable.getFields()[key]?.type ?? wanted;
  }
  return getNamedType(wanted).name;
}

function operationOf(document: DocumentNode, name: string | null): OperationDefinitionNode | undefined {
  const operations = document.definitions.filter((node) => node.kind === Kind.OPERATION_DEFINITION);
  return name === null ? operations[0] : operations.find((node) => node.name?.value === name);
}
