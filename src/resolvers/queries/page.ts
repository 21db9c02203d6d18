import type { Page, PagePosition } from '../../store/store.ts';

export const DEFAULT_PAGE_SIZE = 20;
export const MAX_PAGE_SIZE = 100;

/** Relay's arguments as they arrive. */
export interface PageArguments {
  readonly first?: number | null | undefined;
  readonly after?: string | null | undefined;
  readonly last?: number | null | undefined;
  readonly before?: string | null | undefined;
}

export interface PageInfo {
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
  readonly startCursor: string | null;
  readonly endCursor: string | null;
}
export interface Edge<Node> {
  readonly cursor: string;
  readonly node: Node;
}
export interface Connection<Node> {
  readonly edges: readonly Edge<Node>[];
  readonly pageInfo: PageInfo;
}

/** The caller asked for a page that no list has. The message says what is allowed; it is shown as it is. */
export class PageRefused extends Error {
  readonly code: 'PAGE_SIZE' | 'INVALID_CURSOR';
  constructor(code: 'PAGE_SIZE' | 'INVALID_CURSOR', message: string) {
    super(message);
    this.name = 'PageRefused';
    this.code = code;
  }
}

/** What is wrong with a page's size, in one sentence; null when nothing is. One rule for validation and for the lists themselves. */
export function pageSizeProblem({ first, last }: PageArguments): string | null {
  if (first != null && last != null) return 'Give first or last, not both.';
  for (const [name, size] of [['first', first] as const, ['last', last] as const]) {
    if (size != null && (size < 1 || size > MAX_PAGE_SIZE)) return `${name} has to be between 1 and ${MAX_PAGE_SIZE}; it is ${size}.`;
  }
  return null;
}

/** How many items a page with these arguments can hold; within the maximum whatever was asked for. */
export function pageSize({ first, last }: PageArguments): number {
  return Math.min(MAX_PAGE_SIZE, Math.max(1, first ?? last ?? DEFAULT_PAGE_SIZE));
}

/** Throws PageRefused. */
export function checkedPageSize(page: PageArguments): number {
  const problem = pageSizeProblem(page);
  if (problem !== null) throw new PageRefused('PAGE_SIZE', problem);
  return pageSize(page);
}

export function formatPosition(list: string, position: PagePosition): string {
  return Buffer.from(JSON.stringify([list, position.key, position.id]), 'utf8').toString('base64url');
}

/** The position a cursor of this list stands for. Throws PageRefused for anything else, also for a cursor of another list or order. */
export function parsePosition(list: string, cursor: string): PagePosition {
  const refused = new PageRefused(
    'INVALID_CURSOR',
    'This cursor does not belong to this list and order. Take it from edges or pageInfo of the same list.',
  );
  if (cursor.length > 1_000) throw refused;
  let parts: unknown;
  try {
    parts = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    throw refused;
  }
  if (!Array.isArray(parts) || parts.length !== 3) throw refused;
  const [from, key, id] = parts as readonly unknown[];
  if (from !== list || typeof id !== 'string' || (typeof key !== 'string' && typeof key !== 'number')) throw refused;
  return { key, id };
}

export function connectionOf<Item>(page: Page<Item>, cursorOf: (item: Item, position: PagePosition) => string): Connection<Item> {
  const edges = page.items.map(({ item, position }) => ({ cursor: cursorOf(item, position), node: item }));
  return {
    edges,
    pageInfo: {
      hasNextPage: page.hasNext,
      hasPreviousPage: page.hasPrevious,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  };
}
