import type { Health, Leg } from './leg.ts';
import type { LegDirection } from './mail.ts';
import type { Mailbox } from './mailbox.ts';

/** Worst first. PAUSED covers all; the rest is the order of design: who has to act comes before who has to wait. */
const SEVERITY: Readonly<Record<Health, number>> = {
  PAUSED: 0,
  HEALTHY: 1,
  UNVERIFIED: 2,
  DEGRADED: 3,
  BLOCKED: 4,
  ACTION_REQUIRED: 5,
};

export function severityOf(health: Health): number {
  return SEVERITY[health];
}

export function legsOfMailbox(mailbox: Mailbox): readonly Leg[] {
  return [mailbox.incoming, mailbox.outgoing].filter((leg) => leg !== null);
}

export function legOf(mailbox: Mailbox, direction: LegDirection): Leg | null {
  return direction === 'INCOMING' ? mailbox.incoming : mailbox.outgoing;
}

export function withLeg(mailbox: Mailbox, leg: Leg): Mailbox {
  return leg.direction === 'INCOMING' ? { ...mailbox, incoming: leg } : { ...mailbox, outgoing: leg };
}

/** The leg that a list shows: the worse of both, the one that changed last when they are alike. Null only without legs. */
export function worstLeg(mailbox: Mailbox): Leg | null {
  const legs = legsOfMailbox(mailbox);
  return legs.reduce<Leg | null>((worst, leg) => {
    if (worst === null) return leg;
    const difference = severityOf(leg.health) - severityOf(worst.health);
    return difference > 0 || (difference === 0 && leg.since > worst.since) ? leg : worst;
  }, null);
}

export function mailboxHealth(mailbox: Mailbox): Health {
  if (mailbox.paused) return 'PAUSED';
  return worstLeg(mailbox)?.health ?? 'UNVERIFIED';
}
