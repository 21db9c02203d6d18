import type { MailboxPayload } from '../../resolvers/mutation-types.ts';
import { updateMailbox } from '../../resolvers/mutations/update-mailbox.ts';
import { builder } from '../builder.ts';
import { MailDirectionEnum } from '../types/enums.ts';
import { MailServerInput } from '../types/mail-server.ts';
import { MailboxType } from '../types/mailbox.ts';
import { userErrorTypes } from '../types/user-errors.ts';
import { answer, type Answered } from './answer.ts';

const UpdateMailboxInput = builder.inputType('UpdateMailboxInput', {
  fields: (t) => ({
    mailboxId: t.id({ required: true }),
    displayName: t.string(),
    direction: t.field({ type: MailDirectionEnum }),
    deleteAfterFetch: t.boolean(),
    incoming: t.field({ type: MailServerInput }),
    outgoing: t.field({ type: MailServerInput }),
    expectedVersion: t.int(),
    clientMutationId: t.string(),
    idempotencyKey: t.string(),
  }),
});

const UpdateMailboxPayloadType = builder.objectRef<Answered<'UpdateMailboxPayload', MailboxPayload>>('UpdateMailboxPayload').implement({
  fields: (t) => ({
    mailbox: t.expose('mailbox', { type: MailboxType }),
    clientMutationId: t.exposeString('clientMutationId', { nullable: true }),
  }),
});

const errors = ['MailboxNotFound', 'VersionConflict', 'InvalidInput', 'PermissionDenied'] as const;

const UpdateMailboxResultUnion = builder.unionType('UpdateMailboxResult', {
  types: [UpdateMailboxPayloadType, ...userErrorTypes(errors)],
  resolveType: ({ kind }) => kind,
});

builder.mutationField('updateMailbox', (t) =>
  t.field({
    type: UpdateMailboxResultUnion,
    args: { input: t.arg({ type: UpdateMailboxInput, required: true }) },
    resolve: answer('UpdateMailboxPayload', updateMailbox, errors),
  }),
);
