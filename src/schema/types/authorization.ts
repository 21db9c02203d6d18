import type { Authorization, Proof, Rejection } from '../../domain/authorization.ts';
import { authorizationMessage } from '../../domain/authorization-message.ts';
import { findAuthorization } from '../../resolvers/queries/find-node.ts';
import { authorizationUrl } from '../../resolvers/views/authorization-url.ts';
import { builder } from '../builder.ts';
import { AuthorizationStatusEnum } from './described-enums.ts';
import { AuthorizationPurposeEnum, LegDirectionEnum, ProviderEnum, ReasonEnum, RepairActionEnum } from './enums.ts';
import { MailboxType } from './mailbox.ts';
import { NodeInterface } from './node.ts';
import { boundedList } from './page.ts';

export const AuthorizationType = builder.objectRef<Authorization>('Authorization');

const AuthorizationRejectionType = builder.objectRef<Rejection>('AuthorizationRejection').implement({
  fields: (t) => ({
    reason: t.expose('reason', { type: ReasonEnum }),
    action: t.expose('action', { type: RepairActionEnum }),
    message: t.exposeString('message'),
    providerMessage: t.exposeString('providerMessage', { nullable: true }),
    expectedAddress: t.expose('expectedAddress', { type: 'EmailAddress', nullable: true }),
    actualAddress: t.expose('actualAddress', { type: 'EmailAddress', nullable: true }),
    leg: t.expose('leg', { type: LegDirectionEnum, nullable: true }),
    alternatives: t.field({ type: [ReasonEnum], resolve: ({ alternatives }) => alternatives }),
  }),
});

const ProofType = builder.objectRef<Proof>('Proof').implement({
  fields: (t) => ({
    leg: t.expose('leg', { type: LegDirectionEnum }),
    succeeded: t.exposeBoolean('succeeded'),
    reason: t.expose('reason', { type: ReasonEnum, nullable: true }),
    at: t.expose('at', { type: 'DateTime' }),
  }),
});

AuthorizationType.implement({
  description: 'One attempt to obtain a new credential. The old one stays in use until the new one is proven.',
  interfaces: [NodeInterface],
  fields: (t) => ({
    purpose: t.expose('purpose', { type: AuthorizationPurposeEnum }),
    status: t.expose('status', { type: AuthorizationStatusEnum }),
    provider: t.expose('provider', { type: ProviderEnum }),
    mailbox: t.field({
      type: MailboxType,
      resolve: async ({ mailboxId }, _, { loaders }) => {
        const mailbox = await loaders.mailbox(mailboxId);
        // Only in the moment between reading the authorization and its mailbox being removed.
        if (mailbox === null) throw new Error('The mailbox of an authorization is gone.');
        return mailbox;
      },
    }),
    authorizationUrl: t.string({
      nullable: true,
      description:
        "Where to send the browser; null for passwords, once completed, and for anybody but an ADMIN. Opens the gateway's own start page; good for 24 hours.",
      resolve: (authorization, _, { gateway, viewer }) => authorizationUrl(gateway, viewer, authorization),
    }),
    message: t.string({
      description: 'One sentence on where it stands, e.g. "Signed in and verified. The mailbox now uses OAuth."',
      resolve: authorizationMessage,
    }),
    rejection: t.expose('rejection', {
      type: AuthorizationRejectionType,
      nullable: true,
      description: 'Why it was rejected; the old credential is untouched.',
    }),
    proofs: t.field({
      type: [ProofType],
      description: 'What was proven with the new credential so far.',
      complexity: boundedList(2),
      resolve: ({ proofs }) => proofs,
    }),
    startedBy: t.exposeString('startedBy'),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
    expiresAt: t.expose('expiresAt', { type: 'DateTime' }),
    completedAt: t.expose('completedAt', { type: 'DateTime', nullable: true }),
  }),
});

builder.queryField('authorization', (t) =>
  t.field({
    type: AuthorizationType,
    nullable: true,
    args: { id: t.arg.id({ required: true }) },
    resolve: (_, { id }, { loaders }) => findAuthorization(loaders, id),
  }),
);
