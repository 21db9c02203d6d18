/** Reading foreign objects: never throws, whatever getters, proxies or cycles they hold. */

export type Foreign = object;

/** A property of a foreign object, undefined when it is missing or refuses to be read. */
export function field(source: Foreign, key: string): unknown {
  try {
    return Reflect.get(source, key);
  } catch {
    return undefined;
  }
}

export function stringField(source: Foreign, key: string): string | null {
  const value = field(source, key);
  return typeof value === 'string' && value !== '' ? value : null;
}

/** A finite number, also when it was written as a string of digits. */
export function numberField(source: Foreign, key: string): number | null {
  const value = field(source, key);
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  return typeof value === 'string' && /^\d{1,12}$/.test(value) ? Number(value) : null;
}

export function objectField(source: Foreign, key: string): Foreign | null {
  return asObject(field(source, key));
}

export function asObject(value: unknown): Foreign | null {
  return typeof value === 'object' && value !== null ? value : null;
}

/** At most `limit` elements of an array property; none when it is not an array. */
export function arrayField(source: Foreign, key: string, limit: number): readonly unknown[] {
  const value = field(source, key);
  try {
    if (!Array.isArray(value)) return [];
    const elements: unknown[] = [];
    for (let index = 0; index < value.length && index < limit; index += 1) elements.push(value[index]);
    return elements;
  } catch {
    return [];
  }
}

/** An identifier such as an error code or class name: short, no spaces. Anything else is text, not a code. */
export function tokenOf(value: unknown): string | null {
  return typeof value === 'string' && /^[A-Za-z][A-Za-z0-9_.:-]{0,63}$/.test(value) ? value : null;
}
