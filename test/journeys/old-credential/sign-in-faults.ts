import { expect, vi } from 'vitest';
import type { OauthServer } from '../../../sandbox/oauth/oauth-server.ts';
import type { SigningPerson } from '../../../sandbox/browser.ts';
import type { AuthorizationId } from '../../../src/domain/ids.ts';
import type { Json } from '../../http/json.ts';
import type { BrowserSteps } from '../../support/browser-steps.ts';
import type { GraphqlClient } from '../../support/graphql-client.ts';
import type { OauthWorld } from '../../support/oauth-world.ts';

/** What is in use before anybody tries to sign in. */
export interface StartingPoint {
  readonly key: string;
  readonly name: string;
  readonly provider: 'MICROSOFT_365' | 'GMAIL';
  readonly kind: 'BASIC' | 'OAUTH2';
}

export const STARTING_POINTS: readonly StartingPoint[] = [
  { key: 'a', name: 'a password at Microsoft', provider: 'MICROSOFT_365', kind: 'BASIC' },
  { key: 'b', name: 'a grant of Microsoft', provider: 'MICROSOFT_365', kind: 'OAUTH2' },
  { key: 'c', name: 'a password at Google', provider: 'GMAIL', kind: 'BASIC' },
  { key: 'd', name: 'a grant of Google', provider: 'GMAIL', kind: 'OAUTH2' },
];

/** One mailbox at one starting point, and the person who should sign in for it. */
export interface Attempt {
  readonly world: OauthWorld;
  readonly steps: BrowserSteps;
  readonly from: StartingPoint;
  readonly mailboxId: string;
  readonly person: SigningPerson;
  /** Has an account at the same provider, and no business with this mailbox. */
  readonly stranger: SigningPerson;
  readonly signInServer: OauthServer;
  /** Another mailbox of the help desk that can send. */
  readonly interimId: string;
  /** Migrates from a password, signs in again with a grant. */
  readonly begin: (client?: GraphqlClient) => Promise<Json>;
  /** A second person with the rights of the first. */
  readonly secondAdmin: () => Promise<GraphqlClient>;
}

/** What came of it: the authorization, and where it has to stand now. */
export interface Aftermath {
  readonly authorization: Json;
  readonly stands: string;
  readonly reason?: string;
  /** The credential in use was replaced on purpose meanwhile: that one is the old one now. */
  readonly replaced?: boolean;
  /** How it goes on from here; gives what has to be in use in the end. Absent: the person begins anew. */
  readonly goOn?: () => Promise<Json>;
}

export interface SignInFault {
  readonly key: string;
  readonly title: string;
  readonly happens: (attempt: Attempt) => Promise<Aftermath>;
}

/** Signs in while the provider's token endpoint is out of order: the code came back, nothing has come of it yet. */
async function upToVerifying(attempt: Attempt): Promise<Json> {
  const { world, signInServer, person } = attempt;
  signInServer.setTokenFault({ kind: 'unavailable' });
  const authorization = await attempt.begin();
  await world.signIn(authorization, person);
  await world.reaches(authorization, 'VERIFYING');
  return authorization;
}

/** The provider is back; what was waiting for it is due. */
function recover({ world, signInServer }: Attempt, authorization: Json): () => Promise<Json> {
  return async () => {
    signInServer.setTokenFault(null);
    world.clock.shift(30_000);
    return world.settled(authorization);
  };
}

/** Signs in anew with the same link. */
function sameLink({ world, person }: Attempt, authorization: Json): () => Promise<Json> {
  return async () => {
    await world.signIn(authorization, person);
    return world.settled(authorization);
  };
}

async function signedInBy(attempt: Attempt, who: SigningPerson, choice?: Parameters<OauthWorld['signIn']>[2]): Promise<Json> {
  const authorization = await attempt.begin();
  await attempt.world.signIn(authorization, who, choice);
  await attempt.world.settled(authorization);
  return authorization;
}

