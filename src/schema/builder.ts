import SchemaBuilder from '@pothos/core';
import ComplexityPlugin from '@pothos/plugin-complexity';
import type { Context } from './context.ts';

/** Defines no types itself. Fields are non-null unless they say otherwise, as in the contract. */
export const builder = new SchemaBuilder<{
  Context: Context;
  DefaultFieldNullability: false;
  Scalars: {
    /** Epoch milliseconds inside, RFC 3339 outside. */
    DateTime: { Input: number; Output: number };
    EmailAddress: { Input: string; Output: string };
    ID: { Input: string; Output: string };
  };
}>({
  plugins: [ComplexityPlugin],
  defaultFieldNullability: false,
});

builder.queryType({});
builder.mutationType({});
builder.subscriptionType({});
