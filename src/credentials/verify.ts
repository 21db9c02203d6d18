import type { Authorization } from '../domain/authorization.ts';
import {
  commitAuthorization,
  endAuthorization,
  isOvertaken,
  rejectAuthorization,
  rejectionOf,
  retryAuthorization,
} from '../domain/authorization-changes.ts';
import type { Random } from '../domain/clock.ts';
import type { Credential, LoginSetup } from '../domain/credential.ts';
import type { AuthorizationId, WorkspaceId } from '../domain/ids.ts';
import { sameServer, swapSetup } from '../domain/mailbox-changes.ts';
import type { GatewaySettings } from '../domain/settings.ts';
import type { Change, Store } from '../store/store.ts';
import { decidingFailure, proveSetup, toProof, type LegProof, type ProveParts } from './prove.ts';
import {
  audited,
  continueChange,
  endChange,
  openAuthorizationOf,
  readRepair,
  swapChange,
  targetOf,
  type RepairState,
} from './repair-state.ts';
import { rereadRefusals } from './reread-refusals.ts';
import type { Revocation } from './revocation.ts';
import { untilCommitted, type Conflict, type Decision } from './until-committed.ts';

const FIRST_RETRY_MS = 5_000;
const LONGEST_RETRY_MS = 60_000;
/** The target moved under a proof: prove again, this often at most in one go; then the next attempt comes as after a failure. */
const MOST_ROUNDS = 3;

export interface VerifyParts extends ProveParts {
  readonly store: Store;
  readonly random: Random;
  readonly settings: Pick<GatewaySettings, 'rollbackKeptMs' | 'confirmAfterMs'>;
  /** Turns the code of a sign-in into a candidate, or into what follows when it gives none. Absent while no provider is configured. */
  readonly redeem?: ((authorization: Authorization) => Promise<void>) | undefined;
  readonly revocation?: Revocation | undefined;
}

/** What the proofs led to; `again` when the setup that was proven is no longer the one to be swapped in. */
type Conclusion =
  | {
      readonly kind: 'settled';
      readonly authorization: Authorization | null;
      /** Credentials that nobody needs any more. */
      readonly givenUp: readonly (Credential | null | undefined)[];
    }
  | { readonly kind: 'again' };

/**
 * Proves the candidate of a VERIFYING authorization and stores what follows from it. The caller holds its lease; every
 * write is guarded by revisions all the same. Resolves with the authorization as stored. An aborted `signal` concludes
 * nothing: the authorization stays due.
 */
export async function verifyOnce(
  parts: VerifyParts,
  workspaceId: WorkspaceId,
  id: AuthorizationId,
  signal: AbortSignal,
): Promise<Authorization | null> {
  for (let round = 1; ; round += 1) {
    const state = await readRepair(parts.store, workspaceId, id);
    if (parts.redeem !== undefined && state !== null && awaitsRedemption(state.authorization)) {
      await parts.redeem(state.authorization);
      const redeemed = await parts.store.authorization(workspaceId, id);
      // Still without a candidate: it is over, or is tried again later.
      if (redeemed === null || redeemed.candidate === null) return redeemed;
      continue;
    }
    const setup = state === null ? null : setupToProve(state);
    if (state === null || setup === null) return state === null ? null : settleWithoutProof(parts, state);
    const proofs = await proveSetup(parts, { workspaceId, mailboxId: state.authorization.mailboxId }, setup, signal);
    if (signal.aborted) return state.authorization;
    const conclusion = await conclude(parts, workspaceId, id, setup, rereadRefusals(state.mailbox, setup, proofs), round === MOST_ROUNDS);
    if (conclusion.kind === 'again') continue;
    if (conclusion.authorization === null) return null;
    await parts.revocation?.ofCredentials(conclusion.authorization, conclusion.givenUp);
    return parts.store.authorization(workspaceId, id);
  }
}

function awaitsRedemption({ status, candidate, redemption }: Authorization): boolean {
  return status === 'VERIFYING' && candidate === null && redemption !== undefined;
}

/**
 * What has to log in for this candidate to be taken: a re-authorization changes who logs in and not where, so it follows
 * the mailbox's present settings; the others bring their own. Null when there is nothing to prove.
 */
function setupToProve({ authorization, mailbox }: RepairState): LoginSetup | null {
  const { candidate, status, purpose, target } = authorization;
  if (status !== 'VERIFYING' || candidate === null || mailbox === null || isOvertaken(authorization, mailbox)) return null;
  if (purpose !== 'REAUTHORIZE' || mailbox.active === null) return { ...target, credential: candidate };
  // An account that was renamed meanwhile signs in by its new name.
  const signInAddress = candidate.kind === 'OAUTH2' ? target.signInAddress : mailbox.active.signInAddress;
  return { ...targetOf(mailbox.active), signInAddress, credential: candidate };
}

/** It is over already, or somebody else won: nothing is tried with this candidate any more. */
async function settleWithoutProof(parts: VerifyParts, state: RepairState): Promise<Authorization | null> {
  const { workspaceId, id } = state.authorization;
  const givenUp = await untilCommitted(parts.store, async () => {
    const present = await readRepair(parts.store, workspaceId, id);
    const change = present === null || setupToProve(present) !== null ? null : overtaken(present, parts.clock.now());
    return { change, result: change === null ? null : present?.authorization.candidate };
  });
  await parts.revocation?.ofCredentials(state.authorization, [givenUp]);
  return parts.store.authorization(workspaceId, id);
}

