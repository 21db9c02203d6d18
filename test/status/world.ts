import { mkdtemp, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { OpenLogin, OpenedLogin } from '../../src/credentials/credentials.ts';
import type { Credential, LoginSetup } from '../../src/domain/credential.ts';
import { evidenceOf, gatewayEvidence } from '../../src/domain/diagnose/evidence-of.ts';
import type { EventFacts, StatusFacts } from '../../src/domain/event.ts';
import type { Evidence } from '../../src/domain/evidence.ts';
import { freshLeg } from '../../src/domain/health.ts';
import type { CredentialId, MailboxId, WorkspaceId } from '../../src/domain/ids.ts';
import type { Leg } from '../../src/domain/leg.ts';
import type { Log, LogFacts } from '../../src/domain/log.ts';
import type { LegDirection, MailDirection, MailServer, Provider } from '../../src/domain/mail.ts';
import type { Mailbox } from '../../src/domain/mailbox.ts';
import type { Sealed } from '../../src/domain/sealed.ts';
import type { Probe, ProbeOutcome } from '../../src/providers/probe.ts';
import { createStatus, type Status, type StatusSettings } from '../../src/status/create-status.ts';
import { openSqliteStore } from '../../src/store/sqlite/open-sqlite-store.ts';
import type { Store } from '../../src/store/store.ts';
import { Secret } from '../../src/vault/secret.ts';
import { createVirtualClock, type VirtualClock } from '../support/virtual-clock.ts';

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const INTERVAL = 10 * MINUTE;
export const CONFIRM_AFTER = MINUTE;
export const TIMEOUT = 30 * SECOND;

const server = (host: string, port = 993): MailServer => ({ host, port, security: 'TLS' });

export const SETTINGS: StatusSettings = {
  checkIntervalMs: INTERVAL,
  confirmAfterMs: CONFIRM_AFTER,
  checkTimeoutMs: TIMEOUT,
  checkConcurrency: 50,
  servers: {
    microsoftImap: server('outlook.office365.com'),
    microsoftSmtp: server('smtp.office365.com', 587),
    microsoftPersonalSmtp: server('smtp-mail.outlook.com', 587),
    gmailImap: server('imap.gmail.com'),
    gmailSmtp: server('smtp.gmail.com', 465),
  },
};

export type Answer = (attempt: Attempt) => ProbeOutcome | Promise<ProbeOutcome>;

export interface Attempt {
  readonly username: string;
  readonly leg: LegDirection;
  readonly host: string;
  readonly at: number;
  readonly signal: AbortSignal;
}

export const proven: Answer = () => ({ kind: 'PROVEN' });
export const failing =
  (evidence: Evidence): Answer =>
  () => ({ kind: 'FAILED', evidence });

const imap = { protocol: 'IMAP', provider: 'OTHER', host: 'imap.example.com', authMethod: 'BASIC' } as const;
const imapNo = (text: string, code?: string): Evidence =>
  evidenceOf(
    Object.assign(new Error('Command failed'), {
      authenticationFailed: true,
      response: `3 NO ${code === undefined ? '' : `[${code}] `}${text}`,
      responseStatus: 'NO',
      responseText: text,
      ...(code === undefined ? {} : { serverResponseCode: code }),
    }),
    imap,
  );

/** Never answers, until the check gives up. */
export const hanging: Answer = ({ signal }) =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('gave up'))));

/** A doubtful rejection: what a wrong password looks like. */
export const wrongPassword = failing(imapNo('Authentication failed.', 'AUTHENTICATIONFAILED'));
/** What Exchange says for nearly everything, in outages too. */
export const bareNo = failing(imapNo('AUTHENTICATE failed.'));
export const unavailable = failing(imapNo('Temporary authentication failure.', 'UNAVAILABLE'));
export const refused = failing(evidenceOf(Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }), imap));
/** Certain: the mail server says that the password has expired. */
export const passwordExpired = failing(imapNo('Your password has expired.', 'EXPIRED'));
export const appSecretExpired: Evidence = gatewayEvidence('APP_SECRET_EXPIRED', {
  protocol: 'OAUTH',
  provider: 'MICROSOFT_365',
  host: null,
  authMethod: 'OAUTH2',
});

export type Opening = (username: string, forced: boolean) => OpenedLogin | Promise<OpenedLogin> | null;

export interface WorldOptions {
  readonly settings?: Partial<StatusSettings>;
  readonly seed?: number;
  /** How long a probe takes, virtual milliseconds. */
  readonly probeMs?: number;
}

