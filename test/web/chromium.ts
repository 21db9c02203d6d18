import { existsSync } from 'node:fs';
import { chromium, type Browser } from 'playwright-core';
import { describe, test } from 'vitest';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const executablePath = PLACES.find((place) => existsSync(place));

/** Runs a suite that needs a real browser; a visible skip where none is installed, a failure with REQUIRE_REAL=1. */
export function describeInChromium(title: string, suite: () => void): void {
  if (executablePath !== undefined || process.env['REQUIRE_REAL'] === '1') describe(title, suite);
  else describe(title, () => test.skip('needs Chromium: apt-get install chromium', () => undefined));
}

export async function launchChromium(): Promise<Browser> {
  if (executablePath === undefined) throw new Error(`There is no browser at ${PLACES.join(', ')}.`);
  return chromium.launch({ executablePath, args: FLAGS });
}
