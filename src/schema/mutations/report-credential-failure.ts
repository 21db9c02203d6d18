import type { ReportCredentialFailurePayload as Payload } from '../../resolvers/mutation-types.ts';
import { reportCredentialFailure } from '../../resolvers/mutations/report-credential-failure.ts';
import { builder } from '../builder.ts';
import { DiagnosisType } from '../types/diagnosis.ts';
import { LegDirectionEnum } from '../types/enums.ts';
import { MailboxType } from '../types/mailbox.ts';
import { userErrorTypes } from '../types/user-errors.ts';
import { answer, type Answered } from './answer.ts';

const ReportCredentialFailureInput = builder.inputType('ReportCredentialFailureInput', {
  fields: (t) => ({
    mailboxId: t.id({ required: true }),
    leg: t.field({ type: LegDirectionEnum, required: true }),
    error: t.string({ required: true }),
    clientMutationId: t.string(),
    idempotencyKey: t.string(),
  }),
});

const ReportCredentialFailurePayloadType = builder
  .objectRef<Answered<'ReportCredentialFailurePayload', Payload>>('ReportCredentialFailurePayload')
  .implement({
    fields: (t) => ({
      mailbox: t.expose('mailbox', { type: MailboxType }),
      diagnosis: t.expose('diagnosis', { type: DiagnosisType }),
      clientMutationId: t.exposeString('clientMutationId', { nullable: true }),
    }),
  });

const errors = ['MailboxNotFound', 'InvalidInput', 'PermissionDenied'] as const;

const ReportCredentialFailureResultUnion = builder.unionType('ReportCredentialFailureResult', {
  types: [ReportCredentialFailurePayloadType, ...userErrorTypes(errors)],
  resolveType: ({ kind }) => kind,
});

builder.mutationField('reportCredentialFailure', (t) =>
  t.field({
    type: ReportCredentialFailureResultUnion,
    description:
      'For the worker that fetches or sends mail: it saw a login fail. Never turns a mailbox red by itself; it triggers a check.',
    args: { input: t.arg({ type: ReportCredentialFailureInput, required: true }) },
    resolve: answer('ReportCredentialFailurePayload', reportCredentialFailure, errors),
  }),
);
