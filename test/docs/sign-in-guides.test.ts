import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { diagnose } from '../../src/domain/diagnose/diagnose.ts';
import { evidenceOfText } from '../../src/domain/diagnose/evidence-of.ts';
import { REASONS, REPAIR_ACTIONS } from '../../src/domain/reason.ts';

const ROOT = join(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

/** Rows of the tables, as cells. */
function rowsOf(text: string): readonly (readonly string[])[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) =>
      line
        .slice(1, -1)
        .split(' | ')
        .map((cell) => cell.trim()),
    );
}

describe('the guides for administrators', () => {
  test('what docs/microsoft.md says of each AADSTS number is what the gateway says', () => {
    const rows = rowsOf(read('docs/microsoft.md')).filter(([said]) => said?.startsWith('AADSTS') === true);
    expect(rows.length).toBeGreaterThan(15);
    for (const [said = '', reasons = ''] of rows) {
      const numbers = said.match(/\d{4,}/g) ?? [];
      for (const number of numbers) {
        const { reason } = diagnose(
          evidenceOfText(`AADSTS${number}: It failed.`, { protocol: 'OAUTH', provider: 'MICROSOFT_365', host: null, authMethod: 'OAUTH2' }),
        );
        expect(reasons, `AADSTS${number}`).toContain(`\`${reason}\``);
      }
    }
  });

  test('no guide names a reason or an action that there is not', () => {
    const known = new Set<string>([...REASONS, ...REPAIR_ACTIONS]);
    for (const guide of ['docs/microsoft.md', 'docs/google.md']) {
      const named = rowsOf(read(guide)).flatMap(([, cell = '', third = '']) => `${cell} ${third}`.match(/`[A-Z]+(?:_[A-Z]+)+`/g) ?? []);
      const unknown = named
        .map((name) => name.slice(1, -1))
        .filter((name) => !known.has(name) && !/^(MICROSOFT|GOOGLE|PUBLIC)_/.test(name));
      expect(unknown, guide).toEqual([]);
    }
  });

  test('docs/scenarios.md names operations and tests that there are', () => {
    const text = read('docs/scenarios.md');
    const operations = read('docs/operations.graphql');
    for (const name of [
      'LiveBanner',
      'HelpPage',
      'MigrateToOAuth',
      'SettingsPage',
      'SignInProgress',
      'TestPassword',
      'ConnectMailbox',
      'RollBack',
      'FindServers',
      'ReenterPassword',
      'SignInAgain',
      'HandOverPrimary',
      'ChoosePrimary',
    ]) {
      expect(text).toContain(`\`${name}\``);
      expect(operations).toMatch(new RegExp(`(query|mutation|subscription) ${name}\\b`));
    }
    const told = rowsOf(text).flatMap((cells) =>
      (cells.at(-1) ?? '').split(', ').filter((name) => /^[\w/-]+$/.test(name) && !/^-+$/.test(name)),
    );
    const missing = [...new Set(told)].filter((name) => {
      const file = name.includes('/') ? `test/${name}` : `test/journeys/${name}`;
      return !existsSync(join(ROOT, `${file}.test.ts`)) && !existsSync(join(ROOT, file));
    });
    expect(missing).toEqual([]);
  });
});
