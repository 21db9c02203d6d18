import { generateKeyPairSync, randomBytes, type KeyObject } from 'node:crypto';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { decodeJwt, exportJWK, SignJWT } from 'jose';
import Provider, { type Configuration } from 'oidc-provider';
import type { Introspection } from '../introspection.ts';
import { createInteractions } from './interactions.ts';
import { createPeople, type People, type PersonInput, type SignInFault } from './people.ts';
import { refusal, type OauthFlavour, type OauthRefusal } from './refusals.ts';
import { parseTokenFault, type TokenFault } from './token-faults.ts';
import { createTokenStore, type GrantEnd } from './token-store.ts';

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
const MOUNT: Readonly<Record<OauthFlavour, string>> = { microsoft: '/common/v2.0', google: '' };

type Ctx = Parameters<Parameters<Provider['use']>[0]>[0];

export interface OauthServerOptions {
  readonly flavour: OauthFlavour;
  readonly port: number;
  readonly tls: { readonly key: string; readonly cert: string };
  readonly app: {
    readonly clientId: string;
    readonly clientSecret: string;
    readonly redirectUris: readonly string[];
    readonly name: string;
  };
  readonly people: readonly PersonInput[];
  /** Seconds; 3600 unless a test wants it shorter. */
  readonly accessTokenSeconds?: number;
  /** A used refresh token is replaced and its reuse ends the grant: stricter than either provider really is. */
  readonly rotate?: boolean;
}

export interface OauthServer {
  readonly origin: string;
  /** What the gateway is configured with. */
  readonly endpoints: {
    readonly authority: string;
    readonly auth: string;
    readonly token: string;
    readonly revoke: string;
    readonly certs: string;
    readonly api: string;
  };
  readonly introspection: Introspection;
  readonly people: People;
  setTokenFault(fault: TokenFault | null): void;
  setSignInFault(address: string, fault: SignInFault | null): void;
  endGrants(address: string, cause: GrantEnd): number;
  /** Requests at the token endpoint since the start, by grant type. */
  tokenRequests(): Readonly<Record<string, number>>;
  stop(): Promise<void>;
}

