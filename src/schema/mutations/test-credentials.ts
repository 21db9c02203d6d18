import type { LegTestResult, TestCredentialsPayload as Payload } from '../../resolvers/mutation-types.ts';
import { testCredentials } from '../../resolvers/mutations/test-credentials.ts';
import { builder } from '../builder.ts';
import { DiagnosisType } from '../types/diagnosis.ts';
import { ProviderEnum } from '../types/enums.ts';
import { MailServerInput } from '../types/mail-server.ts';
import { userErrorTypes } from '../types/user-errors.ts';
import { answer, type Answered } from './answer.ts';

const TestCredentialsInput = builder.inputType('TestCredentialsInput', {
  fields: (t) => ({
    provider: t.field({ type: ProviderEnum }),
    address: t.field({ type: 'EmailAddress' }),
    username: t.string({ required: true }),
    password: t.string({ required: true }),
    outgoingUsername: t.string(),
    outgoingPassword: t.string(),
    incoming: t.field({ type: MailServerInput }),
    outgoing: t.field({ type: MailServerInput }),
    clientMutationId: t.string(),
  }),
});

const LegTestResultType = builder.objectRef<LegTestResult>('LegTestResult').implement({
  fields: (t) => ({
    succeeded: t.exposeBoolean('succeeded'),
    diagnosis: t.expose('diagnosis', { type: DiagnosisType, nullable: true }),
  }),
});

const TestCredentialsPayloadType = builder.objectRef<Answered<'TestCredentialsPayload', Payload>>('TestCredentialsPayload').implement({
  fields: (t) => ({
    incoming: t.expose('incoming', { type: LegTestResultType, nullable: true }),
    outgoing: t.expose('outgoing', { type: LegTestResultType, nullable: true }),
    clientMutationId: t.exposeString('clientMutationId', { nullable: true }),
  }),
});

const errors = ['RateLimited', 'InvalidInput', 'PermissionDenied'] as const;

const TestCredentialsResultUnion = builder.unionType('TestCredentialsResult', {
  types: [TestCredentialsPayloadType, ...userErrorTypes(errors)],
  resolveType: ({ kind }) => kind,
});

builder.mutationField('testCredentials', (t) =>
  t.field({
    type: TestCredentialsResultUnion,
    description: 'Try settings and a password without saving anything.',
    args: { input: t.arg({ type: TestCredentialsInput, required: true }) },
    resolve: answer('TestCredentialsPayload', testCredentials, errors),
  }),
);
