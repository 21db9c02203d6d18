import type { Incident } from '../../domain/incident.ts';
import { readPage } from '../page.ts';
import type { Store } from '../store.ts';
import type { Models } from './models.ts';
import { above, atLeast, atMost, between, type Bound } from './operators.ts';
import { eventOf, type AuthorizationRecord, type EventRecord, type IncidentRecord } from './records.ts';
import { readHead } from './write-batch.ts';

type LogReads = Pick<
  Store,
  'head' | 'eventsAfter' | 'eventAt' | 'eventPage' | 'eventById' | 'incident' | 'incidentPage' | 'openIncident' | 'authorization'
>;

export function logReads(models: Models): LogReads {
  const { events, incidents, authorizations } = models;
  const oneEvent = (record: EventRecord | null) => (record === null ? null : eventOf(record));
  const oneIncident = (record: IncidentRecord | null): Incident | null => record?.doc ?? null;
  return {
    head: (workspaceId) => readHead(models, workspaceId, null),

    async eventsAfter(workspaceId, after, limit) {
      const found = await events
        .find({ workspaceId, position: above(after) })
        .sort({ position: 1 })
        .limit(limit)
        .lean<EventRecord[]>();
      return found.map(eventOf);
    },

    eventAt: async (workspaceId, position) => oneEvent(await events.findOne({ workspaceId, position }).lean<EventRecord>()),

    eventById: async (workspaceId, id) => oneEvent(await events.findOne({ _id: id, workspaceId }).lean<EventRecord>()),

    async eventPage(workspaceId, request) {
      const filter = { workspaceId, kind: request.kind, ...(request.mailboxId === undefined ? {} : { mailboxId: request.mailboxId }) };
      const exists = async (position: Bound<number>): Promise<boolean> => (await events.exists({ $and: [filter, { position }] })) !== null;
      const page = await readPage<number, EventRecord>(
        {
          read: ({ after, before, fromEnd, limit }) =>
            events
              .find({ $and: [filter, { position: between(after ?? 0, before) }] })
              .sort({ position: fromEnd ? -1 : 1 })
              .limit(limit)
              .lean<EventRecord[]>()
              .exec(),
          anyUpTo: (position) => exists(atMost(position)),
          anyFrom: (position) => exists(atLeast(position)),
        },
        { limit: request.limit, after: request.after ?? null, before: request.before ?? null, fromEnd: request.fromEnd },
        (record) => ({ key: record.position, id: record._id }),
      );
      return { ...page, items: page.items.map(({ item, position }) => ({ item: eventOf(item), position })) };
    },

    incident: async (workspaceId, id) => oneIncident(await incidents.findOne({ _id: id, workspaceId }).lean<IncidentRecord>()),

    async incidentPage(workspaceId, request) {
      const filter = { workspaceId, ...(request.open === null ? {} : { open: request.open }) };
      const exists = async (byOpened: Bound<string>): Promise<boolean> =>
        (await incidents.exists({ $and: [filter, { byOpened }] })) !== null;
      const page = await readPage<string, IncidentRecord>(
        {
          read: ({ after, limit }) =>
            incidents
              .find({ $and: [filter, { byOpened: above(after ?? '') }] })
              .sort({ byOpened: 1 })
              .limit(limit)
              .lean<IncidentRecord[]>()
              .exec(),
          anyUpTo: (key) => exists(atMost(key)),
          anyFrom: (key) => exists(atLeast(key)),
        },
        { limit: request.limit, after: request.after === undefined ? null : String(request.after.key), before: null, fromEnd: false },
        (record) => ({ key: record.byOpened, id: record._id }),
      );
      return { ...page, items: page.items.map(({ item, position }) => ({ item: item.doc, position })) };
    },

    openIncident: async (workspaceId, scope) =>
      oneIncident(await incidents.findOne({ scope, workspaceId, open: true }).lean<IncidentRecord>()),

    authorization: async (workspaceId, id) =>
      (await authorizations.findOne({ _id: id, workspaceId }).lean<AuthorizationRecord>())?.doc ?? null,
  };
}
