import type { LoginSetup } from './credential.ts';
import type { ChangeTrigger, MailboxFacts, StatusFacts } from './event.ts';
import { changeOf, freshLeg, pauseLeg, provenLeg, resumeLeg, type LegChange, type LegTransition } from './health.ts';
import type { AuthorizationId, MailboxId, WorkspaceId } from './ids.ts';
import type { Leg } from './leg.ts';
import { legsOf, type LegDirection, type MailDirection, type MailServer } from './mail.ts';
import type { Mailbox, RequestedSetup } from './mailbox.ts';
import { legOf, legsOfMailbox, withLeg } from './mailbox-status.ts';
import { mapMailboxSecrets } from './sealed-secrets.ts';
import type { Sealed } from './sealed.ts';
import { statusMessage } from './status-message.ts';

/** A mailbox as a step leaves it, with what the log has to say of it. */
export interface MailboxStep {
  readonly mailbox: Mailbox;
  readonly events: readonly (StatusFacts | MailboxFacts)[];
}

/** Who swaps a setup in, and what is to be remembered of it. */
export interface Swap {
  readonly setup: LoginSetup;
  readonly trigger: 'AUTHORIZATION' | 'ROLL_BACK';
  readonly triggeredBy: string;
  /** The authorization that brings the setup; null for a roll-back. */
  readonly authorizationId: AuthorizationId | null;
  /** How long the replaced setup is kept for a roll-back. */
  readonly rollbackKeptMs: number;
  /** The first background check after the swap comes this much later. */
  readonly checkAfterMs: number;
  readonly now: number;
}

/** A mailbox that was asked for and has no proven credential yet. */
export function pendingMailbox(asked: {
  readonly id: MailboxId;
  readonly workspaceId: WorkspaceId;
  readonly displayName: string | null;
  readonly requested: RequestedSetup;
  readonly authorizationId: AuthorizationId;
  readonly now: number;
}): Mailbox {
  return {
    id: asked.id,
    workspaceId: asked.workspaceId,
    revision: 0,
    displayName: asked.displayName,
    version: 1,
    loginVersion: 0,
    live: false,
    paused: false,
    active: null,
    requested: asked.requested,
    previous: null,
    address: asked.requested.address,
    incoming: null,
    outgoing: null,
    openAuthorizationId: asked.authorizationId,
    repairRejected: false,
    unconfirmedAuthorizationId: null,
    createdAt: asked.now,
    updatedAt: asked.now,
    changedAt: asked.now,
  };
}

/**
 * A proven setup takes the place of the one in use, which is kept for a roll-back. Every leg is HEALTHY on the proofs,
 * with one STATUS event each, also when its health stays the same; a paused mailbox stays paused. Whatever
 * authorization was open is no longer the mailbox's: the caller ends it.
 */
export function swapSetup(mailbox: Mailbox, swap: Swap): MailboxStep {
  const { setup, now } = swap;
  const loginVersion = mailbox.loginVersion + 1;
  const legs = legsOf(setup.direction).map((direction) => {
    const proven = provenLeg(legOf(mailbox, direction) ?? freshLeg(direction, now), now);
    const due: Leg = { ...proven.leg, nextCheckAt: now + swap.checkAfterMs };
    const { leg, change } = mailbox.paused ? stillPaused(due, now) : { leg: due, change: proven.change };
    return { leg, event: changeOf(mailbox.id, direction, change, swap.trigger, loginVersion, swap.triggeredBy) };
  });
  // Listed, not spread: what a pending mailbox was asked to become goes with the first commit.
  const swapped: Mailbox = {
    id: mailbox.id,
    workspaceId: mailbox.workspaceId,
    revision: mailbox.revision,
    displayName: mailbox.displayName,
    paused: mailbox.paused,
    createdAt: mailbox.createdAt,
    version: mailbox.version + 1,
    loginVersion,
    live: true,
    active: setup,
    previous:
      mailbox.active === null
        ? null
        : {
            setup: mailbox.active,
            replacedAt: now,
            keptUntil: now + swap.rollbackKeptMs,
            secretErased: false,
            replacedBy: swap.authorizationId,
          },
    address: setup.address,
    incoming: legs.find(({ leg }) => leg.direction === 'INCOMING')?.leg ?? null,
    outgoing: legs.find(({ leg }) => leg.direction === 'OUTGOING')?.leg ?? null,
    openAuthorizationId: null,
    repairRejected: false,
    unconfirmedAuthorizationId: swap.authorizationId,
    updatedAt: now,
    changedAt: now,
  };
  const events = legs.map(({ event }) => event);
  return { mailbox: swapped, events: [...events, mailboxEvent(mailbox.id, mailbox.live ? 'CHANGED' : 'ADDED')] };
}

