import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';

/** Who may import whom: rooms by folder, exact files by path, packages by name. The first path segment under src is the room. */
const MAY_IMPORT: Readonly<Record<string, { readonly rooms: readonly string[]; readonly packages: readonly string[] }>> = {
  domain: { rooms: ['domain'], packages: [] },
  vault: { rooms: ['vault', 'domain/sealed'], packages: ['node:crypto', 'node:fs', 'node:util', 'node:path'] },
  store: { rooms: ['store', 'domain'], packages: ['node:*'] },
  'store/sqlite': { rooms: ['store', 'domain'], packages: ['node:*', 'better-sqlite3'] },
  'store/mongo': { rooms: ['store', 'domain'], packages: ['node:*', 'mongoose'] },
  network: { rooms: ['network', 'domain'], packages: ['node:*', 'undici', 'ipaddr.js', 'fast-xml-parser'] },
  providers: { rooms: ['providers', 'domain', 'network', 'vault/secret'], packages: ['node:*'] },
  'providers/imap': { rooms: ['providers', 'domain', 'network', 'vault/secret'], packages: ['node:*', 'imapflow'] },
  'providers/smtp': { rooms: ['providers', 'domain', 'network', 'vault/secret'], packages: ['node:*', 'nodemailer', 'nodemailer/*'] },
  'providers/microsoft': { rooms: ['providers', 'domain', 'network', 'vault/secret'], packages: ['node:*', '@azure/msal-node', 'undici'] },
  'providers/google': { rooms: ['providers', 'domain', 'network', 'vault/secret'], packages: ['node:*', 'googleapis/*'] },
  credentials: {
    rooms: ['credentials', 'domain', 'vault', 'store/store', 'store/errors', 'providers/probe', 'providers/provider', 'status/checks'],
    packages: ['node:crypto'],
  },
  status: { rooms: ['status', 'domain', 'credentials', 'store/store', 'store/errors', 'providers/probe', 'vault/secret'], packages: [] },
  feed: { rooms: ['feed', 'domain', 'store/store', 'store/errors'], packages: ['node:buffer'] },
  resolvers: {
    rooms: [
      'resolvers',
      'domain',
      'credentials',
      'status',
      'feed',
      'store/store',
      'store/errors',
      'vault/vault',
      'vault/secret',
      'providers/probe',
      'providers/provider',
      'network/dial',
      'network/discovered',
    ],
    packages: ['node:crypto'],
  },
  schema: {
    rooms: ['schema', 'resolvers', 'domain', 'feed/feed', 'store/store'],
    packages: ['graphql', '@pothos/*', 'node:fs', 'node:url'],
  },
  http: {
    rooms: [
      'http',
      'schema',
      'resolvers',
      'feed',
      'domain',
      'credentials/sign-in-flow',
      'status/running-checks',
      'store/store',
      'store/errors',
      'vault/secret',
    ],
    packages: ['node:*', 'graphql', 'graphql-yoga', 'graphql-ws', 'graphql-ws/*', 'ws', 'jose', 'prom-client', '@pothos/plugin-complexity'],
  },
  commands: { rooms: ['commands', 'domain', 'vault', 'store', 'network', 'http/tokens'], packages: ['node:*'] },
};

const SRC = join(import.meta.dirname, '../../src');
/** Composition: these may import everything, and nothing imports them. */
const COMPOSITION = ['main', 'app', 'config', 'log', 'system-clock'];

interface Import {
  readonly from: string;
  readonly to: string;
}

function sourceFiles(): readonly string[] {
  return readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
}

