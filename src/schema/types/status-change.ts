import type { MailboxId } from '../../domain/ids.ts';
import type { Connection, Edge } from '../../resolvers/queries/page.ts';
import { listStatusChanges, type StatusEvent } from '../../resolvers/queries/status-log.ts';
import { builder } from '../builder.ts';
import { HealthEnum } from './described-enums.ts';
import { ActorEnum, ChangeTriggerEnum, LegDirectionEnum, ReasonEnum, RepairActionEnum } from './enums.ts';
import { MailboxType } from './mailbox.ts';
import { NodeInterface } from './node.ts';
import { pageArguments, pageComplexity, PageInfoType, PER_ITEM } from './page.ts';

export const StatusChangeType = builder.objectRef<StatusEvent>('StatusChange');

StatusChangeType.implement({
  description: 'One entry of the append-only log of credential status. `sequence` is gap-free within a workspace.',
  interfaces: [NodeInterface],
  fields: (t) => ({
    // A STATUS event always has a sequence; the type allows null for the other kinds.
    sequence: t.int({ resolve: ({ sequence }) => sequence ?? 0 }),
    mailbox: t.field({
      type: MailboxType,
      nullable: true,
      description: 'Null once the mailbox was removed.',
      resolve: ({ facts }, _, { loaders }) => loaders.mailbox(facts.mailboxId),
    }),
    mailboxId: t.id({ resolve: ({ facts }) => facts.mailboxId }),
    leg: t.field({ type: LegDirectionEnum, resolve: ({ facts }) => facts.leg }),
    from: t.field({ type: HealthEnum, resolve: ({ facts }) => facts.from }),
    to: t.field({ type: HealthEnum, resolve: ({ facts }) => facts.to }),
    reason: t.field({ type: ReasonEnum, nullable: true, resolve: ({ facts }) => facts.reason }),
    actor: t.field({ type: ActorEnum, resolve: ({ facts }) => facts.actor }),
    action: t.field({ type: RepairActionEnum, nullable: true, resolve: ({ facts }) => facts.action }),
    message: t.string({ resolve: ({ facts }) => facts.message }),
    trigger: t.field({ type: ChangeTriggerEnum, resolve: ({ facts }) => facts.trigger }),
    credentialVersion: t.int({
      description: 'The credential that was in use from this change on; goes up when a repair swaps it, even if health stays the same.',
      resolve: ({ facts }) => facts.credentialVersion,
    }),
    triggeredBy: t.string({
      nullable: true,
      description: 'Who caused it, when a person or a token did.',
      resolve: ({ facts }) => facts.triggeredBy,
    }),
    at: t.expose('at', { type: 'DateTime' }),
  }),
});

const StatusChangeEdge = builder.objectRef<Edge<StatusEvent>>('StatusChangeEdge').implement({
  fields: (t) => ({ cursor: t.exposeString('cursor'), node: t.expose('node', { type: StatusChangeType }) }),
});

export const StatusChangeConnectionType = builder.objectRef<Connection<StatusEvent>>('StatusChangeConnection').implement({
  fields: (t) => ({
    edges: t.field({ type: [StatusChangeEdge], complexity: PER_ITEM, resolve: ({ edges }) => edges }),
    nodes: t.field({ type: [StatusChangeType], complexity: PER_ITEM, resolve: ({ edges }) => edges.map(({ node }) => node) }),
    pageInfo: t.expose('pageInfo', { type: PageInfoType }),
  }),
});

builder.queryField('statusChanges', (t) =>
  t.field({
    type: StatusChangeConnectionType,
    description: 'The log of the workspace, or of one mailbox, newest last.',
    args: { mailboxId: t.arg.id(), ...pageArguments },
    complexity: pageComplexity,
    resolve: (_, { mailboxId, ...page }, { gateway, viewer }) =>
      listStatusChanges(gateway, viewer, mailboxId == null ? null : (mailboxId as MailboxId), page),
  }),
);
