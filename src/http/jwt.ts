import { createRemoteJWKSet, errors, jwtVerify, type JWTPayload, type JWTVerifyGetKey } from 'jose';
import type { Clock } from '../domain/clock.ts';
import type { WorkspaceId } from '../domain/ids.ts';
import { ROLES, type Role, type Viewer } from '../domain/viewer.ts';
import type { Store } from '../store/store.ts';

/** The help desk's own tokens, accepted when the operator says whose. */
export interface JwtOptions {
  readonly jwksUrl: string;
  readonly issuer: string;
  readonly audience: string;
  /** The claim that names the workspace, by id or by exact name. */
  readonly workspaceClaim: string;
  /** The claim that holds viewer, worker or admin. */
  readonly roleClaim: string;
}

export interface JwtVerifier {
  /** Null when the token is not valid, not for us, or of no workspace. Rejects when the key server or the database cannot be asked. */
  viewerOf(token: string): Promise<Viewer | null>;
}

/** Signatures only: a shared secret or "none" is never what a key server publishes for. */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'];
const CLOCK_TOLERANCE_SECONDS = 5;
const KEY_SERVER_FAULTS: readonly string[] = [errors.JWKSTimeout.code, errors.JWKSInvalid.code, errors.JOSEError.code];

export function createJwtVerifier(
  options: JwtOptions,
  parts: { readonly store: Store; readonly clock: Clock; readonly keys?: JWTVerifyGetKey },
): JwtVerifier {
  const { store, clock } = parts;
  const keys = parts.keys ?? createRemoteJWKSet(new URL(options.jwksUrl), { timeoutDuration: 5_000 });
  const workspaceIds = new Map<string, WorkspaceId>();

  async function workspaceOf(claim: string): Promise<WorkspaceId | null> {
    const known = workspaceIds.get(claim);
    if (known !== undefined) return known;
    const found = (await store.workspaces()).find(({ id, name }) => id === claim || name === claim);
    if (found === undefined) return null;
    // Ids and names of workspaces never change, so what was found stays right.
    workspaceIds.set(claim, found.id);
    return found.id;
  }

  return {
    async viewerOf(token) {
      let payload: JWTPayload;
      try {
        ({ payload } = await jwtVerify(token, keys, {
          issuer: options.issuer,
          audience: options.audience,
          algorithms: ALGORITHMS,
          requiredClaims: ['exp', 'sub'],
          clockTolerance: CLOCK_TOLERANCE_SECONDS,
          currentDate: new Date(clock.now()),
        }));
      } catch (error) {
        // What the token is to blame for; a key server that does not answer, or answers nonsense, is not.
        if (error instanceof errors.JOSEError && !KEY_SERVER_FAULTS.includes(error.code)) return null;
        throw error;
      }
      const { sub, exp } = payload;
      const workspace = payload[options.workspaceClaim];
      const role = roleOf(payload[options.roleClaim]);
      if (sub === undefined || exp === undefined || typeof workspace !== 'string' || role === null) return null;
      const workspaceId = await workspaceOf(workspace);
      if (workspaceId === null) return null;
      const name = payload['name'];
      return { id: `jwt:${sub}`, tokenId: null, name: typeof name === 'string' ? name : sub, role, workspaceId, expiresAt: exp * 1_000 };
    },
  };
}

function roleOf(claim: unknown): Role | null {
  if (typeof claim !== 'string') return null;
  const wanted = claim.toUpperCase();
  return ROLES.find((role) => role === wanted) ?? null;
}
