import { describe, expect, test } from 'vitest';
import { explanationOf } from '../../../src/commands/explain.ts';
import { contextOfHints } from '../../../src/commands/explain-hints.ts';
import { diagnose } from '../../../src/domain/diagnose/diagnose.ts';
import { evidenceOfText } from '../../../src/domain/diagnose/evidence-of.ts';
import { CORPUS, explained } from './cases.ts';
import type { CorpusCase } from './cases.ts';

const TEXT_FIELDS = ['message', 'errorMessage', 'error_description', 'response', 'responseText', 'reason'];

function mapTexts(raw: Readonly<Record<string, unknown>>, change: (text: string) => string): Readonly<Record<string, unknown>> {
  const changed = Object.entries(raw).map(([key, value]) => [
    key,
    TEXT_FIELDS.includes(key) && typeof value === 'string' ? change(value) : value,
  ]);
  return Object.fromEntries(changed) as Readonly<Record<string, unknown>>;
}

/** The same fault in another dress. */
const DRESSES: readonly (readonly [string, (entry: CorpusCase) => unknown])[] = [
  ['the cause of another error', (entry) => new Error('The check of the mailbox ended.', { cause: entry.raw })],
  ['the cause of a cause', (entry) => new Error('outer', { cause: new Error('inner', { cause: entry.raw }) })],
  ['one member of an AggregateError', (entry) => new AggregateError([entry.raw], 'All attempts ended.')],
  ['JSON inside of a message', (entry) => new Error(`The library threw ${JSON.stringify(entry.raw)}`)],
  ['upper case', (entry) => mapTexts(entry.raw, (text) => (text.includes('://') || text.includes('{') ? text : text.toUpperCase()))],
  ['an object without a prototype', (entry) => Object.assign(Object.create(null) as object, entry.raw)],
];

describe.each(DRESSES)('as %s', (_name, dress) => {
  test.each(CORPUS.map((entry) => [entry.id, entry] as const))('%s stays what it is', (_id, entry) => {
    const plain = explained(entry.raw, entry);
    const dressed = explained(dress(entry), entry);
    expect({ reason: dressed.reason, retryable: dressed.retryable }).toEqual({ reason: plain.reason, retryable: plain.retryable });
  });
});

test.each(CORPUS.map((entry) => [entry.id, entry] as const))('%s as JSON text is read like the object', (_id, entry) => {
  const text = JSON.stringify(entry.raw);
  expect(explanationOf(diagnose(evidenceOfText(text, contextOfHints(entry))))).toEqual(explained(entry.raw, entry));
});
