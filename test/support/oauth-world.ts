import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createOauthBrowser, type OauthBrowser, type SigningPerson } from '../../sandbox/browser.ts';
import { createCertificates } from '../../sandbox/certificates.ts';
import type { AccountInput } from '../../sandbox/accounts.ts';
import { signInThroughStartPage } from '../../sandbox/demo/api.ts';
import { sandboxEnvironment, SANDBOX_APP } from '../../sandbox/demo/gateway-environment.ts';
import type { GatewayEnvironment } from '../../sandbox/demo/gateway-process.ts';
import { startOauthServer, type OauthServer, type OauthServerOptions } from '../../sandbox/oauth/oauth-server.ts';
import type { PersonInput } from '../../sandbox/oauth/people.ts';
import { startSandbox, type Sandbox } from '../../sandbox/sandbox.ts';
import { startGateway, type RunningGateway } from '../../src/app.ts';
import { loadConfig } from '../../src/config.ts';
import { safeFacts } from '../../src/log.ts';
import type { Json } from '../http/json.ts';
import { createTestDatabase, freePlace, type EngineName, type TestDatabase } from './gateway.ts';
import { createGraphqlClient, type GraphqlClient } from './graphql-client.ts';
import { createShiftedClock, type ShiftedClock } from './store.ts';

type Choice = Parameters<typeof signInThroughStartPage>[3];

/** A gateway between mail servers and the sign-in of Microsoft and Google, all on loopback; it is pointed there by configuration only. */
export interface OauthWorld {
  readonly sandbox: Sandbox;
  readonly microsoft: OauthServer;
  readonly google: OauthServer;
  readonly database: TestDatabase;
  readonly clock: ShiftedClock;
  readonly url: string;
  readonly caPem: string;
  /** Another one after each start of the gateway. */
  readonly admin: GraphqlClient;
  readonly adminToken: string;
  readonly workerToken: string;
  log(): string;
  /** A browser of its own, with no cookies; it stops where the sign-in is over. */
  browser(stopAt?: (url: string) => boolean): OauthBrowser;
  /** From the start page to wherever the browser ends up. */
  signIn(authorization: Json, person: SigningPerson, choice?: Choice, browser?: OauthBrowser): Promise<URL>;
  /** Waits until the authorization is neither awaiting anybody nor being verified. */
  settled(authorization: Json): Promise<Json>;
  /** Waits until the authorization is in this state. */
  reaches(authorization: Json, status: string): Promise<Json>;
  /** Migrates or re-authorizes up to the outcome. */
  migrate(input: Record<string, unknown>, person: SigningPerson, choice?: Choice): Promise<Json>;
  signInAgain(mailboxId: string, person: SigningPerson, choice?: Choice): Promise<Json>;
  /** Logs in with what is in use, on the mail servers: how often each of the two let the mailbox in. */
  logsIn(id: string, address: string): Promise<{ readonly imap: number; readonly smtp: number }>;
  /** The whole way of a person who connects a mailbox by signing in. */
  connect(input: Record<string, unknown>, person: SigningPerson): Promise<Json>;
  connectWithPassword(input: Record<string, unknown>): Promise<Json>;
  mailbox(id: string): Promise<Json>;
  /** Checks until the mailbox is in this health: doubtful refusals want a second one. */
  checkUntil(id: string, passes: (mailbox: Json) => boolean): Promise<Json>;
  /** Attempts are limited by the minute: a minute passes for the limits, and for nothing else. */
  waitOutLimits(): void;
  /** Stops the gateway; `start` begins a new one on the same database. */
  stopGateway(): Promise<void>;
  startGateway(more?: GatewayEnvironment): Promise<void>;
  end(): Promise<void>;
}

export interface OauthWorldOptions {
  readonly engine?: EngineName;
  readonly accounts: readonly AccountInput[];
  readonly microsoft?: readonly PersonInput[];
  readonly google?: readonly PersonInput[];
  readonly environment?: GatewayEnvironment | ((sandbox: Sandbox) => GatewayEnvironment);
  readonly server?: Partial<OauthServerOptions>;
}

