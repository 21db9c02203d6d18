import { createHash } from 'node:crypto';
import type { OAuth2Credential, RefreshIntent } from '../domain/credential.ts';
import { placeOf } from '../domain/sealed-secrets.ts';
import type { TokenSet } from '../providers/provider.ts';
import type { Secret } from '../vault/secret.ts';
import type { Vault } from '../vault/vault.ts';
import type { SecretOwner } from './credentials.ts';

/** Which refresh token it was, without saying it. */
export function tokenHash(token: Secret): string {
  return createHash('sha256').update(token.reveal()).digest('base64url');
}

/** What is about to be sent: if its answer gets lost, this tells why the token is dead. */
export function withIntent(credential: OAuth2Credential, refreshIntent: RefreshIntent): OAuth2Credential {
  return { ...credential, grant: { ...credential.grant, refreshIntent } };
}

/** Without this intent; another caller's is left alone. */
export function withoutIntent(credential: OAuth2Credential, intent: RefreshIntent): OAuth2Credential {
  const { refreshIntent, ...grant } = credential.grant;
  const isOther = refreshIntent?.startedAt !== intent.startedAt || refreshIntent.tokenHash !== intent.tokenHash;
  return isOther ? credential : { ...credential, grant };
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
  const { refreshIntent, ...grant } = credential.grant;
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
