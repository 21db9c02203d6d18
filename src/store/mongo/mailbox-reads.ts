import type { QueryFilter } from 'mongoose';
import { HEALTHS, type Health } from '../../domain/leg.ts';
import { addressKey } from '../../domain/mail.ts';
import type { Mailbox } from '../../domain/mailbox.ts';
import { readPage } from '../page.ts';
import { SORT_KEY_OF_ORDER } from '../sort-key.ts';
import type { MailboxFilter, PagePosition, Store } from '../store.ts';
import type { Models } from './models.ts';
import { anyOf, atLeast, atMost, between, containing, noneOf } from './operators.ts';
import type { MailboxRecord } from './records.ts';

type MailboxReads = Pick<
  Store,
  'mailbox' | 'mailboxes' | 'mailboxByAddress' | 'pendingByAddress' | 'mailboxPage' | 'countMailboxes' | 'healthCounts'
>;

type Found = Pick<MailboxRecord, '_id' | 'doc' | 'byAddress' | 'bySeverity' | 'byChanged'>;

export function mailboxReads({ mailboxes }: Models): MailboxReads {
  const documents = async (filter: QueryFilter<MailboxRecord>): Promise<readonly Mailbox[]> =>
    (await mailboxes.find(filter).select('doc').lean<{ doc: Mailbox }[]>()).map(({ doc }) => doc);

  return {
    mailbox: async (workspaceId, id) => (await documents({ _id: id, workspaceId }))[0] ?? null,

    async mailboxes(workspaceId, ids) {
      const found = new Map((await documents({ _id: anyOf(ids), workspaceId })).map((mailbox) => [mailbox.id, mailbox]));
      return ids.map((id) => found.get(id) ?? null);
    },

    mailboxByAddress: async (workspaceId, address) =>
      (await documents({ workspaceId, addressKey: addressKey(address), live: true }))[0] ?? null,

    pendingByAddress: (workspaceId, address) => documents({ workspaceId, addressKey: addressKey(address), live: false }),

    async mailboxPage(workspaceId, request) {
      const key = SORT_KEY_OF_ORDER[request.orderBy];
      const filter = mailboxFilter(workspaceId, request.filter);
      const exists = async (condition: unknown): Promise<boolean> =>
        (await mailboxes.exists({ $and: [filter, { [key]: condition }] })) !== null;
      const page = await readPage<string, Found>(
        {
          read: ({ after, before, fromEnd, limit }) =>
            mailboxes
              .find(after === null && before === null ? filter : { $and: [filter, { [key]: between(after, before) }] })
              .sort({ [key]: fromEnd ? -1 : 1 })
              .limit(limit)
              .select(['doc', key])
              .lean<Found[]>()
              .exec(),
          anyUpTo: (bound) => exists(atMost(bound)),
          anyFrom: (bound) => exists(atLeast(bound)),
        },
        { limit: request.limit, after: keyOf(request.after), before: keyOf(request.before), fromEnd: request.fromEnd },
        (record) => ({ key: record[key], id: record._id }),
      );
      return { ...page, items: page.items.map(({ item, position }) => ({ item: item.doc, position })) };
    },

    countMailboxes: (workspaceId, filter) => mailboxes.countDocuments(mailboxFilter(workspaceId, filter)).exec(),

    async healthCounts(workspaceId) {
      const rows = await mailboxes.aggregate<{ _id: Health; n: number }>([
        { $match: { workspaceId, live: true } },
        { $group: { _id: '$health', n: { $sum: 1 } } },
      ]);
      const countOf = (health: Health): number => rows.find((row) => row._id === health)?.n ?? 0;
      return Object.fromEntries(HEALTHS.map((health) => [health, countOf(health)])) as Record<Health, number>;
    },
  };
}

/** A position is compared by its key alone: the key ends in the id. */
function keyOf(position: PagePosition | undefined): string | null {
  return position === undefined ? null : String(position.key);
}

function mailboxFilter(workspaceId: string, filter: MailboxFilter): QueryFilter<MailboxRecord> {
  const conditions: Record<string, unknown>[] = [{ workspaceId, live: true }];
  const among = (path: keyof MailboxRecord, values: readonly string[] | undefined): void => {
    if (values !== undefined) conditions.push({ [path]: anyOf(values) });
  };
  among('health', filter.health);
  among('reasons', filter.reason);
  among('provider', filter.provider);
  among('authMethod', filter.authMethod);
  if (filter.scenario !== undefined) {
    conditions.push({ $or: [{ scenario: anyOf(filter.scenario) }, { _id: anyOf(filter.scenarioAlsoIds ?? []) }] });
  }
  among('_id', filter.ids);
  if (filter.exceptIds !== undefined) conditions.push({ _id: noneOf(filter.exceptIds) });
  if (filter.addressContains !== undefined) conditions.push({ addressKey: containing(addressKey(filter.addressContains)) });
  if (filter.attention === true) conditions.push({ attention: true });
  return { $and: conditions };
}
