import type { Authorization } from '../../src/domain/authorization.ts';
import type { BasicCredential, Credential, LoginSetup, OAuth2Credential } from '../../src/domain/credential.ts';
import type { Confidence, Diagnosis } from '../../src/domain/diagnosis.ts';
import { freshLeg, observe, type Circumstances, type LegTransition } from '../../src/domain/health.ts';
import type { AuthorizationId, CredentialId, IncidentId, MailboxId, WorkspaceId } from '../../src/domain/ids.ts';
import type { Leg, Observation } from '../../src/domain/leg.ts';
import type { LegDirection } from '../../src/domain/mail.ts';
import type { Mailbox } from '../../src/domain/mailbox.ts';
import type { Reason } from '../../src/domain/reason.ts';
import { reasonInfo } from '../../src/domain/reasons.ts';
import type { Sealed } from '../../src/domain/sealed.ts';

export const START = Date.parse('2026-11-24T08:00:00.000Z');
export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;
export const CONFIRM_AFTER_MS = MINUTE_MS;
export const INCIDENT = 'incident-1' as IncidentId;
export const LOGIN_VERSION = 3;

export function diagnosis(reason: Reason, confidence: Confidence, more: Partial<Diagnosis> = {}): Diagnosis {
  const { actor, action, scenario, reasonClass } = reasonInfo(reason);
  const retryable = reasonClass === 'TRANSIENT';
  return {
    reason,
    retryable,
    actor,
    action,
    scenario,
    message: `It is ${reason}.`,
    confidence,
    alternatives: [],
    providerMessage: null,
    ...more,
  };
}

export const TRANSIENT = diagnosis('PROVIDER_UNAVAILABLE', 'CERTAIN');
export const SUSPICIOUS = diagnosis('BAD_CREDENTIALS', 'LIKELY');
export const AMBIGUOUS = diagnosis('ACCESS_TOKEN_REJECTED', 'AMBIGUOUS');
export const PERMANENT = diagnosis('OAUTH_GRANT_REVOKED', 'CERTAIN');
export const SHARED = diagnosis('APP_SECRET_EXPIRED', 'CERTAIN');

export function leg(more: Partial<Leg> = {}, direction: LegDirection = 'INCOMING'): Leg {
  return { ...freshLeg(direction, START), ...more };
}

export function healthy(more: Partial<Leg> = {}, direction: LegDirection = 'INCOMING'): Leg {
  return leg({ health: 'HEALTHY', lastCheckedAt: START, lastProvenAt: START, ...more }, direction);
}

export function circumstances(at: number, more: Partial<Circumstances> = {}): Circumstances {
  return { loginVersion: LOGIN_VERSION, cohortHeld: false, incidentId: null, confirmAfterMs: CONFIRM_AFTER_MS, now: at, ...more };
}

export function observation(at: number, outcome: Diagnosis | 'PROVEN', more: Partial<Observation> = {}): Observation {
  return {
    mailboxId: 'mailbox-1' as MailboxId,
    leg: 'INCOMING',
    loginVersion: LOGIN_VERSION,
    at,
    source: 'CHECK',
    outcome: outcome === 'PROVEN' ? { kind: 'PROVEN' } : { kind: 'FAILED', diagnosis: outcome },
    freshCredential: true,
    ...more,
  };
}

/** One observation at `at`, minutes after START. */
export function see(
  before: Leg,
  atMinutes: number,
  outcome: Diagnosis | 'PROVEN',
  more: { readonly seen?: Partial<Observation> } & Partial<Circumstances> = {},
): LegTransition {
  const { seen, ...around } = more;
  const at = START + atMinutes * MINUTE_MS;
  return observe(before, observation(at, outcome, { leg: before.direction, ...seen }), circumstances(at, around));
}

export function actionRequired(cause: Diagnosis = PERMANENT): Leg {
  return see(healthy(), 1, cause.confidence === 'CERTAIN' ? cause : { ...cause, confidence: 'CERTAIN' }).leg;
}

