import type { Evidence } from '../domain/evidence.ts';
import type { LegDirection, MailServer, Provider } from '../domain/mail.ts';
import type { Secret } from '../vault/secret.ts';

/** Everything that one login needs. Lives for one attempt only. */
export interface LegLogin {
  readonly direction: LegDirection;
  readonly provider: Provider;
  readonly server: MailServer;
  readonly username: string;
  readonly proof:
    { readonly kind: 'PASSWORD'; readonly password: Secret } | { readonly kind: 'ACCESS_TOKEN'; readonly accessToken: Secret };
}

export type ProbeOutcome = { readonly kind: 'PROVEN' } | { readonly kind: 'FAILED'; readonly evidence: Evidence };

/**
 * A real login and nothing else: imapflow for INCOMING, nodemailer for OUTGOING. One deadline of `timeoutMs` covers
 * DNS, dialling, TLS, greeting and login. Never rejects: whatever was thrown becomes Evidence. No text is matched here.
 */
export type Probe = (login: LegLogin, options: { readonly timeoutMs: number; readonly signal?: AbortSignal }) => Promise<ProbeOutcome>;