function importsOf(file: string): readonly Import[] {
  const text = readFileSync(join(SRC, file), 'utf8');
  const specifiers = [
    ...text.matchAll(/(?:^|\n)\s*(?:import|export)[^'";]*?from\s+'([^']+)'|import\('([^']+)'\)|(?:^|\n)import\s+'([^']+)'/g),
  ];
  return specifiers.map((match) => {
    const specifier = match[1] ?? match[2] ?? match[3] ?? '';
    const to = specifier.startsWith('.') ? relative(SRC, join(SRC, dirname(file), specifier)).replace(/\.ts$/, '') : specifier;
    return { from: file, to };
  });
}

function ruleFor(file: string) {
  const [room = '', sub = ''] = file.split('/');
  return MAY_IMPORT[`${room}/${sub}`] ?? MAY_IMPORT[room];
}

const isLocal = (target: string): boolean => !target.startsWith('node:') && sourceNames.has(target);
const sourceNames = new Set(sourceFiles().map((name) => name.replace(/\.ts$/, '')));

function allowed(edge: Import): boolean {
  const rule = ruleFor(edge.from);
  if (rule === undefined) return true;
  if (isLocal(edge.to)) return rule.rooms.some((room) => edge.to === room || edge.to.startsWith(`${room}/`));
  return rule.packages.some((name) => (name.endsWith('*') ? edge.to.startsWith(name.slice(0, -1)) : edge.to === name));
}

describe('the house', () => {
  const files = sourceFiles();
  const inRooms = files.filter((file) => file.includes('/'));

  test('every room imports only what its row of the table allows', () => {
    const broken = inRooms.flatMap(importsOf).filter((edge) => !allowed(edge));
    expect(broken.map((edge) => `${edge.from} -> ${edge.to}`)).toEqual([]);
  });

  test('the rule is alive: an import from domain to a package is seen', () => {
    expect(allowed({ from: 'domain/health.ts', to: 'node:fs' })).toBe(false);
    expect(allowed({ from: 'domain/health.ts', to: 'store/store' })).toBe(!sourceNames.has('store/store'));
  });

  test('every folder has a row', () => {
    const rooms = new Set(inRooms.map((file) => file.split('/')[0] ?? ''));
    expect([...rooms].filter((room) => MAY_IMPORT[room] === undefined)).toEqual([]);
  });

  test('nothing imports the composition', () => {
    const edges = inRooms.flatMap(importsOf).filter((edge) => COMPOSITION.includes(edge.to));
    expect(edges.map((edge) => `${edge.from} -> ${edge.to}`)).toEqual([]);
  });

  test('no two rooms import each other in a circle', () => {
    const graph = new Map<string, Set<string>>();
    for (const edge of inRooms.flatMap(importsOf)) {
      if (!isLocal(edge.to)) continue;
      const [from = ''] = edge.from.split('/');
      const [to = ''] = edge.to.split('/');
      // Ports and pure types may be named from anywhere below: status/checks and feed/feed are such ports.
      if (from === to || ['status/checks', 'credentials/credentials'].includes(edge.to)) continue;
      graph.set(from, (graph.get(from) ?? new Set()).add(to));
    }
    const reaches = (from: string, target: string, seen: Set<string>): boolean =>
      [...(graph.get(from) ?? [])].some((next) => next === target || (!seen.has(next) && reaches(next, target, seen.add(next))));
    expect([...graph.keys()].filter((room) => reaches(room, room, new Set()))).toEqual([]);
  });

  const text = (file: string): string => readFileSync(join(SRC, file), 'utf8').replaceAll(/\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, '');

  test('only config.ts and main.ts see the environment', () => {
    expect(files.filter((file) => /process\.env/.test(text(file)) && !['main.ts', 'config.ts'].includes(file))).toEqual([]);
  });

  test('secrets are opened in credentials only', () => {
    expect(files.filter((file) => /\bvault\.open\(/.test(text(file)) && !file.startsWith('credentials/'))).toEqual([]);
  });

  test('the clock is injected', () => {
    const clocks = /\bDate\.now\(\)|new Date\(\)|Math\.random\(\)|performance\.now\(\)/;
    const adapters = ['system-clock.ts', 'app.ts', 'main.ts'];
    expect(files.filter((file) => clocks.test(text(file)) && !adapters.includes(file) && !file.startsWith('network/'))).toEqual([]);
  });

  test('there is no default export, no enum, no any and no barrel file', () => {
    const banned = /export default|\benum\s+[A-Z]|:\s*any\s*(?:[,;=)\]}|&>]|$)|<any>|as any\b/m;
    expect(files.filter((file) => banned.test(text(file)))).toEqual([]);
    expect(files.filter((file) => /(^|\/)index\.ts$/.test(file))).toEqual([]);
  });

  test('no file is longer than 350 lines', () => {
    expect(files.filter((file) => readFileSync(join(SRC, file), 'utf8').split('\n').length > 350)).toEqual([]);
  });
});