function overtaken(state: RepairState, now: number): Change | null {
  const { authorization, mailbox } = state;
  if (authorization.status !== 'VERIFYING') return null;
  const ended = endAuthorization(authorization, mailbox === null ? 'CANCELLED' : 'SUPERSEDED', now);
  return endChange(state, ended, now, [
    audited(authorization.startedBy, `authorization.${ended.status.toLowerCase()}`, authorization.mailboxId, { authorizationId: ended.id }),
  ]);
}

async function conclude(
  parts: VerifyParts,
  workspaceId: WorkspaceId,
  id: AuthorizationId,
  proven: LoginSetup,
  proofs: readonly LegProof[],
  lastRound: boolean,
): Promise<Conclusion> {
  return untilCommitted(parts.store, async (lost): Promise<Decision<Conclusion>> => {
    const now = parts.clock.now();
    const state = await readRepair(parts.store, workspaceId, id);
    if (state === null) return { change: null, result: { kind: 'settled', authorization: null, givenUp: [] } };
    const { authorization } = state;
    const settled = (...givenUp: readonly (Credential | null | undefined)[]): Conclusion => ({ kind: 'settled', authorization, givenUp });
    const setup = setupToProve(state);
    if (setup === null) {
      const change = overtaken(state, now);
      return { change, result: change === null ? settled() : settled(authorization.candidate) };
    }
    // What was proven or refused says nothing about where the mailbox is now.
    if (!logsInAlike(setup, proven)) {
      if (!lastRound) return { change: null, result: { kind: 'again' } };
      return { change: continueChange(state, retryAuthorization(authorization, [], now + FIRST_RETRY_MS), now), result: settled() };
    }
    const failure = decidingFailure(proofs);
    if (failure !== null) {
      const { change, isOver } = failureChange(parts, state, failure, proofs, now);
      return { change, result: isOver ? settled(authorization.candidate) : settled() };
    }
    const replaced = state.mailbox?.previous?.setup.credential;
    return { change: await successChange(parts, state, setup, proofs, lost, now), result: settled(replaced) };
  });
}

function failureChange(
  parts: VerifyParts,
  state: RepairState,
  failure: NonNullable<ReturnType<typeof decidingFailure>>,
  proofs: readonly LegProof[],
  now: number,
): { readonly change: Change; readonly isOver: boolean } {
  const { authorization } = state;
  const { leg, diagnosis } = failure;
  const until = authorization.verifyUntil ?? now;
  // The person is there: a doubtful refusal is shown at once, only what cures itself is tried again.
  if (diagnosis.retryable && now < until) {
    const nextVerifyAt = Math.min(now + retryDelayMs(authorization.verifyAttempts, parts.random), until);
    return { change: continueChange(state, retryAuthorization(authorization, proofs.map(toProof), nextVerifyAt), now), isOver: false };
  }
  const rejected = rejectAuthorization(authorization, rejectionOf(diagnosis, leg, null), proofs.map(toProof), now);
  const facts = { authorizationId: rejected.id, reason: diagnosis.reason, leg };
  const audit = [audited(authorization.startedBy, 'authorization.rejected', authorization.mailboxId, facts)];
  return { change: endChange(state, rejected, now, audit), isOver: true };
}

async function successChange(
  parts: VerifyParts,
  state: RepairState,
  setup: LoginSetup,
  proofs: readonly LegProof[],
  lost: Conflict | null,
  now: number,
): Promise<Change | null> {
  const { authorization, mailbox, workspace } = state;
  // Another mailbox of the workspace went live with this address first.
  if (mailbox === null || (lost === 'address' && (await addressIsTaken(parts.store, state, setup)))) return overtaken(state, now);
  const step = swapSetup(mailbox, {
    setup,
    trigger: 'AUTHORIZATION',
    triggeredBy: authorization.startedBy,
    authorizationId: authorization.id,
    rollbackKeptMs: parts.settings.rollbackKeptMs,
    checkAfterMs: parts.settings.confirmAfterMs,
    now,
  });
  const committed = commitAuthorization(authorization, {
    target: targetOf(setup),
    proofs: proofs.map(toProof),
    loginVersion: step.mailbox.loginVersion,
    now,
  });
  const open = await openAuthorizationOf(parts.store, mailbox);
  const rival = open === null || open.id === authorization.id ? [] : [{ before: open, after: endAuthorization(open, 'SUPERSEDED', now) }];
  const facts = { authorizationId: authorization.id, loginVersion: step.mailbox.loginVersion, kind: setup.credential.kind };
  return swapChange({
    workspace,
    before: mailbox,
    step,
    authorizations: [{ before: authorization, after: committed }, ...rival],
    now,
    audit: [audited(authorization.startedBy, 'credential.replaced', mailbox.id, facts)],
  });
}

async function addressIsTaken(store: Store, state: RepairState, setup: LoginSetup): Promise<boolean> {
  const holder = await store.mailboxByAddress(state.authorization.workspaceId, setup.address);
  return holder !== null && holder.id !== state.authorization.mailboxId;
}

/** The proofs of one setup hold for the other: same legs, same servers, same account. What else differs needs no login. */
function logsInAlike(one: LoginSetup, other: LoginSetup): boolean {
  return (
    one.credential.id === other.credential.id &&
    one.direction === other.direction &&
    one.address === other.address &&
    one.signInAddress === other.signInAddress &&
    sameServer(one.incomingServer, other.incomingServer) &&
    sameServer(one.outgoingServer, other.outgoingServer)
  );
}

/** 5 s, 10 s, 20 s … at most a minute, the second half of it random. */
function retryDelayMs(attempts: number, random: Random): number {
  const full = Math.min(FIRST_RETRY_MS * 2 ** attempts, LONGEST_RETRY_MS);
  return Math.round(full / 2 + (random() * full) / 2);
}
