import { readdirSync, readFileSync, statSync } from 'node:fs';
import { extname, join } from 'node:path';

/** Lines of code per folder: `npx tsx bench/size.ts`. Blank lines and comments count; generated files do not. */

const CODE = ['.ts', '.tsx', '.css', '.graphql'];

function linesIn(path: string): number {
  if (/\/(generated|node_modules)\//.test(path)) return 0;
  if (statSync(path).isDirectory()) return readdirSync(path).reduce((sum, name) => sum + linesIn(join(path, name)), 0);
  return CODE.includes(extname(path)) ? readFileSync(path, 'utf8').split('\n').length - 1 : 0;
}

const root = join(import.meta.dirname, '..');
const folders = readdirSync(join(root, 'src'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => `src/${entry.name}`);
const loose = readdirSync(join(root, 'src')).filter((name) => name.endsWith('.ts'));
const rows: readonly (readonly [string, number])[] = [
  ...folders.map((folder) => [folder, linesIn(join(root, folder))] as const),
  ['src/*.ts', loose.reduce((sum, name) => sum + linesIn(join(root, 'src', name)), 0)],
  ...['web', 'sandbox', 'test', 'bench'].map((folder) => [folder, linesIn(join(root, folder))] as const),
];
for (const [folder, lines] of rows) console.log(`${folder.padEnd(18)} ${String(lines).padStart(6)}`);
console.log(`${'all'.padEnd(18)} ${String(rows.reduce((sum, [, lines]) => sum + lines, 0)).padStart(6)}`);
