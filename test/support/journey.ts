import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { GatewayEnvironment } from '../../sandbox/demo/gateway-process.ts';
import type { Json } from '../http/json.ts';
import { createTestDatabase, freePlace, type EngineName, type TestDatabase } from './gateway.ts';
import { createGraphqlClient, type GraphqlClient } from './graphql-client.ts';
import type { MailServers, SandboxServers } from './mail-servers.ts';
import { startDovecotServers } from './mail-servers-dovecot.ts';
import { startSandboxServers } from './mail-servers-sandbox.ts';
import { createRestartableGateway, type PushedClock } from './restartable-gateway.ts';
import { endAll } from './within.ts';

export type { MailServers, SandboxServers };

export interface MailAccount {
  readonly address: string;
  readonly password: string;
}

export function sandboxServers(accounts: readonly MailAccount[]): Promise<SandboxServers> {
  return startSandboxServers({ accounts });
}

/** A real Dovecot; null where it is not installed (never with REQUIRE_REAL=1). */
export function dovecotServers(accounts: readonly MailAccount[]): Promise<MailServers | null> {
  return startDovecotServers({ accounts });
}

/** What takes minutes in earnest takes seconds in a journey. */
export const QUICK: GatewayEnvironment = { CHECK_INTERVAL_SECONDS: '1', CONFIRM_AFTER_SECONDS: '1', CHECK_TIMEOUT_SECONDS: '10' };

/** One help desk on its own gateway, and its admin. */
export interface Journey {
  readonly database: TestDatabase;
  /** Of the gateway: real time, which a test may push forward. */
  readonly clock: PushedClock;
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
  const environment = await environmentOf(database, servers, more);
  const gateway = createRestartableGateway(environment);
  await gateway.start();
  const clients: GraphqlClient[] = [];
  const person = async (role: 'viewer' | 'worker' | 'admin'): Promise<GraphqlClient> => {
    const client = createGraphqlClient(environment['PUBLIC_URL'] ?? '', await database.createToken({ role }));
    clients.push(client);
    return client;
  };
  const admin = await person('admin');
  return {
    database,
    clock: gateway.clock,
    admin,
    person,
    connect: (account, input) => connectWithPassword(admin, servers, account, input),
    end: () =>
      endAll({
        clients: () => Promise.all(clients.map((client) => client.close())),
        gateway: () => gateway.stop(),
        database: () => database.remove(),
      }),
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
