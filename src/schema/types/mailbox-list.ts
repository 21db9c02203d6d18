import type { MailboxId } from '../../domain/ids.ts';
import type { Mailbox } from '../../domain/mailbox.ts';
import { listMailboxes, type MailboxConnection } from '../../resolvers/queries/mailbox-list.ts';
import type { Edge } from '../../resolvers/queries/page.ts';
import { builder } from '../builder.ts';
import { HealthEnum, ScenarioKindEnum } from './described-enums.ts';
import { AuthMethodKindEnum, MailboxOrderEnum, ProviderEnum, ReasonEnum } from './enums.ts';
import { MailboxType } from './mailbox.ts';
import { pageArguments, pageComplexity, PageInfoType, PER_ITEM } from './page.ts';

const MailboxEdge = builder.objectRef<Edge<Mailbox>>('MailboxEdge').implement({
  fields: (t) => ({ cursor: t.exposeString('cursor'), node: t.expose('node', { type: MailboxType }) }),
});

export const MailboxConnectionType = builder.objectRef<MailboxConnection>('MailboxConnection').implement({
  description:
    '`asOf` is a cursor taken before the list was read: pass it as `after` to a subscription and nothing falls between list and stream.',
  fields: (t) => ({
    edges: t.field({ type: [MailboxEdge], complexity: PER_ITEM, resolve: ({ edges }) => edges }),
    nodes: t.field({ type: [MailboxType], complexity: PER_ITEM, resolve: ({ edges }) => edges.map(({ node }) => node) }),
    pageInfo: t.expose('pageInfo', { type: PageInfoType }),
    totalCount: t.int({ resolve: ({ totalCount }) => totalCount() }),
    asOf: t.exposeString('asOf'),
  }),
});

const MailboxFilter = builder.inputType('MailboxFilter', {
  fields: (t) => ({
    health: t.field({ type: [HealthEnum] }),
    reason: t.field({ type: [ReasonEnum] }),
    provider: t.field({ type: [ProviderEnum] }),
    authMethod: t.field({ type: [AuthMethodKindEnum] }),
    scenario: t.field({ type: [ScenarioKindEnum] }),
    isPrimary: t.boolean(),
    addressContains: t.string(),
  }),
});

builder.queryFields((t) => ({
  mailbox: t.field({
    type: MailboxType,
    nullable: true,
    args: { id: t.arg.id({ required: true }) },
    resolve: (_, { id }, { loaders }) => loaders.mailbox(id as MailboxId),
  }),
  mailboxByAddress: t.field({
    type: MailboxType,
    nullable: true,
    args: { address: t.arg({ type: 'EmailAddress', required: true }) },
    resolve: (_, { address }, { gateway, viewer }) => gateway.store.mailboxByAddress(viewer.workspaceId, address),
  }),
  mailboxes: t.field({
    type: MailboxConnectionType,
    args: { ...pageArguments, filter: t.arg({ type: MailboxFilter }), orderBy: t.arg({ type: MailboxOrderEnum }) },
    complexity: pageComplexity,
    resolve: (_, request, { gateway, viewer, loaders }) => listMailboxes(gateway, viewer, loaders, request),
  }),
}));
