import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Authorization } from '../../src/domain/authorization.ts';
import type { Clock } from '../../src/domain/clock.ts';
import type { BasicCredential, LoginSetup, OAuth2Credential } from '../../src/domain/credential.ts';
import type { StatusFacts } from '../../src/domain/event.ts';
import type { AuthorizationId, CredentialId, IncidentId, MailboxId, WorkspaceId } from '../../src/domain/ids.ts';
import type { Incident } from '../../src/domain/incident.ts';
import type { Leg } from '../../src/domain/leg.ts';
import type { Log } from '../../src/domain/log.ts';
import type { Mailbox } from '../../src/domain/mailbox.ts';
import type { LegDirection } from '../../src/domain/mail.ts';
import type { Sealed } from '../../src/domain/sealed.ts';

/** The real clock, which a test may push forward. Timers are real. */
export interface ShiftedClock extends Clock {
  shift(ms: number): void;
}

export function createShiftedClock(): ShiftedClock {
  let offsetMs = 0;
  return {
    now: () => Date.now() + offsetMs,
    monotonicMs: () => performance.now(),
    schedule(delayMs, work) {
      const timer = setTimeout(work, delayMs);
      timer.unref();
      return { cancel: () => clearTimeout(timer) };
    },
    shift(ms) {
      offsetMs += ms;
    },
  };
}

export const silentLog: Log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

export const newId = (): string => randomUUID();

/** A folder that goes with the test. */
export function temporaryFolder(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'gateway-store-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

export function aLeg(direction: LegDirection, parts: Partial<Leg> = {}): Leg {
  return {
    direction,
    health: 'HEALTHY',
    diagnosis: null,
    since: 1000,
    sequence: 0,
    failureCount: 0,
    firstFailureAt: null,
    lastCheckedAt: 1000,
    lastProvenAt: 1000,
    nextCheckAt: null,
    suspicion: null,
    incidentId: null,
    ...parts,
  };
}

export function aPassword(username: string): BasicCredential {
  return {
    kind: 'BASIC',
    id: newId() as CredentialId,
    secretVersion: 1,
    login: { username, password: 'sealed-password' as Sealed },
    outgoingLogin: null,
    passwordSetAt: 1000,
  };
}

export function aGrant(username: string, parts: Partial<OAuth2Credential['grant']> = {}): OAuth2Credential {
  return {
    kind: 'OAUTH2',
    id: newId() as CredentialId,
    secretVersion: 1,
    username,
    grant: {
      issuer: 'https://accounts.google.com',
      clientId: 'client',
      pin: { kind: 'GOOGLE', issuer: 'https://accounts.google.com', subject: username },
      refreshToken: 'sealed-refresh' as Sealed,
      accessToken: null,
      accessTokenExpiresAt: null,
      grantedScopes: ['https://mail.google.com/'],
      requiredScopes: ['https://mail.google.com/'],
      consentedAt: 1000,
      lastRefreshedAt: null,
      expiresAt: null,
      ...parts,
    },
  };
}

export function aSetup(address: string, parts: Partial<LoginSetup> = {}): LoginSetup {
  return {
    provider: 'OTHER',
    address,
    signInAddress: address,
    direction: 'BOTH',
    deleteAfterFetch: false,
    incomingServer: { host: 'imap.example.test', port: 993, security: 'TLS' },
    outgoingServer: { host: 'smtp.example.test', port: 587, security: 'STARTTLS' },
    credential: aPassword(address),
    ...parts,
  };
}

/** A live, healthy mailbox that is due never; `parts` says what the test is about. */
export function aMailbox(workspaceId: WorkspaceId, address: string, parts: Partial<Mailbox> = {}): Mailbox {
  return {
    id: newId() as MailboxId,
    workspaceId,
    revision: 0,
    displayName: null,
    version: 1,
    loginVersion: 1,
    live: true,
    paused: false,
    active: aSetup(address),
    previous: null,
    address,
    incoming: aLeg('INCOMING'),
    outgoing: aLeg('OUTGOING'),
    openAuthorizationId: null,
    repairRejected: false,
    unconfirmedAuthorizationId: null,
    createdAt: 1000,
    updatedAt: 1000,
    changedAt: 1000,
    ...parts,
  };
}

export function anAuthorization(workspaceId: WorkspaceId, mailboxId: MailboxId, parts: Partial<Authorization> = {}): Authorization {
  const { provider, address, signInAddress, direction, deleteAfterFetch, incomingServer, outgoingServer } = aSetup('support@example.test');
  return {
    id: newId() as AuthorizationId,
    workspaceId,
    revision: 0,
    mailboxId,
    purpose: 'REAUTHORIZE',
    status: 'AWAITING_USER',
    target: { provider, address, signInAddress, direction, deleteAfterFetch, incomingServer, outgoingServer },
    provider: 'OTHER',
    kind: 'BASIC',
    candidate: null,
    expectedPin: null,
    mayReplacePin: false,
    proofs: [],
    rejection: null,
    flow: null,
    returnTo: null,
    startedBy: 'admin',
    startedAtVersion: 1,
    replaces: null,
    createdAt: 1000,
    expiresAt: 90_000,
    verifyUntil: null,
    nextVerifyAt: null,
    verifyAttempts: 0,
    completedAt: null,
    committedLoginVersion: null,
    ...parts,
  };
}

export function anIncident(workspaceId: WorkspaceId, parts: Partial<Incident> = {}): Incident {
  return {
    id: newId() as IncidentId,
    workspaceId,
    revision: 0,
    scope: 'host:imap.example.test',
    reason: 'PROVIDER_UNAVAILABLE',
    actor: 'NOBODY',
    action: 'WAIT_AND_RETRY',
    message: 'The provider has an outage.',
    affectedCount: 1,
    openedAt: 1000,
    closedAt: null,
    ...parts,
  };
}

export function aStatusChange(mailboxId: MailboxId, parts: Partial<StatusFacts> = {}): StatusFacts {
  return {
    kind: 'STATUS',
    mailboxId,
    leg: 'INCOMING',
    from: 'HEALTHY',
    to: 'DEGRADED',
    reason: 'CONNECTION_TIMEOUT',
    actor: 'NOBODY',
    action: 'WAIT_AND_RETRY',
    message: 'The server did not answer.',
    trigger: 'CHECK',
    credentialVersion: 1,
    triggeredBy: null,
    ...parts,
  };
}
