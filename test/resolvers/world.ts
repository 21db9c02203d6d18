import { randomUUID } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createOpenLogin } from '../../src/credentials/open-login.ts';
import { createRepair } from '../../src/credentials/create-repair.ts';
import type { Repair } from '../../src/credentials/repair.ts';
import type { Authorization } from '../../src/domain/authorization.ts';
import { confirmAuthorization } from '../../src/domain/authorization-changes.ts';
import { DEFAULT_ADVISORIES } from '../../src/domain/advisories.ts';
import { evidenceOfText } from '../../src/domain/diagnose/evidence-of.ts';
import type { UserError, UserErrorKind } from '../../src/domain/errors.ts';
import type { EventFacts, LogEvent, StatusFacts } from '../../src/domain/event.ts';
import type { AuthorizationId, MailboxId } from '../../src/domain/ids.ts';
import type { Log } from '../../src/domain/log.ts';
import type { LegDirection, MailServer, Provider } from '../../src/domain/mail.ts';
import type { Mailbox } from '../../src/domain/mailbox.ts';
import type { GatewaySettings } from '../../src/domain/settings.ts';
import type { Viewer } from '../../src/domain/viewer.ts';
import type { Workspace } from '../../src/domain/workspace.ts';
import { createFeed } from '../../src/feed/create-feed.ts';
import type { MailServerSuggestion } from '../../src/network/discovered.ts';
import type { LegLogin, Probe, ProbeOutcome } from '../../src/providers/probe.ts';
import { createRateLimits } from '../../src/resolvers/create-rate-limits.ts';
import type { Gateway, Outcome } from '../../src/resolvers/gateway.ts';
import type { ConnectMailboxInput } from '../../src/resolvers/mutation-types.ts';
import { connectMailbox } from '../../src/resolvers/mutations/connect-mailbox.ts';
import { openSqliteStore } from '../../src/store/sqlite/open-sqlite-store.ts';
import type { Change, Store } from '../../src/store/store.ts';
import { createVault } from '../../src/vault/open-vault.ts';
import { createVirtualClock, type VirtualClock } from '../support/virtual-clock.ts';
import { freshRing } from '../vault/rings.ts';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;

const server = (host: string, port: number): MailServer => ({ host, port, security: 'TLS' });
export const IMAP = server('imap.acme.test', 993);
export const SMTP = server('smtp.acme.test', 465);

export const SETTINGS: GatewaySettings = {
  checkIntervalMs: 10 * MINUTE,
  confirmAfterMs: MINUTE,
  checkTimeoutMs: 30_000,
  checkConcurrency: 50,
  rollbackKeptMs: 7 * 24 * HOUR,
  logRetentionMs: 30 * 24 * HOUR,
  authorizationTtlMs: 24 * HOUR,
  socketsPerToken: 1000,
  publicUrl: new URL('http://localhost:4000'),
  allowedOrigins: ['http://localhost:4000'],
  returnToOrigins: ['https://desk.acme.test'],
  helpUrl: 'http://localhost:4000/help',
  servers: {
    microsoftImap: server('imap.microsoft.test', 993),
    microsoftSmtp: server('smtp.microsoft.test', 587),
    microsoftPersonalSmtp: server('smtp-personal.microsoft.test', 587),
    gmailImap: server('imap.gmail.test', 993),
    gmailSmtp: server('smtp.gmail.test', 465),
  },
};

/** The mail servers of a test: who has which password, and what is wrong with a leg. */
export interface MailServers {
  readonly passwords: Map<string, string>;
  /** Text that a leg's server answers to every login, e.g. "421 4.3.2 Service not available". */
  readonly answers: Map<LegDirection, string>;
  /** The same for one host, over the leg's; null: this host is fine. */
  readonly hosts: Map<string, string | null>;
  /** A leg in here does not answer before its promise is kept. */
  readonly silence: Map<LegDirection, Promise<void>>;
  readonly logins: LegLogin[];
}

