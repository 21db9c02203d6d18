import type { MailboxPayload } from '../../resolvers/mutation-types.ts';
import { checkMailbox } from '../../resolvers/mutations/check-mailbox.ts';
import { builder } from '../builder.ts';
import { MailboxType } from '../types/mailbox.ts';
import { userErrorTypes } from '../types/user-errors.ts';
import { answer, type Answered } from './answer.ts';

const CheckMailboxInput = builder.inputType('CheckMailboxInput', {
  fields: (t) => ({
    mailboxId: t.id({ required: true }),
    clientMutationId: t.string(),
    idempotencyKey: t.string(),
  }),
});

const CheckMailboxPayloadType = builder.objectRef<Answered<'CheckMailboxPayload', MailboxPayload>>('CheckMailboxPayload').implement({
  fields: (t) => ({
    mailbox: t.expose('mailbox', { type: MailboxType }),
    clientMutationId: t.exposeString('clientMutationId', { nullable: true }),
  }),
});

const errors = ['MailboxNotFound', 'NotApplicable', 'RateLimited', 'InvalidInput', 'PermissionDenied'] as const;

const CheckMailboxResultUnion = builder.unionType('CheckMailboxResult', {
  types: [CheckMailboxPayloadType, ...userErrorTypes(errors)],
  resolveType: ({ kind }) => kind,
});

builder.mutationField('checkMailbox', (t) =>
  t.field({
    type: CheckMailboxResultUnion,
    description: 'Check both legs now; returns with the outcome.',
    args: { input: t.arg({ type: CheckMailboxInput, required: true }) },
    resolve: answer('CheckMailboxPayload', checkMailbox, errors),
  }),
);
