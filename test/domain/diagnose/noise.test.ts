import { describe, expect, test } from 'vitest';
import { contextOfHints } from '../../../src/commands/explain-hints.ts';
import { diagnose } from '../../../src/domain/diagnose/diagnose.ts';
import { evidenceOf, evidenceOfText } from '../../../src/domain/diagnose/evidence-of.ts';
import type { Diagnosis } from '../../../src/domain/diagnosis.ts';
import { treatmentOf } from '../../../src/domain/reasons.ts';
import { CORPUS, heldOut, UNSEEN } from './cases.ts';
import type { CorpusCase, UnseenCase } from './cases.ts';

type Case = CorpusCase | UnseenCase;
type Dress = (text: string) => string;

const CASES: readonly Case[] = [...CORPUS, ...UNSEEN, ...heldOut('first'), ...heldOut('second'), ...heldOut('third')];

/** Where libraries put what the server said; the message of a library is its own unless it ends with those words. */
const SERVERS_WORDS = ['response', 'responseText', 'errorMessage', 'error_description', 'reason'];

function dressed(raw: unknown, dress: Dress): unknown {
  if (typeof raw === 'string') return dress(raw);
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) return raw;
  const said = SERVERS_WORDS.map((key) => (raw as Readonly<Record<string, unknown>>)[key]).find((value) => typeof value === 'string');
  return Object.fromEntries(
    Object.entries(raw).map(([key, value]: [string, unknown]) => {
      if (typeof value !== 'string') return [key, dressed(value, dress)];
      if (SERVERS_WORDS.includes(key)) return [key, dress(value)];
      if (key !== 'message') return [key, value];
      if (said === undefined) return [key, 'response' in raw ? value : dress(value)];
      return [key, value.endsWith(said) ? value.slice(0, value.length - said.length) + dress(said) : value];
    }),
  );
}

function diagnosed(raw: unknown, hints: Case): Diagnosis {
  const context = contextOfHints(hints);
  return diagnose(typeof raw === 'string' ? evidenceOfText(raw, context) : evidenceOf(raw, context));
}

function isMarkup(text: string): boolean {
  return /:\/\/|[{<]/.test(text);
}

/** A reply of one line as two, each with its code, broken in the middle of the sentence (RFC 5321 section 4.2.1). */
function onTwoLines(text: string): string {
  const found = /^(\d{3})[ -](\d\.\d+\.\d+ )?/.exec(text);
  const words = text.slice(found?.[0].length ?? 0).split(' ');
  if (found === null || words.length < 4 || text.includes('\n')) return text;
  const half = Math.ceil(words.length / 2);
  const [, code = '', enhanced = ''] = found;
  return `${code}-${enhanced}${words.slice(0, half).join(' ')}\r\n${code} ${enhanced}${words.slice(half).join(' ')}`;
}

const DRESSES: readonly (readonly [string, Dress])[] = [
  ['a host, a time and an id behind it', (text) => `${text} [mx7.example.net 2026-03-01T10:11:12.345Z 08DD6A4E2C2C6F2F]`],
  ['a session behind it', (text) => `${text} (session 4f0a9c1e-77aa-4c9e-9d6e-0b1c2d3e4f5a)`],
  ['an id of a queue behind it', (text) => `${text} 5b1f17b1804b1-4a2c3d.41 - esmtp`],
  ['a line of a log in front', (text) => `2026-03-01T10:11:12Z worker-3 [4711]: ${text}`],
  ['"Command failed" in front', (text) => `Command failed: ${text}`],
  ['"Error" in front', (text) => `Error: ${text}`],
  ['bytes of Python', (text) => `b'${text}'`],
  ['quotation marks', (text) => `"${text}"`],
  ['a tuple of Python', (text) => (/^\d{3}[ -]/.test(text) ? `(${text.slice(0, 3)}, b'${text.slice(4)}')` : `(${text})`)],
  ['upper case', (text) => (isMarkup(text) ? text : text.toUpperCase())],
  ['lower case', (text) => text.toLowerCase()],
  ['spaces that do not break', (text) => text.replace(/ /g, '\u00a0')],
  ['double spaces', (text) => text.replace(/ /g, '  ')],
  ['accents apart from their letters', (text) => text.normalize('NFD')],
  ['an end of line', (text) => `${text}\r\n`],
  ['curly apostrophes', (text) => text.replace(/'/g, '’')],
  ['an entity of a web page', (text) => text.replace(/'/g, '&#39;')],
  ['an invisible character', (text) => text.replace(/ /, ' \u200b')],
  ['three dots', (text) => `${text}...`],
  ['two lines of a reply', onTwoLines],
];

/** Shouted, "No connection could be made" and "No route to host" begin like the NO of an IMAP server. */
const SHOUTED = ['u-263', 't-76'];

describe.each(DRESSES)('with %s', (name, dress) => {
  const pairs = CASES.map((entry) => ({
    id: entry.id,
    plain: diagnosed(entry.raw, entry),
    other: diagnosed(dressed(entry.raw, dress), entry),
  }));

  test('what passes by itself still does', () => {
    const lost = pairs.flatMap(({ id, plain, other }) => (plain.retryable && !other.retryable ? [id] : []));
    expect(lost).toEqual(name === 'upper case' ? SHOUTED : []);
  });

  test('at least 99 of 100 keep their reason', () => {
    const changed = pairs.filter(({ plain, other }) => plain.reason !== other.reason);
    expect(changed.length, changed.map(({ id }) => id).join(' ')).toBeLessThanOrEqual(CASES.length / 100);
  });
});

test.each([0.9, 0.75, 0.5, 0.3, 0.1])('cut to %d of its length, a passing fault turns no mailbox red at once', (share) => {
  const red = CASES.filter((entry) => {
    if (!diagnosed(entry.raw, entry).retryable) return false;
    const cut = dressed(entry.raw, (text) => text.slice(0, Math.ceil(text.length * share)));
    return treatmentOf(diagnosed(cut, entry)) === 'PERMANENT';
  });
  expect(red.map((entry) => entry.id)).toEqual([]);
});

test('what says nothing is unknown, and nobody pretends that it passes', () => {
  const nothing = [
    '',
    ' ',
    '\n\n',
    '.',
    '???',
    '{}',
    '[]',
    'null',
    'undefined',
    'NaN',
    '[object Object]',
    '0',
    '-1',
    '💥',
    '\u0000',
    'lorem ipsum',
  ];
  for (const raw of [...nothing, null, undefined, 0, true, [], {}, { code: 0 }, { message: '' }, new Error('')]) {
    const diagnosis = diagnose(typeof raw === 'string' ? evidenceOfText(raw, contextOfHints({})) : evidenceOf(raw, contextOfHints({})));
    expect(diagnosis, JSON.stringify(raw)).toMatchObject({ reason: 'UNKNOWN', retryable: false });
    expect(treatmentOf(diagnosis)).toBe('SUSPICION');
  }
});
