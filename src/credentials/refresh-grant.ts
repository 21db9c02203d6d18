import type { OAuth2Credential } from '../domain/credential.ts';
import type { Evidence } from '../domain/evidence.ts';
import type { Secret } from '../vault/secret.ts';
import type { SecretOwner } from './credentials.ts';

export type RefreshedToken =
  | {
      readonly kind: 'TOKEN';
      readonly accessToken: Secret;
      /** Epoch milliseconds. */
      readonly expiresAt: number;
      /** Obtained from the provider for this call; false when another caller's refresh had just stored one. */
      readonly fresh: boolean;
    }
  | { readonly kind: 'FAILED'; readonly evidence: Evidence };

/**
 * A new access token for a stored grant: single flight per mailbox across processes, a rotated refresh token stored
 * before it is used, the credential's id kept. `force` asks the provider even when a stored token would still do.
 * Never rejects for what the provider says; rejects with StoreUnavailable.
 */
export type RefreshGrant = (
  owner: SecretOwner,
  credential: OAuth2Credential,
  options: { readonly force: boolean },
) => Promise<RefreshedToken>;
