import { grantExpiresAt } from '../../domain/advisories.ts';
import type { AuthMethodView } from '../../resolvers/views/login.ts';
import { builder } from '../builder.ts';
import { AuthMethodKindEnum } from './enums.ts';

export const AuthMethodInterface = builder.interfaceRef<AuthMethodView>('AuthMethod').implement({
  description: 'How the gateway logs in. No secret is ever readable.',
  resolveType: ({ kind }) => (kind === 'BASIC' ? 'BasicAuth' : 'OAuth2Auth'),
  fields: (t) => ({
    kind: t.expose('kind', { type: AuthMethodKindEnum }),
    username: t.exposeString('username'),
  }),
});

builder.objectRef<Extract<AuthMethodView, { kind: 'BASIC' }>>('BasicAuth').implement({
  interfaces: [AuthMethodInterface],
  fields: (t) => ({ passwordSetAt: t.expose('passwordSetAt', { type: 'DateTime', nullable: true }) }),
});

builder.objectRef<Extract<AuthMethodView, { kind: 'OAUTH2' }>>('OAuth2Auth').implement({
  interfaces: [AuthMethodInterface],
  fields: (t) => ({
    issuer: t.exposeString('issuer'),
    grantedScopes: t.stringList({ resolve: (auth) => auth.grantedScopes }),
    missingScopes: t.stringList({ resolve: (auth) => auth.missingScopes }),
    consentedAt: t.expose('consentedAt', { type: 'DateTime', nullable: true }),
    accessTokenExpiresAt: t.expose('accessTokenExpiresAt', { type: 'DateTime', nullable: true }),
    grantExpiresAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When the grant dies if nobody uses it, or earlier if the provider said so.',
      resolve: ({ life }, _, { gateway }) => (life === null ? null : grantExpiresAt(life, gateway.advisories)),
    }),
  }),
});
