import { afterAll, beforeAll, expect, test } from 'vitest';
import { gatewayCommand, startGatewayProcess, type GatewayEnvironment, type GatewayProcess } from '../../sandbox/demo/gateway-process.ts';
import type { Json } from '../http/json.ts';
import { createTestDatabase, describeOnEngine, type TestDatabase } from '../support/gateway.ts';
import { createGraphqlClient, type GraphqlClient } from '../support/graphql-client.ts';
import { connectWithPassword, environmentOf, sandboxServers, type SandboxServers } from '../support/journey.ts';

const ACCOUNTS = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => ({ address: `${name}@acme.test`, password: 'secret' }));
const INTERVAL_SECONDS = 3;
const INTERVALS_WATCHED = 4;

const opened = (event: Json): boolean => event.__typename === 'StreamOpened';

describeOnEngine('mongodb', 'two gateways on one database', () => {
  let servers: SandboxServers;
  let database: TestDatabase;
  let environments: readonly [GatewayEnvironment, GatewayEnvironment];
  let gateways: readonly [GatewayProcess, GatewayProcess];
  let token: string;
  let mailboxIds: readonly string[];
  const clients: GraphqlClient[] = [];

  beforeAll(async () => {
    servers = await sandboxServers(ACCOUNTS);
    database = await createTestDatabase('mongodb');
    token = await database.createToken({ role: 'admin' });
    const quick = { CHECK_INTERVAL_SECONDS: String(INTERVAL_SECONDS) };
    environments = [await environmentOf(database, servers, quick), await environmentOf(database, servers, quick)];
    gateways = await Promise.all([startGatewayProcess(environments[0]), startGatewayProcess(environments[1])]);
    const admin = client(0);
    mailboxIds = await Promise.all(ACCOUNTS.map(async (account) => String((await connectWithPassword(admin, servers, account)).id)));
  });
  afterAll(async () => {
    for (const each of clients) await each.close();
    await Promise.all(gateways.map((gateway) => gateway.stop()));
    await database.remove();
    await servers.stop();
  });

  function client(process: 0 | 1, by = token): GraphqlClient {
    const made = createGraphqlClient(gateways[process].url, by);
    clients.push(made);
    return made;
  }

  /** Checks that ended in a process, from its metrics. */
  async function checksOf(process: 0 | 1): Promise<number> {
    const response = await fetch(`${gateways[process].url}/metrics`, { headers: { authorization: `Bearer ${token}` } });
    const counts = [...(await response.text()).matchAll(/^gateway_checks_total\{[^}]*\} (\d+)$/gmu)];
    return counts.reduce((sum, [, count]) => sum + Number(count), 0);
  }

  test.each([[0, 1] as const, [1, 0] as const])(
    'a change made through process %i arrives at a subscriber of process %i',
    async (made, heard) => {
      const live = client(heard).subscribe('LiveStatus');
      await live.until(opened);
      await client(made).act('PauseMailbox', { mailboxId: mailboxIds[made] });
      await live.until(({ change }) => change?.to === 'PAUSED' && change.mailbox.id === mailboxIds[made], 'the pause');
      await client(made).act('ResumeMailbox', { mailboxId: mailboxIds[made] });
      await live.until(({ change }) => change?.from === 'PAUSED' && change.mailbox.id === mailboxIds[made], 'the end of the pause');
      live.stop();
    },
  );

  test('a subscriber that comes back to the other process with its cursor gets exactly what it missed', async () => {
    const all = client(0).subscribe('LiveStatus');
    const before = client(0).subscribe('LiveStatus');
    await Promise.all([all.until(opened), before.until(opened)]);
    const pause = (of: 0 | 1, index: number): Promise<Json> => client(of).act('PauseMailbox', { mailboxId: mailboxIds[index] });
    await pause(0, 2);
    await before.until(({ change }) => change?.to === 'PAUSED' && change.leg === 'OUTGOING');
    before.stop();
    await Promise.all([pause(0, 3), pause(1, 4)]);
    const after = client(1).subscribe('LiveStatus', { after: before.cursor });
    expect((await after.until(opened)).resume).toBe('REPLAYING');
    const { mailbox } = await client(1).act('ResumeMailbox', { mailboxId: mailboxIds[2] });
    const isLast = ({ change }: Json): boolean => change?.sequence === mailbox.status.sequence;
    await Promise.all([all.until(isLast), after.until(isLast)]);
    const ids = (events: readonly Json[]): string[] => events.flatMap(({ change }) => (change === undefined ? [] : [String(change.id)]));
    const wanted = ids(all.events);
    const heard = [...ids(before.events), ...ids(after.events)];
    expect(heard.slice(0, wanted.length)).toEqual(wanted);
    expect(new Set(heard).size).toBe(heard.length);
    for (const index of [3, 4]) await client(0).act('ResumeMailbox', { mailboxId: mailboxIds[index] });
  });

  test('each mailbox is checked once an interval, and both processes do their share', async () => {
    const watched = ACCOUNTS.at(-1)!.address;
    const attempts = (): readonly number[] => servers.sandbox.state().accounts.map(({ loginAttempts }) => loginAttempts.imap);
    const attemptsOf = (address: string): number =>
      servers.sandbox.state().accounts.find((account) => account.address === address)!.loginAttempts.imap;
    const [sharesBefore, startMs] = [await Promise.all([checksOf(0), checksOf(1)]), performance.now()];
    servers.sandbox.reset();
    while (attemptsOf(watched) < INTERVALS_WATCHED) await new Promise((resolve) => setTimeout(resolve, 50));
    const intervals = (performance.now() - startMs) / (INTERVAL_SECONDS * 1_000);
    // Were they not coordinated, it would be twice as many.
    expect(Math.max(...attempts())).toBeLessThanOrEqual(Math.ceil(intervals) + 1);
    const shares = (await Promise.all([checksOf(0), checksOf(1)])).map((count, index) => count - sharesBefore[index]!);
    expect(Math.min(...shares)).toBeGreaterThan(0);
  });

  test('a token that is revoked by the command closes the sockets of both processes within 5 seconds', async () => {
    const doomed = await database.createToken({ role: 'viewer', name: 'doomed' });
    const both = [client(0, doomed), client(1, doomed)] as const;
    await Promise.all(both.map((each) => each.subscribe('LiveStatus').until(opened)));
    const said = await gatewayCommand(['tokens', 'revoke', doomed], environments[0]);
    const revokedMs = performance.now();
    expect(said).toContain('is revoked');
    const closes = await Promise.all(both.map((each) => each.closed));
    expect(performance.now() - revokedMs).toBeLessThan(5_000);
    expect(closes.map(({ code }) => code)).toEqual([4403, 4403]);
    for (const each of both) expect((await each.post('{ viewer { name } }')).status).toBe(401);
  });

  test('when one process is killed, the other goes on checking and answering', async () => {
    await gateways[0].kill();
    const live = client(1).subscribe('LiveStatus', { filter: { mailboxIds: [mailboxIds[5]!], health: ['DEGRADED'] } });
    await live.until(opened);
    const before = await checksOf(1);
    servers.sandbox.setPassword(ACCOUNTS[5]!.address, 'changed');
    // By hand: what the dead process had claimed is checked again when its claim has run out.
    await client(1).act('CheckNow', { mailboxId: mailboxIds[5] });
    await live.until(({ change }) => change?.to === 'DEGRADED' && change.reason === 'BAD_CREDENTIALS', 'the suspicion');
    expect((await client(1).act('ReenterPassword', { mailboxId: mailboxIds[5], password: 'changed' })).authorization.status).toBe(
      'COMMITTED',
    );
    while ((await checksOf(1)) <= before + 2) await new Promise((resolve) => setTimeout(resolve, 50));
  });
});
