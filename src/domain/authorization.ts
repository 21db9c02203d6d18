import type { Credential, LoginSetup, Pin } from './credential.ts';
import type { AuthorizationId, CredentialId, MailboxId, WorkspaceId } from './ids.ts';
import type { LegDirection, Provider } from './mail.ts';
import type { Reason, RepairAction } from './reason.ts';
import type { Sealed } from './sealed.ts';

export const AUTHORIZATION_PURPOSES = ['CONNECT', 'REAUTHORIZE', 'MIGRATE'] as const;
export type AuthorizationPurpose = (typeof AUTHORIZATION_PURPOSES)[number];

export const AUTHORIZATION_STATUSES = [
  'AWAITING_USER',
  'VERIFYING',
  'COMMITTED',
  'CONFIRMED',
  'REJECTED',
  'EXPIRED',
  'CANCELLED',
  'SUPERSEDED',
  'ROLLED_BACK',
] as const;
export type AuthorizationStatus = (typeof AUTHORIZATION_STATUSES)[number];

/** What was proven with the candidate so far, one entry a leg, newest wins. */
export interface Proof {
  readonly leg: LegDirection;
  readonly succeeded: boolean;
  readonly reason: Reason | null;
  readonly at: number;
}

export interface Rejection {
  readonly reason: Reason;
  readonly action: RepairAction;
  readonly message: string;
  readonly providerMessage: string | null;
  readonly expectedAddress: string | null;
  readonly actualAddress: string | null;
  readonly leg: LegDirection | null;
  readonly alternatives: readonly Reason[];
}

/** The setup that a candidate credential will complete. */
export type SetupTarget = Omit<LoginSetup, 'credential'>;

/** One browser round trip: state and cookie only as hashes, the PKCE verifier sealed. */
export interface SignInFlow {
  readonly stateHash: string;
  readonly cookieHash: string;
  readonly nonce: string;
  readonly verifier: Sealed;
  readonly issuer: string;
  readonly redirectUri: string;
  readonly expiresAt: number;
}

/** A sign-in that came back and whose code is not redeemed yet: survives a restart, is used once, and goes with the answer. */
export interface Redemption {
  readonly code: Sealed;
  readonly verifier: Sealed;
  readonly nonce: string;
  readonly redirectUri: string;
}

/** One attempt to obtain a credential. The old one stays in use until the new one is proven. */
export interface Authorization {
  readonly id: AuthorizationId;
  readonly workspaceId: WorkspaceId;
  readonly revision: number;
  readonly mailboxId: MailboxId;
  readonly purpose: AuthorizationPurpose;
  readonly status: AuthorizationStatus;
  readonly target: SetupTarget;
  readonly provider: Provider;
  readonly kind: 'BASIC' | 'OAUTH2';
  /** Null until there is one to prove; sealed inside; erased when the authorization ends without a commit. */
  readonly candidate: Credential | null;
  readonly expectedPin: Pin | null;
  readonly mayReplacePin: boolean;
  readonly proofs: readonly Proof[];
  readonly rejection: Rejection | null;
  readonly flow: SignInFlow | null;
  /** Only between the callback and the redemption of its code. */
  readonly redemption?: Redemption;
  readonly returnTo: string | null;
  readonly startedBy: string;
  /** The mailbox's version that the caller saw when it began; a commit does not need it to be unchanged. */
  readonly startedAtVersion: number;
  /** The credential in use when it began, null when there was none. Once another one is in use, this authorization can only be SUPERSEDED. */
  readonly replaces: CredentialId | null;
  readonly createdAt: number;
  readonly expiresAt: number;
  /** VERIFYING gives up on transient failures at this time (10 minutes after the candidate arrived). */
  readonly verifyUntil: number | null;
  readonly nextVerifyAt: number | null;
  readonly verifyAttempts: number;
  readonly completedAt: number | null;
  /** The mailbox's loginVersion that the commit produced. */
  readonly committedLoginVersion: number | null;
}

export function isOpen(status: AuthorizationStatus): boolean {
  return status === 'AWAITING_USER' || status === 'VERIFYING';
}