export function blocked(): Leg {
  return see(healthy(), 1, SHARED, { incidentId: INCIDENT }).leg;
}

export const BASIC: BasicCredential = {
  kind: 'BASIC',
  id: 'credential-1' as CredentialId,
  secretVersion: 1,
  login: { username: 'support@acme.test', password: 'sealed' as Sealed },
  outgoingLogin: null,
  passwordSetAt: START,
};

export const MICROSOFT_GRANT: OAuth2Credential = {
  kind: 'OAUTH2',
  id: 'credential-2' as CredentialId,
  secretVersion: 1,
  username: 'support@acme.test',
  grant: {
    issuer: 'https://login.microsoftonline.com/tenant-1/v2.0',
    clientId: 'client-1',
    pin: { kind: 'MICROSOFT', issuer: 'https://login.microsoftonline.com/tenant-1/v2.0', tenantId: 'tenant-1', objectId: 'object-1' },
    refreshToken: 'sealed' as Sealed,
    accessToken: null,
    accessTokenExpiresAt: null,
    grantedScopes: ['imap', 'smtp'],
    requiredScopes: ['imap', 'smtp'],
    consentedAt: START,
    lastRefreshedAt: START,
    expiresAt: null,
  },
};

export const GOOGLE_GRANT: OAuth2Credential = {
  ...MICROSOFT_GRANT,
  grant: {
    ...MICROSOFT_GRANT.grant,
    issuer: 'https://accounts.google.com',
    pin: { kind: 'GOOGLE', issuer: 'https://accounts.google.com', subject: 'subject-1' },
  },
};

export function setup(provider: LoginSetup['provider'], credential: Credential, more: Partial<LoginSetup> = {}): LoginSetup {
  return {
    provider,
    address: 'support@acme.test',
    signInAddress: 'support@acme.test',
    direction: 'BOTH',
    deleteAfterFetch: false,
    incomingServer: { host: 'imap.acme.test', port: 993, security: 'TLS' },
    outgoingServer: { host: 'smtp.acme.test', port: 587, security: 'STARTTLS' },
    credential,
    ...more,
  };
}

export function mailbox(active: LoginSetup, more: Partial<Mailbox> = {}): Mailbox {
  return {
    id: 'mailbox-1' as MailboxId,
    workspaceId: 'workspace-1' as WorkspaceId,
    revision: 1,
    displayName: null,
    version: 1,
    loginVersion: LOGIN_VERSION,
    live: true,
    paused: false,
    active,
    previous: null,
    address: active.address,
    incoming: healthy(),
    outgoing: healthy({}, 'OUTGOING'),
    openAuthorizationId: null,
    repairRejected: false,
    unconfirmedAuthorizationId: null,
    createdAt: START,
    updatedAt: START,
    changedAt: START,
    ...more,
  };
}

export function authorization(target: LoginSetup, more: Partial<Pick<Authorization, 'purpose' | 'status'>> = {}): Authorization {
  const { credential, ...requested } = target;
  return {
    id: 'authorization-1' as AuthorizationId,
    workspaceId: 'workspace-1' as WorkspaceId,
    revision: 1,
    mailboxId: 'mailbox-1' as MailboxId,
    purpose: 'REAUTHORIZE',
    status: 'AWAITING_USER',
    target: requested,
    provider: target.provider,
    kind: credential.kind,
    candidate: null,
    replaces: null,
    expectedPin: null,
    mayReplacePin: false,
    proofs: [],
    rejection: null,
    flow: null,
    returnTo: null,
    startedBy: 'admin',
    startedAtVersion: 1,
    createdAt: START,
    expiresAt: START + DAY_MS,
    verifyUntil: null,
    nextVerifyAt: null,
    verifyAttempts: 0,
    completedAt: null,
    committedLoginVersion: null,
    ...more,
  };
}
