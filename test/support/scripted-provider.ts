import { generateKeyPairSync } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { SignJWT, type JWTPayload } from 'jose';
import { createGoogleProvider } from '../../src/providers/google/google-provider.ts';
import { createMicrosoftProvider } from '../../src/providers/microsoft/microsoft-provider.ts';
import type { SignInProvider } from '../../src/providers/provider.ts';
import { Secret } from '../../src/vault/secret.ts';
import { certificateFor, httpsServer } from '../network/tls-servers.ts';

export type Flavour = 'microsoft' | 'google';

/** What the token endpoint does with a request; an object as body is sent as JSON. */
export type Answer =
  | {
      readonly status: number;
      readonly body: object | string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'hang' | 'drop' };

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly form: URLSearchParams;
}

/** A sign-in provider that says what a test wants it to say, word for word, over TLS on loopback. */
export interface ScriptedProvider {
  readonly origin: string;
  readonly caPem: string;
  /** What the gateway is configured with. */
  readonly environment: Readonly<Record<string, string>>;
  /** From now on the token endpoint answers this; of several the last one again and again. */
  answer(...answers: readonly Answer[]): void;
  /** From now on the endpoint at this path answers this. */
  answerAt(path: string, answer: Answer): void;
  /** Every request since the last call of this, discovery and keys left out. */
  seen(): readonly SeenRequest[];
  /** How often the discovery document was asked for. */
  discoveries(): number;
  /** The gateway's provider, configured for it. */
  provider(change?: Partial<Parameters<typeof createMicrosoftProvider>[0]>): SignInProvider;
  /** An identity token as this provider signs it. */
  idToken(claims: JWTPayload): Promise<string>;
  stop(): Promise<void>;
}

export const CLIENT_ID = 'gateway';
export const TENANT = '5c6d7e8f-0a1b-4c2d-9e3f-405162738495';

export async function startScriptedProvider(flavour: Flavour): Promise<ScriptedProvider> {
  const certificate = await certificateFor(['localhost']);
  const signing = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const elsewhere = new Map<string, Answer>();
  let answers: readonly Answer[] = [{ status: 500, body: { error: 'server_error' } }];
  let seen: SeenRequest[] = [];
  let discoveries = 0;

  const server = await httpsServer(certificate, (request, response) => void serve(request, response));
  const origin = `https://localhost:${server.port}`;

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', origin);
    if (url.pathname.endsWith('/.well-known/openid-configuration') && !elsewhere.has(url.pathname)) {
      discoveries += 1;
      const base = `${origin}/common`;
      give(response, {
        status: 200,
        body: {
          issuer: `${origin}/{tenantid}/v2.0`,
          authorization_endpoint: `${base}/authorize`,
          token_endpoint: `${base}/token`,
          jwks_uri: `${base}/keys`,
        },
      });
      return;
    }
    if (url.pathname === '/certs') {
      give(response, { status: 200, body: { key: signing.publicKey.export({ type: 'spki', format: 'pem' }).toString() } });
      return;
    }
    let text = '';
    for await (const chunk of request) text += String(chunk);
    seen.push({ method: request.method ?? '', path: url.pathname, form: new URLSearchParams(text) });
    const own = elsewhere.get(url.pathname);
    const [next, ...rest] = answers;
    if (own === undefined && rest.length > 0) answers = rest;
    give(response, own ?? next ?? { kind: 'drop' });
  }

  const settings = {
    clientId: CLIENT_ID,
    secret: (): Secret => new Secret('app-secret'),
    ca: [certificate.cert],
    now: (): number => Date.now(),
  };
  const google = {
    issuer: origin,
    authUrl: `${origin}/authorize`,
    tokenUrl: `${origin}/token`,
    revokeUrl: `${origin}/revoke`,
    certsUrl: `${origin}/certs`,
    gmailApiUrl: `${origin}/`,
  };
  const environment: Record<string, string> =
    flavour === 'microsoft'
      ? {
          MICROSOFT_CLIENT_ID: CLIENT_ID,
          MICROSOFT_CLIENT_SECRET: 'app-secret',
          MICROSOFT_AUTHORITY: `${origin}/common`,
          MICROSOFT_KNOWN_AUTHORITIES: new URL(origin).host,
        }
      : {
          GOOGLE_CLIENT_ID: CLIENT_ID,
          GOOGLE_CLIENT_SECRET: 'app-secret',
          GOOGLE_ISSUER: google.issuer,
          GOOGLE_AUTH_URL: google.authUrl,
          GOOGLE_TOKEN_URL: google.tokenUrl,
          GOOGLE_REVOKE_URL: google.revokeUrl,
          GOOGLE_CERTS_URL: google.certsUrl,
          GMAIL_API_URL: google.gmailApiUrl,
        };

  return {
    origin,
    caPem: certificate.cert,
    environment,
    answer: (...next) => {
      answers = next;
    },
    answerAt: (path, answer) => void elsewhere.set(path, answer),
    seen: () => {
      const all = seen;
      seen = [];
      return all;
    },
    discoveries: () => discoveries,
    provider: (change = {}) =>
      flavour === 'microsoft'
        ? createMicrosoftProvider({ ...settings, authority: `${origin}/common`, knownAuthorities: [new URL(origin).host], ...change })
        : createGoogleProvider({ ...settings, ...google, ...change }),
    idToken: (claims) =>
      new SignJWT({ aud: CLIENT_ID, iss: flavour === 'google' ? origin : `${origin}/${TENANT}/v2.0`, ...claims })
        .setProtectedHeader({ alg: 'RS256', kid: 'key' })
        .setIssuedAt()
        .setExpirationTime('1h')
        .sign(signing.privateKey),
    stop: () => server.close(),
  };
}

function give(response: ServerResponse, answer: Answer): void {
  if (!('status' in answer)) {
    if (answer.kind === 'drop') response.socket?.destroy();
    return;
  }
  const isText = typeof answer.body === 'string';
  response.writeHead(answer.status, { 'content-type': isText ? 'text/html' : 'application/json', ...answer.headers });
  response.end(isText ? answer.body : JSON.stringify(answer.body));
}
