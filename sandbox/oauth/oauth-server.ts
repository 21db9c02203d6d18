import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import './quiet-provider.ts';
import { decodeJwt, SignJWT } from 'jose';
import Provider from 'oidc-provider';
import type { Introspection } from '../introspection.ts';
import { configuration } from './configuration.ts';
import { createInteractions } from './interactions.ts';
import { createPeople, type People, type PersonInput, type SignInFault } from './people.ts';
import { refusal, type OauthFlavour, type OauthRefusal } from './refusals.ts';
import { parseTokenFault, type TokenFault } from './token-faults.ts';
import { createTokenStore, type GrantEnd } from './token-store.ts';

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
  /**
   * True: a used refresh token is replaced and its reuse ends the grant, stricter than either provider really is.
   * 'keeping-used': it is replaced and stays good, as Microsoft's do. Otherwise there is one for good, as Google's.
   */
  readonly rotate?: boolean | 'keeping-used';
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
  /** How many refresh tokens of somebody are alive. */
  livingGrants(address: string): number;
  /** Requests at the token endpoint since the start, by grant type. */
  tokenRequests(): Readonly<Record<string, number>>;
  stop(): Promise<void>;
}

/** A certified OAuth server dressed as one of the two providers: real codes, PKCE, rotation; their ids, errors and side endpoints. */
export async function startOauthServer(options: OauthServerOptions): Promise<OauthServer> {
  const { flavour, app } = options;
  const people = createPeople(options.people);
  const tokens = createTokenStore({ keepsUsed: options.rotate === 'keeping-used' });
  const counts: Record<string, number> = {};
  const introspector = { clientId: 'mail-servers', clientSecret: randomBytes(24).toString('base64url') };
  const signing = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const server = createServer({ ...options.tls });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve();
    });
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
    if (!isToken) {
      await next();
      return;
    }
    const form = await formOf(ctx);
    const grantType = form.get('grant_type') ?? '';
    counts[grantType] = (counts[grantType] ?? 0) + 1;
    const early = fault === null ? earlyRefusal(form) : applyFault(ctx, form, fault);
    if (early === 'handled') return;
    if (early !== null) {
      answer(ctx, early);
      return;
    }
    const present = fault;
    await next();
    if (present?.kind === 'slow') await sleep(present.ms ?? 2_000);
    if (fault?.kind === 'lose-answer') cut(ctx);
    else dress(ctx, form);
  });

  function earlyRefusal(form: URLSearchParams): OauthRefusal | null {
    const holder = form.get('grant_type') === 'refresh_token' ? tokens.holderOf(form.get('refresh_token') ?? '') : null;
    if (holder === null) return null;
    const person = people.find(holder.accountId);
    if (person?.fault != null) return refusal(flavour, person.fault);
    return holder.ended === null || holder.ended === 'replaced' ? null : refusal(flavour, holder.ended);
  }

  function applyFault(ctx: Ctx, form: URLSearchParams, present: TokenFault): OauthRefusal | 'handled' | null {
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
        cut(ctx);
        return 'handled';
      case 'lose-answer':
      case 'slow':
        return earlyRefusal(form);
      case 'secret-expired':
      case 'secret-invalid':
      case 'app-unknown':
      case 'app-disabled':
      case 'tenant-unknown':
        return refusal(flavour, present.kind);
    }
  }

  /** What oidc-provider answers, in the flavour's words. */
  function dress(ctx: Ctx, form: URLSearchParams): void {
    const body = ctx.body as Record<string, unknown> | undefined;
    const isRefresh = form.get('grant_type') === 'refresh_token';
    if (body?.['error'] === 'invalid_client') answer(ctx, refusal(flavour, 'secret-invalid'));
    else if (body?.['error'] === 'invalid_grant' && isRefresh) answer(ctx, refusal(flavour, 'revoked'));
    else if (flavour === 'google' && isRefresh && (options.rotate ?? false) === false) delete body?.['refresh_token'];
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
    livingGrants: (address) => tokens.living(people.require(address).id),
    tokenRequests: () => ({ ...counts }),
    stop: () => closed(server),
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

/** No answer, and no connection either. */
function cut(ctx: Ctx): void {
  ctx.respond = false;
  ctx.req.socket.destroy();
}

function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}
