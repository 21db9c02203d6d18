#!/usr/bin/env node
// Runs the built gateway. In a checkout whose sources are newer than the build, it runs the sources instead,
// so that nobody debugs a program that is not the one on the screen.
import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const built = join(root, 'dist', 'main.js');
const marker = join(root, 'dist', '.built');
const sources = join(root, 'src');

function newest(folder) {
  return readdirSync(folder, { withFileTypes: true }).reduce((latest, entry) => {
    const path = join(folder, entry.name);
    return Math.max(latest, entry.isDirectory() ? newest(path) : statSync(path).mtimeMs);
  }, 0);
}

const isBuilt = existsSync(built) && existsSync(marker);
const isStale = existsSync(sources) && (!isBuilt || newest(sources) > statSync(marker).mtimeMs);

if (isBuilt && !isStale) {
  const { run } = await import('../dist/main.js');
  await run(process.argv.slice(2));
} else if (existsSync(sources)) {
  const { tsImport } = await import('tsx/esm/api');
  const { run } = await tsImport('../src/main.ts', import.meta.url);
  await run(process.argv.slice(2));
} else {
  console.error('mailbox-gateway is not built. Run: npm run build');
  process.exitCode = 78;
}
