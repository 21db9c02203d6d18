import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

interface Row {
  readonly threat: string;
  readonly tests: readonly { readonly file: string; readonly title: string }[];
}

/** The rows of the table of threats, by what its text looks like. */
function rowsOf(document: string): readonly Row[] {
  return [...document.matchAll(/^\| (O\d+): .*\|([^|]+)\|$/gmu)].map(([, threat = '', cell = '']) => ({
    threat,
    tests: [...cell.matchAll(/`(test\/[^`]+)`: (.+?)(?=<br>| *$)/gu)].map(([, file = '', title = '']) => ({ file, title: title.trim() })),
  }));
}

function missing({ file, title }: Row['tests'][number]): boolean {
  return !existsSync(join(ROOT, file)) || !titlesIn(read(file)).some((found) => found.includes(title));
}

/** Everything in quotes: the titles of tests are among it. */
function titlesIn(code: string): readonly string[] {
  return [...code.matchAll(/'((?:[^'\\\n]|\\.)+)'|"((?:[^"\\\n]|\\.)+)"|`((?:[^`\\]|\\.)+)`/gu)].map(
    ([, single, double, template]) => single ?? double ?? template ?? '',
  );
}

describe('the table of threats in SECURITY.md', () => {
  const rows = rowsOf(read('SECURITY.md'));

  test('has every threat once, in order', () => {
    expect(rows.map(({ threat }) => threat)).toEqual(Array.from({ length: 12 }, (_, index) => `O${index + 1}`));
  });

  test.each(rows)('names tests that exist for $threat', ({ tests }) => {
    expect(tests.length).toBeGreaterThan(1);
    expect(tests.filter(missing)).toEqual([]);
  });

  test('a test that was renamed or removed would be noticed (the control)', () => {
    const [row] = rowsOf('| O1: x | y | `test/http/oauth/threats.test.ts`: a title that nobody gave |');
    expect(row!.tests.filter(missing)).toHaveLength(1);
    expect(missing({ file: 'test/nowhere.test.ts', title: 'x' })).toBe(true);
  });
});