export interface World {
  readonly clock: VirtualClock;
  readonly store: Store;
  readonly servers: MailServers;
  readonly gateway: Gateway;
  readonly repair: Repair;
  readonly viewer: Viewer;
  readonly worker: Viewer;
  readonly reader: Viewer;
  readonly discovered: MailServerSuggestion[];
  /** Hosts that the network guard refuses. */
  readonly forbiddenHosts: Set<string>;
  /** Hosts that the operator listed in NETWORK_ALLOW. */
  readonly listedHosts: Set<string>;
  readonly configured: Set<Provider>;
  readonly logged: string[];
  readonly wakes: () => number;
  /** Another process on the same database; `probe` replaces how it logs in. */
  another(probe?: Probe): { readonly repair: Repair; readonly gateway: Gateway };
  workspace(): Promise<Workspace>;
  mailbox(id: string): Promise<Mailbox>;
  authorization(id: string): Promise<Authorization>;
  events(): Promise<readonly LogEvent[]>;
  statusEvents(): Promise<readonly StatusFacts[]>;
  /** Everything that lies in the database's files, as text. */
  files(): Promise<string>;
  connect(address: string, over?: Partial<ConnectMailboxInput>): Promise<Mailbox>;
  /** Runs a call that may wait for virtual time, moving the clock until it is answered. */
  timed<T>(call: Promise<T>, limitMs?: number): Promise<T>;
  /** Lets the repair loop do once what is due now. */
  look(): Promise<void>;
  close(): Promise<void>;
}

const GOOD: ProbeOutcome = { kind: 'PROVEN' };

export async function createWorld(): Promise<World> {
  const directory = await mkdtemp(join(tmpdir(), 'repair-'));
  const clock = createVirtualClock();
  const logged: string[] = [];
  const write = (message: string, facts: unknown): void => void logged.push(`${message} ${JSON.stringify(facts ?? null)}`);
  const log: Log = { debug: write, info: write, warn: write, error: write };
  const store = await openSqliteStore({ path: join(directory, 'gateway.db'), clock, newId: randomUUID, log, serve: false, holder: 'test' });
  const { id: workspaceId } = await store.ensureWorkspace('acme', clock.now());
  const servers: MailServers = { passwords: new Map(), answers: new Map(), hosts: new Map(), silence: new Map(), logins: [] };
  const ring = freshRing('k1');
  const vault = createVault(() => ring);
  const openLogin = createOpenLogin({ vault, clock, log });
  const discovered: MailServerSuggestion[] = [];
  const forbiddenHosts = new Set<string>();
  const listedHosts = new Set<string>();
  const configured = new Set<Provider>();
  let wakes = 0;
  const checks = {
    checkNow: (workspace: Viewer['workspaceId'], id: MailboxId) => store.mailbox(workspace, id),
    wake: () => {
      wakes += 1;
    },
  };
  const parts = (probe: Probe) => ({
    store,
    probe,
    openLogin,
    clock,
    random: () => 0.5,
    newId: randomUUID,
    log,
    settings: SETTINGS,
    checks,
  });
  const processOf = (probe: Probe) => {
    const repair = createRepair(parts(probe));
    const gateway: Gateway = {
      ...parts(probe),
      vault,
      feed: createFeed({ store, clock, log }),
      repair,
      discover: () => Promise.resolve(discovered),
      isListedHost: (host) => listedHosts.has(host),
      refusalOfHost: (host) =>
        Promise.resolve(forbiddenHosts.has(host) ? `Connections to ${host} are not allowed from this gateway.` : null),
      signIn: { configured: (provider) => configured.has(provider) },
      limits: createRateLimits(clock),
      advisories: DEFAULT_ADVISORIES,
    };
    return { repair, gateway };
  };
  const probe = probeOf(servers);
  const own = processOf(probe);
  const viewerOf = (role: Viewer['role']): Viewer => ({
    id: `token-${role}`,
    tokenId: null,
    name: `${role.toLowerCase()} token`,
    role,
    workspaceId,
    expiresAt: null,
  });
  const viewer = viewerOf('ADMIN');

  const world: World = {
    clock,
    store,
    servers,
    ...own,
    viewer,
    worker: viewerOf('WORKER'),
    reader: viewerOf('VIEWER'),
    discovered,
    forbiddenHosts,
    listedHosts,
    configured,
    logged,
    wakes: () => wakes,
    another: (other = probe) => processOf(other),
    workspace: async () => (await store.workspace(workspaceId))!,
    mailbox: async (id) => (await store.mailbox(workspaceId, id as MailboxId))!,
    authorization: async (id) => (await store.authorization(workspaceId, id as AuthorizationId))!,
    events: () => store.eventsAfter(workspaceId, 0, 1000),
    statusEvents: async () => (await world.events()).flatMap(({ facts }) => (facts.kind === 'STATUS' ? [facts] : [])),
    files: async () => {
      const names = await readdir(directory);
      return (await Promise.all(names.map((name) => readFile(join(directory, name), 'latin1')))).join('\n');
    },
    connect: async (address, over = {}) => {
      servers.passwords.set(over.username ?? address, over.password ?? 'first-password');
      const { mailbox } = payloadOf(await connectMailbox(own.gateway, viewer, connectInput(address, over)));
      return mailbox;
    },
    timed: async (call, limitMs = 2 * MINUTE) => {
      let answered = false;
      const watched = call.finally(() => {
        answered = true;
      });
      watched.catch(() => undefined);
      await clock.advanceUntil(() => answered, limitMs);
      return watched;
    },
    look: async () => {
      const { repair } = processOf(probe);
      repair.start();
      await clock.advance(1);
      await repair.stop();
    },
    close: async () => {
      await own.repair.stop();
      await store.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
  return world;
}

function probeOf(servers: MailServers): Probe {
  return async (login, options) => {
    servers.logins.push(login);
    const silence = servers.silence.get(login.direction);
    if (silence !== undefined) await Promise.race([silence, aborted(options.signal)]);
    const context = {
      protocol: login.direction === 'INCOMING' ? 'IMAP' : 'SMTP',
      provider: login.provider,
      host: login.server.host,
      authMethod: 'BASIC',
    } as const;
    const own = servers.hosts.get(login.server.host);
    const answer = own === undefined ? servers.answers.get(login.direction) : (own ?? undefined);
    if (answer !== undefined) return { kind: 'FAILED', evidence: evidenceOfText(answer, context) };
    const password = login.proof.kind === 'PASSWORD' ? login.proof.password.reveal() : null;
    if (password !== null && servers.passwords.get(login.username) === password) return GOOD;
    const refusal =
      login.direction === 'INCOMING' ? 'NO [AUTHENTICATIONFAILED] Invalid credentials' : '535 5.7.8 Error: authentication failed';
    return { kind: 'FAILED', evidence: evidenceOfText(refusal, context) };
  };
}

function aborted(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) resolve();
    signal?.addEventListener('abort', () => resolve(), { once: true });
  });
}