export interface MailboxOptions {
  readonly provider?: Provider;
  readonly host?: string;
  readonly direction?: MailDirection;
  readonly oauth?: boolean;
  readonly paused?: boolean;
  /** Default: HEALTHY, proven just now, due now plus `dueInMs`. */
  readonly fresh?: boolean;
  readonly dueInMs?: number;
}

/** A store, a clock and mail servers that answer as told; any number of gateway processes on them. */
export interface World {
  readonly clock: VirtualClock;
  readonly store: Store;
  readonly workspaceId: WorkspaceId;
  readonly logged: readonly { readonly level: string; readonly message: string; readonly facts: LogFacts | undefined }[];
  /** Every login tried, in order. */
  readonly attempts: Attempt[];
  /** The most logins at the same time at one host so far. */
  readonly peaks: ReadonlyMap<string, number>;
  /** How logins of this user name are answered from now on; `*` for everybody without an own answer. */
  answer(username: string, answer: Answer): void;
  /** How the login is opened from now on, e.g. a refused refresh. Null, and an answer of null: ready. */
  opening(answer: Opening | null): void;
  process(holder?: string, store?: Store): Status;
  add(address: string, options?: MailboxOptions, workspaceId?: WorkspaceId): Promise<Mailbox>;
  mailbox(id: MailboxId, workspaceId?: WorkspaceId): Promise<Mailbox>;
  events(workspaceId?: WorkspaceId): Promise<readonly EventFacts[]>;
  statusEvents(workspaceId?: WorkspaceId): Promise<readonly StatusFacts[]>;
  attemptsOf(username: string): readonly Attempt[];
  readonly random: () => number;
  dispose(): Promise<void>;
}

