import { describe, expect, test } from 'vitest';
import { explained, UNSEEN } from './cases.ts';

describe('errors that the corpus does not hold', () => {
  test.each(UNSEEN.map((entry) => [entry.id, JSON.stringify(entry.raw).slice(0, 90), entry] as const))('%s %s', (_id, _text, entry) => {
    const answer = explained(entry.raw, entry);
    expect(entry.reasons).toContain(answer.reason);
    expect(answer.retryable).toBe(entry.retryable);
    if (entry.action !== undefined) expect(answer.action).toBe(entry.action);
  });

  test('what the gateway cannot read is never called a wrong password', () => {
    const guessed = UNSEEN.filter((entry) => entry.group === 'unknown' && explained(entry.raw, entry).reason !== 'unknown');
    expect(guessed).toEqual([]);
  });

  test('there are enough of them to mean something', () => {
    expect(UNSEEN.length).toBeGreaterThanOrEqual(500);
  });
});
