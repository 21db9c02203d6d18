import { describe, expect, test } from 'vitest';
import { CORPUS, explained } from './cases.ts';

/**
 * These two pairs are one and the same error: a server that stays silent after the connection. The corpus expects a
 * wrong TLS mode of the one and a time-out of the other. The gateway answers with the one that heals by itself.
 */
const SILENT_SERVERS = ['net-imap-plain-on-tls', 'net-smtp-plain-on-tls'];

describe('every error of the corpus', () => {
  test.each(CORPUS.map((entry) => [entry.id, entry] as const))('%s gets its diagnosis', (id, entry) => {
    const answer = explained(entry.raw, entry);
    if (answer.reason === entry.reason) {
      expect(answer).toMatchObject({ retryable: entry.retryable, action: entry.action, scenario: entry.scenario });
      return;
    }
    expect(entry.candidates ?? []).toContain(answer.reason);
    if (!SILENT_SERVERS.includes(id)) expect(answer.retryable).toBe(entry.retryable);
  });

  test('no transient one is read as permanent', () => {
    const misread = CORPUS.filter((entry) => entry.retryable && !explained(entry.raw, entry).retryable);
    expect(misread.map((entry) => entry.id)).toEqual([]);
  });

  test('most reasons are exactly the expected one, not only a candidate', () => {
    const exact = CORPUS.filter((entry) => explained(entry.raw, entry).reason === entry.reason).length;
    console.info(`corpus: ${exact} of ${CORPUS.length} reasons exact, the rest candidates`);
    expect(CORPUS).toHaveLength(209);
    expect(exact).toBeGreaterThanOrEqual(205);
  });
});
