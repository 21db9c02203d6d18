import type { Authorization } from '../../domain/authorization.ts';
import { cancelAuthorization } from '../../resolvers/mutations/cancel-authorization.ts';
import { builder } from '../builder.ts';
import { AuthorizationType } from '../types/authorization.ts';
import { userErrorTypes } from '../types/user-errors.ts';
import { answer, type Answered } from './answer.ts';

const CancelAuthorizationInput = builder.inputType('CancelAuthorizationInput', {
  fields: (t) => ({
    authorizationId: t.id({ required: true }),
    clientMutationId: t.string(),
    idempotencyKey: t.string(),
  }),
});

const CancelAuthorizationPayloadType = builder
  .objectRef<Answered<'CancelAuthorizationPayload', { readonly authorization: Authorization }>>('CancelAuthorizationPayload')
  .implement({
    fields: (t) => ({
      authorization: t.expose('authorization', { type: AuthorizationType }),
      clientMutationId: t.exposeString('clientMutationId', { nullable: true }),
    }),
  });

const errors = ['AuthorizationNotFound', 'NotApplicable', 'InvalidInput', 'PermissionDenied'] as const;

const CancelAuthorizationResultUnion = builder.unionType('CancelAuthorizationResult', {
  types: [CancelAuthorizationPayloadType, ...userErrorTypes(errors)],
  resolveType: ({ kind }) => kind,
});

builder.mutationField('cancelAuthorization', (t) =>
  t.field({
    type: CancelAuthorizationResultUnion,
    args: { input: t.arg({ type: CancelAuthorizationInput, required: true }) },
    resolve: answer('CancelAuthorizationPayload', cancelAuthorization, errors),
  }),
);
