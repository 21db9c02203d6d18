import { authorizationEvent, confirmAuthorization, confirmsAuthorization } from '../domain/authorization-changes.ts';
import type { Clock, NewId, Random } from '../domain/clock.ts';
import type { EventFacts } from '../domain/event.ts';
import type { IncidentId, MailboxId, WorkspaceId } from '../domain/ids.ts';
import { cohortIncident, faultIncident, incidentScopeOf, type IncidentDraft } from '../domain/incident-scope.ts';
import type { Log } from '../domain/log.ts';
import type { LegDirection } from '../domain/mail.ts';
import type { Mailbox } from '../domain/mailbox.ts';
import { legOf, legsOfMailbox } from '../domain/mailbox-status.ts';
import { cohortOf } from '../domain/cohort.ts';
import type { Change, Store } from '../store/store.ts';
import { createBatch } from './batch.ts';
import type { CheckedLeg } from './check.ts';
import type { CohortGuard, GuardVerdict } from './cohort-guard.ts';
import { cohortConcerned, decide, isNewSuspicion, type Decision, type Surroundings } from './decide.ts';
import { groupBy } from './group-by.ts';
import { createIncidentLedger, type IncidentLedger } from './incident-ledger.ts';
import { createRetryBudget } from './retry-budget.ts';

/** What one check of one mailbox found. */
export interface Finding {
  readonly workspaceId: WorkspaceId;
  readonly mailboxId: MailboxId;
  readonly checked: readonly CheckedLeg[];
}

export interface Recorder {
  /**
   * Applies the observations to the mailbox as it is now and stores what follows in one change: the mailbox, its STATUS
   * events, incidents opened or joined, an authorization confirmed; and ends this process's claim on it. Grouped with
   * others: up to 20 ms or 100 mailboxes. Resolves when it is durable; true if it was applied, false when the mailbox is
   * gone or kept changing under it. Rejects with StoreUnavailable, then nothing was recorded.
   */
  record(finding: Finding): Promise<boolean>;
  /** Resolves when everything given to `record` is stored or failed. */
  drain(): Promise<void>;
}

/** A mailbox that an incident had hit logs in again. */
export interface HealedLeg {
  readonly workspaceId: WorkspaceId;
  readonly incidentId: IncidentId;
  /** Obtained anew, so it proves the grant and the application too. */
  readonly freshCredential: boolean;
}

export interface RecorderParts {
  readonly store: Store;
  readonly guard: CohortGuard;
  readonly clock: Clock;
  readonly random: Random;
  readonly newId: NewId;
  readonly log: Log;
  readonly intervalMs: number;
  readonly confirmAfterMs: number;
  /** Whose claims the changes end. */
  readonly holder: string;
  readonly onHealed: (healed: HealedLeg) => void;
}

const GATHER_MS = 20;
const GATHER_MOST = 100;
/** A mailbox that is changed by somebody else at the same moment this often in a row is left to its next check. */
const TRIES = 8;
const RETRY_AFTER_MS = 10;

interface Pending {
  readonly finding: Finding;
  readonly resolve: (applied: boolean) => void;
  readonly reject: (error: unknown) => void;
}

interface Planned {
  readonly pending: Pending;
  readonly before: Mailbox;
  readonly decision: Decision;
}