function hasFailedOnce({ database }: OauthWorld, { id }: Json): Promise<boolean> {
  return database.withStore(async (store) => {
    const [workspace] = await store.workspaces();
    const authorization = workspace === undefined ? null : await store.authorization(workspace.id, id as AuthorizationId);
    return authorization !== null && (authorization.verifyAttempts > 0 || authorization.completedAt !== null);
  });
}

const statusOf = ({ status }: Response): number => status;

/** Where a sign-in can be held up; each of these comes to a good end afterwards. */
const IN_THE_MIDDLE: readonly SignInFault[] = [
  {
    key: 'closed-browser',
    title: 'the browser was closed before it came back',
    happens: async (attempt) => {
      const { authorization } = await attempt.steps.upToCallback(await attempt.begin(), attempt.person);
      return { authorization, stands: 'AWAITING_USER', goOn: sameLink(attempt, authorization) };
    },
  },
  {
    key: 'two-tabs',
    title: 'two tabs signed in, and the earlier one came back first',
    happens: async ({ steps, begin, person, world }) => {
      const authorization = await begin();
      const earlier = await steps.upToCallback(authorization, person);
      const later = await steps.upToCallback(authorization, person);
      expect((await steps.open(earlier.callback, earlier.cookie)).status).toBe(400);
      const goOn = async (): Promise<Json> => {
        expect((await steps.open(later.callback, later.cookie)).status).toBe(303);
        return world.settled(authorization);
      };
      return { authorization, stands: 'AWAITING_USER', goOn };
    },
  },
  {
    key: 'double-callback',
    title: 'the callback came twice at once',
    happens: async (attempt) => {
      const { steps, signInServer, world } = attempt;
      const { authorization, callback, cookie } = await steps.upToCallback(await attempt.begin(), attempt.person);
      signInServer.setTokenFault({ kind: 'unavailable' });
      const answers = await Promise.all([steps.open(callback, cookie), steps.open(callback, cookie)]);
      expect(answers.map(statusOf).sort()).toEqual([303, 400]);
      await world.reaches(authorization, 'VERIFYING');
      return { authorization, stands: 'VERIFYING', goOn: recover(attempt, authorization) };
    },
  },
  {
    key: 'restart',
    title: 'the gateway was restarted after the callback',
    happens: async (attempt) => {
      const authorization = await upToVerifying(attempt);
      await attempt.world.stopGateway();
      await attempt.world.startGateway();
      return { authorization, stands: 'VERIFYING', goOn: recover(attempt, authorization) };
    },
  },
  {
    key: 'provider-down',
    title: 'the provider went down after the callback',
    happens: async (attempt) => {
      const authorization = await upToVerifying(attempt);
      return { authorization, stands: 'VERIFYING', goOn: recover(attempt, authorization) };
    },
  },
  {
    key: 'edited',
    title: 'the mailbox was edited meanwhile, so that it logs in elsewhere',
    happens: async (attempt) => {
      const { world, mailboxId, from } = attempt;
      const authorization = await upToVerifying(attempt);
      const { port, security } = world.sandbox.servers[from.provider === 'GMAIL' ? 'smtp' : 'smtp-starttls'];
      const outgoing = { host: 'localhost', port, security: security.toUpperCase() };
      const edited = await world.admin.act('EditMailbox', { input: { mailboxId, outgoing } });
      expect(edited.mailbox, JSON.stringify(edited)).toBeDefined();
      const goOn = async (): Promise<Json> => {
        const outcome = await recover(attempt, authorization)();
        const isKept = (await world.mailbox(mailboxId)).outgoing.server.port === port;
        expect(isKept, 'a re-authorization follows the edit, a migration brings servers of its own').toBe(from.kind === 'OAUTH2');
        return outcome;
      };
      return { authorization, stands: 'VERIFYING', goOn };
    },
  },
];

