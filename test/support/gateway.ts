import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { describe, inject, test } from 'vitest';
import type { GatewayEnvironment } from '../../sandbox/demo/gateway-process.ts';
import { startGateway } from '../../src/app.ts';
import { createTokenCommand, type CreateTokenWish } from '../../src/commands/tokens.ts';
import { loadConfig, type Config } from '../../src/config.ts';
import { safeFacts } from '../../src/log.ts';
import type { Log } from '../../src/domain/log.ts';
import { migrateStore, openStore } from '../../src/store/open.ts';
import type { Store } from '../../src/store/store.ts';
import { systemClock } from '../../src/system-clock.ts';
import { createKeyRing } from '../../src/vault/keyring-file.ts';
import { dropDatabase } from './drop-database.ts';
import { databaseUrl } from './mongo-server.ts';
import { freePort } from './ports.ts';
import { silentLog, temporaryFolder } from './store.ts';

export const ENGINES = ['sqlite', 'mongodb'] as const;
export type EngineName = (typeof ENGINES)[number];

/** Runs a suite on one engine; a visible skip where this machine has no such server (never with REQUIRE_REAL=1). */
export function describeOnEngine(engine: EngineName, title: string, suite: () => void): void {
  if (engine === 'sqlite' || inject('mongoUrl') !== null) describe(`${title}, on ${engine}`, suite);
  else describe(`${title}, on ${engine}`, () => test.skip('needs a MongoDB server: see test/support/mongo-server.ts', () => undefined));
}

/** A new database with its key ring, and what points a gateway at both. */
export interface TestDatabase {
  readonly engine: EngineName;
  readonly folder: string;
  readonly environment: GatewayEnvironment & { readonly DATABASE_URL: string; readonly KEYRING_FILE: string };
  /** As the command would, beside the gateways that serve. */
  createToken(wish: { readonly workspace?: string; readonly role: 'viewer' | 'worker' | 'admin'; readonly name?: string }): Promise<string>;
  /** Looks into it, beside the gateways that serve. */
  withStore<T>(work: (store: Store) => Promise<T>): Promise<T>;
  remove(): Promise<void>;
}

export async function createTestDatabase(engine: EngineName): Promise<TestDatabase> {
  const folder = temporaryFolder();
  const keyring = join(folder.path, 'keyring.json');
  const url =
    engine === 'sqlite' ? `sqlite:${join(folder.path, 'gateway.db')}` : databaseUrl(mongoServer(), `journey_${randomUUID().slice(0, 8)}`);
  if (engine === 'mongodb') {
    createKeyRing(keyring);
    await migrateStore(url, silentLog);
  }

  async function withStore<T>(work: (store: Store) => Promise<T>): Promise<T> {
    const store = await openStore(url, {
      clock: systemClock,
      newId: randomUUID,
      random: Math.random,
      log: silentLog,
      serve: false,
      holder: randomUUID(),
    });
    try {
      return await work(store);
    } finally {
      await store.close();
    }
  }

  return {
    engine,
    folder: folder.path,
    environment: { DATABASE_URL: url, KEYRING_FILE: keyring },
    withStore,
    createToken: (wish) =>
      withStore(async (store) => {
        const full: CreateTokenWish = { workspace: wish.workspace ?? 'acme', role: wish.role, name: wish.name, expires: undefined };
        const outcome = await createTokenCommand(store, full, systemClock.now());
        if (outcome.kind === 'refused') throw new Error(outcome.problems.join('\n'));
        return outcome.lines[0] ?? '';
      }),
    async remove() {
      if (engine === 'mongodb') await dropDatabase(url);
      folder.remove();
    },
  };
}

function mongoServer(): string {
  const server = inject('mongoUrl');
  if (server === null) throw new Error('There is no MongoDB server on this machine.');
  return server;
}

/** A port and the address that browsers and tests use for it. */
export async function freePlace(): Promise<{ readonly PORT: string; readonly PUBLIC_URL: string }> {
  const port = await freePort();
  return { PORT: String(port), PUBLIC_URL: `http://localhost:${port}` };
}

/** A gateway in this process. Its log is kept, cut as the real one is. */
export interface TestGateway {
  readonly url: string;
  log(): string;
  stop(): Promise<void>;
}

/** Starts the gateway that this environment describes, in this process. `environment` has to say PORT and PUBLIC_URL: see freePlace. */
export async function startTestGateway(environment: GatewayEnvironment): Promise<TestGateway> {
  const lines: string[] = [];
  const gateway = await startGateway(configOf(environment), { log: keepingLog(lines), clock: systemClock, random: Math.random });
  return { url: `http://localhost:${gateway.port}`, log: () => lines.join('\n'), stop: () => gateway.stop() };
}

function configOf(environment: GatewayEnvironment): Config {
  const loaded = loadConfig(environment);
  if (loaded.kind === 'problems') throw new Error(loaded.problems.join('\n'));
  return loaded.config;
}

function keepingLog(lines: string[]): Log {
  const write =
    (level: string): Log['info'] =>
    (message, facts) =>
      void lines.push(JSON.stringify({ level, ...(facts === undefined ? {} : safeFacts(facts)), message }));
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
}