/** A newer authorization is the mailbox's open one from now on. */
export function openRepair(mailbox: Mailbox, authorizationId: AuthorizationId, now: number): Mailbox {
  return { ...mailbox, openAuthorizationId: authorizationId, updatedAt: now };
}

/** An authorization ended without a commit. */
export function closeRepair(
  mailbox: Mailbox,
  authorizationId: AuthorizationId,
  outcome: { readonly rejected: boolean; readonly now: number },
): Mailbox {
  const open = mailbox.openAuthorizationId === authorizationId ? null : mailbox.openAuthorizationId;
  return { ...mailbox, openAuthorizationId: open, repairRejected: mailbox.repairRejected || outcome.rejected, updatedAt: outcome.now };
}

/** What updateMailbox may change. Servers are null exactly where the direction does not include the leg. */
export interface MailboxSettings {
  readonly displayName: string | null;
  readonly direction: MailDirection;
  readonly deleteAfterFetch: boolean;
  readonly incomingServer: MailServer | null;
  readonly outgoingServer: MailServer | null;
}

export function settingsOf(mailbox: Mailbox, active: LoginSetup): MailboxSettings {
  const { direction, deleteAfterFetch, incomingServer, outgoingServer } = active;
  return { displayName: mailbox.displayName, direction, deleteAfterFetch, incomingServer, outgoingServer };
}

/**
 * Other settings for a live mailbox; null when they are the present ones. Another server or direction bumps loginVersion;
 * a leg that is new or dials elsewhere is UNVERIFIED and due now, the other one keeps what is known of it.
 */
export function changeSettings(mailbox: Mailbox, active: LoginSetup, wanted: MailboxSettings, by: string, now: number): MailboxStep | null {
  const before = settingsOf(mailbox, active);
  const relocated = (['INCOMING', 'OUTGOING'] as const).filter(
    (direction) => !sameServer(serverOf(before, direction), serverOf(wanted, direction)),
  );
  const loginChanges = relocated.length > 0 || before.direction !== wanted.direction;
  const unchanged = !loginChanges && before.displayName === wanted.displayName && before.deleteAfterFetch === wanted.deleteAfterFetch;
  if (unchanged) return null;

  const loginVersion = mailbox.loginVersion + (loginChanges ? 1 : 0);
  const { displayName, ...login } = wanted;
  const included = legsOf(wanted.direction);
  const fresh = relocated.filter((direction) => included.includes(direction)).map((direction) => freshened(mailbox, direction, now));
  const settled: Mailbox = {
    ...mailbox,
    displayName,
    version: mailbox.version + 1,
    loginVersion,
    active: { ...active, ...login },
    incoming: included.includes('INCOMING') ? mailbox.incoming : null,
    outgoing: included.includes('OUTGOING') ? mailbox.outgoing : null,
    updatedAt: now,
    changedAt: fresh.some(({ change }) => change !== null) ? now : mailbox.changedAt,
  };
  return {
    mailbox: fresh.reduce((result, { leg }) => withLeg(result, leg), settled),
    events: [
      ...fresh.flatMap(({ leg, change }) =>
        change === null ? [] : [changeOf(mailbox.id, leg.direction, change, 'ADMINISTRATION', loginVersion, by)],
      ),
      mailboxEvent(mailbox.id, 'CHANGED'),
    ],
  };
}

