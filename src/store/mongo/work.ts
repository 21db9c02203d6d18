import type { Connection, QueryFilter } from 'mongoose';
import type { Authorization } from '../../domain/authorization.ts';
import type { NewId } from '../../domain/clock.ts';
import { grantKey } from '../../domain/mailbox-index.ts';
import type { Mailbox } from '../../domain/mailbox.ts';
import type { ClaimRequest, Store } from '../store.ts';
import { databaseOf } from './connection.ts';
import { retryDuplicate } from './duplicates.ts';
import type { Models } from './models.ts';
import { above, anyOf, atLeast, atMost, below, expression, noneOf, NOW, other } from './operators.ts';
import { UNCLAIMED, type AuthorizationRecord, type IncidentRecord, type MailboxRecord, type WorkspaceRecord } from './records.ts';

type Work = Pick<
  Store,
  | 'claimDue'
  | 'releaseClaims'
  | 'nextDueAt'
  | 'authorizationsDue'
  | 'authorizationByState'
  | 'authorizationForStart'
  | 'rollbacksExpired'
  | 'pendingExpired'
  | 'grantsIdle'
  | 'mailboxesAtIncidents'
  | 'openIncidents'
  | 'grantUsers'
  | 'workspacesWithHandOver'
  | 'addSuspicion'
  | 'suspicionsSince'
  | 'cohortSize'
  | 'sealedHolders'
>;

/** Another process took the candidates first: look again so often before answering with less. */
const CLAIM_ROUNDS = 3;

/** What the background work asks over all workspaces. Claims go by the database's clock. */
export function work(models: Models, connection: Connection, newId: NewId): Work {
  const { mailboxes, authorizations, incidents, workspaces, suspicions } = models;

  const mailboxesWhere = async (filter: QueryFilter<MailboxRecord>, sort: Record<string, 1>, limit: number): Promise<readonly Mailbox[]> =>
    (await mailboxes.find(filter).sort(sort).limit(limit).select('doc').lean<{ doc: Mailbox }[]>()).map(({ doc }) => doc);

  const authorizationsWhere = async (
    filter: QueryFilter<AuthorizationRecord>,
    sort: Record<string, 1>,
    limit: number,
  ): Promise<readonly Authorization[]> =>
    (await authorizations.find(filter).sort(sort).limit(limit).lean<AuthorizationRecord[]>()).map(({ doc }) => doc);

  async function databaseNow(): Promise<number> {
    const hello = await databaseOf(connection).admin().command({ hello: 1 });
    return hello['localTime'] instanceof Date ? hello['localTime'].getTime() : 0;
  }

  /** Reading the candidates is only a hint; the guarded update is what hands each of them to one caller. */
  async function claimSome(
    request: ClaimRequest,
    limit: number,
  ): Promise<{ readonly seen: number; readonly claimed: readonly MailboxRecord[] }> {
    const now = await databaseNow();
    const candidates = await mailboxes
      .find({
        dueAt: atMost(now),
        claimUntil: atMost(now),
        ...(request.exceptHosts.length === 0 ? {} : { hosts: noneOf(request.exceptHosts) }),
      })
      .sort({ dueAt: 1 })
      .limit(limit)
      .select('_id')
      .lean<{ _id: string }[]>();
    if (candidates.length === 0) return { seen: 0, claimed: [] };
    const batch = newId();
    await mailboxes.updateMany(
      {
        _id: anyOf(candidates.map(({ _id }) => _id)),
        ...expression({ $and: [{ $lte: ['$claimUntil', NOW] }, { $lte: ['$dueAt', NOW] }, { $ne: ['$dueAt', null] }] }),
      },
      [
        {
          $set: {
            claimHolder: { $literal: request.holder },
            claimBatch: { $literal: batch },
            claimUntil: { $add: [NOW, request.leaseMs] },
          },
        },
      ],
    );
    return { seen: candidates.length, claimed: await mailboxes.find({ claimBatch: batch }).sort({ dueAt: 1 }).lean<MailboxRecord[]>() };
  }

  return {
    async claimDue(request) {
      const claimed: Mailbox[] = [];
      for (let round = 1; round <= CLAIM_ROUNDS && claimed.length < request.limit; round += 1) {
        const { seen, claimed: some } = await claimSome(request, request.limit - claimed.length);
        claimed.push(...some.map(({ doc }) => doc));
        if (seen === some.length) break;
      }
      return claimed;
    },

    async releaseClaims(holder) {
      await mailboxes.updateMany({ claimHolder: holder }, { $set: UNCLAIMED });
    },

    async nextDueAt() {
      const next = await mailboxes
        .findOne({ dueAt: other(null), claimUntil: atMost(await databaseNow()) })
        .sort({ dueAt: 1 })
        .select('dueAt')
        .lean<{ dueAt: number | null }>();
      return next?.dueAt ?? null;
    },

    authorizationsDue: (now, limit) => authorizationsWhere({ dueAt: atMost(now) }, { dueAt: 1 }, limit),

    authorizationByState: async (stateHash) => (await authorizationsWhere({ stateHash }, { _id: 1 }, 1))[0] ?? null,

    authorizationForStart: async (id) => (await authorizationsWhere({ _id: id }, { _id: 1 }, 1))[0] ?? null,

    rollbacksExpired: (now, limit) => mailboxesWhere({ rollbackUntil: atMost(now) }, { rollbackUntil: 1 }, limit),

    pendingExpired: (before, limit) => mailboxesWhere({ pendingSince: below(before) }, { pendingSince: 1 }, limit),

    grantsIdle: (before, limit) => mailboxesWhere({ live: true, grantRefreshedAt: below(before) }, { grantRefreshedAt: 1 }, limit),

    mailboxesAtIncidents: (ids, limit) => mailboxesWhere({ incidentIds: anyOf(ids), live: true, paused: false }, { _id: 1 }, limit),

    openIncidents: async (scope) =>
      (await incidents.find({ open: true, ...(scope === null ? {} : { scope }) }).lean<IncidentRecord[]>()).map(({ doc }) => doc),

    grantUsers: (clientId, pinKey, except) =>
      mailboxes.countDocuments({ grantKey: grantKey(clientId, pinKey), live: true, _id: other(except) }).exec(),

    workspacesWithHandOver: async () => (await workspaces.find({ handingOver: true }).lean<WorkspaceRecord[]>()).map(({ doc }) => doc),

    async addSuspicion(cohort, mailbox, at) {
      await retryDuplicate(() =>
        suspicions.updateOne({ _id: JSON.stringify([cohort, mailbox]) }, { $set: { cohort }, $max: { at } }, { upsert: true }).exec(),
      );
    },

    suspicionsSince: (cohort, since) => suspicions.countDocuments({ cohort, at: atLeast(since) }).exec(),

    cohortSize: (cohort) => mailboxes.countDocuments({ cohorts: cohort, live: true, paused: false }).exec(),

    async sealedHolders(after, limit) {
      const [kind, id] = after === null ? ['m', ''] : [after.slice(0, 1), after.slice(2)];
      if (kind === 'm') {
        const found = await mailboxesWhere({ _id: above(id) }, { _id: 1 }, limit);
        const last = found.at(-1);
        return { mailboxes: found, authorizations: [], next: last === undefined || found.length < limit ? 'a:' : `m:${last.id}` };
      }
      const found = await authorizationsWhere({ _id: above(id) }, { _id: 1 }, limit);
      const last = found.at(-1);
      return { mailboxes: [], authorizations: found, next: last === undefined || found.length < limit ? null : `a:${last.id}` };
    },
  };
}
