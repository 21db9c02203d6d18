import type { LoginSetup } from '../domain/credential.ts';
import type { Evidence } from '../domain/evidence.ts';
import type { MailboxId, WorkspaceId } from '../domain/ids.ts';
import type { LegDirection } from '../domain/mail.ts';
import type { LegLogin } from '../providers/probe.ts';

/** Whose secrets: part of what each ciphertext is bound to. */
export interface SecretOwner {
  readonly workspaceId: WorkspaceId;
  readonly mailboxId: MailboxId;
}

export type OpenedLogin =
  | {
      readonly kind: 'READY';
      readonly login: LegLogin;
      /** The access token was obtained for this call. Always true for passwords. */
      readonly fresh: boolean;
      /** Of the access token, epoch milliseconds; absent for passwords. */
      readonly expiresAt?: number;
    }
  /** No login can be tried: SECRET_UNAVAILABLE, a refused refresh, no token. */
  | { readonly kind: 'FAILED'; readonly evidence: Evidence };

/**
 * From a stored setup to what a probe or a worker needs to log in. The only caller of `vault.open`.
 * Never rejects for what the vault or the provider says; rejects with StoreUnavailable.
 */
export type OpenLogin = (
  owner: SecretOwner,
  setup: LoginSetup,
  leg: LegDirection,
  options: { readonly forceRefresh: boolean },
) => Promise<OpenedLogin>;
