import type { AuthorizationPayload } from '../../resolvers/mutation-types.ts';
import { connectMailbox } from '../../resolvers/mutations/connect-mailbox.ts';
import { builder } from '../builder.ts';
import { AuthorizationType } from '../types/authorization.ts';
import { AuthMethodKindEnum, MailDirectionEnum, ProviderEnum } from '../types/enums.ts';
import { MailServerInput } from '../types/mail-server.ts';
import { MailboxType } from '../types/mailbox.ts';
import { userErrorTypes } from '../types/user-errors.ts';
import { answer, type Answered } from './answer.ts';

const ConnectMailboxInput = builder.inputType('ConnectMailboxInput', {
  fields: (t) => ({
    address: t.field({ type: 'EmailAddress', required: true }),
    displayName: t.string(),
    provider: t.field({ type: ProviderEnum, required: true }),
    direction: t.field({ type: MailDirectionEnum, required: true, defaultValue: 'BOTH' }),
    deleteAfterFetch: t.boolean({ required: true, defaultValue: false }),
    signInAddress: t.field({ type: 'EmailAddress', description: 'The account that signs in, when it is not `address` (shared mailbox).' }),
    authMethod: t.field({ type: AuthMethodKindEnum, required: true }),
    username: t.string({ description: 'For BASIC. Defaults to the address.' }),
    password: t.string(),
    outgoingUsername: t.string({ description: 'When sending logs in otherwise than fetching.' }),
    outgoingPassword: t.string(),
    incoming: t.field({
      type: MailServerInput,
      description: "For OTHER, and to override the provider's well-known servers. Discovered when absent.",
    }),
    outgoing: t.field({ type: MailServerInput }),
    returnTo: t.string({ description: 'Where the browser goes after the sign-in; must be on the allow-list.' }),
    clientMutationId: t.string(),
    idempotencyKey: t.string(),
  }),
});

const ConnectMailboxPayloadType = builder
  .objectRef<Answered<'ConnectMailboxPayload', AuthorizationPayload>>('ConnectMailboxPayload')
  .implement({
    fields: (t) => ({
      mailbox: t.expose('mailbox', { type: MailboxType }),
      authorization: t.expose('authorization', { type: AuthorizationType }),
      clientMutationId: t.exposeString('clientMutationId', { nullable: true }),
    }),
  });

const errors = [
  'MailboxAlreadyExists',
  'NotApplicable',
  'ProviderNotConfigured',
  'RateLimited',
  'InvalidInput',
  'PermissionDenied',
] as const;

const ConnectMailboxResultUnion = builder.unionType('ConnectMailboxResult', {
  types: [ConnectMailboxPayloadType, ...userErrorTypes(errors)],
  resolveType: ({ kind }) => kind,
});

builder.mutationField('connectMailbox', (t) =>
  t.field({
    type: ConnectMailboxResultUnion,
    description: 'Add a support address. Password: proven before it is stored. OAuth: returns where to sign in.',
    args: { input: t.arg({ type: ConnectMailboxInput, required: true }) },
    resolve: answer('ConnectMailboxPayload', connectMailbox, errors),
  }),
);