/** A certified OAuth server dressed as one of the two providers: real codes, PKCE, rotation; their ids, errors and side endpoints. */
export async function startOauthServer(options: OauthServerOptions): Promise<OauthServer> {
  const { flavour, app } = options;
  const people = createPeople(options.people);
  const tokens = createTokenStore();
  const counts: Record<string, number> = {};
  const introspector = { clientId: 'mail-servers', clientSecret: randomBytes(24).toString('base64url') };
  const signing = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const server = createServer({ ...options.tls });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, '127.0.0.1', () => (server.off('error', reject), resolve()));
  });
  const origin = `https://localhost:${(server.address() as AddressInfo).port}`;
  let fault: TokenFault | null = null;

  const provider = new Provider(
    `${origin}${MOUNT[flavour]}`,
    await configuration(options, people, tokens.adapter, introspector, signing.privateKey),
  );
  provider.on('server_error', () => undefined);
  provider.use(async (ctx, next) => {
    if (ctx.path.endsWith('/authorize') || ctx.path.endsWith('/auth')) addConsentPrompt(ctx);
    const isToken = ctx.method === 'POST' && ctx.path.endsWith('/token');
    if (!isToken) return next();
    const form = await formOf(ctx);
    const grantType = form.get('grant_type') ?? '';
    counts[grantType] = (counts[grantType] ?? 0) + 1;
    const early = fault === null ? earlyRefusal(form) : await applyFault(ctx, fault);
    if (early === 'handled') return;
    if (early !== null) return answer(ctx, early);
    await next();
    dress(ctx, form);
  });

  function earlyRefusal(form: URLSearchParams): OauthRefusal | null {
    const holder = form.get('grant_type') === 'refresh_token' ? tokens.holderOf(form.get('refresh_token') ?? '') : null;
    if (holder === null) return null;
    const person = people.find(holder.accountId);
    if (person?.fault != null) return refusal(flavour, person.fault);
    return holder.ended === null || holder.ended === 'replaced' ? null : refusal(flavour, holder.ended);
  }

  async function applyFault(ctx: Ctx, present: TokenFault): Promise<OauthRefusal | 'handled' | null> {
    switch (present.kind) {
      case 'rate-limited':
        ctx.set('retry-after', String(Math.ceil((present.ms ?? 5_000) / 1_000)));
        return { status: 429, body: { error: 'temporarily_unavailable', error_description: 'Too many requests.' } };
      case 'unavailable':
        return { status: 503, body: { error: 'temporarily_unavailable', error_description: 'The service is temporarily unavailable.' } };
      case 'html':
      case 'html-200':
        Object.assign(ctx, {
          status: present.kind === 'html' ? 502 : 200,
          type: 'html',
          body: '<html><body>502 Bad Gateway</body></html>',
        });
        return 'handled';
      case 'hang':
        ctx.respond = false;
        return 'handled';
      case 'drop':
        ctx.respond = false;
        ctx.req.socket.destroy();
        return 'handled';
      case 'secret-expired':
      case 'secret-invalid':
      case 'app-unknown':
        return refusal(flavour, present.kind);
    }
  }

  /** What oidc-provider answers, in the flavour's words. */
  function dress(ctx: Ctx, form: URLSearchParams): void {
    const body = ctx.body as Record<string, unknown> | undefined;
    if (body?.['error'] === 'invalid_client') return answer(ctx, refusal(flavour, 'secret-invalid'));
    if (body?.['error'] === 'invalid_grant' && form.get('grant_type') === 'refresh_token') return answer(ctx, refusal(flavour, 'revoked'));
    if (flavour === 'google' && form.get('grant_type') === 'refresh_token' && options.rotate !== true) delete body?.['refresh_token'];
  }

  async function dressIdToken(body: Record<string, unknown>): Promise<void> {
    const { sub, ...claims } = decodeJwt(String(body['id_token']));
    const person = people.find(sub ?? '');
    if (person === null) return;
    const issuer = `${origin}/${person.tenantId}/v2.0`;
    body['id_token'] = await new SignJWT({ ...claims, sub: person.id, iss: issuer, tid: person.tenantId })
      .setProtectedHeader({ alg: 'RS256', kid: 'sandbox' })
      .sign(signing.privateKey);
    body['client_info'] = Buffer.from(JSON.stringify({ uid: person.id, utid: person.tenantId })).toString('base64url');
  }
  if (flavour === 'microsoft') {
    provider.use(async (ctx, next) => {
      await next();
      const body = ctx.body as Record<string, unknown> | undefined;
      if (ctx.path.endsWith('/token') && typeof body?.['id_token'] === 'string') await dressIdToken(body);
    });
  }

  const interact = createInteractions(flavour, people, app.name);
  const oidc = provider.callback();
  const publicKey = signing.publicKey.export({ type: 'spki', format: 'pem' }).toString();
  server.on('request', (request, response) => {
    void (async () => {
      const path = (request.url ?? '/').split('?')[0] ?? '/';
      if (await interact(provider, request, response)) return;
      if (flavour === 'google') {
        const { googleEndpoint } = await import('./google-endpoints.ts');
        if (
          await googleEndpoint({ path, request, response, provider, people, publicKey, endGrants: (id) => tokens.endGrants(id, 'revoked') })
        )
          return;
      }
      // oidc-provider lives below its issuer's path; discovery and endpoints carry the prefix.
      Object.assign(request, { originalUrl: request.url });
      const mount = MOUNT[flavour];
      if (mount !== '' && request.url?.startsWith(mount) === true) request.url = request.url.slice(mount.length) || '/';
      await oidc(request, response);
    })().catch(() => {
      if (!response.headersSent) response.writeHead(400, { 'content-type': 'text/plain' });
      response.end('The sign-in was started in another browser, or its time is over. Start again.');
    });
  });

  const mounted = `${origin}${MOUNT[flavour]}`;
  return {
    origin,
    endpoints: {
      authority: `${origin}/common`,
      auth: `${mounted}/authorize`,
      token: `${mounted}/token`,
      revoke: `${origin}/revoke`,
      certs: `${origin}/certs`,
      api: `${origin}/`,
    },
    introspection: { url: `${mounted}/introspect`, ...introspector },
    people,
    setTokenFault: (next) => {
      fault = next === null ? null : parseTokenFault(next.kind, next.ms);
    },
    setSignInFault: (address, next) => {
      people.require(address).fault = next;
    },
    endGrants: (address, cause) => tokens.endGrants(people.require(address).id, cause),
    tokenRequests: () => ({ ...counts }),
    stop: () => closed(server),
  };
}

async function configuration(
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
    rotateRefreshToken: options.rotate ?? false,
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

/** oidc-provider drops offline_access without it, and then a later refresh fails with invalid_scope. */
function addConsentPrompt(ctx: Ctx): void {
  const prompt = String(ctx.query['prompt'] ?? '')
    .replace('select_account', 'login')
    .trim();
  const wanted = new Set([...prompt.split(' '), 'consent'].filter((word) => word !== ''));
  ctx.query = { ...ctx.query, prompt: [...wanted].join(' ') };
}

/** Reads the form without taking it away from oidc-provider, which uses what is parsed already. */
async function formOf(ctx: Ctx): Promise<URLSearchParams> {
  let text = '';
  for await (const chunk of ctx.req) text += String(chunk);
  const form = new URLSearchParams(text);
  Object.assign(ctx.req, { body: Object.fromEntries(form) });
  return form;
}

function answer(ctx: Ctx, { status, body }: OauthRefusal): void {
  ctx.status = status;
  ctx.type = 'json';
  ctx.body = body;
}

function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}
