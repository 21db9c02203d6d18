import { trusted } from 'mongoose';

/*
 * Mongoose's sanitizeFilter turns every operator in a filter into a plain value unless it is marked as ours.
 * These are the marks: an operator is only ever written here.
 */

export const anyOf = <T>(values: readonly T[]) => trusted({ $in: [...values] });
export const noneOf = <T>(values: readonly T[]) => trusted({ $nin: [...values] });
export const atMost = <T extends number | string>(value: T) => trusted({ $lte: value });
export const atLeast = <T extends number | string>(value: T) => trusted({ $gte: value });
export type Bound<T extends number | string> = ReturnType<typeof atMost<T>> | ReturnType<typeof atLeast<T>>;
export const below = <T extends number | string>(value: T) => trusted({ $lt: value });
export const above = <T extends number | string>(value: T) => trusted({ $gt: value });
export const other = <T>(value: T) => trusted({ $ne: value });
/** Both bounds exclusive; null is no bound. */
export const between = <T extends number | string>(after: T | null, before: T | null) =>
  trusted({ ...(after === null ? {} : { $gt: after }), ...(before === null ? {} : { $lt: before }) });
/** Literal, case-sensitive. */
export const containing = (text: string) => trusted({ $regex: text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&') });
/** An aggregation expression as a condition. */
export const expression = (of: Record<string, unknown>) => ({ $expr: trusted(of) });

/** The database's clock as epoch milliseconds, inside a pipeline. */
export const NOW = { $toLong: '$$NOW' };
