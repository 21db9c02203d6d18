import { asObject } from './fields.ts';
import type { Foreign } from './fields.ts';

const MAX_JSON = 20_000;

/** The JSON object in a text, alone or with words around it; null when there is none. */
export function jsonInside(text: string): Foreign | null {
  const start = text.indexOf('{');
  const end = text.lastIndexOf('}');
  if (start < 0 || end <= start || end - start > MAX_JSON) return null;
  return parsed(text.slice(start, end + 1));
}

function parsed(json: string): Foreign | null {
  try {
    return asObject(JSON.parse(json));
  } catch {
    return null;
  }
}
