import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { GraphQLSchema } from 'graphql';
import { createOpenLogin } from '../../src/credentials/open-login.ts';
import { createRepair } from '../../src/credentials/create-repair.ts';
import { DEFAULT_ADVISORIES } from '../../src/domain/advisories.ts';
import { evidenceOfText } from '../../src/domain/diagnose/evidence-of.ts';
import type { EventFacts } from '../../src/domain/event.ts';
import type { Log } from '../../src/domain/log.ts';
import type { Mailbox } from '../../src/domain/mailbox.ts';
import type { GatewaySettings } from '../../src/domain/settings.ts';
import type { Role } from '../../src/domain/viewer.ts';
import type { Workspace } from '../../src/domain/workspace.ts';
import { createFeed } from '../../src/feed/create-feed.ts';
import { createMetrics } from '../../src/http/metrics.ts';
import { createHttpServer, type HttpServer, type HttpServerOptions } from '../../src/http/server.ts';
import { newApiToken } from '../../src/http/tokens.ts';
import type { Probe } from '../../src/providers/probe.ts';
import { createRateLimits } from '../../src/resolvers/create-rate-limits.ts';
import type { Gateway } from '../../src/resolvers/gateway.ts';
import { openSqliteStore } from '../../src/store/sqlite/open-sqlite-store.ts';
import type { Change, Store } from '../../src/store/store.ts';
import { createVault } from '../../src/vault/open-vault.ts';
import { SETTINGS } from '../resolvers/world.ts';
import { aMailbox, createShiftedClock, type ShiftedClock } from '../support/store.ts';
import { freshRing } from '../vault/rings.ts';
import type { Json } from './json.ts';

export const EVIL_ORIGIN = 'https://evil.example';
export const OWN_ORIGIN = 'http://localhost:4000';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // Whatever the server said; a test looks into it.
  readonly body: Json;
}

export interface Tenant {
  readonly workspace: Workspace;
  readonly tokens: Readonly<Record<Role, string>>;
  readonly tokenIds: Readonly<Record<Role, string>>;
}

/** A gateway on a real SQLite store with its HTTP server on a free port, and two help desks in it. */
export interface GatewayServer {
  readonly url: string;
  readonly http: HttpServer;
  readonly store: Store;
  readonly gateway: Gateway;
  readonly clock: ShiftedClock;
  readonly acme: Tenant;
  readonly globex: Tenant;
  readonly logged: readonly string[];
  /** What the mail servers of the test accept: user name to password. */
  readonly passwords: Map<string, string>;
  addToken(tenant: Tenant, role: Role, expiresAt?: number | null): Promise<{ readonly id: string; readonly text: string }>;
  addMailbox(tenant: Tenant, address: string, parts?: Partial<Mailbox>, events?: readonly EventFacts[]): Promise<Mailbox>;
  commit(tenant: Tenant, change: Partial<Change>): Promise<void>;
  request(path: string, init?: RequestInit): Promise<Answer>;
  /** POST /graphql as JSON, as acme's ADMIN unless told otherwise. */
  post(
    query: string,
    options?: { variables?: unknown; operationName?: string; token?: string | null; headers?: Record<string, string> },
  ): Promise<Answer>;
  /** GET /graphql. */
  get(query: string, options?: { variables?: unknown; token?: string | null; headers?: Record<string, string> }): Promise<Answer>;
  close(): Promise<void>;
}

