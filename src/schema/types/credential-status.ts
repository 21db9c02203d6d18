import type { StatusView } from '../../domain/status-view.ts';
import { builder } from '../builder.ts';
import { HealthEnum } from './described-enums.ts';
import { ActorEnum, DiagnosisConfidenceEnum, ReasonEnum, RepairActionEnum } from './enums.ts';

export const CredentialStatusType = builder.objectRef<StatusView>('CredentialStatus').implement({
  fields: (t) => ({
    health: t.expose('health', { type: HealthEnum }),
    reason: t.expose('reason', { type: ReasonEnum, nullable: true, description: 'Why. Null when HEALTHY, PAUSED, or never checked.' }),
    actor: t.expose('actor', { type: ActorEnum }),
    action: t.expose('action', { type: RepairActionEnum, nullable: true }),
    message: t.exposeString('message', {
      description:
        'One plain sentence for the person who has to act, e.g. "Your Microsoft Office 365 credentials have expired. Please sign in again."',
    }),
    confidence: t.expose('confidence', {
      type: DiagnosisConfidenceEnum,
      nullable: true,
      description: 'How sure the diagnosis is, and what else it could be.',
    }),
    alternatives: t.field({ type: [ReasonEnum], resolve: ({ alternatives }) => alternatives }),
    providerMessage: t.exposeString('providerMessage', {
      nullable: true,
      description: 'What the provider said, bounded and redacted; for support.',
    }),
    sequence: t.exposeInt('sequence', {
      description: 'Of the newest change of this status: compare with StatusChange.sequence to know which is newer.',
    }),
    since: t.expose('since', { type: 'DateTime' }),
    failureCount: t.exposeInt('failureCount'),
    lastCheckedAt: t.expose('lastCheckedAt', { type: 'DateTime', nullable: true }),
    lastProvenAt: t.expose('lastProvenAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When a real login last succeeded. A cached token is no proof.',
    }),
    nextCheckAt: t.expose('nextCheckAt', { type: 'DateTime', nullable: true }),
  }),
});
