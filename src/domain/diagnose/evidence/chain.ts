import { arrayField, asObject, field, objectField } from './fields.ts';
import type { Foreign } from './fields.ts';
import { jsonInside } from './json-inside.ts';

/** Where errors hide other errors: `cause` first, then what libraries and platforms call it. */
const NESTED = [
  'cause',
  'error',
  'response',
  'data',
  'body',
  'originalError',
  'innerError',
  'inner',
  'previous',
  'err',
  'failure',
  'details',
] as const;
const NESTED_LISTS = ['errors', 'details'] as const;
const TEXTS = [
  'message',
  'errorMessage',
  'error_description',
  'response',
  'responseText',
  'reason',
  'body',
  'data',
  'cause',
  'error',
] as const;

const MAX_NODES = 40;
const MAX_LIST = 10;
const MAX_DEPTH = 8;

/**
 * Every object of an error, outermost first: causes, members of an AggregateError, response bodies, and JSON written
 * inside of texts. Bounded in number and depth; cycles are visited once.
 */
export function chainOf(error: Foreign): readonly Foreign[] {
  const seen = new Set<Foreign>([error]);
  let level: readonly Foreign[] = [error];
  for (let depth = 0; depth < MAX_DEPTH && level.length > 0; depth += 1) {
    const next: Foreign[] = [];
    for (const node of level) {
      for (const child of childrenOf(node)) {
        if (seen.has(child) || seen.size >= MAX_NODES) continue;
        seen.add(child);
        next.push(child);
      }
    }
    level = next;
  }
  return [...seen];
}

function childrenOf(node: Foreign): readonly Foreign[] {
  const direct = NESTED.map((key) => objectField(node, key));
  const listed = NESTED_LISTS.flatMap((key) => arrayField(node, key, MAX_LIST).map((element) => asObject(element)));
  const written = TEXTS.map((key) => {
    const text = field(node, key);
    return typeof text === 'string' ? jsonInside(text) : null;
  });
  return [...direct, ...listed, ...written].filter((child): child is Foreign => child !== null && !Array.isArray(child));
}
