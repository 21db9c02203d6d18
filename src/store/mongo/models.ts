import { Schema, type Connection, type Model } from 'mongoose';
import type {
  AuditRecord,
  AuthorizationRecord,
  EventRecord,
  HeadRecord,
  IdempotencyRecord,
  IncidentRecord,
  InstanceRecord,
  LeaseRecord,
  MailboxRecord,
  MetaRecord,
  SuspicionRecord,
  TokenRecord,
  WorkspaceRecord,
  WriterRecord,
} from './records.ts';

const text = { type: String, required: true } as const;
const textOrNull = { type: String, default: null } as const;
const number = { type: Number, required: true } as const;
const numberOrNull = { type: Number, default: null } as const;
const flag = { type: Boolean, required: true } as const;
const texts = { type: [String], required: true } as const;
/** A whole domain document: its shape is the domain's business, parsed before it came here. */
const whole = { type: Schema.Types.Mixed, required: true } as const;

/** One model per collection, bound to this connection only. Unknown paths throw, in writes and in filters alike. */
export function createModels(connection: Connection) {
  const model = <T>(name: string, definition: Record<string, unknown>): Model<T> => {
    const schema = new Schema(definition, { collection: name, versionKey: false, strict: 'throw', strictQuery: 'throw', minimize: false });
    return connection.model<T>(name, schema as unknown as Schema<T>);
  };
  return {
    workspaces: model<WorkspaceRecord>('workspaces', { _id: text, name: text, revision: number, handingOver: flag, doc: whole }),
    heads: model<HeadRecord>('heads', { _id: text, position: number, sequence: number, floor: number }),
    mailboxes: model<MailboxRecord>('mailboxes', {
      _id: text,
      workspaceId: text,
      revision: number,
      live: flag,
      paused: flag,
      addressKey: text,
      health: text,
      severityRank: number,
      changedAt: number,
      reasons: texts,
      provider: textOrNull,
      authMethod: textOrNull,
      scenario: textOrNull,
      attention: flag,
      dueAt: numberOrNull,
      hosts: texts,
      cohorts: texts,
      incidentIds: texts,
      grantKey: textOrNull,
      grantRefreshedAt: numberOrNull,
      rollbackUntil: numberOrNull,
      pendingSince: numberOrNull,
      byAddress: text,
      bySeverity: text,
      byChanged: text,
      claimHolder: textOrNull,
      claimBatch: textOrNull,
      claimUntil: number,
      doc: whole,
    }),
    authorizations: model<AuthorizationRecord>('authorizations', {
      _id: text,
      workspaceId: text,
      revision: number,
      stateHash: textOrNull,
      dueAt: numberOrNull,
      doc: whole,
    }),
    incidents: model<IncidentRecord>('incidents', {
      _id: text,
      workspaceId: text,
      revision: number,
      scope: text,
      open: flag,
      byOpened: text,
      doc: whole,
    }),
    events: model<EventRecord>('events', {
      _id: text,
      workspaceId: text,
      position: number,
      kind: text,
      mailboxId: textOrNull,
      sequence: numberOrNull,
      at: number,
      facts: whole,
    }),
    tokens: model<TokenRecord>('tokens', { _id: text, workspaceId: text, revoked: flag, createdAt: number, doc: whole }),
    audit: model<AuditRecord>('audit', {
      _id: text,
      workspaceId: text,
      at: number,
      who: text,
      what: text,
      mailboxId: textOrNull,
      facts: whole,
    }),
    leases: model<LeaseRecord>('leases', { _id: text, holder: text, until: number, fence: number }),
    idempotency: model<IdempotencyRecord>('idempotency', {
      _id: text,
      workspaceId: text,
      operation: text,
      fingerprint: text,
      holder: text,
      startedAt: number,
      result: textOrNull,
    }),
    suspicions: model<SuspicionRecord>('suspicions', { _id: text, cohort: text, at: number }),
    instances: model<InstanceRecord>('instances', { _id: text, seenAt: number, doc: whole }),
    writers: model<WriterRecord>('writers', { _id: text, owner: text, host: text, pid: number, seenAt: number }),
    meta: model<MetaRecord>('meta', { _id: text, value: text }),
  };
}

export type Models = ReturnType<typeof createModels>;
