import { describe, expect, test } from 'vitest';
import { createRateLimits } from '../../src/resolvers/create-rate-limits.ts';
import { createVirtualClock } from '../support/virtual-clock.ts';

describe('rate limits', () => {
  test('any minute holds at most ten logins of one mailbox, and says when the next is free', async () => {
    const clock = createVirtualClock();
    const limits = createRateLimits(clock);
    for (let count = 0; count < 10; count += 1) {
      expect(limits.take('LOGIN', 'm1')).toBeNull();
      await clock.advance(1_000);
    }
    expect(limits.take('LOGIN', 'm1')).toBe(50);
    await clock.advance(50_000);
    expect(limits.take('LOGIN', 'm1')).toBeNull();
    expect(limits.take('LOGIN', 'm1')).toBe(1);
  });

  test('keys and limits do not share their counts', () => {
    const limits = createRateLimits(createVirtualClock());
    for (let count = 0; count < 10; count += 1) limits.take('CHECK', 'm1');
    expect(limits.take('CHECK', 'm1')).not.toBeNull();
    expect(limits.take('CHECK', 'm2')).toBeNull();
    expect(limits.take('LOGIN', 'm1')).toBeNull();
  });

  test('a clock that an administrator sets back does not block anybody', async () => {
    const clock = createVirtualClock();
    const limits = createRateLimits(clock);
    for (let count = 0; count < 10; count += 1) limits.take('LOGIN', 'm1');
    clock.setBack(3_600_000);
    await clock.advance(60_000);
    expect(limits.take('LOGIN', 'm1')).toBeNull();
  });

  test('the same new host counts once a day, however many mailboxes it gets; ten others are the most a minute', () => {
    const limits = createRateLimits(createVirtualClock());
    for (let count = 0; count < 50; count += 1) expect(limits.take('NEW_HOST', 'w1 imap.acme.test')).toBeNull();
    for (let host = 1; host < 10; host += 1) expect(limits.take('NEW_HOST', `w1 host-${host}.test`)).toBeNull();
    expect(limits.take('NEW_HOST', 'w1 host-10.test')).not.toBeNull();
    expect(limits.take('NEW_HOST', 'w1 imap.acme.test')).toBeNull();
    expect(limits.take('NEW_HOST', 'w2 host-10.test')).toBeNull();
  });
});
