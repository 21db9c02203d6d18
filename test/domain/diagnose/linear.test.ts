import { expect, test } from 'vitest';
import { contextOfHints } from '../../../src/commands/explain-hints.ts';
import { diagnose } from '../../../src/domain/diagnose/diagnose.ts';
import { evidenceOfText } from '../../../src/domain/diagnose/evidence-of.ts';

/** Beginnings that a rule may try again and again, each followed by more of the same. */
const SEEDS = [
  ...['at (', 'at :1', 'File "', '#1 (', '(', '<', '"', '\\"', '{', '{"', ':', '=', ' ', '\n', '\t'],
  ...['a-', 'a.', 'a.b-', 'a_', 'a/', '1.', '535-', '535 ', 'x@', 'xn--', 'http://', 'Aa', 'é', '密码'],
  ...[
    'token=',
    'password="\\',
    'password: ',
    '"code":"',
    'Bearer ',
    'eyJ',
    'LOGIN "',
    'AUTH PLAIN ',
    'AADSTS',
    'Error(s): ',
    'HTTP ',
    'status ',
  ],
  ...['NO [', '[ALERT', 'invalid ', 'not ', 'user ', 'account unable to ', 'ip address ', 'block ', 'from address ', 'sender ', 'cannot '],
  ...[
    'too many ',
    'limit ',
    'exceed ',
    'for 1 ',
    'oder ',
    ', or ',
    'auth ',
    'login ',
    'tls ',
    'smtp ',
    'imap ',
    'wait ',
    'session id ',
    'session 1',
  ],
] as const;

/** The least processor time, in milliseconds, of several runs: other programs can only add to it. */
function costMs(work: () => void): number {
  const runs = Array.from({ length: 4 }, () => {
    const before = process.cpuUsage().user;
    work();
    return (process.cpuUsage().user - before) / 1000;
  });
  return Math.min(...runs);
}

/** Four times the text may cost four times as much; sixteen times would be the square of it. The sum allows for small numbers. */
function growsTooFast(cost: (length: number) => number, length: number): boolean {
  return cost(4 * length) > 8 * cost(length) + 12;
}

function diagnosisCost(seed: string): (length: number) => number {
  return (length) => {
    const text = seed.repeat(Math.ceil(length / seed.length)).slice(0, length);
    return costMs(() => void diagnose(evidenceOfText(text, contextOfHints({}))));
  };
}

// 4,000 characters is what rules over words see, 20,000 what the readers of facts do; beyond that nothing is read.
test.each(SEEDS)('more of %j costs no more than its length', (seed) => {
  expect([1_000, 5_000, 16_000].filter((length) => growsTooFast(diagnosisCost(seed), length))).toEqual([]);
});

test('a rule that tries again from every character would be seen', () => {
  const slow = /(?:[a-z-]+\.){2,}[a-z]{2}$/;
  expect(growsTooFast((length) => costMs(() => slow.test('a-'.repeat(length / 2))), 4_000)).toBe(true);
});
