import type { AuthorizationId, CredentialId } from './ids.ts';
import type { MailDirection, MailServer, Provider } from './mail.ts';
import type { Sealed } from './sealed.ts';

/** A user name and its sealed password. `secretVersion` is part of what the ciphertext is bound to. */
export interface PasswordLogin {
  readonly username: string;
  readonly password: Sealed;
}

export interface BasicCredential {
  readonly kind: 'BASIC';
  readonly id: CredentialId;
  readonly secretVersion: number;
  readonly login: PasswordLogin;
  /** When sending logs in otherwise than fetching; else null. */
  readonly outgoingLogin: PasswordLogin | null;
  /** Epoch milliseconds. */
  readonly passwordSetAt: number;
}

/** The account a grant belongs to. Names and addresses change, these do not. */
export type Pin =
  | { readonly kind: 'MICROSOFT'; readonly issuer: string; readonly tenantId: string; readonly objectId: string }
  | { readonly kind: 'GOOGLE'; readonly issuer: string; readonly subject: string };

/** What OAuth gave us. Tokens are sealed; everything else may be shown. */
export interface Grant {
  readonly issuer: string;
  readonly clientId: string;
  readonly pin: Pin;
  /** Null when the provider gave none. */
  readonly refreshToken: Sealed | null;
  readonly accessToken: Sealed | null;
  readonly accessTokenExpiresAt: number | null;
  readonly grantedScopes: readonly string[];
  readonly requiredScopes: readonly string[];
  readonly consentedAt: number;
  readonly lastRefreshedAt: number | null;
  /** When the grant dies if nobody uses it, or earlier if the provider said so. */
  readonly expiresAt: number | null;
  /** A refresh that was begun and whose answer was never stored: if the token is dead now, that is why. Absent when there is none. */
  readonly refreshIntent?: RefreshIntent;
}

export interface RefreshIntent {
  /** SHA-256 of the refresh token that was sent, base64url. */
  readonly tokenHash: string;
  readonly startedAt: number;
}

export interface OAuth2Credential {
  readonly kind: 'OAUTH2';
  readonly id: CredentialId;
  readonly secretVersion: number;
  /** The account that signed in, as the provider names it. */
  readonly username: string;
  readonly grant: Grant;
}

export type Credential = BasicCredential | OAuth2Credential;

/**
 * Everything that a repair swaps as one: who logs in, where, and for which address.
 * A mailbox has one in use, may keep the one it replaced, and an authorization carries a candidate.
 */
export interface LoginSetup {
  readonly provider: Provider;
  readonly address: string;
  readonly signInAddress: string;
  readonly direction: MailDirection;
  readonly deleteAfterFetch: boolean;
  /** Null when the direction does not include the leg. */
  readonly incomingServer: MailServer | null;
  readonly outgoingServer: MailServer | null;
  readonly credential: Credential;
}

/** A setup that was replaced. Its secrets go at `keptUntil`; user name and servers stay readable. */
export interface ReplacedSetup {
  readonly setup: LoginSetup;
  readonly replacedAt: number;
  readonly keptUntil: number;
  /** True once the secrets were erased (or the grant revoked): then nothing can be rolled back. */
  readonly secretErased: boolean;
  /** The authorization whose commit replaced it: a roll-back marks that one ROLLED_BACK. Null when a roll-back replaced it. */
  readonly replacedBy: AuthorizationId | null;
}
