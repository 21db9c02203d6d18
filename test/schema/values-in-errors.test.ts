import type { GraphQLError } from 'graphql';
import { describe, expect, test } from 'vitest';
import { createDocuments } from '../../src/schema/limits/prepare.ts';
import { schema } from '../../src/schema/schema.ts';

const SECRET = 'correct horse';
const REAUTH = 'mutation Reauth($input: ReauthInput!) { reauth(input: $input) { __typename } }';
const limits = createDocuments(schema);

function messages(source: string, variables: Record<string, unknown> = {}): readonly string[] {
  let errors: readonly GraphQLError[];
  try {
    errors = limits.validate(limits.parse(source), { operationName: null, variables }, {});
  } catch (error) {
    errors = [error as GraphQLError];
  }
  return errors.map(({ message }) => message);
}

describe('what an input error says', () => {
  const variables: readonly (readonly [string, Record<string, unknown>, string])[] = [
    [
      'a misspelt field beside a password',
      { input: { mailboxId: 'm', password: SECRET, pasword: SECRET } },
      'Variable "$input" got an invalid value; Field "pasword" is not defined by type "ReauthInput".',
    ],
    [
      'a password of the wrong type',
      { input: { mailboxId: 'm', password: [SECRET] } },
      'Variable "$input" got an invalid value at "input.password"; It has to be a value of the type "String".',
    ],
    [
      'a text where a number belongs',
      { input: { mailboxId: 'm', expectedVersion: SECRET } },
      'Variable "$input" got an invalid value at "input.expectedVersion"; It has to be a value of the type "Int".',
    ],
    ['a form sent as a text', { input: SECRET }, 'Variable "$input" got an invalid value; Expected type "ReauthInput" to be an object.'],
    [
      'a field that is missing',
      { input: { password: SECRET } },
      'Variable "$input" got an invalid value; Field "mailboxId" of required type "ID!" was not provided.',
    ],
    ['a variable that is missing', {}, 'Variable "$input" of required type "ReauthInput!" was not provided.'],
    ['a variable that is null', { input: null }, 'Variable "$input" of non-null type "ReauthInput!" must not be null.'],
  ];
  test.each(variables)('%s: names the place, not the value', (_, given, message) => {
    expect(messages(REAUTH, given)).toEqual([message]);
  });

  const literals: readonly (readonly [string, string, string])[] = [
    ['a text where an object belongs', `{ reauth(input: "${SECRET}") { __typename } }`, 'Expected value of type "ReauthInput!".'],
    [
      'a text where a number belongs',
      `{ reauth(input: { mailboxId: "m", expectedVersion: "${SECRET}" }) { __typename } }`,
      'Int cannot represent non-integer value.',
    ],
    [
      'a text where an enum belongs',
      `{ migrate(input: { mailboxId: "m", provider: "${SECRET}" }) { __typename } }`,
      'Enum "Provider" cannot represent non-enum value.',
    ],
    [
      'a text with a quote in it',
      `{ reauth(input: { mailboxId: "m", password: "a" "${SECRET}" }) { __typename } }`,
      'Syntax Error: Expected Name, found String.',
    ],
  ];
  test.each(literals)('%s in the document: names the place, not the value', (_, source, message) => {
    expect(messages(`mutation ${source}`)).toEqual([message]);
  });

  test('what is right is not complained of', () => {
    expect(messages(REAUTH, { input: { mailboxId: 'm', password: SECRET, expectedVersion: 1 } })).toEqual([]);
    expect(messages('query Page($first: Int = 20) { mailboxes(first: $first) { totalCount } }')).toEqual([]);
  });

  test('many mistakes are not all told', () => {
    const source = 'query Nodes($ids: [ID!]!) { nodes(ids: $ids) { id } }';
    expect(messages(source, { ids: Array.from({ length: 50 }, () => ({ secret: SECRET })) })).toHaveLength(10);
  });
});
