import { GraphQLError } from 'graphql';
import { rateLimited } from '../../domain/errors.ts';
import { discoverServers, type MailServerSuggestion } from '../../resolvers/queries/discover-servers.ts';
import { builder } from '../builder.ts';
import { ProviderEnum } from './enums.ts';
import { MailServerType } from './mail-server.ts';
import { boundedList } from './page.ts';

const MailServerSuggestionType = builder.objectRef<MailServerSuggestion>('MailServerSuggestion').implement({
  fields: (t) => ({
    source: t.exposeString('source'),
    provider: t.expose('provider', { type: ProviderEnum }),
    incoming: t.expose('incoming', { type: MailServerType, nullable: true }),
    outgoing: t.expose('outgoing', { type: MailServerType, nullable: true }),
    usernameHint: t.exposeString('usernameHint', { nullable: true }),
  }),
});

builder.queryField('discoverMailServers', (t) =>
  t.field({
    type: [MailServerSuggestionType],
    description: 'Server settings for an address: known providers, ISPDB, autoconfig, SRV, MX; best first.',
    args: { address: t.arg({ type: 'EmailAddress', required: true }) },
    complexity: boundedList(8),
    resolve: async (_, { address }, { gateway, viewer }) => {
      const found = await discoverServers(gateway, viewer, address);
      switch (found.kind) {
        case 'ok':
          return found.suggestions;
        case 'not-an-address':
          throw new GraphQLError(found.message, { extensions: { code: 'BAD_USER_INPUT' } });
        case 'rate-limited': {
          const { code, message } = rateLimited(found.retryAfterSeconds);
          throw new GraphQLError(message, { extensions: { code, retryAfterSeconds: found.retryAfterSeconds } });
        }
      }
    },
  }),
);
