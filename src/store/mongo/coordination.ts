import type { Clock } from '../../domain/clock.ts';
import { IDEMPOTENCY_KEPT_MS, IDEMPOTENCY_RESTART_MS, LEASE_KEPT_MS, SUSPICION_KEPT_MS } from '../kept-for.ts';
import type { IdempotencyKey, Store } from '../store.ts';
import { isDuplicateKey } from './connection.ts';
import { retryDuplicate } from './duplicates.ts';
import type { Models } from './models.ts';
import { atLeast, atMost, below, expression, NOW } from './operators.ts';
import type { EventRecord, HeadRecord, IdempotencyRecord, InstanceRecord, LeaseRecord, MetaRecord } from './records.ts';

type Coordination = Pick<
  Store,
  | 'acquireLease'
  | 'releaseLease'
  | 'beginIdempotent'
  | 'finishIdempotent'
  | 'abandonIdempotent'
  | 'heartbeat'
  | 'instances'
  | 'removeInstance'
  | 'meta'
  | 'setMeta'
  | 'prune'
>;

export function coordination(models: Models, clock: Clock): Coordination {
  const { leases, idempotency, instances, meta, suspicions, events, heads } = models;

  return {
    async acquireLease(name, holder, ttlMs) {
      const mine = { $eq: [{ $ifNull: ['$holder', null] }, { $literal: holder }] };
      const free = { $or: [mine, { $lte: [{ $ifNull: ['$until', 0] }, NOW] }] };
      // Fences of a new lease begin at the time, so that they also go up when a forgotten lease is made again.
      const nextFence = { $max: [{ $add: [{ $ifNull: ['$fence', 0] }, 1] }, NOW] };
      const set = {
        holder: { $cond: [free, { $literal: holder }, '$holder'] },
        until: { $cond: [free, { $add: [NOW, ttlMs] }, '$until'] },
        fence: { $cond: [{ $and: [free, { $not: [mine] }] }, nextFence, '$fence'] },
      };
      await retryDuplicate(() => leases.updateOne({ _id: name }, [{ $set: set }], { upsert: true }).exec());
      // Whoever reads its own name here has it: nobody can take it before it expires.
      const lease = await leases.findById(name).lean<LeaseRecord>();
      return { acquired: lease?.holder === holder, fence: lease?.fence ?? 0 };
    },

    async releaseLease(name, holder) {
      await leases.updateOne({ _id: name, holder }, { $set: { until: 0 } });
    },

    async beginIdempotent(record, now) {
      const started: IdempotencyRecord = {
        _id: idOf(record),
        workspaceId: record.workspaceId,
        operation: record.operation,
        fingerprint: record.fingerprint,
        holder: record.holder,
        startedAt: now,
        result: null,
      };
      for (;;) {
        try {
          await idempotency.bulkWrite([{ insertOne: { document: started } }]);
          return { kind: 'started' };
        } catch (error) {
          if (!isDuplicateKey(error)) throw error;
        }
        const present = await idempotency.findById(started._id).lean<IdempotencyRecord>();
        if (present === null) continue;
        const forgotten = present.startedAt <= now - IDEMPOTENCY_KEPT_MS;
        if (!forgotten) {
          if (present.operation !== record.operation || present.fingerprint !== record.fingerprint) return { kind: 'mismatch' };
          if (present.result !== null) return { kind: 'finished', result: present.result };
          if (present.startedAt > now - IDEMPOTENCY_RESTART_MS) return { kind: 'in-progress' };
        }
        const { _id, ...fields } = started;
        const taken = await idempotency.updateOne(
          { _id, startedAt: present.startedAt, holder: present.holder, result: present.result },
          { $set: fields },
        );
        if (taken.modifiedCount === 1) return { kind: 'started' };
      }
    },

    async finishIdempotent(record, result) {
      await idempotency.updateOne({ _id: idOf(record), holder: record.holder }, { $set: { result } });
    },

    async abandonIdempotent(record) {
      await idempotency.deleteOne({ _id: idOf(record), holder: record.holder, result: null });
    },

    async heartbeat(instance) {
      await retryDuplicate(() =>
        instances.updateOne({ _id: instance.id }, { $set: { seenAt: instance.seenAt, doc: instance } }, { upsert: true }).exec(),
      );
    },

    instances: async (aliveSince) =>
      (
        await instances
          .find({ seenAt: atLeast(aliveSince) })
          .sort({ _id: 1 })
          .lean<InstanceRecord[]>()
      ).map(({ doc }) => doc),

    async removeInstance(id) {
      await instances.deleteOne({ _id: id });
    },

    meta: async (key) => (await meta.findById(key).lean<MetaRecord>())?.value ?? null,

    async setMeta(key, value, options) {
      const write = options?.ifAbsent === true ? { $setOnInsert: { value } } : { $set: { value } };
      await retryDuplicate(() => meta.updateOne({ _id: key }, write, { upsert: true }).exec());
      return (await meta.findById(key).lean<MetaRecord>())?.value ?? value;
    },

    async prune(before) {
      const now = clock.now();
      await idempotency.deleteMany({ startedAt: atMost(now - IDEMPOTENCY_KEPT_MS) });
      await suspicions.deleteMany({ at: below(now - SUSPICION_KEPT_MS) });
      await leases.deleteMany({ until: below(now - LEASE_KEPT_MS) });
      const logs = await heads.find(expression({ $gt: ['$position', '$floor'] })).lean<HeadRecord[]>();
      let pruned = 0;
      for (const log of logs) pruned += await pruneLog(log, before);
      return pruned;
    },
  };

  /** The floor goes up first: a reader never trusts a part that is about to go. */
  async function pruneLog(log: HeadRecord, before: number): Promise<number> {
    const kept = await events
      .findOne({ workspaceId: log._id, at: atLeast(before) })
      .sort({ position: 1 })
      .lean<EventRecord>();
    const floor = Math.min(kept?.position ?? log.position, log.position);
    if (floor <= log.floor) return 0;
    await heads.updateOne({ _id: log._id }, { $max: { floor } });
    return (await events.deleteMany({ workspaceId: log._id, position: below(floor) })).deletedCount;
  }
}

function idOf(record: IdempotencyKey): string {
  return JSON.stringify([record.workspaceId, record.key]);
}