export async function createWorld(options: WorldOptions = {}): Promise<World> {
  const clock = createVirtualClock();
  const dir = await mkdtemp(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'mailbox-gateway-status-'));
  const random = seeded(options.seed ?? 1);
  const logged: { level: string; message: string; facts: LogFacts | undefined }[] = [];
  const log = recordingLog(logged);
  let ids = 0;
  const newId = (): string => `00000000-0000-4000-8000-${String((ids += 1)).padStart(12, '0')}`;
  const store = await openSqliteStore({ path: join(dir, 'gateway.db'), clock, newId, log, serve: false, holder: 'test' });
  const { id: workspaceId } = await store.ensureWorkspace('Acme', clock.now());
  const answers = new Map<string, Answer>();
  const attempts: Attempt[] = [];
  const runningAt = new Map<string, number>();
  const peaks = new Map<string, number>();
  const started: Status[] = [];
  let opening: Opening | null = null;

  const probe: Probe = async (login, { signal }) => {
    const attempt: Attempt = {
      username: login.username,
      leg: login.direction,
      host: login.server.host,
      at: clock.now(),
      signal: signal ?? new AbortController().signal,
    };
    attempts.push(attempt);
    const now = (runningAt.get(attempt.host) ?? 0) + 1;
    runningAt.set(attempt.host, now);
    peaks.set(attempt.host, Math.max(peaks.get(attempt.host) ?? 0, now));
    try {
      if (options.probeMs !== 0) await new Promise<void>((resolve) => void clock.schedule(options.probeMs ?? 100, resolve));
      return await (answers.get(attempt.username) ?? answers.get('*') ?? proven)(attempt);
    } finally {
      runningAt.set(attempt.host, (runningAt.get(attempt.host) ?? 1) - 1);
    }
  };
  const openLogin: OpenLogin = async (_owner, setup, leg, { forceRefresh }) => {
    const answered = opening?.(setup.address, forceRefresh) ?? null;
    if (answered !== null) return answered;
    const at = leg === 'INCOMING' ? setup.incomingServer : setup.outgoingServer;
    if (at === null) throw new Error('no such leg');
    const basic = setup.credential.kind === 'BASIC';
    return {
      kind: 'READY',
      fresh: basic || forceRefresh,
      login: {
        direction: leg,
        provider: setup.provider,
        server: at,
        username: setup.address,
        proof: basic ? { kind: 'PASSWORD', password: new Secret('pw') } : { kind: 'ACCESS_TOKEN', accessToken: new Secret('token') },
      },
    };
  };

  return {
    clock,
    store,
    workspaceId,
    logged,
    attempts,
    peaks,
    answer: (username, answer) => void answers.set(username, answer),
    opening: (answer) => void (opening = answer),
    process(holder = 'gateway-1', ownStore = store) {
      const settings = { ...SETTINGS, ...options.settings };
      const status = createStatus({ store: ownStore, probe, openLogin, clock, random, newId, log, settings, holder });
      started.push(status);
      return status;
    },
    async add(address, mailbox = {}, workspace = workspaceId) {
      const doc = newMailbox(workspace, newId() as MailboxId, address, mailbox, clock.now());
      await store.commit([{ workspaceId: workspace, at: clock.now(), mailboxes: [{ kind: 'insert', doc }] }]);
      return doc;
    },
    async mailbox(id, workspace = workspaceId) {
      const found = await store.mailbox(workspace, id);
      if (found === null) throw new Error('no such mailbox');
      return found;
    },
    events: async (workspace = workspaceId) => (await store.eventsAfter(workspace, 0, 100_000)).map((event) => event.facts),
    statusEvents: async (workspace = workspaceId) =>
      (await store.eventsAfter(workspace, 0, 100_000)).flatMap((event) => (event.facts.kind === 'STATUS' ? [event.facts] : [])),
    attemptsOf: (username) => attempts.filter((attempt) => attempt.username === username),
    random,
    async dispose() {
      const stops = Promise.allSettled(started.map((status) => status.stop(0)));
      await clock.advance(MINUTE);
      await stops;
      await store.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

function newMailbox(workspaceId: WorkspaceId, id: MailboxId, address: string, options: MailboxOptions, now: number): Mailbox {
  const direction = options.direction ?? 'INCOMING';
  const host = options.host ?? 'imap.example.com';
  const leg = (which: LegDirection): Leg => {
    const fresh = freshLeg(which, now + (options.dueInMs ?? 0));
    if (options.paused === true) return { ...fresh, health: 'PAUSED', nextCheckAt: null };
    return options.fresh === true ? fresh : { ...fresh, health: 'HEALTHY', since: now, lastCheckedAt: now, lastProvenAt: now };
  };
  const active: LoginSetup = {
    provider: options.provider ?? 'OTHER',
    address,
    signInAddress: address,
    direction,
    deleteAfterFetch: false,
    incomingServer: direction === 'OUTGOING' ? null : server(host),
    outgoingServer: direction === 'INCOMING' ? null : server(host, 465),
    credential: credentialOf(id, options, now),
  };
  return {
    id,
    workspaceId,
    revision: 0,
    displayName: null,
    version: 1,
    loginVersion: 1,
    live: true,
    paused: options.paused === true,
    active,
    previous: null,
    address,
    incoming: direction === 'OUTGOING' ? null : leg('INCOMING'),
    outgoing: direction === 'INCOMING' ? null : leg('OUTGOING'),
    openAuthorizationId: null,
    repairRejected: false,
    unconfirmedAuthorizationId: null,
    createdAt: now,
    updatedAt: now,
    changedAt: now,
  };
}

function credentialOf(id: MailboxId, options: MailboxOptions, now: number): Credential {
  const sealed = 'sealed' as Sealed;
  const base = { id: `credential-${id}` as CredentialId, secretVersion: 1 };
  if (options.oauth !== true)
    return { ...base, kind: 'BASIC', login: { username: 'user', password: sealed }, outgoingLogin: null, passwordSetAt: now };
  return {
    ...base,
    kind: 'OAUTH2',
    username: 'user',
    grant: {
      issuer: 'https://login.microsoftonline.com/t1/v2.0',
      clientId: 'client',
      pin: { kind: 'MICROSOFT', issuer: 'https://login.microsoftonline.com/t1/v2.0', tenantId: 't1', objectId: id },
      refreshToken: sealed,
      accessToken: sealed,
      accessTokenExpiresAt: now + HOUR,
      grantedScopes: [],
      requiredScopes: [],
      consentedAt: now,
      lastRefreshedAt: null,
      expiresAt: null,
    },
  };
}

function recordingLog(logged: { level: string; message: string; facts: LogFacts | undefined }[]): Log {
  const at = (level: string) => (message: string, facts?: LogFacts) => void logged.push({ level, message, facts });
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** mulberry32: the same numbers for the same seed. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** A promise that the test settles. */
export function deferred<T>(): { readonly promise: Promise<T>; resolve(value: T): void } {
  let settle: (value: T) => void = () => undefined;
  const promise = new Promise<T>((resolve) => (settle = resolve));
  return { promise, resolve: (value) => settle(value) };
}
