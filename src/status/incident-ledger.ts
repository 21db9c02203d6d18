import type { NewId } from '../domain/clock.ts';
import type { IncidentFacts } from '../domain/event.ts';
import type { IncidentId, MailboxId, WorkspaceId } from '../domain/ids.ts';
import type { Incident } from '../domain/incident.ts';
import { newIncident, type IncidentDraft } from '../domain/incident-scope.ts';
import type { Guarded, Store } from '../store/store.ts';

/** The incidents that one batch of observations opens and joins: one per workspace and scope, however many mailboxes it hits. */
export interface IncidentLedger {
  /** The open incident of this scope, or the one that the batch will open if somebody joins it. Null: another process is opening it right now, try again. */
  find(workspaceId: WorkspaceId, draft: IncidentDraft): Promise<IncidentId | null>;
  /** What these mailboxes' joining writes. A mailbox that another leg brought in already is not counted again. */
  join(
    workspaceId: WorkspaceId,
    joins: readonly {
      readonly mailboxId: MailboxId;
      readonly incidentIds: readonly IncidentId[];
      readonly already: readonly IncidentId[];
    }[],
  ): IncidentChanges;
  /** Call once what `join` gave is committed or given up. */
  end(): Promise<void>;
}

export interface IncidentChanges {
  readonly incidents: readonly Guarded<Incident, IncidentId>[];
  readonly events: readonly IncidentFacts[];
}

interface Entry {
  readonly incident: Incident;
  readonly stored: boolean;
}

export interface LedgerParts {
  readonly store: Store;
  readonly newId: NewId;
  readonly holder: string;
  readonly now: number;
}

const OPENING_LEASE_MS = 30_000;

export function createIncidentLedger({ store, newId, holder, now }: LedgerParts): IncidentLedger {
  const found = new Map<string, Promise<Entry | null>>();
  const byId = new Map<IncidentId, Entry>();
  const leases: string[] = [];

  async function look(workspaceId: WorkspaceId, draft: IncidentDraft): Promise<Entry | null> {
    const open = await store.openIncident(workspaceId, draft.scope);
    if (open !== null) return { incident: open, stored: true };
    // Nothing in the store keeps two processes from opening the same incident twice but this lease.
    const lease = `incident:${workspaceId}:${draft.scope}`;
    if (!(await store.acquireLease(lease, holder, OPENING_LEASE_MS)).acquired) return null;
    leases.push(lease);
    const meanwhile = await store.openIncident(workspaceId, draft.scope);
    if (meanwhile !== null) return { incident: meanwhile, stored: true };
    return { incident: newIncident(draft, { id: newId() as IncidentId, workspaceId, affectedCount: 0, openedAt: now }), stored: false };
  }

  return {
    async find(workspaceId, draft) {
      const key = JSON.stringify([workspaceId, draft.scope]);
      const looked = found.get(key) ?? look(workspaceId, draft);
      found.set(key, looked);
      const entry = await looked;
      if (entry !== null) byId.set(entry.incident.id, entry);
      return entry?.incident.id ?? null;
    },
    join(workspaceId, joins) {
      const hits = new Map<IncidentId, number>();
      for (const { incidentIds, already } of joins) {
        for (const id of incidentIds) hits.set(id, (hits.get(id) ?? 0) + (already.includes(id) ? 0 : 1));
      }
      const incidents: Guarded<Incident, IncidentId>[] = [];
      const events: IncidentFacts[] = [];
      for (const [id, count] of hits) {
        const entry = byId.get(id);
        if (entry?.incident.workspaceId !== workspaceId) continue;
        const doc: Incident = { ...entry.incident, affectedCount: entry.incident.affectedCount + count };
        incidents.push(entry.stored ? { kind: 'replace', doc, expectedRevision: entry.incident.revision } : { kind: 'insert', doc });
        events.push({ kind: 'INCIDENT', incidentId: id });
      }
      return { incidents, events };
    },
    async end() {
      for (const lease of leases.splice(0)) await store.releaseLease(lease, holder);
    },
  };
}
