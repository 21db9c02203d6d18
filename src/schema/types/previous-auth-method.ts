import type { ReplacedSetup } from '../../domain/credential.ts';
import { authMethodOf, canRollBack } from '../../resolvers/views/login.ts';
import { builder } from '../builder.ts';
import { AuthMethodInterface } from './auth-method.ts';
import { MailServerType } from './mail-server.ts';

export const PreviousAuthMethodType = builder.objectRef<ReplacedSetup>('PreviousAuthMethod').implement({
  fields: (t) => ({
    authMethod: t.field({ type: AuthMethodInterface, resolve: ({ setup }) => authMethodOf(setup) }),
    incomingServer: t.field({ type: MailServerType, nullable: true, resolve: ({ setup }) => setup.incomingServer }),
    outgoingServer: t.field({ type: MailServerType, nullable: true, resolve: ({ setup }) => setup.outgoingServer }),
    replacedAt: t.expose('replacedAt', { type: 'DateTime' }),
    keptUntil: t.expose('keptUntil', { type: 'DateTime' }),
    canRollBack: t.boolean({ resolve: (previous, _, { gateway }) => canRollBack(previous, gateway.clock.now()) }),
  }),
});
