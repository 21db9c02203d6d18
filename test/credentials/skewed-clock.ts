import { spawnSync } from 'node:child_process';

/**
 * What a process is started with so that its clock is wrong by this much, e.g. `+1h`: libfaketime, whose wrapper is asked
 * where it is and then left out, so that the process stays our own child. Time-outs go by the monotonic clock, which stays
 * right. Null where faketime is not installed.
 */
export function skewedClock(offset: string): Readonly<Record<string, string>> | null {
  const { status, stdout } = spawnSync('faketime', ['-f', offset, 'printenv', 'LD_PRELOAD'], { encoding: 'utf8' });
  if (status !== 0) return null;
  return { LD_PRELOAD: stdout.trim(), FAKETIME: offset, FAKETIME_DONT_FAKE_MONOTONIC: '1' };
}

/** Two right clocks, one an hour ahead, one an hour behind. Null where faketime is not installed; with REQUIRE_REAL=1 that is an error. */
export function fourClocks(): readonly Readonly<Record<string, string>>[] | null {
  const [ahead, behind] = [skewedClock('+1h'), skewedClock('-1h')];
  if (ahead !== null && behind !== null) return [{}, {}, ahead, behind];
  if (process.env['REQUIRE_REAL'] === '1') throw new Error('REQUIRE_REAL=1, but there is no faketime on PATH.');
  return null;
}
