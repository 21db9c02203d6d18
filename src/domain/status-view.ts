import type { Confidence } from './diagnosis.ts';
import { escalate } from './health.ts';
import type { Health, Leg } from './leg.ts';
import type { Mailbox } from './mailbox.ts';
import { legsOfMailbox, worstLeg } from './mailbox-status.ts';
import type { Actor, Reason, RepairAction } from './reason.ts';
import { statusMessage } from './status-message.ts';

/** The status of a leg or a mailbox as anybody outside sees it. Times are epoch milliseconds. */
export interface StatusView {
  readonly health: Health;
  /** Null when HEALTHY, PAUSED, or never checked. */
  readonly reason: Reason | null;
  readonly actor: Actor;
  readonly action: RepairAction | null;
  readonly message: string;
  /** Null where there is no reason. */
  readonly confidence: Confidence | null;
  readonly alternatives: readonly Reason[];
  /** Bounded and redacted when it was diagnosed. */
  readonly providerMessage: string | null;
  /** Of the newest change of this status; 0 before the first. */
  readonly sequence: number;
  readonly since: number;
  readonly failureCount: number;
  readonly lastCheckedAt: number | null;
  readonly lastProvenAt: number | null;
  readonly nextCheckAt: number | null;
}

/**
 * One leg as of `now`. A degradation that has lasted 6 hours names the workspace's admin even before the watchdog wrote it
 * down. A paused mailbox's legs are PAUSED whatever they were before.
 */
export function legStatus(leg: Leg, mailbox: Mailbox, now: number): StatusView {
  const shown = mailbox.paused ? paused(leg) : escalate(leg, now).leg;
  const { diagnosis } = shown;
  return {
    health: shown.health,
    reason: diagnosis?.reason ?? null,
    actor: diagnosis?.actor ?? 'NOBODY',
    action: diagnosis?.action ?? null,
    message: statusMessage(shown),
    confidence: diagnosis?.confidence ?? null,
    alternatives: diagnosis?.alternatives ?? [],
    providerMessage: diagnosis?.providerMessage ?? null,
    sequence: shown.sequence,
    // Becoming the admin's business is the watchdog's change; until it is written, the status is as old as its last one.
    since: leg.since,
    failureCount: shown.failureCount,
    lastCheckedAt: shown.lastCheckedAt,
    lastProvenAt: shown.lastProvenAt,
    nextCheckAt: shown.nextCheckAt,
  };
}

function paused(leg: Leg): Leg {
  return { ...leg, health: 'PAUSED', diagnosis: null, nextCheckAt: null };
}

/**
 * The mailbox: its worst leg. `sequence` is that of the newest change of either leg, since both went into it, and
 * `nextCheckAt` the earlier of both.
 */
export function mailboxStatus(mailbox: Mailbox, now: number): StatusView {
  const worst = worstLeg(mailbox);
  if (worst === null) return pending(mailbox);
  const views = legsOfMailbox(mailbox).map((leg) => legStatus(leg, mailbox, now));
  const due = views.map((view) => view.nextCheckAt).filter((at) => at !== null);
  return {
    ...legStatus(worst, mailbox, now),
    sequence: Math.max(...views.map((view) => view.sequence)),
    nextCheckAt: due.length === 0 ? null : Math.min(...due),
  };
}

/** A mailbox whose first credential is not proven yet has no legs to speak of. */
function pending(mailbox: Mailbox): StatusView {
  return {
    health: mailbox.paused ? 'PAUSED' : 'UNVERIFIED',
    reason: null,
    actor: 'NOBODY',
    action: null,
    message: 'Not connected yet. Its first login has to be proven.',
    confidence: null,
    alternatives: [],
    providerMessage: null,
    sequence: 0,
    since: mailbox.changedAt,
    failureCount: 0,
    lastCheckedAt: null,
    lastProvenAt: null,
    nextCheckAt: null,
  };
}
