import type { Health } from '../../domain/leg.ts';
import type { HandOver, Workspace } from '../../domain/workspace.ts';
import { listIncidents } from '../../resolvers/queries/incident-list.ts';
import { readBanner } from '../../resolvers/views/banner.ts';
import { builder } from '../builder.ts';
import { AuthorizationType } from './authorization.ts';
import { BannerType } from './banner.ts';
import { IncidentConnectionType } from './incident.ts';
import { MailboxType } from './mailbox.ts';
import { NodeInterface } from './node.ts';
import { pageComplexity } from './page.ts';

type HealthCounts = Readonly<Record<Health, number>>;

const StatusSummaryType = builder.objectRef<HealthCounts>('StatusSummary').implement({
  fields: (t) => ({
    total: t.int({ resolve: (counts) => Object.values(counts).reduce((sum, count) => sum + count, 0) }),
    healthy: t.exposeInt('HEALTHY'),
    degraded: t.exposeInt('DEGRADED'),
    actionRequired: t.exposeInt('ACTION_REQUIRED'),
    blocked: t.exposeInt('BLOCKED'),
    unverified: t.exposeInt('UNVERIFIED'),
    paused: t.exposeInt('PAUSED'),
  }),
});

const HandOverType = builder.objectRef<HandOver>('HandOver').implement({
  fields: (t) => ({
    mailbox: t.field({
      type: MailboxType,
      resolve: async ({ mailboxId }, _, { loaders }) => {
        const mailbox = await loaders.mailbox(mailboxId);
        // Removing it ends the hand-over; only a read in that very moment can meet this.
        if (mailbox === null) throw new Error('The mailbox of a hand-over is gone.');
        return mailbox;
      },
    }),
    interim: t.field({
      type: MailboxType,
      nullable: true,
      resolve: ({ interimMailboxId }, _, { loaders }) => (interimMailboxId === null ? null : loaders.mailbox(interimMailboxId)),
    }),
    startedBy: t.exposeString('startedBy'),
    restoresAt: t.expose('restoresAt', { type: 'DateTime' }),
    authorization: t.field({
      type: AuthorizationType,
      nullable: true,
      resolve: ({ authorizationId }, _, { loaders }) => (authorizationId === null ? null : loaders.authorization(authorizationId)),
    }),
  }),
});

export const WorkspaceType = builder.objectRef<Workspace>('Workspace').implement({
  description: 'One help desk: its mailboxes, its primary address and its banner. An API token belongs to exactly one workspace.',
  interfaces: [NodeInterface],
  fields: (t) => ({
    name: t.exposeString('name'),
    primaryMailbox: t.field({
      type: MailboxType,
      nullable: true,
      description: 'The address that outgoing mail uses by default. At most one; null while none is chosen.',
      resolve: ({ primaryMailboxId }, _, { loaders }) => (primaryMailboxId === null ? null : loaders.mailbox(primaryMailboxId)),
    }),
    banner: t.field({
      type: BannerType,
      nullable: true,
      description: 'What to show on top of the help desk; null when nothing needs anybody.',
      complexity: 5,
      resolve: (_, __, { gateway, viewer, loaders }) => readBanner(gateway, viewer, loaders),
    }),
    summary: t.field({
      type: StatusSummaryType,
      resolve: ({ id }, _, { gateway }) => gateway.store.healthCounts(id),
    }),
    handOver: t.field({
      type: HandOverType,
      nullable: true,
      description: 'The hand-over of the primary that is under way (scenario 4).',
      resolve: ({ handOver }) => handOver,
    }),
    incidents: t.field({
      type: IncidentConnectionType,
      description: 'Faults of an OAuth application, tenant or provider that hit many mailboxes: one entry each, never one per mailbox.',
      args: { open: t.arg.boolean({ defaultValue: true }), first: t.arg.int(), after: t.arg.string() },
      complexity: pageComplexity,
      resolve: (_, { open, first, after }, { gateway, viewer }) => listIncidents(gateway, viewer, { open: open ?? null, first, after }),
    }),
  }),
});

builder.queryField('workspace', (t) => t.field({ type: WorkspaceType, resolve: (_, __, { loaders }) => loaders.workspace() }));
