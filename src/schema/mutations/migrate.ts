import type { AuthorizationPayload } from '../../resolvers/mutation-types.ts';
import { migrate } from '../../resolvers/mutations/migrate.ts';
import { builder } from '../builder.ts';
import { AuthorizationType } from '../types/authorization.ts';
import { MailDirectionEnum, ProviderEnum } from '../types/enums.ts';
import { MailboxType } from '../types/mailbox.ts';
import { userErrorTypes } from '../types/user-errors.ts';
import { answer, type Answered } from './answer.ts';

const MigrateInput = builder.inputType('MigrateInput', {
  description:
    '`address` changes the support address itself; `signInAddress` names the account that will sign in (shared mailbox, or another account).',
  fields: (t) => ({
    mailboxId: t.id({ required: true }),
    provider: t.field({ type: ProviderEnum, required: true }),
    address: t.field({ type: 'EmailAddress' }),
    signInAddress: t.field({ type: 'EmailAddress' }),
    direction: t.field({ type: MailDirectionEnum }),
    deleteAfterFetch: t.boolean(),
    returnTo: t.string(),
    expectedVersion: t.int(),
    clientMutationId: t.string(),
    idempotencyKey: t.string(),
  }),
});

const MigratePayloadType = builder.objectRef<Answered<'MigratePayload', AuthorizationPayload>>('MigratePayload').implement({
  fields: (t) => ({
    mailbox: t.expose('mailbox', { type: MailboxType }),
    authorization: t.expose('authorization', { type: AuthorizationType }),
    clientMutationId: t.exposeString('clientMutationId', { nullable: true }),
  }),
});

const errors = [
  'MailboxNotFound',
  'MailboxAlreadyExists',
  'VersionConflict',
  'NotApplicable',
  'ProviderNotConfigured',
  'RateLimited',
  'InvalidInput',
  'PermissionDenied',
] as const;

const MigrateResultUnion = builder.unionType('MigrateResult', {
  types: [MigratePayloadType, ...userErrorTypes(errors)],
  resolveType: ({ kind }) => kind,
});

builder.mutationField('migrate', (t) =>
  t.field({
    type: MigrateResultUnion,
    description:
      'Move to OAuth (Microsoft or Google), or to another account or provider. Mail keeps flowing on the old credential until the new one is proven.',
    args: { input: t.arg({ type: MigrateInput, required: true }) },
    resolve: answer('MigratePayload', migrate, errors),
  }),
);
