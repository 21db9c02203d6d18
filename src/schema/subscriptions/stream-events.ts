import type {
  CredentialStatusChanged,
  IncidentChanged,
  MailboxChanged,
  MailboxRemoved,
  PrimaryChanged,
  StreamCheckpoint,
  StreamOpened,
} from '../../resolvers/subscriptions/status-stream.ts';
import { builder } from '../builder.ts';
import { ResumeOutcomeEnum } from '../types/described-enums.ts';
import { IncidentType } from '../types/incident.ts';
import { MailboxType } from '../types/mailbox.ts';
import { StatusChangeType } from '../types/status-change.ts';
import { WorkspaceType } from '../types/workspace.ts';

export const StreamOpenedType = builder.objectRef<StreamOpened>('StreamOpened').implement({
  description: "A cursor belongs to the workspace's log, not to one subscription: any of them accepts it.",
  fields: (t) => ({ cursor: t.exposeString('cursor'), resume: t.expose('resume', { type: ResumeOutcomeEnum }) }),
});
export const StreamCheckpointType = builder.objectRef<StreamCheckpoint>('StreamCheckpoint').implement({
  description: 'Nothing for this subscriber happened up to here; sent now and then so that its cursor stays fresh.',
  fields: (t) => ({ cursor: t.exposeString('cursor') }),
});
export const CredentialStatusChangedType = builder.objectRef<CredentialStatusChanged>('CredentialStatusChanged').implement({
  description: '`change` is what happened, `change.mailbox` the present state. Never merged, never skipped.',
  fields: (t) => ({ cursor: t.exposeString('cursor'), change: t.expose('change', { type: StatusChangeType }) }),
});
export const MailboxChangedType = builder.objectRef<MailboxChanged>('MailboxChanged').implement({
  description: 'Added, settings edited, credential swapped, authorization opened or ended.',
  fields: (t) => ({ cursor: t.exposeString('cursor'), mailbox: t.expose('mailbox', { type: MailboxType }) }),
});
export const MailboxRemovedType = builder.objectRef<MailboxRemoved>('MailboxRemoved').implement({
  fields: (t) => ({ cursor: t.exposeString('cursor'), mailboxId: t.exposeID('mailboxId') }),
});
export const PrimaryChangedType = builder.objectRef<PrimaryChanged>('PrimaryChanged').implement({
  fields: (t) => ({ cursor: t.exposeString('cursor'), workspace: t.expose('workspace', { type: WorkspaceType }) }),
});
export const IncidentChangedType = builder.objectRef<IncidentChanged>('IncidentChanged').implement({
  fields: (t) => ({ cursor: t.exposeString('cursor'), incident: t.expose('incident', { type: IncidentType }) }),
});
