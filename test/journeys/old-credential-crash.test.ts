import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { sandboxEnvironment } from '../../sandbox/demo/gateway-environment.ts';
import { startGatewayProcess, type GatewayEnvironment, type GatewayProcess } from '../../sandbox/demo/gateway-process.ts';
import type { AuthorizationId } from '../../src/domain/ids.ts';
import type { Json } from '../http/json.ts';
import { describeOnEngine, ENGINES } from '../support/gateway.ts';
import { createGraphqlClient, type GraphqlClient } from '../support/graphql-client.ts';
import { startOauthWorld, type OauthWorld } from '../support/oauth-world.ts';
import { STARTING_POINTS, type StartingPoint } from './old-credential/sign-in-faults.ts';
import { expectOldCredential, oldCredentialOf, witnessOf, type OldCredential, type Witness } from './old-credential/still-logs-in.ts';

const account = (address: string) => ({ address, password: `password of ${address}` });
const DOMAIN = { MICROSOFT_365: 'contoso.test', GMAIL: 'gmail.test' } as const;
/** Where the kill finds a sign-in: its code not exchanged yet, or exchanged and the new grant logging in for the first time. */
const MOMENTS = ['unredeemed', 'unproven'] as const;
/** Two starts of a process, on a machine that has other things to do. */
const HOOK_TIMEOUT_MS = 300_000;
type Moment = (typeof MOMENTS)[number];

interface SignIn {
  readonly moment: Moment;
  readonly from: StartingPoint;
  readonly person: ReturnType<typeof account>;
  readonly mailboxId: string;
  readonly old: OldCredential;
  readonly authorization: Json;
}

const FROM = STARTING_POINTS.filter(({ provider, kind }) => (provider === 'GMAIL') === (kind === 'OAUTH2'));
const SIGN_INS = MOMENTS.flatMap((moment) =>
  FROM.map((from) => ({ moment, from, person: account(`${moment}.${from.key}@${DOMAIN[from.provider]}`) })),
);

