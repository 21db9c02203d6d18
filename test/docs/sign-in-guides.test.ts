import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { diagnose } from '../../src/domain/diagnose/diagnose.ts';
import { evidenceOf, evidenceOfText } from '../../src/domain/diagnose/evidence-of.ts';
import { REASONS, REPAIR_ACTIONS, type Actor } from '../../src/domain/reason.ts';

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

/** What the guides call those who act. */
const WHO: Readonly<Record<Actor, readonly string[]>> = {
  GATEWAY_OPERATOR: ['operator'],
  TENANT_ADMIN: ['administrator'],
  WORKSPACE_ADMIN: ['administrator'],
  MAILBOX_OWNER: ['mailbox owner'],
  NOBODY: ['nobody'],
};

describe('the guides for administrators', () => {
  test('what docs/microsoft.md says of each AADSTS number is what the gateway says', () => {
    const rows = rowsOf(read('docs/microsoft.md')).filter(([said]) => said?.startsWith('AADSTS') === true);
    expect(rows.length).toBeGreaterThan(15);
    for (const [said = '', reasons = '', who = ''] of rows) {
      const numbers = said.match(/\d{4,}/g) ?? [];
      for (const number of numbers) {
        const { reason, actor } = diagnose(
          evidenceOfText(`AADSTS${number}: It failed.`, { protocol: 'OAUTH', provider: 'MICROSOFT_365', host: null, authMethod: 'OAUTH2' }),
        );
        expect(reasons, `AADSTS${number}`).toContain(`\`${reason}\``);
        expect(
          WHO[actor].some((name) => who.includes(name)),
          `AADSTS${number}: ${actor}, not ${who}`,
        ).toBe(true);
      }
    }
  });

  test('what docs/google.md says of each error of the token endpoint is what the gateway says', () => {
    const rows = rowsOf(read('docs/google.md')).filter(
      ([said = '', reasons = '']) => /^(?:`[a-z_]+`|"[A-Z])/.test(said) && /^`[A-Z_]+`/.test(reasons) && !said.includes('on the way back'),
    );
    expect(rows.length).toBeGreaterThanOrEqual(9);
    for (const [said = '', reasons = '', who = ''] of rows) {
      const errors = [...said.matchAll(/`([a-z_]+)`/g)].map(([, error = '']) => error);
      const sentence = /"([^"…]+)/.exec(said)?.[1] ?? '';
      // Several errors in one row are several answers; an error and a sentence are one.
      const answers =
        errors.length > 1 && sentence === '' ? errors.map((error) => [error, '']) : [[errors[0] ?? '', `${errors[1] ?? ''} ${sentence}`]];
      for (const [error = '', description = ''] of answers) {
        const body = { ...(error === '' ? {} : { error }), error_description: description };
        const { reason, actor } = diagnose(
          evidenceOf(
            { name: 'GaxiosError', response: { data: body } },
            { protocol: 'OAUTH', provider: 'GMAIL', host: null, authMethod: 'OAUTH2' },
          ),
        );
        expect(reasons, `${error} ${description}`).toContain(`\`${reason}\``);
        expect(
          WHO[actor].some((name) => who.includes(name)),
          `${error} ${description}: ${actor}, not ${who}`,
        ).toBe(true);
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
