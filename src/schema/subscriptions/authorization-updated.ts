import { GraphQLError } from 'graphql';
import { authorizationNotFound } from '../../domain/errors.ts';
import type { AuthorizationId } from '../../domain/ids.ts';
import { authorizationStream } from '../../resolvers/subscriptions/authorization-stream.ts';
import { builder } from '../builder.ts';
import { AuthorizationType } from '../types/authorization.ts';

builder.subscriptionField('authorizationUpdated', (t) =>
  t.field({
    type: AuthorizationType,
    description:
      'The progress of one authorization, first its present state; ends once it is CONFIRMED, REJECTED, EXPIRED, CANCELLED, SUPERSEDED or ROLLED_BACK, or 1 h after COMMITTED.',
    args: { id: t.arg.id({ required: true }) },
    subscribe: async (_, { id }, { gateway, viewer, endSlowReader }) => {
      const stream = await authorizationStream(gateway, viewer, id as AuthorizationId, endSlowReader);
      if (stream !== null) return stream;
      // A subscription has no result union to say it with.
      const { code, message } = authorizationNotFound(id);
      throw new GraphQLError(message, { extensions: { code } });
    },
    resolve: (authorization) => authorization,
  }),
);
