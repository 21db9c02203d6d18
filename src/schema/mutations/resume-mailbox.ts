import type { MailboxPayload } from '../../resolvers/mutation-types.ts';
import { resumeMailbox } from '../../resolvers/mutations/resume-mailbox.ts';
import { builder } from '../builder.ts';
import { MailboxType } from '../types/mailbox.ts';
import { userErrorTypes } from '../types/user-errors.ts';
import { answer, type Answered } from './answer.ts';

const ResumeMailboxInput = builder.inputType('ResumeMailboxInput', {
  fields: (t) => ({
    mailboxId: t.id({ required: true }),
    clientMutationId: t.string(),
    idempotencyKey: t.string(),
  }),
});

const ResumeMailboxPayloadType = builder.objectRef<Answered<'ResumeMailboxPayload', MailboxPayload>>('ResumeMailboxPayload').implement({
  fields: (t) => ({
    mailbox: t.expose('mailbox', { type: MailboxType }),
    clientMutationId: t.exposeString('clientMutationId', { nullable: true }),
  }),
});

const errors = ['MailboxNotFound', 'InvalidInput', 'PermissionDenied'] as const;

const ResumeMailboxResultUnion = builder.unionType('ResumeMailboxResult', {
  types: [ResumeMailboxPayloadType, ...userErrorTypes(errors)],
  resolveType: ({ kind }) => kind,
});

builder.mutationField('resumeMailbox', (t) =>
  t.field({
    type: ResumeMailboxResultUnion,
    args: { input: t.arg({ type: ResumeMailboxInput, required: true }) },
    resolve: answer('ResumeMailboxPayload', resumeMailbox, errors),
  }),
);
