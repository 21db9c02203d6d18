import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  buildSchema,
  findBreakingChanges,
  findDangerousChanges,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  lexicographicSortSchema,
  printSchema,
  type GraphQLSchema,
} from 'graphql';
import { describe, expect, test } from 'vitest';
import { schema } from '../../src/schema/schema.ts';

const contract = buildSchema(readFileSync(join(import.meta.dirname, 'contract.graphql'), 'utf8'));
const committed = readFileSync(join(import.meta.dirname, '../../schema.graphql'), 'utf8');

/** "Type", "Type.field", "Type.field(argument)" -> its description. */
function descriptionsOf(of: GraphQLSchema): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const note = (name: string, description: string | null | undefined): void => {
    if (description != null) found.set(name, description.trim());
  };
  for (const type of Object.values(of.getTypeMap())) {
    if (type.name.startsWith('__')) continue;
    note(type.name, type.description);
    if (isEnumType(type)) for (const value of type.getValues()) note(`${type.name}.${value.name}`, value.description);
    if (isObjectType(type) || isInterfaceType(type) || isInputObjectType(type)) {
      for (const field of Object.values(type.getFields())) note(`${type.name}.${field.name}`, field.description);
    }
  }
  return found;
}

describe('the schema', () => {
  test('breaks nothing of the contract', () => {
    expect(findBreakingChanges(contract, schema)).toEqual([]);
  });

  test('changes nothing of the contract that a client could stumble over', () => {
    // What may be left out may be added: no document that was written against the contract means anything else by it.
    const added: readonly string[] = ['OPTIONAL_INPUT_FIELD_ADDED', 'OPTIONAL_ARG_ADDED'];
    expect(findDangerousChanges(contract, schema).filter(({ type }) => !added.includes(type))).toEqual([]);
  });

  test('the comparison is alive: a removed field is seen', () => {
    const without = buildSchema(readFileSync(join(import.meta.dirname, 'contract.graphql'), 'utf8').replace('  isPrimary: Boolean!\n', ''));
    expect(findBreakingChanges(contract, without)).toHaveLength(1);
  });

  test('says what the contract says about each type, field and value', () => {
    const ours = descriptionsOf(schema);
    const differing = [...descriptionsOf(contract)].filter(([name, text]) => ours.get(name) !== text).map(([name]) => name);
    // The contract points to a file that is not part of this repository.
    expect(differing).toEqual(['Reason']);
  });

  test('schema.graphql is what the code says (npm run schema writes it)', () => {
    expect(committed).toBe(`${printSchema(lexicographicSortSchema(schema))}\n`);
  });

  test('no output type has a field that could hold a secret', () => {
    const outputs = Object.values(schema.getTypeMap()).filter((type) => isObjectType(type) || isInterfaceType(type));
    const fields = outputs.flatMap((type) => Object.keys(type.getFields()).map((name) => `${type.name}.${name}`));
    expect(fields.filter((name) => /password|secret|refreshToken|accessToken|verifier|sealed/i.test(name))).toEqual([
      'BasicAuth.passwordSetAt',
      'OAuth2Auth.accessTokenExpiresAt',
    ]);
  });
});
