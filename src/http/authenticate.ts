import type { Clock } from '../domain/clock.ts';
import type { TokenId } from '../domain/ids.ts';
import type { ApiToken, Viewer } from '../domain/viewer.ts';
import type { Store } from '../store/store.ts';
import type { Attempts } from './attempts.ts';
import type { JwtVerifier } from './jwt.ts';
import { isSecretOf, parseToken } from './tokens.ts';

export type Authentication =
  | { readonly kind: 'viewer'; readonly viewer: Viewer }
  | { readonly kind: 'missing' }
  | { readonly kind: 'refused' }
  /** Too many refusals from this address. A valid token is still accepted: an office behind one address is not locked out. */
  | { readonly kind: 'throttled'; readonly retryAfterSeconds: number };

/** Who asks: the same question and the same answers for POST, GET, SSE, WebSocket and everything else that needs a token. */
export interface Authenticator {
  /** `authorization` is the header's value, or that of connection_init. Rejects when the database or the key server cannot be asked. */
  authenticate(authorization: string | undefined, address: string): Promise<Authentication>;
}

export function createAuthenticator(parts: {
  readonly store: Store;
  readonly clock: Clock;
  readonly attempts: Attempts;
  readonly jwt: JwtVerifier | null;
}): Authenticator {
  const { store, clock, attempts, jwt } = parts;

  async function viewerOf(credential: string): Promise<Viewer | null> {
    const parsed = parseToken(credential);
    if (parsed === null) return jwt === null || credential.split('.').length !== 3 ? null : jwt.viewerOf(credential);
    const token = await store.token(parsed.id);
    // The comparison is made also for an unknown id, so that the answer takes as long.
    const proven = isSecretOf(token ?? NOBODYS_TOKEN, parsed.secret);
    return token !== null && proven && isUsable(token, clock.now()) ? viewerOfToken(token) : null;
  }

  return {
    async authenticate(authorization, address) {
      const credential = /^Bearer +([A-Za-z0-9._~+/=-]+) *$/i.exec(authorization ?? '')?.[1];
      if (credential === undefined && (authorization ?? '') === '') return { kind: 'missing' };
      const viewer = credential === undefined ? null : await viewerOf(credential);
      if (viewer !== null) return { kind: 'viewer', viewer };
      const retryAfterSeconds = attempts.refused(address);
      return retryAfterSeconds === null ? { kind: 'refused' } : { kind: 'throttled', retryAfterSeconds };
    },
  };
}

export function isUsable(token: ApiToken, now: number): boolean {
  return token.revokedAt === null && (token.expiresAt === null || token.expiresAt > now);
}

function viewerOfToken(token: ApiToken): Viewer {
  const { id, name, role, workspaceId, expiresAt } = token;
  return { id, tokenId: id, name, role, workspaceId, expiresAt };
}

const NOBODYS_TOKEN: ApiToken = {
  id: '' as TokenId,
  workspaceId: '' as ApiToken['workspaceId'],
  name: '',
  role: 'VIEWER',
  secretHash: 'A'.repeat(43),
  createdAt: 0,
  expiresAt: null,
  revokedAt: 0,
};
