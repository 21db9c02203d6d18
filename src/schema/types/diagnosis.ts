import type { Diagnosis } from '../../domain/diagnosis.ts';
import { diagnoseError } from '../../resolvers/queries/diagnose-error.ts';
import { builder } from '../builder.ts';
import { ScenarioKindEnum } from './described-enums.ts';
import {
  ActorEnum,
  AuthMethodKindEnum,
  DiagnoseProtocolEnum,
  DiagnosisConfidenceEnum,
  ProviderEnum,
  ReasonEnum,
  RepairActionEnum,
} from './enums.ts';

export const DiagnosisType = builder.objectRef<Diagnosis>('Diagnosis').implement({
  fields: (t) => ({
    reason: t.expose('reason', { type: ReasonEnum }),
    retryable: t.exposeBoolean('retryable'),
    actor: t.expose('actor', { type: ActorEnum }),
    action: t.expose('action', { type: RepairActionEnum }),
    scenario: t.expose('scenario', { type: ScenarioKindEnum, nullable: true }),
    message: t.exposeString('message'),
    confidence: t.expose('confidence', { type: DiagnosisConfidenceEnum }),
    alternatives: t.field({ type: [ReasonEnum], resolve: ({ alternatives }) => alternatives }),
  }),
});

const DiagnoseInput = builder.inputType('DiagnoseInput', {
  description: '`error` is the raw text or the JSON of the error object as the mail or OAuth library gave it.',
  fields: (t) => ({
    error: t.string({ required: true }),
    provider: t.field({ type: ProviderEnum }),
    host: t.string(),
    protocol: t.field({ type: DiagnoseProtocolEnum }),
    authMethod: t.field({ type: AuthMethodKindEnum }),
  }),
});

builder.queryField('diagnose', (t) =>
  t.field({
    type: DiagnosisType,
    description: 'What an error text means, without touching any mailbox.',
    args: { input: t.arg({ type: DiagnoseInput, required: true }) },
    resolve: (_, { input }) => diagnoseError(input),
  }),
);