/** The gateway is a process of its own here, and it is killed once, while all of these sign-ins are between callback and commit. */
describe.each(ENGINES)('kill -9 of the gateway between callback and commit', (engine) => {
  describeOnEngine(engine, 'the old credential still logs in', () => {
    let world: OauthWorld;
    let witness: Witness;
    let environment: GatewayEnvironment;
    let gateway: GatewayProcess;
    let admin: GraphqlClient;
    const begun: SignIn[] = [];

    beforeAll(async () => {
      const people = SIGN_INS.map(({ person }) => person);
      const at = (domain: string) => people.filter(({ address }) => address.endsWith(domain));
      world = await startOauthWorld({ engine, accounts: people, microsoft: at(DOMAIN.MICROSOFT_365), google: at(DOMAIN.GMAIL) });
      environment = {
        ...sandboxEnvironment(world.sandbox, join(world.database.folder, 'ca.pem'), world),
        ...world.database.environment,
        PORT: new URL(world.url).port,
        PUBLIC_URL: world.url,
        CHECK_INTERVAL_SECONDS: '86400',
        // A lease outlives the longest verification: what the killed process was at, nobody takes up while this test looks.
        CHECK_TIMEOUT_SECONDS: '120',
      };
      const mailboxes = [];
      for (const { from, person } of SIGN_INS) {
        const input = { provider: from.provider, address: person.address };
        mailboxes.push(
          from.kind === 'BASIC'
            ? await world.connectWithPassword({ ...input, password: person.password })
            : await world.connect(input, person),
        );
        world.waitOutLimits();
      }
      await world.stopGateway();
      gateway = await startGatewayProcess(environment);
      admin = createGraphqlClient(world.url, world.adminToken);
      witness = { ...witnessOf(world), mailbox, logsIn };
      await signInUpToTheKill(mailboxes);
      await gateway.kill();
      mend();
      gateway = await startGatewayProcess(environment);
    }, HOOK_TIMEOUT_MS);
    afterAll(async () => {
      await admin.close();
      await gateway.stop();
      await world.end();
    });

    const mailbox = async (id: string): Promise<Json> => (await admin.ask('MailboxPage', { id })).mailbox;

    async function logsIn(id: string, address: string): Promise<{ imap: number; smtp: number }> {
      // A check that is under way would be joined and counted half.
      await admin.act('CheckNow', { mailboxId: id });
      const before = witness.loginsAccepted(address);
      await admin.act('CheckNow', { mailboxId: id });
      const after = witness.loginsAccepted(address);
      return { imap: after.imap - before.imap, smtp: after.smtp - before.smtp };
    }

    async function begin({ from }: Pick<SignIn, 'from'>, mailboxId: string): Promise<Json> {
      const answer = await (from.kind === 'BASIC'
        ? admin.act('MigrateToOAuth', { input: { mailboxId, provider: from.provider } })
        : admin.act('SignInAgain', { mailboxId }));
      if (answer.authorization === undefined) throw new Error(JSON.stringify(answer));
      return answer.authorization;
    }

    const hasCandidate = (authorization: Json): Promise<boolean> =>
      world.database.withStore(async (store) => {
        const [workspace] = await store.workspaces();
        return (await store.authorization(workspace!.id, authorization.id as AuthorizationId))?.candidate != null;
      });
    const exchanges = (): number =>
      [world.microsoft, world.google].reduce((sum, server) => sum + (server.tokenRequests()['authorization_code'] ?? 0), 0);

    /** The later moment first: from then on the mail servers say nothing any more, and after that the token endpoints neither. */
    async function signInUpToTheKill(mailboxes: readonly Json[]): Promise<void> {
      const all = SIGN_INS.map((signIn, index) => ({ ...signIn, mailboxId: String(mailboxes[index].id) }));
      for (const server of ['microsoft-imap', 'gmail-imap'] as const) world.sandbox.setServerFault(server, { kind: 'hang' });
      for (const moment of [...MOMENTS].reverse()) {
        if (moment === 'unredeemed') for (const server of [world.microsoft, world.google]) server.setTokenFault({ kind: 'hang' });
        for (const signIn of all.filter((each) => each.moment === moment)) {
          const old = await oldCredentialOf(witness, signIn.mailboxId, signIn.person);
          const authorization = await begin(signIn, signIn.mailboxId);
          const before = exchanges();
          await world.signIn(authorization, signIn.person);
          if (moment === 'unredeemed') await vi.waitUntil(() => exchanges() > before, 30_000);
          else await vi.waitUntil(() => hasCandidate(authorization), 30_000);
          begun.push({ ...signIn, old, authorization });
        }
      }
    }

    function mend(): void {
      world.sandbox.reset();
      for (const server of [world.microsoft, world.google]) server.setTokenFault(null);
    }

    test.each(SIGN_INS)('$moment, in place of $from.name', async ({ person }) => {
      const { mailboxId, old, authorization, from } = begun.find((each) => each.person === person)!;
      const present = await admin.ask('query ($id: ID!) { authorization(id: $id) { status } }', { id: authorization.id });
      expect(present.authorization.status).toBe('VERIFYING');
      await expectOldCredential(witness, old, authorization);

      const again = await begin({ from }, mailboxId);
      const live = admin.subscribe('SignInProgress', { id: again.id });
      await world.signIn(again, person);
      expect(await live.until(({ status }) => !['AWAITING_USER', 'VERIFYING'].includes(status))).toMatchObject({ status: 'COMMITTED' });
      live.stop();
      expect(await mailbox(mailboxId)).toMatchObject({ authMethod: { kind: 'OAUTH2' }, status: { health: 'HEALTHY' } });
      expect(await logsIn(mailboxId, person.address)).toEqual({ imap: 1, smtp: 1 });
    });
  });
});
