import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { doctor } from '../../src/commands/doctor.ts';
import { loadConfig } from '../../src/config.ts';
import { doctorParts } from '../../src/doctor-parts.ts';
import { startConnectProxy } from '../support/connect-proxy.ts';
import { startScriptedProvider, type Answer, type ScriptedProvider } from '../support/scripted-provider.ts';
import { silentLog, temporaryFolder } from '../support/store.ts';
import { systemClock } from '../../src/system-clock.ts';

const ROOT = join(import.meta.dirname, '../..');
const PUBLIC_URL = 'https://mail.acme.example';

/** What doctor says about sign-in and the proxy, as a guide writes it. */
async function linesOf(environment: Record<string, string>, folder: string): Promise<readonly string[]> {
  const loaded = loadConfig({
    PUBLIC_URL,
    DATABASE_URL: `sqlite:${folder}/gateway.db`,
    KEYRING_FILE: `${folder}/keyring.json`,
    ...environment,
  });
  if (loaded.kind === 'problems') return loaded.problems.map((problem) => `problem Configuration: ${problem}`);
  const parts = await doctorParts(loaded.config, systemClock, silentLog);
  const lines: string[] = [];
  // The mail servers of the providers are not asked: their names belong to somebody.
  for await (const { state, line } of doctor({ ...parts, network: [] })) lines.push(`${state} ${line}`);
  return lines.filter((line) => /^\w+ (?:(?:Microsoft|Google) sign-in|Proxy):/.test(line));
}

/** The lines that a guide quotes, each with its state before it. */
function quotedIn(guide: string): readonly string[] {
  const [, section = ''] = readFileSync(join(ROOT, guide), 'utf8').split(/^## What `?doctor`? says.*$/m);
  return section
    .split(/^## /m)[0]!
    .split('\n')
    .flatMap((row) => {
      const [, state, line] = /^\| (ok|note|problem) +\| `([^`]+)`/.exec(row) ?? [];
      return state === undefined || line === undefined ? [] : [`${state} ${line}`];
    });
}

const entra = (code: number, status = 400, error = 'invalid_request'): Answer => ({
  status,
  body: { error, error_description: `AADSTS${code}: It failed. Trace ID: t`, error_codes: [code] },
});
const googles = (status: number, error: string, description: string): Answer => ({
  status,
  body: { error, error_description: description },
});

describe.each([
  [
    'microsoft',
    'docs/microsoft.md',
    'login.microsoftonline.com',
    [
      entra(70000, 400, 'invalid_grant'),
      entra(7000222, 401, 'invalid_client'),
      entra(7000215, 401, 'invalid_client'),
      entra(700016, 400, 'unauthorized_client'),
      entra(7000112),
      entra(7000218),
      entra(90002),
      entra(90038),
      { status: 429, body: { error: 'temporarily_unavailable' }, headers: { 'retry-after': '60' } },
      { status: 503, body: { error: 'temporarily_unavailable' } },
      { status: 200, body: '<html>Welcome to the guest network</html>' },
      { kind: 'drop' },
    ],
  ],
  [
    'google',
    'docs/google.md',
    'oauth2.googleapis.com',
    [
      googles(400, 'invalid_grant', 'Bad Request'),
      googles(401, 'invalid_client', 'Unauthorized'),
      googles(401, 'invalid_client', 'The OAuth client was not found.'),
      googles(401, 'deleted_client', 'The OAuth client was deleted.'),
      googles(401, 'disabled_client', 'The OAuth client was disabled.'),
      googles(429, 'rate_limit_exceeded', 'Slow down.'),
      { status: 503, body: { error: 'internal_failure' } },
      { status: 200, body: '<html>Welcome to the guest network</html>' },
      { kind: 'drop' },
    ],
  ],
] as const)('what doctor says of sign-in with %s', (flavour, guide, realHost, answers) => {
  let provider: ScriptedProvider;
  let folder: ReturnType<typeof temporaryFolder>;
  const printed = new Set<string>();

  const note = async (environment: Record<string, string>): Promise<readonly string[]> => {
    const lines = await linesOf(environment, folder.path);
    const shown = lines
      .filter((line) => !line.includes(flavour === 'microsoft' ? 'Google sign-in' : 'Microsoft sign-in') && !line.includes(' Proxy:'))
      .map((line) => line.replace(/localhost(?::\d+)?/, realHost).replace(PUBLIC_URL, '<PUBLIC_URL>'));
    for (const line of shown) printed.add(line);
    return shown;
  };

  beforeAll(async () => {
    folder = temporaryFolder();
    provider = await startScriptedProvider(flavour);
    writeFileSync(join(folder.path, 'ca.pem'), provider.caPem);
    const base = { ...provider.environment, CA_FILE: join(folder.path, 'ca.pem') };
    const upper = flavour.toUpperCase();
    await note({});
    for (const answer of answers) {
      provider.answer(answer);
      await note(base);
    }
    await note(provider.environment);
    if (flavour === 'microsoft') {
      provider.answer(entra(70000, 400, 'invalid_grant'));
      await note({ ...base, MICROSOFT_SECRET_EXPIRES_AT: new Date(Date.now() + 12.5 * 86_400_000).toISOString() });
    }
    const secretFile = join(folder.path, 'secret');
    writeFileSync(secretFile, 'app-secret');
    const { [`${upper}_CLIENT_SECRET`]: _, ...withoutSecret } = base as Record<string, string>;
    const loaded = loadConfig({ ...withoutSecret, [`${upper}_CLIENT_SECRET_FILE`]: secretFile, PUBLIC_URL });
    if (loaded.kind === 'problems') throw new Error(loaded.problems.join('\n'));
    rmSync(secretFile);
    const { apps } = await doctorParts(loaded.config, systemClock, silentLog);
    printed.add(
      `problem ${flavour === 'microsoft' ? 'Microsoft' : 'Google'} sign-in: ${await apps[flavour === 'microsoft' ? 0 : 1]!.ask!()}`,
    );
    await provider.stop();
    await note(base);
  });
  afterAll(() => folder.remove());

  test('is in the guide, word for word, and the guide quotes nothing else', () => {
    expect([...printed].sort()).toEqual([...quotedIn(guide)].sort());
  });
});

test('what doctor says of the proxy is in docs/operating.md, word for word, and it quotes nothing else', async () => {
  const folder = temporaryFolder();
  const provider = await startScriptedProvider('google');
  const proxy = await startConnectProxy({ user: 'gateway', password: 'secret-of-the-proxy' });
  writeFileSync(join(folder.path, 'ca.pem'), provider.caPem);
  const printed = new Set<string>();
  const note = async (url: string): Promise<void> => {
    const lines = await linesOf({ ...provider.environment, CA_FILE: join(folder.path, 'ca.pem'), HTTPS_PROXY: url }, folder.path);
    for (const line of lines)
      if (line.startsWith('problem') || line.includes('Proxy:'))
        printed.add(line.replace(`localhost:${proxy.port}`, 'proxy.corp.lan:3128'));
  };
  const right = `http://gateway:secret-of-the-proxy@localhost:${proxy.port}`;
  provider.answer(googles(400, 'invalid_grant', 'Bad Request'));
  await note(right);
  await note(`http://gateway:wrong@localhost:${proxy.port}`);
  for (const status of [403, 502]) {
    proxy.refuse(status);
    await note(right);
  }
  await proxy.stop();
  await note(right);
  await provider.stop();
  folder.remove();
  expect([...printed].join()).not.toMatch(/secret-of|wrong/);
  expect([...printed].sort()).toEqual([...quotedIn('docs/operating.md')].sort());
});
