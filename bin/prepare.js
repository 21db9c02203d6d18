// npm runs this at the end of `npm ci`: afterwards every command of the README works. An installation without the
// development packages (--omit=dev) comes with its build and has nothing to build with.
import { execSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const root = new URL('..', import.meta.url);
if (existsSync(new URL('node_modules/typescript', root)) && existsSync(new URL('src', root))) {
  execSync('npm run --silent build', { cwd: root, stdio: 'inherit' });
}
