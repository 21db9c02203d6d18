/**
 * `npm run bench`: every benchmark here, one after the other; `npm run bench -- store outage` only those. Each prints what it
 * measured beside its goal or its peer. Numbers of two runs compare only as ratios: machines and their load differ.
 */
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, join } from 'node:path';

const known = readdirSync(import.meta.dirname)
  .filter((name) => name.endsWith('.ts') && name !== basename(import.meta.filename))
  .map((name) => name.replace(/\.ts$/, ''));
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !known.includes(name));

/** The exit code of one benchmark in a process of its own, so that none warms up or crowds out another. */
function measured(name: string): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['--import', 'tsx', join(import.meta.dirname, `${name}.ts`)], { stdio: 'inherit' });
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

if (unknown.length > 0) {
  console.error(`There is no benchmark ${unknown.join(', ')}. There are: ${known.join(', ')}.`);
  process.exitCode = 64;
} else {
  console.log(`Node ${process.version}, ${availableParallelism()} cores`);
  for (const name of wanted.length > 0 ? wanted : known) {
    console.log(`\n== ${name}`);
    const code = await measured(name);
    if (code !== 0) {
      console.error(`${name} ended with code ${code}.`);
      process.exitCode = 1;
    }
  }
}
