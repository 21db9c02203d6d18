import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { USAGE } from '../../src/commands/usage.ts';

const ROOT = join(import.meta.dirname, '../..');
const documents = execFileSync('git', ['ls-files', '*.md'], { cwd: ROOT, encoding: 'utf8' }).trim().split('\n');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

describe.each(documents)('%s', (document) => {
  const text = read(document);

  test('links only to files that exist', () => {
    const targets = [...text.matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)].map((match) => match[1] ?? '');
    expect(targets.filter((target) => !existsSync(join(ROOT, dirname(document), target)))).toEqual([]);
  });

  test('names only scripts and commands that exist', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const named = [...text.matchAll(/npm run ([a-z:]+)/g)].map((match) => match[1] ?? '');
    expect(named.filter((name) => scripts[name] === undefined)).toEqual([]);
    const commands = [...text.matchAll(/npx mailbox-gateway ([a-z]+)/g)].map((match) => match[1] ?? '');
    expect(commands.filter((name) => !Object.hasOwn(USAGE, name))).toEqual([]);
  });
});

test('.env.example names every variable that is read, and no other', () => {
  const example = new Set([...read('.env.example').matchAll(/^(?:# )?([A-Z][A-Z0-9_]+)=/gm)].map((match) => match[1] ?? ''));
  const config = new Set([...read('src/config.ts').matchAll(/^ {2}([A-Z][A-Z0-9_]+):/gm)].map((match) => match[1] ?? ''));
  expect([...config].filter((name) => !example.has(name))).toEqual([]);
  expect([...example].filter((name) => !config.has(name))).toEqual([]);
});
