import type { LoginSetup } from './credential.ts';
import type { Diagnosis } from './diagnosis.ts';
import type { IncidentId, WorkspaceId } from './ids.ts';
import type { Incident } from './incident.ts';
import type { LegDirection, Provider } from './mail.ts';
import type { Actor, Reason, RepairAction } from './reason.ts';
import { reasonInfo, treatmentOf } from './reasons.ts';

/** What an incident says, before it belongs to a workspace. */
export interface IncidentDraft {
  readonly scope: string;
  readonly reason: Reason;
  readonly actor: Actor;
  readonly action: RepairAction;
  readonly message: string;
}

const ISSUER: Readonly<Record<Provider, string>> = { MICROSOFT_365: 'microsoft', GMAIL: 'google', OTHER: 'other' };
const NAME: Readonly<Record<Provider, string>> = { MICROSOFT_365: 'Microsoft', GMAIL: 'Gmail', OTHER: 'the mail server' };

/**
 * Who shares the fault that this diagnosis found, e.g. "oauth-app:microsoft", "tenant:<id>", "host:imap.example.com",
 * "provider:google", "gateway:keyring". Null for a fault of the mailbox alone. Two mailboxes with the same scope have the
 * same incident within a workspace.
 */
export function incidentScopeOf(diagnosis: Diagnosis, setup: LoginSetup, leg: LegDirection): string | null {
  if (treatmentOf(diagnosis) !== 'SHARED') return null;
  const scope = reasonInfo(diagnosis.reason).incidentScope;
  switch (scope) {
    case 'OAUTH_APP':
      return appScope(setup);
    case 'TENANT':
      return tenantScope(setup);
    case 'HOST':
      return hostScope(setup, leg);
    case 'GATEWAY':
      return 'gateway:keyring';
    case 'PROVIDER':
    case null:
      return `provider:${ISSUER[setup.provider]}`;
  }
}

function appScope(setup: LoginSetup): string {
  return `oauth-app:${ISSUER[setup.provider]}`;
}

/** Microsoft names the tenant in the pin; Google's nearest thing to a tenant is the domain of the account. */
function tenantScope(setup: LoginSetup): string {
  const { credential } = setup;
  if (credential.kind === 'OAUTH2' && credential.grant.pin.kind === 'MICROSOFT') return `tenant:${credential.grant.pin.tenantId}`;
  const domain = setup.signInAddress.slice(setup.signInAddress.lastIndexOf('@') + 1).toLowerCase();
  return `tenant:${domain}`;
}

function hostScope(setup: LoginSetup, leg: LegDirection): string {
  const server = leg === 'INCOMING' ? setup.incomingServer : setup.outgoingServer;
  return server === null ? `provider:${ISSUER[setup.provider]}` : `host:${server.host.toLowerCase()}`;
}

/** The incident of a shared fault: its diagnosis under its scope. */
export function faultIncident(scope: string, diagnosis: Diagnosis): IncidentDraft {
  return { scope, reason: diagnosis.reason, actor: diagnosis.actor, action: diagnosis.action, message: diagnosis.message };
}

/**
 * The incident of a closed cohort guard. `cohort` as `cohortOf` gives it, e.g. "OTHER|imap.example.com"; the scope is
 * "cohort:" before it, so that it reads back.
 */
export function cohortIncident(cohort: string): IncidentDraft {
  const [provider = '', host = cohort] = cohort.split('|', 2);
  const where = provider === 'MICROSOFT_365' || provider === 'GMAIL' ? `${NAME[provider]} (${host})` : host;
  return {
    scope: `cohort:${cohort}`,
    reason: 'PROVIDER_UNAVAILABLE',
    actor: 'NOBODY',
    action: 'WAIT_AND_RETRY',
    message: `Many mailboxes at ${where} are refused at the same time, which looks like a fault of the server. Nobody is asked to sign in until it is clear that it is not.`,
  };
}

/** The incident of a monitor that lags: it is the gateway that is late, no mailbox is marked. */
export function monitorIncident(): IncidentDraft {
  return {
    scope: 'gateway:monitor',
    reason: 'STALE',
    actor: 'GATEWAY_OPERATOR',
    action: 'INSPECT',
    message:
      'The gateway is behind with its checks, so the status of mailboxes may be out of date. Its operator should look at its load and its database.',
  };
}

export interface NewIncident {
  readonly id: IncidentId;
  readonly workspaceId: WorkspaceId;
  /** Mailboxes of this workspace that it has hit so far. */
  readonly affectedCount: number;
  readonly openedAt: number;
}

export function newIncident(draft: IncidentDraft, facts: NewIncident): Incident {
  return { ...draft, ...facts, revision: 0, closedAt: null };
}
