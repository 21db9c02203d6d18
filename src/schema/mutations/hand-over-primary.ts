import type { HandOverPrimaryPayload as Payload } from '../../resolvers/mutation-types.ts';
import { handOverPrimary } from '../../resolvers/mutations/hand-over-primary.ts';
import { builder } from '../builder.ts';
import { AuthorizationType } from '../types/authorization.ts';
import { ProviderEnum } from '../types/enums.ts';
import { MailboxType } from '../types/mailbox.ts';
import { userErrorTypes } from '../types/user-errors.ts';
import { WorkspaceType } from '../types/workspace.ts';
import { answer, type Answered } from './answer.ts';

const HandOverPrimaryInput = builder.inputType('HandOverPrimaryInput', {
  description: 'With `migrateTo` the repair is a migration, else a re-authorization.',
  fields: (t) => ({
    mailboxId: t.id({ required: true }),
    interimMailboxId: t.id(),
    username: t.string(),
    password: t.string(),
    outgoingUsername: t.string(),
    outgoingPassword: t.string(),
    migrateTo: t.field({ type: ProviderEnum }),
    signInAddress: t.field({ type: 'EmailAddress' }),
    returnTo: t.string(),
    expectedVersion: t.int(),
    clientMutationId: t.string(),
    idempotencyKey: t.string(),
  }),
});

const HandOverPrimaryPayloadType = builder.objectRef<Answered<'HandOverPrimaryPayload', Payload>>('HandOverPrimaryPayload').implement({
  fields: (t) => ({
    workspace: t.expose('workspace', { type: WorkspaceType }),
    mailbox: t.expose('mailbox', { type: MailboxType }),
    authorization: t.expose('authorization', { type: AuthorizationType }),
    clientMutationId: t.exposeString('clientMutationId', { nullable: true }),
  }),
});

const errors = [
  'MailboxNotFound',
  'PrimaryConflict',
  'VersionConflict',
  'NotApplicable',
  'ProviderNotConfigured',
  'RateLimited',
  'InvalidInput',
  'PermissionDenied',
] as const;

const HandOverPrimaryResultUnion = builder.unionType('HandOverPrimaryResult', {
  types: [HandOverPrimaryPayloadType, ...userErrorTypes(errors)],
  resolveType: ({ kind }) => kind,
});

builder.mutationField('handOverPrimary', (t) =>
  t.field({
    type: HandOverPrimaryResultUnion,
    description: 'Scenario 4 as one resumable operation: interim primary, repair, primary again; restores by itself on failure or expiry.',
    args: { input: t.arg({ type: HandOverPrimaryInput, required: true }) },
    resolve: answer('HandOverPrimaryPayload', handOverPrimary, errors),
  }),
);
