import { isOpen, type Authorization } from '../domain/authorization.ts';

/** What the engines index of an authorization. Derived, never stored by hand. */
export interface AuthorizationIndex {
  readonly stateHash: string | null;
  /** When `authorizationsDue` has to hand it out: its next verification or its expiry, whichever comes first; null once it ended. */
  readonly dueAt: number | null;
}

export function indexOfAuthorization(authorization: Authorization): AuthorizationIndex {
  const verifyAt = authorization.status === 'VERIFYING' ? authorization.nextVerifyAt : null;
  return {
    stateHash: authorization.flow?.stateHash ?? null,
    dueAt: isOpen(authorization.status) ? Math.min(authorization.expiresAt, verifyAt ?? authorization.expiresAt) : null,
  };
}
