import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startGatewayProcess, type GatewayEnvironment, type GatewayProcess } from '../../sandbox/demo/gateway-process.ts';
import { wholeLog } from '../contract/store/harness.ts';
import type { LogEvent } from '../../src/domain/event.ts';
import type { Json } from '../http/json.ts';
import { createTestDatabase, describeOnEngine, ENGINES, type EngineName, type TestDatabase } from '../support/gateway.ts';
import { createGraphqlClient, type GraphqlClient } from '../support/graphql-client.ts';
import type { Live } from '../support/live-events.ts';
import { connectWithPassword, environmentOf, sandboxServers, type SandboxServers } from '../support/journey.ts';

const ACCOUNTS = ['a', 'b', 'c', 'd'].map((name) => ({ address: `${name}@acme.test`, password: 'secret' }));
/** After this many acknowledged changes the gateway is killed, while others are under way. */
const KILLED_AFTER = [9, 23];

describe.each(ENGINES)('kill -9 of the gateway in the middle of changes', (engine) => {
  describeOnEngine(engine, 'nothing that was acknowledged is lost', () => crash(engine));
});

function crash(engine: EngineName): void {
  let servers: SandboxServers;
  let database: TestDatabase;
  let environment: GatewayEnvironment;
  let token: string;
  let gateway: GatewayProcess;
  let mailboxIds: readonly string[];
  const clients: GraphqlClient[] = [];

  beforeAll(async () => {
    servers = await sandboxServers(ACCOUNTS);
    database = await createTestDatabase(engine);
    // The changes are the test's own: no check interferes.
    environment = await environmentOf(database, servers, { CHECK_INTERVAL_SECONDS: '3600' });
    token = await database.createToken({ role: 'admin' });
    gateway = await startGatewayProcess(environment);
    const admin = client();
    mailboxIds = await Promise.all(ACCOUNTS.map(async (account) => String((await connectWithPassword(admin, servers, account)).id)));
  });
  afterAll(async () => {
    for (const each of clients) await each.close();
    await gateway.stop();
    await database.remove();
    await servers.stop();
  });

  function client(): GraphqlClient {
    const made = createGraphqlClient(gateway.url, token);
    clients.push(made);
    return made;
  }

  /** Pauses and resumes every mailbox, several at a time, until the gateway is gone. Gives what was acknowledged. */
  async function changeUntilKilled(
    admin: GraphqlClient,
    killAfter: number,
  ): Promise<{ readonly mailboxId: string; readonly sequence: number }[]> {
    const acknowledged: { mailboxId: string; sequence: number }[] = [];
    const work = async (mailboxId: string): Promise<void> => {
      for (let paused = false; ; paused = !paused) {
        const { mailbox } = await admin.act(paused ? 'ResumeMailbox' : 'PauseMailbox', { mailboxId });
        acknowledged.push({ mailboxId, sequence: mailbox.status.sequence });
        if (acknowledged.length === killAfter) void gateway.kill();
      }
    };
    await Promise.allSettled(mailboxIds.map(work));
    return acknowledged;
  }

  /** One change, made now; gives its sequences: one a leg. */
  async function toggle(mailboxId: string): Promise<readonly number[]> {
    const admin = client();
    const { status } = (await admin.ask('MailboxPage', { id: mailboxId })).mailbox;
    const answer = await admin.act(status.health === 'PAUSED' ? 'ResumeMailbox' : 'PauseMailbox', { mailboxId });
    const newest: number = answer.mailbox.status.sequence;
    return [newest - 1, newest];
  }

  const opened = (event: Json): boolean => event.__typename === 'StreamOpened';
  const sequencesOf = (live: Live): number[] =>
    live.events.filter(({ change }) => change !== undefined).map(({ change }) => change.sequence);
  const logOf = (): Promise<readonly LogEvent[]> => database.withStore(async (store) => wholeLog(store, (await store.workspaces())[0]!.id));

  test.each(KILLED_AFTER)(
    'after %i changes: no gap in the log, and subscribers with a cursor get exactly what they missed',
    async (killAfter) => {
      const head = (await logOf()).at(-1)?.position ?? 0;
      const [untilTheEnd, leftEarly] = [client().subscribe('LiveStatus'), client().subscribe('LiveStatus')];
      for (const live of [untilTheEnd, leftEarly]) await live.until(opened);
      const changes = changeUntilKilled(client(), killAfter);
      await leftEarly.until(({ change }) => change !== undefined);
      leftEarly.stop();
      const acknowledged = await changes;
      await untilTheEnd.ended;
      await gateway.kill();
      gateway = await startGatewayProcess(environment);

      const log = await logOf();
      expect(log.map(({ position }) => position)).toEqual(log.map((_, index) => index + 1));
      const status = log.filter(({ facts }) => facts.kind === 'STATUS');
      expect(status.map(({ sequence }) => sequence)).toEqual(status.map((_, index) => index + 1));
      const inLog = new Set(status.map(({ sequence, facts }) => `${'mailboxId' in facts ? facts.mailboxId : ''} ${sequence}`));
      expect(acknowledged.length).toBeGreaterThanOrEqual(killAfter);
      expect(acknowledged.filter(({ mailboxId, sequence }) => !inLog.has(`${mailboxId} ${sequence}`))).toEqual([]);

      // One change more, so that whatever would come late or twice has come by then.
      const last = (await toggle(mailboxIds[0]!)).at(-1)!;
      const wanted = (await logOf()).flatMap(({ position, sequence }) =>
        position > head && sequence !== null && sequence <= last ? [sequence] : [],
      );
      for (const before of [untilTheEnd, leftEarly]) {
        const again = client().subscribe('LiveStatus', { after: before.cursor });
        expect((await again.until(opened)).resume).toBe('REPLAYING');
        await again.until(({ change }) => change?.sequence === last, 'the change after the restart');
        expect([...sequencesOf(before), ...sequencesOf(again)]).toEqual(wanted);
      }
      expect(sequencesOf(leftEarly).length).toBeLessThan(wanted.length);
    },
  );

  test('without a cursor a subscriber would have missed them', async () => {
    const head = (await logOf()).findLast(({ sequence }) => sequence !== null)!.sequence!;
    const live = client().subscribe('LiveStatus');
    expect((await live.until(opened)).resume).toBe('LIVE');
    await toggle(mailboxIds[1]!);
    expect((await live.until(({ change }) => change !== undefined)).change.sequence).toBeGreaterThan(head);
  });
}