export function createRecorder(parts: RecorderParts): Recorder {
  const { store, guard, clock, log } = parts;
  const retries = createRetryBudget();
  const batch = createBatch<Pending>({ clock, waitMs: GATHER_MS, most: GATHER_MOST, handle });

  const pause = (ms: number): Promise<void> => new Promise((resolve) => void clock.schedule(ms, resolve));

  async function handle(items: readonly Pending[]): Promise<void> {
    let left: readonly Pending[] = items;
    try {
      for (let tries = 0; left.length > 0 && tries < TRIES; tries += 1) {
        if (tries > 0) await pause(tries * RETRY_AFTER_MS);
        left = await storeRound(left);
      }
      for (const pending of left) {
        log.warn('a check was not recorded, the mailbox kept changing', { mailboxId: pending.finding.mailboxId });
        pending.resolve(false);
      }
    } catch (error) {
      for (const pending of items) pending.reject(error);
    }
  }

  /** Decides and commits; returns what conflicted. A mailbox named twice is decided one after the other. */
  async function storeRound(items: readonly Pending[]): Promise<readonly Pending[]> {
    const now = clock.now();
    const mailboxes = await readMailboxes(items);
    const first = new Map<MailboxId, Pending>();
    const later: Pending[] = [];
    for (const pending of items) {
      if (first.has(pending.finding.mailboxId)) later.push(pending);
      else first.set(pending.finding.mailboxId, pending);
    }
    const ledger = createIncidentLedger({ store, newId: parts.newId, holder: parts.holder, now });
    const verdicts = await guardVerdicts([...first.values()], mailboxes);
    try {
      const planned: Planned[] = [];
      for (const pending of first.values()) {
        const before = mailboxes.get(pending.finding.mailboxId);
        const decision = before === undefined ? null : await plan(pending.finding, before, verdicts, ledger, now);
        if (before === undefined) pending.resolve(false);
        else if (decision === null) later.push(pending);
        else planned.push({ pending, before, decision });
      }
      return [...(await commit(planned, ledger, now)), ...later];
    } finally {
      await ledger.end();
    }
  }

  async function readMailboxes(items: readonly Pending[]): Promise<ReadonlyMap<MailboxId, Mailbox>> {
    const byWorkspace = groupBy(items, (pending) => pending.finding.workspaceId);
    const found = new Map<MailboxId, Mailbox>();
    for (const [workspaceId, group] of byWorkspace) {
      const ids = [...new Set(group.map((pending) => pending.finding.mailboxId))];
      for (const mailbox of await store.mailboxes(workspaceId, ids)) if (mailbox?.live === true) found.set(mailbox.id, mailbox);
    }
    return found;
  }

  /** Counts first, then judges, so that the rejection that is one too many is the first one held. */
  async function guardVerdicts(
    items: readonly Pending[],
    mailboxes: ReadonlyMap<MailboxId, Mailbox>,
  ): Promise<ReadonlyMap<string, GuardVerdict>> {
    const cohorts = new Set<string>();
    for (const { finding } of items) {
      const mailbox = mailboxes.get(finding.mailboxId);
      if (mailbox === undefined) continue;
      for (const { observation } of finding.checked) {
        const cohort = cohortConcerned(mailbox, observation);
        if (cohort === null) continue;
        cohorts.add(cohort);
        if (isNewSuspicion(mailbox, observation)) await guard.suspect(cohort, mailbox.id, observation.at);
      }
    }
    const verdicts = new Map<string, GuardVerdict>();
    for (const cohort of cohorts) verdicts.set(cohort, await guard.verdict(cohort));
    return verdicts;
  }

  /** Null while another process is opening the incident that this mailbox belongs to. */
  async function plan(
    finding: Finding,
    mailbox: Mailbox,
    verdicts: ReadonlyMap<string, GuardVerdict>,
    ledger: IncidentLedger,
    now: number,
  ): Promise<Decision | null> {
    const surroundings = new Map<LegDirection, Surroundings>();
    for (const { observation } of finding.checked) {
      const cohort = cohortConcerned(mailbox, observation);
      const verdict = cohort === null ? undefined : verdicts.get(cohort);
      const held = verdict?.closed === true;
      const draft = faultOf(mailbox, observation) ?? (held && cohort !== null ? cohortIncident(cohort) : null);
      const incidentId = draft === null ? null : await ledger.find(mailbox.workspaceId, draft);
      if (draft !== null && incidentId === null) return null;
      const cohortSize = verdict?.cohortSize ?? 0;
      const suspectedAt = legOf(mailbox, observation.leg)?.suspicion?.firstAt ?? null;
      const cohortUnsure = cohort !== null && suspectedAt !== null && guard.cohortUnsure(cohort, mailbox.id, suspectedAt, cohortSize);
      surroundings.set(observation.leg, { held, cohortUnsure, cohortSize, incidentId });
    }
    const alone: Surroundings = { held: false, cohortUnsure: false, cohortSize: 0, incidentId: null };
    return decide(mailbox, finding.checked, (leg) => surroundings.get(leg) ?? alone, {
      now,
      intervalMs: parts.intervalMs,
      confirmAfterMs: parts.confirmAfterMs,
      random: parts.random,
      retries,
    });
  }

  /**
   * One change a mailbox; those of a workspace that join an incident share one, because they share its document.
   */
  async function commit(planned: readonly Planned[], ledger: IncidentLedger, now: number): Promise<readonly Pending[]> {
    if (planned.length === 0) return [];
    const joining = planned.filter(({ decision }) => decision.joined.length > 0);
    const groups: (readonly Planned[])[] = [
      ...planned.filter(({ decision }) => decision.joined.length === 0).map((one) => [one]),
      ...groupBy(joining, ({ before }) => before.workspaceId).values(),
    ];
    const changes: Change[] = [];
    for (const group of groups) changes.push(await changeFor(group, ledger, now));
    const results = await store.commit(changes);
    const conflicted: Pending[] = [];
    for (const [place, group] of groups.entries()) {
      const committed = results[place]?.kind === 'committed';
      for (const one of group) {
        if (committed) settle(one);
        else conflicted.push(one.pending);
      }
    }
    return conflicted;
  }

  async function changeFor(group: readonly Planned[], ledger: IncidentLedger, now: number): Promise<Change> {
    const [first] = group;
    if (first === undefined) throw new Error('a change needs a mailbox');
    const { workspaceId } = first.before;
    const confirmations = await Promise.all(group.map(({ decision }) => confirmation(decision, now)));
    const joins = group.map(({ before, decision }) => ({
      mailboxId: before.id,
      incidentIds: decision.joined,
      already: legsOfMailbox(before)
        .map((leg) => leg.incidentId)
        .filter((id) => id !== null),
    }));
    const { incidents, events: incidentEvents } = ledger.join(workspaceId, joins);
    const events: EventFacts[] = [...group.flatMap(({ decision }) => decision.events), ...incidentEvents];
    const authorizations = confirmations.flatMap(({ authorization }) => (authorization === null ? [] : [authorization]));
    for (const { doc } of authorizations) events.push(authorizationEvent(doc));
    return {
      workspaceId,
      at: now,
      mailboxes: group.map(({ before }, place) => ({
        kind: 'replace' as const,
        doc: confirmations[place]?.mailbox ?? before,
        expectedRevision: before.revision,
      })),
      ...(authorizations.length > 0 ? { authorizations } : {}),
      ...(incidents.length > 0 ? { incidents } : {}),
      ...(events.length > 0 ? { events } : {}),
      releaseClaim: parts.holder,
    };
  }

  /** The first background proof of every leg after a commit turns COMMITTED into CONFIRMED, in the same change. */
  async function confirmation(decision: Decision, now: number) {
    const { mailbox } = decision;
    const id = mailbox.unconfirmedAuthorizationId;
    const proven = decision.counted.some(({ observation }) => observation.outcome.kind === 'PROVEN');
    const authorization = id === null || !proven ? null : await store.authorization(mailbox.workspaceId, id);
    if (authorization === null || !confirmsAuthorization(mailbox, authorization)) return { mailbox, authorization: null };
    return {
      mailbox: { ...mailbox, unconfirmedAuthorizationId: null },
      authorization: {
        kind: 'replace' as const,
        doc: confirmAuthorization(authorization, now),
        expectedRevision: authorization.revision,
      },
    };
  }

  function settle({ pending, before, decision }: Planned): void {
    for (const { observation, before: leg } of decision.counted) {
      const proven = observation.outcome.kind === 'PROVEN';
      const cohort = before.active === null ? null : cohortOf(before.active, leg.direction);
      if (proven && cohort !== null) guard.proven(cohort);
      if (leg.suspicion?.held === true && cohort !== null) guard.heldOutcome(cohort, before.id, proven);
      if (proven && leg.incidentId !== null) {
        parts.onHealed({ workspaceId: before.workspaceId, incidentId: leg.incidentId, freshCredential: observation.freshCredential });
      }
    }
    pending.resolve(decision.counted.length > 0);
  }

  return {
    record: (finding) => new Promise<boolean>((resolve, reject) => batch.add({ finding, resolve, reject })),
    drain: () => batch.drain(),
  };
}

function faultOf(mailbox: Mailbox, observation: CheckedLeg['observation']): IncidentDraft | null {
  if (observation.outcome.kind === 'PROVEN' || mailbox.active === null) return null;
  const { diagnosis } = observation.outcome;
  const scope = incidentScopeOf(diagnosis, mailbox.active, observation.leg);
  return scope === null ? null : faultIncident(scope, diagnosis);
}
