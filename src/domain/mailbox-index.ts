import type { Pin } from './credential.ts';
import type { IncidentId } from './ids.ts';
import type { Health } from './leg.ts';
import { addressKey, type AuthMethodKind, type Provider } from './mail.ts';
import type { Mailbox } from './mailbox.ts';
import { legsOfMailbox, mailboxHealth, severityOf } from './mailbox-status.ts';
import type { Reason } from './reason.ts';
import { ownScenarioKind } from './scenario.ts';
import type { ScenarioKind } from './scenario-kind.ts';
import { cohortsOf } from './cohort.ts';

/** What the engines index of a mailbox. Derived, never stored by hand: one place says what can be searched. */
export interface MailboxIndex {
  readonly addressKey: string;
  readonly live: boolean;
  readonly health: Health;
  readonly severityRank: number;
  readonly changedAt: number;
  readonly reasons: readonly Reason[];
  readonly provider: Provider | null;
  readonly authMethod: AuthMethodKind | null;
  readonly scenario: ScenarioKind | null;
  readonly attention: boolean;
  /** Earliest nextCheckAt of its legs; null when nothing is due ever (paused, pending). */
  readonly dueAt: number | null;
  readonly hosts: readonly string[];
  readonly cohorts: readonly string[];
  readonly incidentIds: readonly IncidentId[];
  /** "clientId|pin" of the active grant, else null. */
  readonly grantKey: string | null;
  readonly grantRefreshedAt: number | null;
  /** When the replaced setup's secret has to go; null when there is none to erase. */
  readonly rollbackUntil: number | null;
}

/** The account of a pin as one string, for counting who else uses it. */
export function pinKey(pin: Pin): string {
  switch (pin.kind) {
    case 'MICROSOFT':
      return `${pin.issuer}|${pin.tenantId}|${pin.objectId}`;
    case 'GOOGLE':
      return `${pin.issuer}|${pin.subject}`;
  }
}

export function grantKey(clientId: string, pin: string): string {
  return `${clientId}|${pin}`;
}

export function indexOfMailbox(mailbox: Mailbox): MailboxIndex {
  const legs = legsOfMailbox(mailbox);
  const health = mailboxHealth(mailbox);
  const credential = mailbox.active?.credential ?? null;
  const due = mailbox.live && !mailbox.paused ? legs.map((leg) => leg.nextCheckAt).filter((at) => at !== null) : [];
  const servers = [mailbox.active?.incomingServer ?? null, mailbox.active?.outgoingServer ?? null];
  const grant = credential?.kind === 'OAUTH2' ? credential.grant : null;
  const basicAtMicrosoft = mailbox.active?.provider === 'MICROSOFT_365' && credential?.kind === 'BASIC';
  return {
    addressKey: addressKey(mailbox.address),
    live: mailbox.live,
    health,
    severityRank: severityOf(health),
    changedAt: mailbox.changedAt,
    reasons: mailbox.paused ? [] : [...new Set(legs.map((leg) => leg.diagnosis?.reason ?? null).filter((reason) => reason !== null))],
    provider: mailbox.active?.provider ?? null,
    authMethod: credential?.kind ?? null,
    scenario: ownScenarioKind(mailbox),
    attention: !mailbox.paused && (severityOf(health) >= severityOf('DEGRADED') || basicAtMicrosoft),
    dueAt: due.length === 0 ? null : Math.min(...due),
    hosts: [...new Set(servers.filter((server) => server !== null).map((server) => server.host.toLowerCase()))],
    cohorts: mailbox.active === null ? [] : cohortsOf(mailbox.active),
    incidentIds: [...new Set(legs.map((leg) => leg.incidentId).filter((id) => id !== null))],
    grantKey: grant === null ? null : grantKey(grant.clientId, pinKey(grant.pin)),
    grantRefreshedAt: grant === null ? null : (grant.lastRefreshedAt ?? grant.consentedAt),
    rollbackUntil: mailbox.previous === null || mailbox.previous.secretErased ? null : mailbox.previous.keptUntil,
  };
}
