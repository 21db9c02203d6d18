import { advisoriesOf } from '../../domain/advisories.ts';
import type { LegDirection } from '../../domain/mail.ts';
import type { Mailbox } from '../../domain/mailbox.ts';
import { legOf } from '../../domain/mailbox-status.ts';
import { mailboxStatus } from '../../domain/status-view.ts';
import { listStatusChanges } from '../../resolvers/queries/status-log.ts';
import { isShared, loginOf } from '../../resolvers/views/login.ts';
import { scenarioOfMailbox } from '../../resolvers/views/scenario.ts';
import { builder } from '../builder.ts';
import { AdvisoryType } from './advisory.ts';
import { AuthMethodInterface } from './auth-method.ts';
import { AuthorizationType } from './authorization.ts';
import { CredentialStatusType } from './credential-status.ts';
import { MailDirectionEnum, ProviderEnum } from './enums.ts';
import { MailLegType, type ShownLeg } from './mail-leg.ts';
import { NodeInterface } from './node.ts';
import { boundedList, pageArguments, pageComplexity } from './page.ts';
import { PreviousAuthMethodType } from './previous-auth-method.ts';
import { ReauthScenarioType } from './scenario.ts';
import { StatusChangeConnectionType } from './status-change.ts';

export const MailboxType = builder.objectRef<Mailbox>('Mailbox');

function shownLeg(mailbox: Mailbox, direction: LegDirection): ShownLeg | null {
  const leg = legOf(mailbox, direction);
  const { incomingServer, outgoingServer } = loginOf(mailbox);
  const server = direction === 'INCOMING' ? incomingServer : outgoingServer;
  return leg === null || server === null ? null : { mailbox, leg, server };
}

MailboxType.implement({
  description: 'A support e-mail address, how the help desk logs in to it, and whether that still works.',
  interfaces: [NodeInterface],
  fields: (t) => ({
    address: t.expose('address', {
      type: 'EmailAddress',
      description: 'The address that mail is fetched for and sent from. For a shared mailbox this is the shared address.',
    }),
    signInAddress: t.field({
      type: 'EmailAddress',
      description: 'The account that signs in. Differs from `address` for shared and delegated mailboxes.',
      resolve: (mailbox) => loginOf(mailbox).signInAddress,
    }),
    isShared: t.boolean({ resolve: isShared }),
    displayName: t.exposeString('displayName', { nullable: true }),
    provider: t.field({ type: ProviderEnum, resolve: (mailbox) => loginOf(mailbox).provider }),
    direction: t.field({ type: MailDirectionEnum, resolve: (mailbox) => loginOf(mailbox).direction }),
    deleteAfterFetch: t.boolean({
      description: 'Delete messages from the server once fetched. Only with incoming mail; false otherwise.',
      resolve: (mailbox) => loginOf(mailbox).deleteAfterFetch,
    }),
    isPrimary: t.boolean({ resolve: async ({ id }, _, { loaders }) => (await loaders.workspace()).primaryMailboxId === id }),
    authMethod: t.field({ type: AuthMethodInterface, resolve: (mailbox) => loginOf(mailbox).authMethod }),
    previousAuthMethod: t.field({
      type: PreviousAuthMethodType,
      nullable: true,
      description:
        'What a migration or re-authorization replaced. Its secret is erased at keptUntil (then canRollBack is false);\nuser name and servers stay readable until the next replacement.',
      resolve: ({ previous }) => previous,
    }),
    status: t.field({
      type: CredentialStatusType,
      description: 'The worse of both legs: what a list shows.',
      resolve: (mailbox, _, { gateway }) => mailboxStatus(mailbox, gateway.clock.now()),
    }),
    incoming: t.field({
      type: MailLegType,
      nullable: true,
      description: 'Null when the direction does not include it.',
      resolve: (mailbox) => shownLeg(mailbox, 'INCOMING'),
    }),
    outgoing: t.field({ type: MailLegType, nullable: true, resolve: (mailbox) => shownLeg(mailbox, 'OUTGOING') }),
    advisories: t.field({
      type: [AdvisoryType],
      description: 'Warnings that do not make a working mailbox red: dates that are coming.',
      complexity: boundedList(3),
      resolve: (mailbox, _, { gateway }) =>
        advisoriesOf(mailbox, gateway.advisories, gateway.clock.now(), { appSecretExpiresAt: gateway.settings.appSecretExpiresAt ?? null }),
    }),
    scenario: t.field({
      type: ReauthScenarioType,
      nullable: true,
      description: 'What repairs this mailbox, step by step; null when nothing is to be done.',
      resolve: (mailbox, _, { gateway, viewer, loaders }) => scenarioOfMailbox(gateway, viewer, loaders, mailbox),
    }),
    openAuthorization: t.field({
      type: AuthorizationType,
      nullable: true,
      description: 'The authorization that is under way, if any. A newer one supersedes the older.',
      resolve: ({ openAuthorizationId }, _, { loaders }) =>
        openAuthorizationId === null ? null : loaders.authorization(openAuthorizationId),
    }),
    history: t.field({
      type: StatusChangeConnectionType,
      args: pageArguments,
      complexity: pageComplexity,
      resolve: ({ id }, page, { gateway, viewer }) => listStatusChanges(gateway, viewer, id, page),
    }),
    version: t.exposeInt('version', {
      description: 'Goes up with every change of settings or credential; pass it as expectedVersion to detect a concurrent edit.',
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
    updatedAt: t.expose('updatedAt', { type: 'DateTime' }),
  }),
});
