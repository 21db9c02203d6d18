import fc from 'fast-check';
import { expect, test } from 'vitest';
import { diagnose } from '../../../src/domain/diagnose/diagnose.ts';
import { evidenceOf, evidenceOfText } from '../../../src/domain/diagnose/evidence-of.ts';
import type { EvidenceContext } from '../../../src/domain/evidence.ts';
import { DIAGNOSE_PROTOCOLS } from '../../../src/domain/evidence.ts';
import { AUTH_METHOD_KINDS, PROVIDERS } from '../../../src/domain/mail.ts';
import { REASONS } from '../../../src/domain/reason.ts';
import { treatmentOf } from '../../../src/domain/reasons.ts';
import { contextOfHints } from '../../../src/commands/explain-hints.ts';
import { CORPUS, explained, UNSEEN } from './cases.ts';

const contexts: fc.Arbitrary<EvidenceContext> = fc.record({
  protocol: fc.option(fc.constantFrom(...DIAGNOSE_PROTOCOLS)),
  provider: fc.option(fc.constantFrom(...PROVIDERS)),
  host: fc.option(fc.constantFrom('imap.example.com', 'imap.gmail.com', 'outlook.office365.com')),
  authMethod: fc.option(fc.constantFrom(...AUTH_METHOD_KINDS)),
});

const KEYS = [
  'message',
  'code',
  'cause',
  'errors',
  'response',
  'responseCode',
  'error',
  'error_description',
  'errorCode',
  'name',
  'status',
  'data',
  'aadsts',
  'reason',
];
const shaped = fc.dictionary(
  fc.constantFrom(...KEYS),
  fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constantFrom('ECONNREFUSED', 'EAUTH', '535 5.7.8 x', 535, 429, 'invalid_grant')),
);

/** Words with which a server says "not now". */
const NOT_NOW = [
  'Temporary failure',
  'please try again later',
  'service unavailable',
  'server overloaded',
  'too many requests',
  'under maintenance',
  'vorübergehend nicht verfügbar',
  'временно недоступен',
  '稍后再试',
];

test('whatever is thrown, there is a diagnosis with a known reason', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.jsonValue({ maxDepth: 4 }), shaped, fc.anything({ maxDepth: 3, withBigInt: true, withNullPrototype: true }), fc.string()),
      contexts,
      (error, context) => {
        const diagnosis = diagnose(evidenceOf(error, context));
        expect(REASONS).toContain(diagnosis.reason);
        expect(diagnosis.providerMessage?.length ?? 0).toBeLessThanOrEqual(500);
        expect(diagnosis.alternatives).not.toContain(diagnosis.reason);
      },
    ),
    { numRuns: 1500 },
  );
});

// A rule that backtracks without bound would run into the time limit of the test.
test('a long and hostile text is read to its end', () => {
  for (const filler of ['a', '{', 'auth failed ', 'invalid ', '535 5.7.8 ', '(((', 'user not ', 'AADSTS1 ', 'account unable to ']) {
    expect(REASONS).toContain(diagnose(evidenceOfText(filler.repeat(200_000 / filler.length), contextOfHints({}))).reason);
  }
});

const retryable = [...CORPUS, ...UNSEEN].filter((entry) => explained(entry.raw, entry).retryable);

test('a word for "not now" never turns a retryable error into a permanent one', () => {
  fc.assert(
    fc.property(fc.constantFrom(...retryable), fc.constantFrom(...NOT_NOW), fc.boolean(), (entry, word, before) => {
      const added = addedTo(entry.raw, word, before);
      expect(explained(added, entry)).toMatchObject({ retryable: true });
    }),
    { numRuns: 2000 },
  );
});

test('credential words beside "not now" do not make it a credential fault', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('535 5.7.8', '535', '550 5.7.1', 'TAG NO', 'TAG NO [AUTHENTICATIONFAILED]'),
      fc.constantFrom(
        'Authentication failed',
        'Invalid credentials',
        'Login failed',
        'authentication failure',
        'Username and Password not accepted',
      ),
      fc.constantFrom(...NOT_NOW),
      contexts,
      (reply, refusal, word, context) => {
        expect(treatmentOf(diagnose(evidenceOfText(`${reply} ${refusal}: ${word}`, context)))).toBe('TRANSIENT');
      },
    ),
    { numRuns: 500 },
  );
});

function addedTo(raw: unknown, word: string, before: boolean): unknown {
  const join = (text: string) => (before ? `${word}. ${text}` : `${text} ${word}`);
  if (typeof raw === 'string') return join(raw);
  const known = raw as Readonly<Record<string, unknown>>;
  const key = ['response', 'errorMessage', 'message'].find((candidate) => typeof known[candidate] === 'string') ?? 'message';
  const text = typeof known[key] === 'string' ? known[key] : '';
  return { ...known, [key]: join(text) };
}
