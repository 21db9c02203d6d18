import { credentialStatusStream } from '../../resolvers/subscriptions/status-stream.ts';
import { builder } from '../builder.ts';
import { HealthEnum } from '../types/described-enums.ts';
import { CredentialStatusChangedType, StreamCheckpointType, StreamOpenedType } from './stream-events.ts';

const StatusChangeFilter = builder.inputType('StatusChangeFilter', {
  description: '`health` matches a change from or to one of these.',
  fields: (t) => ({ mailboxIds: t.idList(), health: t.field({ type: [HealthEnum] }) }),
});

const CredentialStatusEventUnion = builder.unionType('CredentialStatusEvent', {
  types: [StreamOpenedType, StreamCheckpointType, CredentialStatusChangedType],
  resolveType: ({ kind }) => kind,
});

builder.subscriptionField('credentialStatusChanged', (t) =>
  t.field({
    type: CredentialStatusEventUnion,
    description:
      'Live changes of credential status. The first event is always StreamOpened. Pass the last cursor seen as `after` to get exactly what was missed.',
    args: { after: t.arg.string(), filter: t.arg({ type: StatusChangeFilter }) },
    subscribe: (_, { after, filter }, { gateway, viewer, endSlowReader }) =>
      credentialStatusStream(gateway, viewer, { after: after ?? null, filter: filter ?? {}, onSlow: endSlowReader }),
    resolve: (event) => event,
  }),
);
