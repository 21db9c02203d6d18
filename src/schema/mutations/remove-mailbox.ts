import type { RemoveMailboxPayload as Payload } from '../../resolvers/mutation-types.ts';
import { removeMailbox } from '../../resolvers/mutations/remove-mailbox.ts';
import { builder } from '../builder.ts';
import { userErrorTypes } from '../types/user-errors.ts';
import { answer, type Answered } from './answer.ts';

const RemoveMailboxInput = builder.inputType('RemoveMailboxInput', {
  fields: (t) => ({
    mailboxId: t.id({ required: true }),
    expectedVersion: t.int(),
    clientMutationId: t.string(),
    idempotencyKey: t.string(),
  }),
});

const RemoveMailboxPayloadType = builder.objectRef<Answered<'RemoveMailboxPayload', Payload>>('RemoveMailboxPayload').implement({
  description:
    '`grantRevoked` says whether the provider confirmed that the OAuth grant is gone. It is not revoked (only erased) while another\ncredential of the same account and application is in use, because a provider may end all of them together, nor where the provider has no revocation (Microsoft).',
  fields: (t) => ({
    removedMailboxId: t.exposeID('removedMailboxId'),
    grantRevoked: t.exposeBoolean('grantRevoked'),
    clientMutationId: t.exposeString('clientMutationId', { nullable: true }),
  }),
});

const errors = ['MailboxNotFound', 'VersionConflict', 'InvalidInput', 'PermissionDenied'] as const;

const RemoveMailboxResultUnion = builder.unionType('RemoveMailboxResult', {
  types: [RemoveMailboxPayloadType, ...userErrorTypes(errors)],
  resolveType: ({ kind }) => kind,
});

builder.mutationField('removeMailbox', (t) =>
  t.field({
    type: RemoveMailboxResultUnion,
    description: 'Revokes the grant at the provider where it can, then erases the secrets.',
    args: { input: t.arg({ type: RemoveMailboxInput, required: true }) },
    resolve: answer('RemoveMailboxPayload', removeMailbox, errors),
  }),
);