export async function startOauthWorld(options: OauthWorldOptions): Promise<OauthWorld> {
  const certificates = await createCertificates();
  const caPem = certificates.caPem;
  const tls = { key: certificates.keyPem, cert: certificates.certificatePem };
  const sandbox = await startSandbox({ accounts: options.accounts, certificates });
  const place = await freePlace();
  const signInServer = (flavour: 'microsoft' | 'google', people: readonly PersonInput[]): Promise<OauthServer> =>
    startOauthServer({
      flavour,
      port: 0,
      tls,
      app: { ...SANDBOX_APP, redirectUris: [`${place.PUBLIC_URL}/oauth/callback/${flavour}`] },
      people,
      ...options.server,
    });
  const microsoft = await signInServer('microsoft', options.microsoft ?? []);
  const google = await signInServer('google', options.google ?? []);
  sandbox.setIntrospection([microsoft, google].map((server) => ({ ...server.introspection, caPem })));
  const database = await createTestDatabase(options.engine ?? 'sqlite');
  const caFile = join(database.folder, 'ca.pem');
  writeFileSync(caFile, caPem);
  const environment: GatewayEnvironment = {
    ...sandboxEnvironment(sandbox, caFile, { microsoft, google }),
    ...database.environment,
    ...place,
    CHECK_INTERVAL_SECONDS: '3600',
    CONFIRM_AFTER_SECONDS: '1',
    CHECK_TIMEOUT_SECONDS: '10',
    ...(typeof options.environment === 'function' ? options.environment(sandbox) : options.environment),
  };
  const clock = createPushedClock();
  const lines: string[] = [];
  const write =
    (level: string) =>
    (message: string, facts?: Readonly<Record<string, unknown>>): void =>
      void lines.push(JSON.stringify({ level, ...(facts === undefined ? {} : safeFacts(facts)), message }));
  const log = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
  let gateway: RunningGateway | null = null;

  async function start(more: GatewayEnvironment = {}): Promise<void> {
    const loaded = loadConfig({ ...environment, ...more });
    if (loaded.kind === 'problems') throw new Error(loaded.problems.join('\n'));
    gateway = await startGateway(loaded.config, { log, clock, random: Math.random });
  }

  await start();
  const url = place.PUBLIC_URL;
  const adminToken = await database.createToken({ role: 'admin', name: 'Ada Admin' });
  const workerToken = await database.createToken({ role: 'worker', name: 'Mail worker' });
  let admin = createGraphqlClient(url, adminToken);

  const mailbox = async (id: string): Promise<Json> => (await admin.ask('MailboxPage', { id })).mailbox;

  async function follow(authorization: Json, passes: (seen: Json) => boolean): Promise<Json> {
    const live = admin.subscribe('SignInProgress', { id: authorization.id });
    try {
      return await live.until(passes);
    } finally {
      live.stop();
    }
  }

  async function repaired(operation: string, variables: unknown, person: SigningPerson, choice?: Choice): Promise<Json> {
    const begun = await admin.act(operation, variables);
    if (begun.authorization === undefined) throw new Error(JSON.stringify(begun));
    await world.signIn(begun.authorization, person, choice);
    return world.settled(begun.authorization);
  }

  const world: OauthWorld = {
    sandbox,
    microsoft,
    google,
    database,
    clock,
    url,
    caPem,
    get admin() {
      return admin;
    },
    adminToken,
    workerToken,
    log: () => lines.join('\n'),
    browser: (stopAt = (next) => next.includes('/oauth/result/') || next.includes('desk.test')) => createOauthBrowser(caPem, stopAt),
    signIn: (authorization, person, choice, browser = world.browser()) =>
      signInThroughStartPage(browser, authorization.authorizationUrl, person, choice),
    settled: (authorization) => follow(authorization, ({ status }) => status !== 'AWAITING_USER' && status !== 'VERIFYING'),
    reaches: (authorization, status) => follow(authorization, (seen) => seen.status === status),
    migrate: (input, person, choice) => repaired('MigrateToOAuth', { input }, person, choice),
    signInAgain: (mailboxId, person, choice) => repaired('SignInAgain', { mailboxId }, person, choice),
    async logsIn(id, address) {
      const accepted = () =>
        sandbox.state().accounts.find((account) => account.address === address)?.loginsAccepted ?? { imap: 0, smtp: 0 };
      // A check that is under way, such as the one that confirms a repair, would be joined and counted half.
      await admin.act('CheckNow', { mailboxId: id });
      const before = accepted();
      await admin.act('CheckNow', { mailboxId: id });
      return { imap: accepted().imap - before.imap, smtp: accepted().smtp - before.smtp };
    },
    async connect(input, person) {
      const begun = await admin.act('ConnectMailbox', { input: { authMethod: 'OAUTH2', ...input } });
      if (begun.authorization === undefined) throw new Error(JSON.stringify(begun));
      await world.signIn(begun.authorization, person);
      const outcome = await world.settled(begun.authorization);
      if (outcome.status !== 'COMMITTED' && outcome.status !== 'CONFIRMED') throw new Error(JSON.stringify(outcome));
      return mailbox(begun.mailbox.id);
    },
    async connectWithPassword(input) {
      const begun = await admin.act('ConnectMailbox', { input: { authMethod: 'BASIC', ...input } });
      if (begun.authorization?.status !== 'COMMITTED') throw new Error(JSON.stringify(begun));
      return mailbox(begun.mailbox.id);
    },
    mailbox,
    async checkUntil(id, passes) {
      for (let tries = 0; tries < 10; tries += 1) {
        const checked = await admin.act('CheckNow', { mailboxId: id });
        if (checked.mailbox === undefined) throw new Error(JSON.stringify(checked));
        const present = await mailbox(id);
        if (passes(present)) return present;
        clock.shift(61_000);
      }
      throw new Error(`The mailbox stays as it is: ${JSON.stringify((await mailbox(id)).status)}`);
    },
    waitOutLimits: () => clock.waitOutLimits(),
    async stopGateway() {
      await admin.close();
      await gateway?.stop();
      gateway = null;
    },
    async startGateway(more) {
      await start(more);
      // Connections that were kept open to the one before are found out to be dead one by one.
      for (let tries = 0; tries < 50; tries += 1) if ((await fetch(`${url}/healthz`).catch(() => null))?.ok === true) break;
      admin = createGraphqlClient(url, adminToken);
    },
    async end() {
      await admin.close();
      await gateway?.stop();
      await Promise.all([sandbox.stop(), microsoft.stop(), google.stop()]);
      await database.remove();
    },
  };
  return world;
}

/** As if time had passed: budgets and windows, which go by monotonic time, see it pass too. Timers are real. */
function createPushedClock(): ShiftedClock & { waitOutLimits(): void } {
  const shifted = createShiftedClock();
  let pushedMs = 0;
  return {
    ...shifted,
    monotonicMs: () => shifted.monotonicMs() + pushedMs,
    shift(ms) {
      pushedMs += ms;
      shifted.shift(ms);
    },
    waitOutLimits() {
      pushedMs += 61_000;
    },
  };
}
