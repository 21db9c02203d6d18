import type { MailboxPayload } from '../../resolvers/mutation-types.ts';
import { rollBackCredential } from '../../resolvers/mutations/roll-back-credential.ts';
import { builder } from '../builder.ts';
import { MailboxType } from '../types/mailbox.ts';
import { userErrorTypes } from '../types/user-errors.ts';
import { answer, type Answered } from './answer.ts';

const RollBackCredentialInput = builder.inputType('RollBackCredentialInput', {
  fields: (t) => ({
    mailboxId: t.id({ required: true }),
    expectedVersion: t.int(),
    clientMutationId: t.string(),
    idempotencyKey: t.string(),
  }),
});

const RollBackCredentialPayloadType = builder
  .objectRef<Answered<'RollBackCredentialPayload', MailboxPayload>>('RollBackCredentialPayload')
  .implement({
    fields: (t) => ({
      mailbox: t.expose('mailbox', { type: MailboxType }),
      clientMutationId: t.exposeString('clientMutationId', { nullable: true }),
    }),
  });

const errors = [
  'RollBackRejected',
  'MailboxNotFound',
  'VersionConflict',
  'NotApplicable',
  'RateLimited',
  'InvalidInput',
  'PermissionDenied',
] as const;

const RollBackCredentialResultUnion = builder.unionType('RollBackCredentialResult', {
  types: [RollBackCredentialPayloadType, ...userErrorTypes(errors)],
  resolveType: ({ kind }) => kind,
});

builder.mutationField('rollBackCredential', (t) =>
  t.field({
    type: RollBackCredentialResultUnion,
    description: 'Put the credential that was replaced back to work, while it is kept.',
    args: { input: t.arg({ type: RollBackCredentialInput, required: true }) },
    resolve: answer('RollBackCredentialPayload', rollBackCredential, errors),
  }),
);
