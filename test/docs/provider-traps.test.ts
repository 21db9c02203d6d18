import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const TABLE = readFileSync(join(ROOT, 'docs/provider-traps.md'), 'utf8');

interface Named {
  readonly file: string;
  readonly title: string;
}

const rowsOf = (text: string): readonly string[] => text.split('\n').filter((line) => /^\| (?!Trap |-)/.test(line));

/** `test/some.test.ts`: a title, several of them separated by <br>. */
function testsIn(row: string): readonly Named[] {
  const cell = row.split(' | ').at(-1)?.replace(/ *\|$/, '') ?? '';
  return cell.split('<br>').map((part) => {
    const [, file = '', title = ''] = /^\s*`(test\/[\w/-]+\.test\.ts)`: (.+?)\s*$/.exec(part) ?? [];
    return { file, title };
  });
}

/** Whether a test or a group of tests has this title, word for word; a title may stand in a longer one after a placeholder. */
function exists({ file, title }: Named): boolean {
  if (title === '' || !existsSync(join(ROOT, file))) return false;
  const code = readFileSync(join(ROOT, file), 'utf8').replace(/\\(['"`])/g, '$1');
  return ["'", '"', '`'].some((quote) => code.includes(`(${quote}${title}${quote}`) || code.includes(`: ${title}${quote}`));
}

describe('docs/provider-traps.md', () => {
  test.each(rowsOf(TABLE).map((row) => [row.split(' | ')[0]?.slice(2) ?? '', row] as const))(
    '%s: is shown by tests that there are',
    (_, row) => {
      const named = testsIn(row);
      expect(named.length).toBeGreaterThan(0);
      expect(named.filter((one) => !exists(one))).toEqual([]);
    },
  );

  test('has every group of traps', () => {
    expect(TABLE.match(/^## .*$/gm)).toHaveLength(7);
    expect(rowsOf(TABLE).length).toBeGreaterThanOrEqual(70);
  });

  test('would notice a test that was renamed, moved or removed', () => {
    const [real] = testsIn('| a | b | `test/providers/google.test.ts`: that is throttled says for how long |');
    expect(exists(real!)).toBe(true);
    expect(exists({ ...real!, title: 'that is throttled says for how lon' })).toBe(false);
    expect(exists({ ...real!, file: 'test/providers/microsoft.test.ts' })).toBe(false);
    expect(exists({ ...real!, file: 'test/nowhere.test.ts' })).toBe(false);
    expect(testsIn('| a | b | nothing |')).toEqual([{ file: '', title: '' }]);
  });
});
