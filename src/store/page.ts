import type { Page, PagePosition } from './store.ts';

/** What a page asks of an ordered range of one index; bounds are exclusive keys. */
export interface PageBounds<Key> {
  readonly limit: number;
  readonly after: Key | null;
  readonly before: Key | null;
  readonly fromEnd: boolean;
}

/** One ordered index of one engine, already narrowed to a workspace and a filter. */
export interface PageSource<Key, T> {
  /** At most `limit` items between the bounds: the first ones ascending, or with `fromEnd` the last ones descending. */
  read(bounds: PageBounds<Key>): Promise<readonly T[]>;
  /** Whether any item has this key or a lower one. */
  anyUpTo(key: Key): Promise<boolean>;
  /** Whether any item has this key or a higher one. */
  anyFrom(key: Key): Promise<boolean>;
}

/** Reads a page in list order. `hasPrevious` and `hasNext` say whether the whole list goes on before and after it, bounds or not. */
export async function readPage<Key, T>(
  source: PageSource<Key, T>,
  bounds: PageBounds<Key>,
  positionOf: (item: T) => PagePosition,
): Promise<Page<T>> {
  const found = await source.read({ ...bounds, limit: bounds.limit + 1 });
  const overflows = found.length > bounds.limit;
  const taken = found.slice(0, bounds.limit);
  const items = bounds.fromEnd ? taken.reverse() : taken;
  const before = bounds.after === null ? false : await source.anyUpTo(bounds.after);
  const after = bounds.before === null ? false : await source.anyFrom(bounds.before);
  return {
    items: items.map((item) => ({ item, position: positionOf(item) })),
    hasPrevious: bounds.fromEnd ? overflows || before : before,
    hasNext: bounds.fromEnd ? after : overflows || after,
  };
}
