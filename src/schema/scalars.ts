import { GraphQLError } from 'graphql';
import { builder } from './builder.ts';

const RFC_3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/;

builder.scalarType('DateTime', {
  description: 'An instant in UTC, RFC 3339, e.g. 2026-11-24T08:15:00.000Z.',
  serialize: (epochMs) => new Date(epochMs).toISOString(),
  parseValue: (value) => {
    const epochMs = typeof value === 'string' && RFC_3339.test(value) ? Date.parse(value) : Number.NaN;
    if (Number.isNaN(epochMs)) throw new GraphQLError('DateTime has to be an RFC 3339 text, e.g. 2026-11-24T08:15:00.000Z.');
    return epochMs;
  },
});

// As an input any text passes here: a mistyped address is what a person does in a form, so the use-case answers
// InvalidInput with the path of the field, where a coercion error would fail the whole request before it ran.
builder.scalarType('EmailAddress', {
  description: 'An e-mail address (RFC 5321), compared case-insensitively, shown as given.',
  serialize: (address) => address,
  parseValue: (value) => {
    if (typeof value !== 'string') throw new GraphQLError('EmailAddress has to be a text, e.g. support@example.com.');
    return value;
  },
});
