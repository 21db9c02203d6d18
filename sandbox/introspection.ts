import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';

/** Where the servers ask whether an access token is good (RFC 7662), as Dovecot does. */
export interface Introspection {
  readonly url: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** The scope a token needs; null for any. */
  readonly scope?: string;
  /** Of the authority that signed an https endpoint's certificate. */
  readonly caPem?: string;
}

export type TokenFinding =
  | { readonly kind: 'active'; readonly account: string }
  | { readonly kind: 'inactive' }
  /** The question could not be answered: an outage, which says nothing about the token. */
  | { readonly kind: 'failed' };

export type IntrospectToken = (token: string) => Promise<TokenFinding>;

const TIMEOUT_MS = 3_000;

/**
 * Asks anew for every login: a revocation shows on the next one. Several endpoints are asked in turn, as Dovecot's chained
 * passdbs are; without any no token is good.
 */
export function createIntrospection(endpoints: () => readonly Introspection[]): IntrospectToken {
  return async (token) => {
    let finding: TokenFinding = { kind: 'inactive' };
    for (const endpoint of endpoints()) {
      const said = await ask(endpoint, token);
      if (said.kind === 'active') return said;
      if (said.kind === 'failed') finding = said;
    }
    return finding;
  };
}

async function ask(asked: Introspection, token: string): Promise<TokenFinding> {
  try {
    const basic = Buffer.from(`${encodeURIComponent(asked.clientId)}:${encodeURIComponent(asked.clientSecret)}`).toString('base64');
    const answer = await post(asked, `Basic ${basic}`, new URLSearchParams({ token }).toString());
    return findingOf(JSON.parse(answer), asked.scope ?? null);
  } catch {
    return { kind: 'failed' };
  }
}

/** By node's own client, because an authority of the sandbox's own signs the endpoint's certificate. Rejects unless the status is 200. */
function post({ url, caPem }: Introspection, authorization: string, body: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const secure = url.startsWith('https:');
    const request = (secure ? requestHttps : requestHttp)(
      url,
      {
        method: 'POST',
        headers: { authorization, 'content-type': 'application/x-www-form-urlencoded', 'content-length': Buffer.byteLength(body) },
        signal: AbortSignal.timeout(TIMEOUT_MS),
        ...(secure && caPem !== undefined ? { ca: caPem } : {}),
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => (text += chunk));
        response.on('end', () => {
          if (response.statusCode === 200) resolve(text);
          else reject(new Error(`The introspection endpoint answered ${response.statusCode ?? 0}.`));
        });
        response.on('error', reject);
      },
    );
    request.on('error', reject);
    request.end(body);
  });
}

function findingOf(answer: unknown, scope: string | null): TokenFinding {
  if (typeof answer !== 'object' || answer === null) return { kind: 'failed' };
  const fields = answer as Record<string, unknown>;
  const account = fields['email'] ?? fields['username'] ?? fields['sub'];
  if (fields['active'] !== true || typeof account !== 'string') return { kind: 'inactive' };
  const scopes = typeof fields['scope'] === 'string' ? fields['scope'].split(' ') : [];
  return scope === null || scopes.includes(scope) ? { kind: 'active', account } : { kind: 'inactive' };
}
