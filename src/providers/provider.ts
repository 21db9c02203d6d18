import type { Pin } from '../domain/credential.ts';
import type { Evidence } from '../domain/evidence.ts';
import type { MailDirection } from '../domain/mail.ts';
import type { Secret } from '../vault/secret.ts';

/** What a browser is sent away with. State, nonce and PKCE are the flow's; a provider only writes them into its URL. */
export interface SignInRequest {
  readonly redirectUri: string;
  readonly state: string;
  readonly nonce: string;
  /** base64url SHA-256 of the verifier (RFC 7636, S256); there is no way to leave it out. */
  readonly codeChallenge: string;
  /** The account that is expected to sign in; null to let the person choose. */
  readonly loginHint: string | null;
  /** Show the account chooser even if one is signed in ("use another account"). */
  readonly selectAccount: boolean;
  readonly direction: MailDirection;
}

/** What a callback brought, after state and cookie were checked. */
export interface CodeGrant {
  readonly code: Secret;
  readonly verifier: Secret;
  readonly nonce: string;
  readonly redirectUri: string;
  readonly direction: MailDirection;
}

/** Who signed in. The pin decides; the username is for showing and for SASL. */
export interface SignedInAccount {
  readonly pin: Pin;
  readonly username: string;
  /** Outlook.com, Hotmail and the like: they send through another server. */
  readonly personal: boolean;
}

export interface TokenSet {
  /** Null when the provider gave none: Google on a repeated consent; then the one at hand stays good. */
  readonly refreshToken: Secret | null;
  readonly accessToken: Secret;
  readonly accessTokenExpiresAt: number;
  readonly grantedScopes: readonly string[];
  /** When the refresh token dies, if the provider said so. */
  readonly grantExpiresAt: number | null;
}

export type RedeemOutcome =
  | { readonly kind: 'GRANTED'; readonly tokens: TokenSet; readonly account: SignedInAccount }
  | { readonly kind: 'FAILED'; readonly evidence: Evidence };

export type RefreshOutcome =
  { readonly kind: 'GRANTED'; readonly tokens: TokenSet } | { readonly kind: 'FAILED'; readonly evidence: Evidence };

/**
 * One OAuth provider. Methods never reject for what the provider does or how the network fails: that becomes Evidence.
 * Nothing is kept between calls; tokens come in and go out as Secrets and are stored by `credentials/` alone.
 */
export interface SignInProvider {
  readonly clientId: string;
  /** The issuer that a flow is pinned to (RFC 9207); for Microsoft's multi-tenant authorities with "{tenantid}" in it. */
  readonly issuer: string;
  requiredScopes(direction: MailDirection): readonly string[];
  /** Of the required ones, those that a grant lacks. Compared as the provider spells them. */
  missingScopes(direction: MailDirection, granted: readonly string[]): readonly string[];
  signInUrl(
    request: SignInRequest,
  ): Promise<{ readonly kind: 'URL'; readonly url: string } | { readonly kind: 'FAILED'; readonly evidence: Evidence }>;
  /** Redeems once: a failed call is never repeated by itself (a code is good for one use). */
  redeem(grant: CodeGrant, timeoutMs: number): Promise<RedeemOutcome>;
  /** One request, no automatic retry: with rotation a second one could destroy the grant. */
  refresh(refreshToken: Secret, scopes: readonly string[], timeoutMs: number): Promise<RefreshOutcome>;
  /** True when the provider confirmed that the grant is gone; false where it has no revocation. */
  revoke(refreshToken: Secret, timeoutMs: number): Promise<boolean>;
}
