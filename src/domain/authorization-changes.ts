import { isOpen, type Authorization, type AuthorizationPurpose, type Proof, type Rejection, type SetupTarget } from './authorization.ts';
import type { Credential, Pin } from './credential.ts';
import type { Diagnosis } from './diagnosis.ts';
import type { AuthorizationFacts } from './event.ts';
import type { AuthorizationId, CredentialId, MailboxId, WorkspaceId } from './ids.ts';
import type { AuthMethodKind, LegDirection } from './mail.ts';
import type { Mailbox } from './mailbox.ts';
import { legsOfMailbox } from './mailbox-status.ts';

/** How long a candidate is retried while its servers fail transiently. */
export const VERIFY_FOR_MS = 10 * 60_000;

export interface NewAuthorization {
  readonly id: AuthorizationId;
  readonly workspaceId: WorkspaceId;
  readonly mailboxId: MailboxId;
  readonly purpose: AuthorizationPurpose;
  readonly target: SetupTarget;
  readonly kind: AuthMethodKind;
  /** A password is there at once and makes the authorization VERIFYING; OAuth has none yet and awaits its user. */
  readonly candidate: Credential | null;
  readonly expectedPin: Pin | null;
  readonly mayReplacePin: boolean;
  readonly returnTo: string | null;
  readonly startedBy: string;
  readonly startedAtVersion: number;
  readonly replaces: CredentialId | null;
  readonly now: number;
  /** How long it stays open at all. */
  readonly ttlMs: number;
}

/** A new authorization: VERIFYING and due at once when it has a candidate, else AWAITING_USER. */
export function openAuthorization(asked: NewAuthorization): Authorization {
  const { now, ttlMs, candidate, ...kept } = asked;
  const base: Authorization = {
    ...kept,
    revision: 0,
    status: 'AWAITING_USER',
    provider: asked.target.provider,
    candidate: null,
    proofs: [],
    rejection: null,
    flow: null,
    createdAt: now,
    expiresAt: now + ttlMs,
    verifyUntil: null,
    nextVerifyAt: null,
    verifyAttempts: 0,
    completedAt: null,
    committedLoginVersion: null,
  };
  return candidate === null ? base : withCandidate(base, candidate, now);
}

/** The user did his part: the candidate is there and is due for its proof. */
export function withCandidate(authorization: Authorization, candidate: Credential, now: number): Authorization {
  return { ...authorization, status: 'VERIFYING', candidate, flow: null, verifyUntil: now + VERIFY_FOR_MS, nextVerifyAt: now };
}

/** Still VERIFYING: a transient failure, tried again at `nextVerifyAt`. */
export function retryAuthorization(authorization: Authorization, proofs: readonly Proof[], nextVerifyAt: number): Authorization {
  return {
    ...authorization,
    proofs: newestProofs(authorization.proofs, proofs),
    nextVerifyAt,
    verifyAttempts: authorization.verifyAttempts + 1,
  };
}

/** Whatever ends it without a commit also erases the candidate's secrets with it. */
export function endAuthorization(authorization: Authorization, status: 'EXPIRED' | 'CANCELLED' | 'SUPERSEDED', now: number): Authorization {
  return { ...closed(authorization, now), status };
}

export function rejectAuthorization(
  authorization: Authorization,
  rejection: Rejection,
  proofs: readonly Proof[],
  now: number,
): Authorization {
  return {
    ...closed(authorization, now),
    status: 'REJECTED',
    rejection,
    proofs: newestProofs(authorization.proofs, proofs),
    verifyAttempts: authorization.verifyAttempts + 1,
  };
}

/** The candidate is in use now; it lives in the mailbox and no longer here. */
export function commitAuthorization(
  authorization: Authorization,
  commit: { readonly target: SetupTarget; readonly proofs: readonly Proof[]; readonly loginVersion: number; readonly now: number },
): Authorization {
  return {
    ...closed(authorization, commit.now),
    status: 'COMMITTED',
    target: commit.target,
    proofs: newestProofs(authorization.proofs, commit.proofs),
    verifyAttempts: authorization.verifyAttempts + 1,
    committedLoginVersion: commit.loginVersion,
  };
}

/** COMMITTED becomes CONFIRMED; `completedAt` stays the time of the commit. */
export function confirmAuthorization(authorization: Authorization, now: number): Authorization {
  return { ...authorization, status: 'CONFIRMED', completedAt: authorization.completedAt ?? now };
}

/**
 * Does the mailbox, as it is after an observation, confirm this authorization? Yes once every leg was proven by a
 * check later than the commit. Write the confirmation in the same change as the observation: the authorization by
 * `confirmAuthorization`, the mailbox with `unconfirmedAuthorizationId: null`, and `authorizationEvent`.
 */
export function confirmsAuthorization(mailbox: Mailbox, authorization: Authorization): boolean {
  const committedAt = authorization.completedAt;
  if (authorization.status !== 'COMMITTED' || committedAt === null || mailbox.unconfirmedAuthorizationId !== authorization.id) return false;
  const legs = legsOfMailbox(mailbox);
  return legs.length > 0 && legs.every((leg) => leg.health === 'HEALTHY' && leg.lastProvenAt !== null && leg.lastProvenAt > committedAt);
}

/** The credential that it brought was taken out of use again. */
export function rollBackAuthorization(authorization: Authorization): Authorization {
  return { ...authorization, status: 'ROLLED_BACK' };
}

export function authorizationEvent(authorization: Authorization): AuthorizationFacts {
  return { kind: 'AUTHORIZATION', authorizationId: authorization.id, mailboxId: authorization.mailboxId };
}

/** A refused candidate, as its dialog shows it. */
export function rejectionOf(
  diagnosis: Diagnosis,
  leg: LegDirection | null,
  accounts: { readonly expectedAddress: string; readonly actualAddress: string | null } | null,
): Rejection {
  return {
    reason: diagnosis.reason,
    action: diagnosis.action,
    message: diagnosis.message,
    providerMessage: diagnosis.providerMessage,
    expectedAddress: accounts?.expectedAddress ?? null,
    actualAddress: accounts?.actualAddress ?? null,
    leg,
    alternatives: diagnosis.alternatives,
  };
}

/**
 * A candidate may only replace the credential that was in use when its authorization began: whoever swapped it
 * meanwhile (another authorization, a roll-back) has won.
 */
export function isOvertaken(authorization: Authorization, mailbox: Mailbox): boolean {
  return isOpen(authorization.status) && authorization.replaces !== (mailbox.active?.credential.id ?? null);
}

function closed(authorization: Authorization, now: number): Authorization {
  const { redemption: _gone, ...kept } = authorization;
  return { ...kept, candidate: null, flow: null, verifyUntil: null, nextVerifyAt: null, completedAt: now };
}

function newestProofs(before: readonly Proof[], now: readonly Proof[]): readonly Proof[] {
  return [...before.filter((proof) => !now.some((newer) => newer.leg === proof.leg)), ...now];
}
