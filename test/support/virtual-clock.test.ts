import { describe, expect, test } from 'vitest';
import { createVirtualClock } from './virtual-clock.ts';

describe('the virtual clock', () => {
  test('runs work in order of time and shows each its own instant', async () => {
    const clock = createVirtualClock(0);
    const seen: [string, number][] = [];
    clock.schedule(20, () => seen.push(['b', clock.now()]));
    clock.schedule(10, () => seen.push(['a', clock.now()]));
    await clock.advance(15);
    expect(seen).toEqual([['a', 10]]);
    await clock.advance(15);
    expect(seen).toEqual([
      ['a', 10],
      ['b', 20],
    ]);
    expect(clock.now()).toBe(30);
  });

  test('work that promises schedule on the way runs within the same advance', async () => {
    const clock = createVirtualClock(0);
    const seen: number[] = [];
    const again = async (): Promise<void> => {
      await new Promise<void>((resolve) => setImmediate(resolve));
      seen.push(clock.now());
      clock.schedule(10, () => void again());
    };
    clock.schedule(10, () => void again());
    await clock.advance(35);
    expect(seen).toEqual([10, 20, 30]);
  });

  test('cancelled work never runs', async () => {
    const clock = createVirtualClock(0);
    let ran = false;
    clock.schedule(5, () => (ran = true)).cancel();
    await clock.advance(10);
    expect(ran).toBe(false);
    expect(clock.pending()).toBe(0);
  });

  test('setting the wall clock back moves nothing that is scheduled', async () => {
    const clock = createVirtualClock(1_000_000);
    let ran = false;
    clock.schedule(100, () => (ran = true));
    clock.setBack(500_000);
    expect(clock.now()).toBe(500_000);
    await clock.advance(100);
    expect(ran).toBe(true);
  });
});
