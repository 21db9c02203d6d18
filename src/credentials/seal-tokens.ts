import { createHash } from 'node:crypto';
import type { OAuth2Credential } from '../domain/credential.ts';
import { placeOf } from '../domain/sealed-secrets.ts';
import type { TokenSet } from '../providers/provider.ts';
import type { Secret } from '../vault/secret.ts';
import type { Vault } from '../vault/vault.ts';
import type { SecretOwner } from './credentials.ts';

/** Which refresh token it was, without saying it. */
export function tokenHash(token: Secret): string {
  return createHash('sha256').update(token.reveal()).digest('base64url');
}

/**
 * The credential with new tokens, all sealed under a new secret version, so that an older row's ciphertext no longer
 * fits. A provider that gave no new refresh token keeps the one that was used.
 */
export function withTokens(
  vault: Vault,
  owner: SecretOwner,
  credential: OAuth2Credential,
  used: Secret,
  tokens: TokenSet,
  now: number,
): OAuth2Credential {
  const next = { ...credential, secretVersion: credential.secretVersion + 1 };
  const { refreshIntent: _done, ...grant } = credential.grant;
  return {
    ...next,
    grant: {
      ...grant,
      refreshToken: vault.seal(tokens.refreshToken ?? used, placeOf(owner, next, 'refreshToken')),
      accessToken: vault.seal(tokens.accessToken, placeOf(owner, next, 'accessToken')),
      accessTokenExpiresAt: tokens.accessTokenExpiresAt,
      grantedScopes: tokens.grantedScopes.length === 0 ? grant.grantedScopes : tokens.grantedScopes,
      lastRefreshedAt: now,
      expiresAt: tokens.grantExpiresAt ?? grant.expiresAt,
    },
  };
}
