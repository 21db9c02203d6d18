import type { NewId } from '../domain/clock.ts';
import type { EventFacts, LogEvent } from '../domain/event.ts';
import type { EventId, MailboxId, WorkspaceId } from '../domain/ids.ts';
import type { Mailbox } from '../domain/mailbox.ts';
import { legOf, withLeg } from '../domain/mailbox-status.ts';
import type { LogHead } from './store.ts';

/** The head of a log that has no event yet. */
export const EMPTY_HEAD: LogHead = { position: 0, sequence: 0, floor: 1 };

/** What an append makes of a log: its new head and the events, numbered without a gap from the old head on. */
export interface Appended {
  readonly head: LogHead;
  readonly events: readonly LogEvent[];
}

export function appendTo(head: LogHead, workspaceId: WorkspaceId, facts: readonly EventFacts[], at: number, newId: NewId): Appended {
  let { position, sequence } = head;
  const events = facts.map((fact): LogEvent => {
    position += 1;
    if (fact.kind === 'STATUS') sequence += 1;
    // The id is only ever made here, so this is where it gets its brand.
    const id = newId() as EventId;
    return { id, workspaceId, position, sequence: fact.kind === 'STATUS' ? sequence : null, at, facts: fact };
  });
  return { head: { ...head, position, sequence }, events };
}

/** The mailbox with the sequences of its own STATUS events stamped into the legs they name. */
export function stampSequences(mailbox: Mailbox, events: readonly LogEvent[]): Mailbox {
  return events.reduce((stamped, event) => {
    if (event.facts.kind !== 'STATUS' || event.facts.mailboxId !== mailbox.id || event.sequence === null) return stamped;
    const leg = legOf(stamped, event.facts.leg);
    return leg === null ? stamped : withLeg(stamped, { ...leg, sequence: event.sequence });
  }, mailbox);
}

/** The mailbox that an event speaks of; null for those that speak of none. */
export function mailboxOfEvent(facts: EventFacts): MailboxId | null {
  switch (facts.kind) {
    case 'STATUS':
    case 'MAILBOX':
    case 'AUTHORIZATION':
      return facts.mailboxId;
    case 'WORKSPACE':
    case 'INCIDENT':
    case 'TOKEN':
      return null;
  }
}