/** Switched off by an administrator; null when it is already. */
export function pauseMailboxStep(mailbox: Mailbox, by: string, now: number): MailboxStep | null {
  return mailbox.paused ? null : onEveryLeg({ ...mailbox, paused: true }, (leg) => pauseLeg(leg, now), by, now);
}

/** Switched on again: every leg UNVERIFIED and due now; null when it is on. */
export function resumeMailboxStep(mailbox: Mailbox, by: string, now: number): MailboxStep | null {
  return mailbox.paused ? onEveryLeg({ ...mailbox, paused: false }, (leg) => resumeLeg(leg, now), by, now) : null;
}

/** The replaced setup's secrets are gone; user name and servers stay readable. */
export function eraseReplaced(mailbox: Mailbox, now: number): Mailbox {
  const { previous } = mailbox;
  if (previous === null || previous.secretErased) return mailbox;
  const erased = mapMailboxSecrets({ ...mailbox, active: null }, () => '' as Sealed).previous;
  return { ...mailbox, previous: { ...(erased ?? previous), secretErased: true }, updatedAt: now };
}

export function mailboxEvent(mailboxId: MailboxId, change: MailboxFacts['change']): MailboxFacts {
  return { kind: 'MAILBOX', mailboxId, change };
}

export function sameServer(one: MailServer | null, other: MailServer | null): boolean {
  if (one === null || other === null) return one === other;
  return one.host.toLowerCase() === other.host.toLowerCase() && one.port === other.port && one.security === other.security;
}

function serverOf(settings: MailboxSettings, direction: LegDirection): MailServer | null {
  return direction === 'INCOMING' ? settings.incomingServer : settings.outgoingServer;
}

/** The leg starts anew; its place in history stays. */
function freshened(mailbox: Mailbox, direction: LegDirection, now: number): { readonly leg: Leg; readonly change: LegChange | null } {
  const before = legOf(mailbox, direction);
  const fresh = mailbox.paused ? pauseLeg(freshLeg(direction, now), now).leg : freshLeg(direction, now);
  if (before === null) return { leg: fresh, change: null };
  if (before.health === fresh.health && before.diagnosis === null)
    return { leg: { ...fresh, since: before.since, sequence: before.sequence }, change: null };
  const change: LegChange = {
    from: before.health,
    to: fresh.health,
    reason: null,
    actor: 'NOBODY',
    action: null,
    message: statusMessage(fresh),
  };
  return { leg: { ...fresh, sequence: before.sequence }, change };
}

function stillPaused(proven: Leg, now: number): { readonly leg: Leg; readonly change: LegChange } {
  const { leg } = pauseLeg(proven, now);
  return { leg, change: { from: 'PAUSED', to: 'PAUSED', reason: null, actor: 'NOBODY', action: null, message: statusMessage(leg) } };
}

function onEveryLeg(mailbox: Mailbox, move: (leg: Leg) => LegTransition, by: string, now: number): MailboxStep {
  const moved = legsOfMailbox(mailbox).map(move);
  const after = moved.reduce((result, { leg }) => withLeg(result, leg), mailbox);
  const trigger: ChangeTrigger = 'ADMINISTRATION';
  return {
    mailbox: { ...after, version: mailbox.version + 1, updatedAt: now, changedAt: now },
    events: [
      ...moved.flatMap(({ leg, change }) =>
        change === null ? [] : [changeOf(mailbox.id, leg.direction, change, trigger, mailbox.loginVersion, by)],
      ),
      mailboxEvent(mailbox.id, 'CHANGED'),
    ],
  };
}
