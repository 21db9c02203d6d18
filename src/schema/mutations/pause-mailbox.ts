import type { MailboxPayload } from '../../resolvers/mutation-types.ts';
import { pauseMailbox } from '../../resolvers/mutations/pause-mailbox.ts';
import { builder } from '../builder.ts';
import { MailboxType } from '../types/mailbox.ts';
import { userErrorTypes } from '../types/user-errors.ts';
import { answer, type Answered } from './answer.ts';

const PauseMailboxInput = builder.inputType('PauseMailboxInput', {
  fields: (t) => ({
    mailboxId: t.id({ required: true }),
    clientMutationId: t.string(),
    idempotencyKey: t.string(),
  }),
});

const PauseMailboxPayloadType = builder.objectRef<Answered<'PauseMailboxPayload', MailboxPayload>>('PauseMailboxPayload').implement({
  fields: (t) => ({
    mailbox: t.expose('mailbox', { type: MailboxType }),
    clientMutationId: t.exposeString('clientMutationId', { nullable: true }),
  }),
});

const errors = ['MailboxNotFound', 'InvalidInput', 'PermissionDenied'] as const;

const PauseMailboxResultUnion = builder.unionType('PauseMailboxResult', {
  types: [PauseMailboxPayloadType, ...userErrorTypes(errors)],
  resolveType: ({ kind }) => kind,
});

builder.mutationField('pauseMailbox', (t) =>
  t.field({
    type: PauseMailboxResultUnion,
    args: { input: t.arg({ type: PauseMailboxInput, required: true }) },
    resolve: answer('PauseMailboxPayload', pauseMailbox, errors),
  }),
);
