import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createOauthBrowser, type OauthBrowser, type SigningPerson } from '../../sandbox/browser.ts';
import { createCertificates } from '../../sandbox/certificates.ts';
import type { AccountInput } from '../../sandbox/accounts.ts';
import { signInThroughStartPage } from '../../sandbox/demo/api.ts';
import type { GatewayEnvironment } from '../../sandbox/demo/gateway-process.ts';
import type { OauthServer, OauthServerOptions } from '../../sandbox/oauth/oauth-server.ts';
import type { PersonInput } from '../../sandbox/oauth/people.ts';
import type { Sandbox } from '../../sandbox/sandbox.ts';
import type { Json } from '../http/json.ts';
import { createTestDatabase, freePlace, type EngineName, type TestDatabase } from './gateway.ts';
import { createGraphqlClient, type GraphqlClient } from './graphql-client.ts';
import { sandboxOf, type MailKind, type MailServers } from './mail-servers.ts';
import { createRestartableGateway, type PushedClock } from './restartable-gateway.ts';
import { startSignInServers, type SignInServers } from './sign-in-servers.ts';
import { startMailServers } from './telling.ts';
import { endAll, within } from './within.ts';

type Choice = Parameters<typeof signInThroughStartPage>[3];

/** A gateway between mail servers and the sign-in of Microsoft and Google, all on loopback; it is pointed there by configuration only. */
export interface OauthWorld {
  readonly mail: MailServers;
  /** The switches that only the sandbox's mail servers have. Throws where the mail servers are real. */
  readonly sandbox: Sandbox;
  readonly signIns: Pick<SignInServers, 'cutIntrospection' | 'mendIntrospection'>;
  readonly microsoft: OauthServer;
  readonly google: OauthServer;
  readonly database: TestDatabase;
  readonly clock: PushedClock;
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
  /** A check that begins now; gives the mailbox after it. */
  check(id: string): Promise<Json>;
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
  /** Default: the sandbox's. */
  readonly mail?: MailKind;
  readonly accounts: readonly AccountInput[];
  readonly microsoft?: readonly PersonInput[];
  readonly google?: readonly PersonInput[];
  readonly environment?: GatewayEnvironment;
  readonly server?: Partial<OauthServerOptions>;
}

export async function startOauthWorld(options: OauthWorldOptions): Promise<OauthWorld> {
  const certificates = await createCertificates();
  const caPem = certificates.caPem;
  const place = await freePlace();
  const signIns = await startSignInServers({
    certificates,
    publicUrl: place.PUBLIC_URL,
    people: { microsoft: options.microsoft ?? [], google: options.google ?? [] },
    ...(options.server === undefined ? {} : { server: options.server }),
  });
  const { microsoft, google } = signIns;
  const mail = await startMailServers(options.mail ?? 'sandbox', {
    accounts: options.accounts,
    certificates,
    introspection: signIns.introspection,
  });
  const database = await createTestDatabase(options.engine ?? 'sqlite');
  const caFile = join(database.folder, 'ca.pem');
  writeFileSync(caFile, caPem);
  const gateway = createRestartableGateway({
    ...mail.environment(caFile),
    ...signIns.environment,
    ...database.environment,
    ...place,
    CHECK_INTERVAL_SECONDS: '3600',
    CONFIRM_AFTER_SECONDS: '1',
    CHECK_TIMEOUT_SECONDS: '10',
    ...options.environment,
  });
  const { clock } = gateway;
  await gateway.start();
  const url = place.PUBLIC_URL;
  const adminToken = await database.createToken({ role: 'admin', name: 'Ada Admin' });
  const workerToken = await database.createToken({ role: 'worker', name: 'Mail worker' });
  let admin = createGraphqlClient(url, adminToken);

  const mailbox = async (id: string): Promise<Json> => (await admin.ask('MailboxPage', { id })).mailbox;

  async function follow(authorization: Json, what: string, passes: (seen: Json) => boolean): Promise<Json> {
    const live = admin.subscribe('SignInProgress', { id: authorization.id });
    try {
      return await live.until(passes, `the authorization ${what}`);
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
    mail,
    get sandbox() {
      return sandboxOf(mail);
    },
    signIns,
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
    log: gateway.log,
    browser: (stopAt = (next) => next.includes('/oauth/result/') || next.includes('desk.test')) => createOauthBrowser(caPem, stopAt),
    signIn: (authorization, person, choice, browser = world.browser()) =>
      within(
        `the sign-in of ${person.address} to come to its end`,
        signInThroughStartPage(browser, authorization.authorizationUrl, person, choice),
        gateway.lastLog,
      ),
    settled: (authorization) =>
      follow(authorization, 'to be settled', ({ status }) => status !== 'AWAITING_USER' && status !== 'VERIFYING'),
    reaches: (authorization, status) => follow(authorization, `to be ${status}`, (seen) => seen.status === status),
    migrate: (input, person, choice) => repaired('MigrateToOAuth', { input }, person, choice),
    signInAgain: (mailboxId, person, choice) => repaired('SignInAgain', { mailboxId }, person, choice),
    async logsIn(id, address) {
      // A check that is under way would be counted half.
      await admin.act('CheckNow', { mailboxId: id });
      const before = await mail.acceptedLogins(address);
      await admin.act('CheckNow', { mailboxId: id });
      const after = await mail.acceptedLogins(address);
      return { imap: after.imap - before.imap, smtp: after.smtp - before.smtp };
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
    async check(id) {
      // The first joins the check that is under way, such as the one that confirms a repair.
      await admin.act('CheckNow', { mailboxId: id });
      await admin.act('CheckNow', { mailboxId: id });
      return mailbox(id);
    },
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
      await gateway.stop();
    },
    async startGateway(more) {
      await gateway.start(more);
      admin = createGraphqlClient(url, adminToken);
    },
    end: () =>
      endAll(
        {
          'the admin': () => admin.close(),
          'the gateway': () => gateway.stop(),
          'the mail servers': () => mail.stop(),
          'the sign-in servers': () => signIns.stop(),
          'the database': () => database.remove(),
        },
        gateway.lastLog,
      ),
  };
  return world;
}
