import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Json } from '../http/json.ts';
import { createBrowserSteps } from '../support/browser-steps.ts';
import { describeOnEngine, ENGINES, type EngineName } from '../support/gateway.ts';
import { createGraphqlClient, type GraphqlClient } from '../support/graphql-client.ts';
import { startOauthWorld, type OauthWorld } from '../support/oauth-world.ts';
import { SIGN_IN_FAULTS, STARTING_POINTS, type Attempt, type SignInFault, type StartingPoint } from './old-credential/sign-in-faults.ts';
import { verifyBlindly } from './old-credential/blind-repair.ts';
import { expectOldCredential, oldCredentialOf, witnessOf, type Witness } from './old-credential/still-logs-in.ts';

const account = (address: string) => ({ address, password: `password of ${address}` });
const DOMAIN = { MICROSOFT_365: 'contoso.test', GMAIL: 'gmail.test' } as const;
const STRANGER = { MICROSOFT_365: account('stranger@contoso.test'), GMAIL: account('stranger@gmail.test') } as const;
const INTERIM = account('interim@contoso.test');
const CONTROLS = { blind: account('blind@contoso.test'), 'as it is': account('proven@contoso.test') } as const;
const IN_USE = /^CO(MMITT|NFIRM)ED$/;

const personOf = (fault: Pick<SignInFault, 'key'>, from: StartingPoint) => account(`${fault.key}.${from.key}@${DOMAIN[from.provider]}`);
/** For each fault a password and a grant on each engine, the providers taking turns, so that both engines together have all of them. */
function startingPointsFor(engine: EngineName, fault: SignInFault): readonly StartingPoint[] {
  const isMicrosoftsTurn = (SIGN_IN_FAULTS.indexOf(fault) % 2 === 0) === (engine === 'sqlite');
  return STARTING_POINTS.filter(({ provider, kind }) => (provider === 'MICROSOFT_365') === ((kind === 'BASIC') === isMicrosoftsTurn));
}

const people = SIGN_IN_FAULTS.flatMap((fault) => STARTING_POINTS.map((from) => personOf(fault, from)));

