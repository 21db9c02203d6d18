import type { Clock, Random } from '../domain/clock.ts';
import { releaseLeg } from '../domain/health.ts';
import type { IncidentId } from '../domain/ids.ts';
import type { Incident } from '../domain/incident.ts';
import type { Log } from '../domain/log.ts';
import type { Mailbox } from '../domain/mailbox.ts';
import { legsOfMailbox, withLeg } from '../domain/mailbox-status.ts';
import type { Change, Store } from '../store/store.ts';
import { spreadOver } from './schedule.ts';

export interface Release {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly scope: string;
  readonly intervalMs: number;
  readonly holder: string;
}

const PAGE = 100;
/** Rounds in which everything conflicted before the rest is left to the next proof. */
const FRUITLESS_ROUNDS = 5;
/** Two released logins a second over the whole cohort, at most half an interval: twice the steady load. */
const SPREAD_PER_MAILBOX_MS = 500;

/**
 * Ends the fault of one scope in every workspace: all legs it blocked or held are due, spread, and then the incidents
 * close with an INCIDENT event each. Legs first, so that a process that dies on the way leaves an open incident that the
 * next proof closes. Resumable and safe beside other processes that do the same; does nothing when none is open.
 */
export async function releaseAndClose(release: Release): Promise<void> {
  const { store, log, scope } = release;
  for (let fruitless = 0; fruitless < FRUITLESS_ROUNDS; fruitless += 1) {
    const open = await store.openIncidents(scope);
    if (open.length === 0) return;
    await releaseLegs(release, open);
    const closed = await closeAll(release, open);
    if (closed === open.length) {
      log.info('an incident closed', { scope, workspaces: closed });
      return;
    }
  }
  log.warn('an incident could not be closed yet', { scope });
}

async function releaseLegs({ store, clock, random, intervalMs }: Release, open: readonly Incident[]): Promise<void> {
  const ids = open.map((incident) => incident.id);
  const affected = open.reduce((sum, incident) => sum + incident.affectedCount, 0);
  const spreadMs = affected <= 1 ? 0 : Math.min(intervalMs / 2, affected * SPREAD_PER_MAILBOX_MS);
  for (let fruitless = 0; fruitless < FRUITLESS_ROUNDS;) {
    const held = await store.mailboxesAtIncidents(ids, PAGE);
    if (held.length === 0) return;
    const now = clock.now();
    const changes: Change[] = held.map((mailbox) => ({
      workspaceId: mailbox.workspaceId,
      at: now,
      mailboxes: [
        {
          kind: 'replace',
          doc: released(mailbox, ids, now, spreadOver(spreadMs, now, random)),
          expectedRevision: mailbox.revision,
        },
      ],
    }));
    const results = await store.commit(changes);
    fruitless = results.some((result) => result.kind === 'committed') ? 0 : fruitless + 1;
  }
}

function released(mailbox: Mailbox, ids: readonly IncidentId[], now: number, dueAt: number): Mailbox {
  return legsOfMailbox(mailbox)
    .filter((leg) => leg.incidentId !== null && ids.includes(leg.incidentId))
    .reduce((after, leg) => withLeg(after, { ...releaseLeg(leg, now), nextCheckAt: dueAt }), mailbox);
}

async function closeAll({ store, clock }: Release, open: readonly Incident[]): Promise<number> {
  const now = clock.now();
  const results = await store.commit(
    open.map((incident) => ({
      workspaceId: incident.workspaceId,
      at: now,
      incidents: [{ kind: 'replace', doc: { ...incident, closedAt: now }, expectedRevision: incident.revision }],
      events: [{ kind: 'INCIDENT', incidentId: incident.id }],
    })),
  );
  return results.filter((result) => result.kind === 'committed').length;
}
