import type { AuthorizationPayload } from '../../resolvers/mutation-types.ts';
import { reauth } from '../../resolvers/mutations/reauth.ts';
import { builder } from '../builder.ts';
import { AuthorizationType } from '../types/authorization.ts';
import { MailboxType } from '../types/mailbox.ts';
import { userErrorTypes } from '../types/user-errors.ts';
import { answer, type Answered } from './answer.ts';

const ReauthInput = builder.inputType('ReauthInput', {
  fields: (t) => ({
    mailboxId: t.id({ required: true }),
    password: t.string(),
    username: t.string(),
    outgoingUsername: t.string(),
    outgoingPassword: t.string(),
    returnTo: t.string(),
    expectedVersion: t.int(),
    clientMutationId: t.string(),
    idempotencyKey: t.string(),
  }),
});

const ReauthPayloadType = builder.objectRef<Answered<'ReauthPayload', AuthorizationPayload>>('ReauthPayload').implement({
  description:
    'For a password the authorization is already COMMITTED or REJECTED, or still VERIFYING when the servers take longer than 8 seconds.',
  fields: (t) => ({
    mailbox: t.expose('mailbox', { type: MailboxType }),
    authorization: t.expose('authorization', { type: AuthorizationType }),
    clientMutationId: t.exposeString('clientMutationId', { nullable: true }),
  }),
});

const errors = [
  'MailboxNotFound',
  'VersionConflict',
  'NotApplicable',
  'ProviderNotConfigured',
  'RateLimited',
  'InvalidInput',
  'PermissionDenied',
] as const;

const ReauthResultUnion = builder.unionType('ReauthResult', {
  types: [ReauthPayloadType, ...userErrorTypes(errors)],
  resolveType: ({ kind }) => kind,
});

builder.mutationField('reauth', (t) =>
  t.field({
    type: ReauthResultUnion,
    description: 'Renew the credential in place, whatever its kind: `password` for basic authentication, a sign-in URL for OAuth.',
    args: { input: t.arg({ type: ReauthInput, required: true }) },
    resolve: answer('ReauthPayload', reauth, errors),
  }),
);