export function connectInput(address: string, over: Partial<ConnectMailboxInput> = {}): ConnectMailboxInput {
  return {
    address,
    provider: 'OTHER',
    direction: 'BOTH',
    deleteAfterFetch: false,
    authMethod: 'BASIC',
    password: 'first-password',
    ...(over.provider === undefined && over.authMethod === undefined ? serversFor(over.direction ?? 'BOTH') : {}),
    ...over,
  };
}

function serversFor(direction: ConnectMailboxInput['direction']): Partial<ConnectMailboxInput> {
  return { incoming: direction === 'OUTGOING' ? null : IMAP, outgoing: direction === 'INCOMING' ? null : SMTP };
}

export function payloadOf<Payload>(outcome: Outcome<Payload>): Payload {
  if (outcome.kind === 'error') throw new Error(`${outcome.error.kind}: ${JSON.stringify(outcome.error)}`);
  return outcome.payload;
}

export function errorOf<Kind extends UserErrorKind>(outcome: Outcome<unknown>, kind: Kind): Extract<UserError, { kind: Kind }> {
  if (outcome.kind === 'ok') throw new Error(`expected ${kind}, got a payload`);
  if (outcome.error.kind !== kind) throw new Error(`expected ${kind}, got ${JSON.stringify(outcome.error)}`);
  return outcome.error as Extract<UserError, { kind: Kind }>;
}

export function pathsOf(outcome: Outcome<unknown>): readonly string[] {
  return errorOf(outcome, 'InvalidInput').issues.map(({ path }) => path.join('.'));
}

export function kindsOf(events: readonly LogEvent[]): readonly string[] {
  return events.map(({ facts }) => labelOf(facts));
}

function labelOf(facts: EventFacts): string {
  switch (facts.kind) {
    case 'STATUS':
      return `STATUS ${facts.leg} ${facts.from}>${facts.to} ${facts.trigger}`;
    case 'MAILBOX':
    case 'WORKSPACE':
      return `${facts.kind} ${facts.change}`;
    case 'AUTHORIZATION':
    case 'INCIDENT':
    case 'TOKEN':
      return facts.kind;
  }
}

/** What status does on the first background proof after a commit. */
export async function confirmInBackground(world: World, mailbox: Mailbox): Promise<void> {
  const authorization = await world.authorization(mailbox.unconfirmedAuthorizationId!);
  const change: Change = {
    workspaceId: mailbox.workspaceId,
    at: world.clock.now(),
    mailboxes: [{ kind: 'replace', doc: { ...mailbox, unconfirmedAuthorizationId: null }, expectedRevision: mailbox.revision }],
    authorizations: [
      { kind: 'replace', doc: confirmAuthorization(authorization, world.clock.now()), expectedRevision: authorization.revision },
    ],
  };
  await world.store.commit([change]);
}

export function deferred(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((keep) => {
    resolve = keep;
  });
  return { promise, resolve };
}
