import { randomBytes, type KeyObject } from 'node:crypto';
import { exportJWK } from 'jose';
import type { Configuration } from 'oidc-provider';
import type { OauthServerOptions } from './oauth-server.ts';
import type { People } from './people.ts';
import type { OauthFlavour } from './refusals.ts';

const SCOPES: Readonly<Record<OauthFlavour, readonly string[]>> = {
  microsoft: [
    'openid',
    'profile',
    'email',
    'offline_access',
    'https://outlook.office.com/IMAP.AccessAsUser.All',
    'https://outlook.office.com/SMTP.Send',
  ],
  google: ['openid', 'profile', 'email', 'offline_access', 'https://mail.google.com/'],
};
/** How oidc-provider is set up to be taken for one of the two providers. */
export async function configuration(
  options: OauthServerOptions,
  people: People,
  adapter: NonNullable<Configuration['adapter']>,
  introspector: { readonly clientId: string; readonly clientSecret: string },
  signingKey: KeyObject,
): Promise<Configuration> {
  const { flavour, app } = options;
  return {
    adapter,
    clients: [
      {
        client_id: app.clientId,
        client_secret: app.clientSecret,
        redirect_uris: [...app.redirectUris],
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        token_endpoint_auth_method: 'client_secret_post',
      },
      {
        client_id: introspector.clientId,
        client_secret: introspector.clientSecret,
        redirect_uris: [],
        response_types: [],
        grant_types: [],
      },
    ],
    jwks: { keys: [{ ...(await exportJWK(signingKey)), kid: 'sandbox', alg: 'RS256', use: 'sig' }] },
    scopes: [...SCOPES[flavour]],
    claims: { openid: ['sub', 'oid', 'tid', 'preferred_username', 'name', 'email', 'email_verified'] },
    conformIdTokenClaims: false,
    extraParams: ['access_type', 'include_granted_scopes', 'client_info', 'haschrome', 'X-AnchorMailbox'],
    features: {
      devInteractions: { enabled: false },
      introspection: { enabled: true, allowedPolicy: async () => true },
      revocation: { enabled: true },
    },
    routes: { authorization: '/authorize', token: '/token', introspection: '/introspect', jwks: '/keys', revocation: '/revocation' },
    pkce: { required: () => true },
    issueRefreshToken: async (_ctx, client) => client.grantTypeAllowed('refresh_token'),
    expiresWithSession: async () => false,
    rotateRefreshToken: options.rotate !== undefined && options.rotate !== false,
    extraTokenClaims: async (_ctx, token) => {
      const accountId = 'accountId' in token ? token.accountId : undefined;
      const person = people.find(accountId ?? '');
      return person === null ? undefined : { email: person.address, username: person.address };
    },
    async findAccount(_ctx, id) {
      const person = people.find(id);
      if (person === null) return undefined;
      return {
        accountId: person.id,
        claims: async () => ({
          sub: person.id,
          oid: person.id,
          tid: person.tenantId,
          preferred_username: person.address,
          name: person.name,
          email: person.address,
          email_verified: true,
        }),
      };
    },
    interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
    cookies: { keys: [randomBytes(24).toString('hex')] },
    ttl: {
      AccessToken: options.accessTokenSeconds ?? 3_600,
      AuthorizationCode: 600,
      RefreshToken: 90 * 86_400,
      Session: 86_400,
      Interaction: 3_600,
      Grant: 90 * 86_400,
      IdToken: 3_600,
    },
  };
}
