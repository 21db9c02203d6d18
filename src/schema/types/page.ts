import type { PageInfo } from '../../resolvers/queries/page.ts';
import { pageSize, type PageArguments } from '../../resolvers/queries/page.ts';
import { builder } from '../builder.ts';

export const PageInfoType = builder.objectRef<PageInfo>('PageInfo').implement({
  fields: (t) => ({
    hasNextPage: t.exposeBoolean('hasNextPage'),
    hasPreviousPage: t.exposeBoolean('hasPreviousPage'),
    startCursor: t.exposeString('startCursor', { nullable: true }),
    endCursor: t.exposeString('endCursor', { nullable: true }),
  }),
});

/** The arguments of a list that is read from both ends. */
export const pageArguments = builder.args((t) => ({ first: t.int(), after: t.string(), last: t.int(), before: t.string() }));
/** The arguments of a list that is read from its beginning. */
export const forwardPageArguments = builder.args((t) => ({ first: t.int(), after: t.string() }));

/** A page costs what its items cost, times how many there can be. */
export function pageComplexity(page: PageArguments): { readonly field: number; readonly multiplier: number } {
  return { field: 1, multiplier: pageSize(page) };
}

/** The multiplier sits on the connection; its own lists must not multiply again. */
export const PER_ITEM = { field: 1, multiplier: 1 } as const;
/** A list whose length the domain bounds, at about this many. */
export function boundedList(length: number): { readonly field: number; readonly multiplier: number } {
  return { field: 1, multiplier: length };
}