/** And what keeps it from being taken over. */
const AT_THE_END: readonly SignInFault[] = [
  {
    key: 'wrong-account',
    title: 'somebody else signed in',
    happens: async (attempt) => ({
      authorization: await signedInBy(attempt, attempt.stranger),
      stands: 'REJECTED',
      reason: 'ACCOUNT_MISMATCH',
    }),
  },
  {
    key: 'missing-scope',
    title: 'a permission was not granted',
    happens: async (attempt) => ({
      authorization: await signedInBy(attempt, attempt.person, {
        consent: 'ACCEPT',
        untick: attempt.from.provider === 'GMAIL' ? 'mail.google.com' : 'SMTP.Send',
      }),
      stands: 'REJECTED',
      reason: 'CONSENT_REQUIRED',
    }),
  },
  {
    key: 'declined',
    title: 'the consent was declined',
    happens: async (attempt) => ({
      authorization: await signedInBy(attempt, attempt.person, { consent: 'CANCEL' }),
      stands: 'REJECTED',
      reason: 'CONSENT_DENIED',
    }),
  },
  {
    key: 'smtp-only',
    title: 'the new sign-in fetches but does not send',
    happens: async (attempt) => {
      attempt.world.sandbox.setFault(attempt.person.address, { kind: 'smtp-auth-disabled' });
      const authorization = await signedInBy(attempt, attempt.person);
      attempt.world.sandbox.setFault(attempt.person.address, null);
      const { proofs } = await attempt.world.settled(authorization);
      expect(proofs.map(({ leg, succeeded }: Json) => [leg, succeeded])).toEqual([
        ['INCOMING', true],
        ['OUTGOING', false],
      ]);
      return { authorization, stands: 'REJECTED', reason: 'SMTP_AUTH_DISABLED' };
    },
  },
  {
    key: 'provider-stays-down',
    title: 'the provider went down after the callback and stayed down',
    happens: async (attempt) => {
      const authorization = await upToVerifying(attempt);
      attempt.world.clock.shift(601_000);
      const { rejection } = await attempt.world.settled(authorization);
      attempt.signInServer.setTokenFault(null);
      return { authorization, stands: 'REJECTED', reason: rejection?.reason };
    },
  },
  {
    key: 'lost-tokens',
    title: 'the tokens were lost on the way, and the code was used up with them',
    happens: async (attempt) => {
      const { world, signInServer, person } = attempt;
      signInServer.setTokenFault({ kind: 'lose-answer' });
      const authorization = await attempt.begin();
      await world.signIn(authorization, person);
      // Not at the request but at what came of it: the answer is lost on its way back.
      await vi.waitUntil(() => hasFailedOnce(world, authorization), 60_000);
      signInServer.setTokenFault(null);
      world.clock.shift(60_000);
      const { rejection } = await world.settled(authorization);
      return { authorization, stands: 'REJECTED', reason: rejection?.reason };
    },
  },
  {
    key: 'wrong-secret',
    title: 'the secret of the application was refused',
    happens: async (attempt) => {
      attempt.signInServer.setTokenFault({ kind: 'secret-invalid' });
      const authorization = await signedInBy(attempt, attempt.person);
      attempt.signInServer.setTokenFault(null);
      return { authorization, stands: 'REJECTED', reason: 'APP_SECRET_INVALID' };
    },
  },
  {
    key: 'second-admin',
    title: 'a second admin began another one',
    happens: async (attempt) => {
      const { steps, world, person } = attempt;
      const first = await steps.upToCallback(await attempt.begin(), person);
      const second = await attempt.begin(await attempt.secondAdmin());
      expect((await steps.open(first.callback, first.cookie)).status).toBe(400);
      return {
        authorization: first.authorization,
        stands: 'SUPERSEDED',
        goOn: async () => {
          await world.signIn(second, person);
          return world.settled(second);
        },
      };
    },
  },
  {
    key: 'cancelled',
    title: 'it was cancelled while the person signed in',
    happens: async ({ steps, world, begin, person }) => {
      const { authorization, callback, cookie } = await steps.upToCallback(await begin(), person);
      await world.admin.act('CancelSignIn', { authorizationId: authorization.id });
      expect((await steps.open(callback, cookie)).status).toBe(400);
      return { authorization, stands: 'CANCELLED' };
    },
  },
  {
    key: 'cancelled-late',
    title: 'it was cancelled while it was being verified',
    happens: async (attempt) => {
      const authorization = await upToVerifying(attempt);
      await attempt.world.admin.act('CancelSignIn', { authorizationId: authorization.id });
      attempt.signInServer.setTokenFault(null);
      return { authorization, stands: 'CANCELLED' };
    },
  },
  {
    key: 'expired',
    title: 'nobody came for a day',
    happens: async ({ steps, world, begin, person }) => {
      const { authorization, callback, cookie } = await steps.upToCallback(await begin(), person);
      world.clock.shift(24 * 3_600_000 + 1_000);
      await world.settled(authorization);
      expect((await steps.open(callback, cookie)).status).toBe(400);
      return { authorization, stands: 'EXPIRED' };
    },
  },
  {
    key: 'overtaken',
    title: 'another repair was proven first',
    happens: async (attempt) => {
      const { world, mailboxId, person, from } = attempt;
      const authorization = await upToVerifying(attempt);
      if (from.kind === 'BASIC') {
        const { password } = person;
        expect(await world.admin.act('ReenterPassword', { mailboxId, password })).toMatchObject({ authorization: { status: 'COMMITTED' } });
        attempt.signInServer.setTokenFault(null);
        await world.settled(authorization);
        return { authorization, stands: 'SUPERSEDED', replaced: true };
      }
      const rival = await attempt.begin(await attempt.secondAdmin());
      attempt.signInServer.setTokenFault(null);
      await world.signIn(rival, person);
      // Whichever was proven first: one of the two, and the other is told.
      const outcomes = await Promise.all([authorization, rival].map((each) => world.settled(each)));
      const loser = outcomes.find(({ status }) => status === 'SUPERSEDED');
      expect(outcomes.map(({ status }) => status).sort()).toEqual([expect.stringMatching(/^CO(MMITT|NFIRM)ED$/), 'SUPERSEDED']);
      return { authorization: loser, stands: 'SUPERSEDED', replaced: true };
    },
  },
  {
    key: 'primary',
    title: 'the mailbox is the primary one and somebody else signed in',
    happens: async (attempt) => {
      const answer = await attempt.world.admin.act('ChoosePrimary', { mailboxId: attempt.mailboxId });
      expect(answer.workspace.primaryMailbox.id).toBe(attempt.mailboxId);
      const authorization = await signedInBy(attempt, attempt.stranger);
      return { authorization, stands: 'REJECTED', reason: 'ACCOUNT_MISMATCH' };
    },
  },
  {
    key: 'hand-over',
    title: 'the primary was handed over for the repair and the consent was declined',
    happens: async ({ world, mailboxId, interimId, from, person }) => {
      await world.admin.act('ChoosePrimary', { mailboxId });
      const migrateTo = from.kind === 'BASIC' ? { migrateTo: from.provider } : {};
      const { authorization } = await world.admin.act('HandOverPrimary', {
        input: { mailboxId, interimMailboxId: interimId, ...migrateTo },
      });
      expect((await world.mailbox(mailboxId)).isPrimary).toBe(false);
      await world.signIn(authorization, person, { consent: 'CANCEL' });
      await world.settled(authorization);
      expect((await world.mailbox(mailboxId)).isPrimary).toBe(true);
      return { authorization, stands: 'REJECTED', reason: 'CONSENT_DENIED' };
    },
  },
];

/**
 * Those in the middle come first: the others let hours pass, and the sign-in servers, whose clock is the real one, would be
 * thought to give tokens that have run out. Then nobody could log in with them while the token endpoint is out of order.
 */
export const SIGN_IN_FAULTS: readonly SignInFault[] = [...IN_THE_MIDDLE, ...AT_THE_END];
