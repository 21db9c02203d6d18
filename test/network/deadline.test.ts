import { getEventListeners } from 'node:events';

import { describe, expect, test } from 'vitest';

import { DeadlineExceeded, startDeadline, untilAborted } from '../../src/network/deadline.ts';

const aborted = (signal: AbortSignal): Promise<unknown> =>
  new Promise((resolve) =>
    signal.aborted ? resolve(signal.reason) : signal.addEventListener('abort', () => resolve(signal.reason), { once: true }),
  );

describe('a deadline', () => {
  test('aborts once the time is up, as a connection that timed out', async () => {
    const deadline = startDeadline(10);
    const reason = await aborted(deadline.signal);
    expect(reason).toBeInstanceOf(DeadlineExceeded);
    expect(reason).toMatchObject({ code: 'ETIMEDOUT', message: 'Timed out after 10 ms.' });
    expect(deadline.remainingMs()).toBe(0);
  });

  test('gives what is left of the whole budget', () => {
    const deadline = startDeadline(60_000);
    const left = deadline.remainingMs();
    expect(left).toBeGreaterThan(50_000);
    expect(left).toBeLessThanOrEqual(60_000);
    expect(deadline.remainingMs()).toBeLessThanOrEqual(left);
    deadline.dispose();
  });

  test("aborts with its parent and for the parent's reason", async () => {
    const parent = new AbortController();
    const deadline = startDeadline(60_000, parent.signal);
    const reason = new Error('stopped');
    parent.abort(reason);
    expect(await aborted(deadline.signal)).toBe(reason);
    expect(deadline.remainingMs()).toBe(0);
  });

  test('is over at once when its parent is', () => {
    const deadline = startDeadline(60_000, AbortSignal.abort(new Error('stopped')));
    expect(deadline.signal.aborted).toBe(true);
  });

  test('once disposed leaves no listener at its parent and never aborts', () => {
    const parent = new AbortController();
    const deadlines = Array.from({ length: 50 }, () => startDeadline(60_000, parent.signal));
    expect(getEventListeners(parent.signal, 'abort')).toHaveLength(50);
    for (const deadline of deadlines) {
      deadline.dispose();
      deadline.dispose();
    }
    expect(getEventListeners(parent.signal, 'abort')).toHaveLength(0);
    parent.abort();
    expect(deadlines.some((deadline) => deadline.signal.aborted)).toBe(false);
  });
});

describe('work until aborted', () => {
  test('settles as the work does and leaves no listener', async () => {
    const controller = new AbortController();
    await expect(untilAborted(Promise.resolve(7), controller.signal)).resolves.toBe(7);
    await expect(untilAborted(Promise.reject(new Error('failed')), controller.signal)).rejects.toThrow('failed');
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
  });

  test('ends with the signal when the work never does, whatever the reason is', async () => {
    const controller = new AbortController();
    const waiting = untilAborted(new Promise(() => undefined), controller.signal);
    controller.abort('odd');
    await expect(waiting).rejects.toThrow('Aborted.');
    await expect(untilAborted(new Promise(() => undefined), AbortSignal.abort(new Error('stopped')))).rejects.toThrow('stopped');
  });

  test('work that fails later than the signal is no unhandled rejection', async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown): void => void unhandled.push(reason);
    process.on('unhandledRejection', note);
    let fail: (error: Error) => void = () => undefined;
    const work = new Promise((_, reject) => (fail = reject));
    await expect(untilAborted(work, AbortSignal.abort(new Error('stopped')))).rejects.toThrow('stopped');
    fail(new Error('late'));
    await new Promise((polled) => setImmediate(polled));
    process.off('unhandledRejection', note);
    expect(unhandled).toEqual([]);
  });
});
