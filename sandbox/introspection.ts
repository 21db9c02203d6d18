/** Where the servers ask whether an access token is good (RFC 7662), as Dovecot does. */
export interface Introspection {
  readonly url: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** The scope a token needs; null for any. */
  readonly scope?: string;
}

export type TokenFinding =
  | { readonly kind: 'active'; readonly account: string }
  | { readonly kind: 'inactive' }
  /** The question could not be answered: an outage, which says nothing about the token. */
  | { readonly kind: 'failed' };

export type IntrospectToken = (token: string) => Promise<TokenFinding>;

const TIMEOUT_MS = 3_000;

/** Asks anew for every login: a revocation shows on the next one. Without an endpoint no token is good. */
export function createIntrospection(endpoint: () => Introspection | null): IntrospectToken {
  return async (token) => {
    const asked = endpoint();
    if (asked === null) return { kind: 'inactive' };
    let answer: unknown;
    try {
      const response = await fetch(asked.url, {
        method: 'POST',
        headers: {
          authorization: `Basic ${Buffer.from(`${encodeURIComponent(asked.clientId)}:${encodeURIComponent(asked.clientSecret)}`).toString('base64')}`,
          'content-type': 'application/x-www-form-urlencoded',
        },
        body: new URLSearchParams({ token }),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      if (!response.ok) return { kind: 'failed' };
      answer = await response.json();
    } catch {
      return { kind: 'failed' };
    }
    return findingOf(answer, asked.scope ?? null);
  };
}

function findingOf(answer: unknown, scope: string | null): TokenFinding {
  if (typeof answer !== 'object' || answer === null) return { kind: 'failed' };
  const fields = answer as Record<string, unknown>;
  const account = fields['email'] ?? fields['username'] ?? fields['sub'];
  if (fields['active'] !== true || typeof account !== 'string') return { kind: 'inactive' };
  const scopes = typeof fields['scope'] === 'string' ? fields['scope'].split(' ') : [];
  return scope === null || scopes.includes(scope) ? { kind: 'active', account } : { kind: 'inactive' };
}
