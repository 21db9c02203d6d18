import type { Incident } from '../../domain/incident.ts';
import type { Connection, Edge } from '../../resolvers/queries/page.ts';
import { builder } from '../builder.ts';
import { ActorEnum, ReasonEnum, RepairActionEnum } from './enums.ts';
import { NodeInterface } from './node.ts';
import { PageInfoType, PER_ITEM } from './page.ts';

export const IncidentType = builder.objectRef<Incident>('Incident').implement({
  interfaces: [NodeInterface],
  fields: (t) => ({
    reason: t.expose('reason', { type: ReasonEnum }),
    actor: t.expose('actor', { type: ActorEnum }),
    action: t.expose('action', { type: RepairActionEnum }),
    scope: t.exposeString('scope', {
      description: 'What shares the fault, e.g. "oauth-app:microsoft", "tenant:<id>", "host:imap.example.com".',
    }),
    message: t.exposeString('message'),
    affectedCount: t.exposeInt('affectedCount'),
    openedAt: t.expose('openedAt', { type: 'DateTime' }),
    closedAt: t.expose('closedAt', { type: 'DateTime', nullable: true }),
  }),
});

const IncidentEdge = builder.objectRef<Edge<Incident>>('IncidentEdge').implement({
  fields: (t) => ({ cursor: t.exposeString('cursor'), node: t.expose('node', { type: IncidentType }) }),
});

export const IncidentConnectionType = builder.objectRef<Connection<Incident>>('IncidentConnection').implement({
  fields: (t) => ({
    edges: t.field({ type: [IncidentEdge], complexity: PER_ITEM, resolve: ({ edges }) => edges }),
    nodes: t.field({ type: [IncidentType], complexity: PER_ITEM, resolve: ({ edges }) => edges.map(({ node }) => node) }),
    pageInfo: t.expose('pageInfo', { type: PageInfoType }),
  }),
});
