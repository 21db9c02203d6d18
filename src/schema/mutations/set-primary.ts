import type { SetPrimaryPayload as Payload } from '../../resolvers/mutation-types.ts';
import { setPrimary } from '../../resolvers/mutations/set-primary.ts';
import { builder } from '../builder.ts';
import { MailboxType } from '../types/mailbox.ts';
import { userErrorTypes } from '../types/user-errors.ts';
import { WorkspaceType } from '../types/workspace.ts';
import { answer, type Answered } from './answer.ts';

const SetPrimaryInput = builder.inputType('SetPrimaryInput', {
  description: 'mailboxId null clears the primary; leaving it out is InvalidInput. expectedPrimaryId null means: none expected.',
  fields: (t) => ({
    mailboxId: t.id(),
    expectedPrimaryId: t.id(),
    clientMutationId: t.string(),
    idempotencyKey: t.string(),
  }),
});

const SetPrimaryPayloadType = builder.objectRef<Answered<'SetPrimaryPayload', Payload>>('SetPrimaryPayload').implement({
  fields: (t) => ({
    workspace: t.expose('workspace', { type: WorkspaceType }),
    previousPrimary: t.expose('previousPrimary', { type: MailboxType, nullable: true }),
    clientMutationId: t.exposeString('clientMutationId', { nullable: true }),
  }),
});

const errors = ['MailboxNotFound', 'PrimaryConflict', 'NotApplicable', 'InvalidInput', 'PermissionDenied'] as const;

const SetPrimaryResultUnion = builder.unionType('SetPrimaryResult', {
  types: [SetPrimaryPayloadType, ...userErrorTypes(errors)],
  resolveType: ({ kind }) => kind,
});

builder.mutationField('setPrimary', (t) =>
  t.field({
    type: SetPrimaryResultUnion,
    description: 'Atomic: exactly one primary before and after, or none if mailboxId is null.',
    args: { input: t.arg({ type: SetPrimaryInput, required: true }) },
    resolve: answer('SetPrimaryPayload', setPrimary, errors),
  }),
);