describe.each(ENGINES)('whatever goes wrong in a sign-in, the old credential still logs in', (engine) => {
  describeOnEngine(engine, 'tested by a login', () => {
    let world: OauthWorld;
    let witness: Witness;
    let interim: Json;
    const admins: GraphqlClient[] = [];

    beforeAll(async () => {
      const everybody = [...people, STRANGER.MICROSOFT_365, STRANGER.GMAIL, INTERIM, ...Object.values(CONTROLS)];
      const at = (domain: string) => everybody.filter(({ address }) => address.endsWith(domain));
      world = await startOauthWorld({
        engine,
        accounts: everybody,
        microsoft: at(DOMAIN.MICROSOFT_365),
        google: at(DOMAIN.GMAIL),
        environment: { CHECK_INTERVAL_SECONDS: '86400' },
      });
      witness = witnessOf(world);
      interim = await world.connectWithPassword({ provider: 'MICROSOFT_365', ...INTERIM });
    });
    afterAll(async () => {
      for (const admin of admins) await admin.close();
      await world.end();
    });
    beforeEach(() => {
      world.sandbox.reset();
      for (const server of [world.microsoft, world.google]) server.setTokenFault(null);
      world.waitOutLimits();
    });

    async function attemptOf(fault: SignInFault, from: StartingPoint): Promise<Attempt> {
      const person = personOf(fault, from);
      const input = { provider: from.provider, address: person.address };
      const mailbox =
        from.kind === 'BASIC'
          ? await world.connectWithPassword({ ...input, password: person.password })
          : await world.connect(input, person);
      return {
        world,
        steps: createBrowserSteps(world),
        from,
        mailboxId: mailbox.id,
        person,
        stranger: STRANGER[from.provider],
        signInServer: from.provider === 'GMAIL' ? world.google : world.microsoft,
        interimId: interim.id,
        async begin(client = world.admin) {
          const begun = await (from.kind === 'BASIC'
            ? client.act('MigrateToOAuth', { input: { mailboxId: mailbox.id, provider: from.provider } })
            : client.act('SignInAgain', { mailboxId: mailbox.id }));
          if (begun.authorization === undefined) throw new Error(JSON.stringify(begun));
          return begun.authorization;
        },
        async secondAdmin() {
          const admin = createGraphqlClient(world.url, await world.database.createToken({ role: 'admin', name: 'Bea Admin' }));
          admins.push(admin);
          return admin;
        },
      };
    }

    const present = async (authorization: Json): Promise<Json> =>
      (await world.admin.ask('query ($id: ID!) { authorization(id: $id) { status rejection { reason } } }', { id: authorization.id }))
        .authorization;

    describe.each(SIGN_IN_FAULTS.map((fault) => [fault.title, fault] as const))('%s', (_title, fault) => {
      test.each(startingPointsFor(engine, fault).map((from) => [from.name, from] as const))(
        'in place of %s',
        { timeout: 180_000 },
        async (_name, from) => {
          const attempt = await attemptOf(fault, from);
          const { mailboxId, person } = attempt;
          let old = await oldCredentialOf(witness, mailboxId, person);
          const { authorization, stands, reason, replaced, goOn } = await fault.happens(attempt);
          if (replaced === true) old = await oldCredentialOf(witness, mailboxId, person);
          else if (fault.key === 'primary' || fault.key === 'hand-over') old = { ...old, mailbox: { ...old.mailbox, isPrimary: true } };

          expect(await present(authorization)).toMatchObject({
            status: stands,
            ...(reason === undefined ? {} : { rejection: { reason } }),
          });
          // Once it is over, an hour passes: a grant that goes on has to be renewed, so that it is the grant that is proven.
          if (stands !== 'AWAITING_USER' && stands !== 'VERIFYING') world.clock.shift(3_600_000);
          world.waitOutLimits();
          await expectOldCredential(witness, old, authorization);

          const again = goOn ?? (async () => begunAnew(attempt));
          world.waitOutLimits();
          const outcome = await again();
          expect(outcome, JSON.stringify(outcome.rejection)).toMatchObject({ status: expect.stringMatching(IN_USE) });
          expect(await world.mailbox(mailboxId)).toMatchObject({ authMethod: { kind: 'OAUTH2' }, status: { health: 'HEALTHY' } });
          expect(await world.logsIn(mailboxId, person.address)).toEqual({ imap: 1, smtp: 1 });
          await world.admin.act('RemoveMailbox', { mailboxId });
        },
      );
    });

    test.each(['as it is', 'blind'] as const)(
      'a repair that swaps before it has proven would be caught by this (it is %s)',
      async (repair) => {
        const person = CONTROLS[repair];
        const { id } = await world.connectWithPassword({ provider: 'MICROSOFT_365', ...person });
        const old = await oldCredentialOf(witness, id, person);
        for (const server of ['microsoft-imap', 'microsoft-smtp'] as const) world.sandbox.setServerFault(server, { kind: 'unavailable' });
        const { authorization } = await world.admin.act('ReenterPassword', { mailboxId: id, password: 'not the password' });
        expect(authorization.status).toBe('VERIFYING');
        await world.stopGateway();
        world.sandbox.reset();
        if (repair === 'blind') await verifyBlindly(world, authorization.id);
        world.clock.shift(60_000);
        await world.startGateway();
        expect(await world.settled(authorization)).toMatchObject({
          status: repair === 'blind' ? expect.stringMatching(IN_USE) : 'REJECTED',
        });
        world.waitOutLimits();
        const check = expectOldCredential(witness, old, authorization);
        await (repair === 'blind' ? expect(check).rejects.toThrow('what the gateway uses logs in') : check);
      },
    );

    async function begunAnew(attempt: Attempt): Promise<Json> {
      const authorization = await attempt.begin();
      await world.signIn(authorization, attempt.person);
      return world.settled(authorization);
    }
  });
});