export async function startGatewayServer(
  options: {
    readonly settings?: Partial<GatewaySettings>;
    readonly schema?: GraphQLSchema;
    readonly http?: Partial<HttpServerOptions>;
  } = {},
): Promise<GatewayServer> {
  const directory = await mkdtemp(join(tmpdir(), 'gateway-http-'));
  const clock = createShiftedClock();
  const logged: string[] = [];
  const write =
    (level: string) =>
    (message: string, facts: unknown): void =>
      void logged.push(`${level} ${message} ${JSON.stringify(facts ?? null)}`);
  const log: Log = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
  const store = await openSqliteStore({
    path: join(directory, 'gateway.db'),
    clock,
    newId: randomUUID,
    log,
    serve: true,
    holder: randomUUID(),
  });
  const settings = { ...SETTINGS, publicUrl: new URL(OWN_ORIGIN), allowedOrigins: [OWN_ORIGIN], ...options.settings };
  const ring = freshRing('k1');
  const vault = createVault(() => ring);
  const openLogin = createOpenLogin({ vault, clock, log });
  const passwords = new Map<string, string>();
  const probe = probeFor(passwords);
  const checks = { checkNow: (workspaceId: Workspace['id'], id: Mailbox['id']) => store.mailbox(workspaceId, id), wake: () => undefined };
  const parts = { store, probe, openLogin, clock, random: () => 0.5, newId: randomUUID, log, settings, checks };
  const repair = createRepair(parts);
  const feed = createFeed({ store, clock, log });
  const gateway: Gateway = {
    ...parts,
    vault,
    feed,
    repair,
    discover: () => Promise.resolve([]),
    refusalOfHost: () => Promise.resolve(null),
    isListedHost: () => false,
    signIn: { configured: () => false },
    limits: createRateLimits(clock),
    advisories: DEFAULT_ADVISORIES,
  };
  feed.start();
  const http = createHttpServer({
    gateway,
    ...(options.schema === undefined ? {} : { schema: options.schema }),
    staticDir: join(directory, 'web'),
    readiness: [{ name: 'database', check: () => store.ping(1_000) }],
    metrics: createMetrics(),
    metricsToken: null,
    jwt: null,
    trustProxyHops: 0,
    ...options.http,
  });
  const { port } = await http.listen('127.0.0.1', 0);
  const url = `http://127.0.0.1:${port}`;

  async function addToken(workspace: Workspace, role: Role, expiresAt: number | null = null) {
    const made = newApiToken({
      workspaceId: workspace.id,
      name: `${role.toLowerCase()} of ${workspace.name}`,
      role,
      now: clock.now(),
      expiresAt,
    });
    await store.createToken(made.token);
    return { id: made.token.id as string, text: made.text };
  }

  async function tenant(name: string): Promise<Tenant> {
    const workspace = await store.ensureWorkspace(name, clock.now());
    const [viewer, worker, admin] = [
      await addToken(workspace, 'VIEWER'),
      await addToken(workspace, 'WORKER'),
      await addToken(workspace, 'ADMIN'),
    ];
    return {
      workspace,
      tokens: { VIEWER: viewer.text, WORKER: worker.text, ADMIN: admin.text },
      tokenIds: { VIEWER: viewer.id, WORKER: worker.id, ADMIN: admin.id },
    };
  }

  const acme = await tenant('acme');
  const globex = await tenant('globex');

  async function request(path: string, init?: RequestInit): Promise<Answer> {
    const response = await fetch(url + path, { redirect: 'manual', ...init });
    const text = await response.text();
    let body: unknown = null;
    try {
      body = JSON.parse(text);
    } catch {
      // Not JSON: the text says what it is.
    }
    return { status: response.status, headers: response.headers, text, body };
  }

  const bearer = (token: string | null | undefined): Record<string, string> =>
    token === null ? {} : { authorization: `Bearer ${token ?? acme.tokens.ADMIN}` };

  return {
    url,
    http,
    store,
    gateway,
    clock,
    acme,
    globex,
    logged,
    passwords,
    addToken: ({ workspace }, role, expiresAt) => addToken(workspace, role, expiresAt),
    async addMailbox({ workspace }, address, mailboxParts, events = []) {
      const doc = aMailbox(workspace.id, address, mailboxParts);
      const withId = events.map((facts) => ('mailboxId' in facts ? { ...facts, mailboxId: doc.id } : facts));
      const added: EventFacts = { kind: 'MAILBOX', mailboxId: doc.id, change: 'ADDED' };
      const [result] = await store.commit([
        { workspaceId: workspace.id, at: clock.now(), mailboxes: [{ kind: 'insert', doc }], events: [added, ...withId] },
      ]);
      if (result?.kind !== 'committed') throw new Error('the mailbox could not be added');
      return (await store.mailbox(workspace.id, doc.id))!;
    },
    async commit({ workspace }, change) {
      const [result] = await store.commit([{ workspaceId: workspace.id, at: clock.now(), ...change }]);
      if (result?.kind !== 'committed') throw new Error(`not committed: ${JSON.stringify(result)}`);
    },
    request,
    post: (query, { variables, operationName, token, headers } = {}) =>
      request('/graphql', {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'application/json', ...bearer(token), ...headers },
        body: JSON.stringify({ query, variables, operationName }),
      }),
    get(query, { variables, token, headers } = {}) {
      const search = new URLSearchParams({ query, ...(variables === undefined ? {} : { variables: JSON.stringify(variables) }) });
      return request(`/graphql?${search}`, { headers: { accept: 'application/json', ...bearer(token), ...headers } });
    },
    async close() {
      await http.close(2_000);
      await repair.stop();
      await feed.stop();
      await store.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function probeFor(passwords: ReadonlyMap<string, string>): Probe {
  return async (login) => {
    const password = login.proof.kind === 'PASSWORD' ? login.proof.password.reveal() : null;
    if (password !== null && passwords.get(login.username) === password) return { kind: 'PROVEN' };
    const incoming = login.direction === 'INCOMING';
    const text = incoming ? 'NO [AUTHENTICATIONFAILED] Invalid credentials' : '535 5.7.8 Error: authentication failed';
    const context = {
      protocol: incoming ? 'IMAP' : 'SMTP',
      provider: login.provider,
      host: login.server.host,
      authMethod: 'BASIC',
    } as const;
    return { kind: 'FAILED', evidence: evidenceOfText(text, context) };
  };
}
