import { workspaceStream } from '../../resolvers/subscriptions/status-stream.ts';
import { builder } from '../builder.ts';
import {
  CredentialStatusChangedType,
  IncidentChangedType,
  MailboxChangedType,
  MailboxRemovedType,
  PrimaryChangedType,
  StreamCheckpointType,
  StreamOpenedType,
} from './stream-events.ts';

const WorkspaceEventUnion = builder.unionType('WorkspaceEvent', {
  types: [
    StreamOpenedType,
    StreamCheckpointType,
    CredentialStatusChangedType,
    MailboxChangedType,
    MailboxRemovedType,
    PrimaryChangedType,
    IncidentChangedType,
  ],
  resolveType: ({ kind }) => kind,
});

builder.subscriptionField('workspaceChanged', (t) =>
  t.field({
    type: WorkspaceEventUnion,
    description:
      'Everything that a live list needs, in one order: status changes, mailboxes added, changed and removed, the primary, incidents. Same cursors.',
    args: { after: t.arg.string() },
    subscribe: (_, { after }, { gateway, viewer, endSlowReader }) =>
      workspaceStream(gateway, viewer, { after: after ?? null, onSlow: endSlowReader }),
    resolve: (event) => event,
  }),
);
