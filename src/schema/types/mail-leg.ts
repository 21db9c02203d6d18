import type { Leg } from '../../domain/leg.ts';
import type { MailServer } from '../../domain/mail.ts';
import type { Mailbox } from '../../domain/mailbox.ts';
import { legStatus } from '../../domain/status-view.ts';
import { legAuthMethod } from '../../resolvers/views/login.ts';
import { builder } from '../builder.ts';
import { AuthMethodInterface } from './auth-method.ts';
import { CredentialStatusType } from './credential-status.ts';
import { LegDirectionEnum } from './enums.ts';
import { MailServerType } from './mail-server.ts';

/** A leg together with the mailbox that it is one direction of. */
export interface ShownLeg {
  readonly mailbox: Mailbox;
  readonly leg: Leg;
  readonly server: MailServer;
}

export const MailLegType = builder.objectRef<ShownLeg>('MailLeg').implement({
  description: 'A leg logs in for itself; the outgoing login is the incoming one unless it was given its own.',
  fields: (t) => ({
    direction: t.field({ type: LegDirectionEnum, resolve: ({ leg }) => leg.direction }),
    server: t.expose('server', { type: MailServerType }),
    authMethod: t.field({ type: AuthMethodInterface, resolve: ({ mailbox, leg }) => legAuthMethod(mailbox, leg.direction) }),
    status: t.field({
      type: CredentialStatusType,
      resolve: ({ mailbox, leg }, _, { gateway }) => legStatus(leg, mailbox, gateway.clock.now()),
    }),
  }),
});
