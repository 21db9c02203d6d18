import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createCertificates } from '../../sandbox/certificates.ts';
import { sandboxEnvironment } from '../../sandbox/demo/gateway-environment.ts';
import type { GatewayEnvironment } from '../../sandbox/demo/gateway-process.ts';
import type { Sandbox } from '../../sandbox/sandbox.ts';
import type { MailServer } from '../../src/domain/mail.ts';
import type { Json } from '../http/json.ts';
import { startDovecot } from './dovecot.ts';
import { createTestDatabase, freePlace, startTestGateway, type EngineName, type TestDatabase, type TestGateway } from './gateway.ts';
import { createGraphqlClient, type GraphqlClient } from './graphql-client.ts';
import { mailServerOf, startTestSandbox } from './sandbox.ts';

export interface MailAccount {
  readonly address: string;
  readonly password: string;
}

/** Mail servers somewhere, and how their owner changes a password there. */
export interface MailServers {
  readonly caPem: string;
  readonly incoming: MailServer;
  readonly outgoing: MailServer;
  /** What points a gateway at them. */
  environment(caFile: string): GatewayEnvironment;
  setPassword(address: string, password: string): Promise<void>;
  readonly stop: () => Promise<void>;
}

export interface SandboxServers extends MailServers {
  readonly sandbox: Sandbox;
}

export async function sandboxServers(accounts: readonly MailAccount[]): Promise<SandboxServers> {
  const sandbox = await startTestSandbox({ accounts });
  return {
    sandbox,
    caPem: sandbox.caPem,
    incoming: mailServerOf(sandbox, 'imap'),
    outgoing: mailServerOf(sandbox, 'smtp'),
    environment: (caFile) => sandboxEnvironment(sandbox, caFile, null),
    setPassword: async (address, password) => sandbox.setPassword(address, password),
    stop: () => sandbox.stop(),
  };
}

/** A real Dovecot; null where it is not installed (never with REQUIRE_REAL=1). */
export async function dovecotServers(accounts: readonly MailAccount[]): Promise<MailServers | null> {
  const dovecot = await startDovecot({ users: accounts, certificates: await createCertificates() });
  if (dovecot === null) return null;
  return {
    caPem: dovecot.caPem,
    incoming: { host: 'localhost', port: dovecot.ports.imaps, security: 'TLS' },
    outgoing: { host: 'localhost', port: dovecot.ports.submissions, security: 'TLS' },
    environment: (caFile) => ({ CA_FILE: caFile, NETWORK_ALLOW: 'localhost:*;127.0.0.0/8:*' }),
    setPassword: (address, password) => dovecot.setPassword(address, password),
    stop: () => dovecot.stop(),
  };
}

/** What takes minutes in earnest takes seconds in a journey. */
export const QUICK: GatewayEnvironment = { CHECK_INTERVAL_SECONDS: '1', CONFIRM_AFTER_SECONDS: '1', CHECK_TIMEOUT_SECONDS: '10' };

/** One help desk on its own gateway, and its admin. */
export interface Journey {
  readonly database: TestDatabase;
  readonly gateway: TestGateway;
  readonly admin: GraphqlClient;
  /** Another person with a token of the same help desk. */
  person(role: 'viewer' | 'worker' | 'admin'): Promise<GraphqlClient>;
  /** Connects with a password at the journey's servers; `input` overrides. Gives the mailbox; rejects unless it was proven. */
  connect(account: MailAccount, input?: Record<string, unknown>): Promise<Json>;
  /** Ends clients, gateway and database; the mail servers belong to the caller. */
  readonly end: () => Promise<void>;
}

/** What a gateway needs to know: where its data, its mail servers and its port are. */
export async function environmentOf(
  database: TestDatabase,
  servers: MailServers,
  more: GatewayEnvironment = {},
): Promise<GatewayEnvironment> {
  const caFile = join(database.folder, 'ca.pem');
  writeFileSync(caFile, servers.caPem);
  return { ...QUICK, ...servers.environment(caFile), ...database.environment, ...(await freePlace()), ...more };
}

export async function startJourney(engine: EngineName, servers: MailServers, more: GatewayEnvironment = {}): Promise<Journey> {
  const database = await createTestDatabase(engine);
  const gateway = await startTestGateway(await environmentOf(database, servers, more));
  const clients: GraphqlClient[] = [];
  const person = async (role: 'viewer' | 'worker' | 'admin'): Promise<GraphqlClient> => {
    const client = createGraphqlClient(gateway.url, await database.createToken({ role }));
    clients.push(client);
    return client;
  };
  const admin = await person('admin');
  return {
    database,
    gateway,
    admin,
    person,
    connect: (account, input) => connectWithPassword(admin, servers, account, input),
    async end() {
      await Promise.all(clients.map((client) => client.close()));
      await gateway.stop();
      await database.remove();
    },
  };
}

export async function connectWithPassword(
  admin: GraphqlClient,
  servers: MailServers,
  account: MailAccount,
  input: Record<string, unknown> = {},
): Promise<Json> {
  const { incoming, outgoing } = servers;
  const answer = await admin.act('ConnectMailbox', {
    input: { provider: 'OTHER', authMethod: 'BASIC', ...account, incoming, outgoing, ...input },
  });
  if (answer.authorization?.status !== 'COMMITTED') throw new Error(`${account.address} was not connected: ${JSON.stringify(answer)}`);
  return answer.mailbox;
}
