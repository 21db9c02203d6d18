import type { AuthMethodKind, Provider } from './mail.ts';
import type { Reason } from './reason.ts';

export const DIAGNOSE_PROTOCOLS = ['IMAP', 'SMTP', 'OAUTH', 'NETWORK'] as const;
export type DiagnoseProtocol = (typeof DIAGNOSE_PROTOCOLS)[number];

/** Where a failure happened: what the caller knows and the error does not say. */
export interface EvidenceContext {
  readonly protocol: DiagnoseProtocol | null;
  readonly provider: Provider | null;
  /** The host that was dialled, or that answers for the address's MX. */
  readonly host: string | null;
  readonly authMethod: AuthMethodKind | null;
}

export const EVIDENCE_LIBRARIES = ['imapflow', 'nodemailer', 'msal', 'google', 'undici', 'node', 'gateway', 'text'] as const;
export type EvidenceLibrary = (typeof EVIDENCE_LIBRARIES)[number];

/**
 * The bare facts of one failure, kept apart from what they mean.
 * Built by `evidenceOf` from whatever a library threw; read only by `diagnose`.
 */
export interface Evidence {
  readonly library: EvidenceLibrary;
  readonly context: EvidenceContext;
  /** Error codes from the outermost error to the innermost cause, e.g. ["EAUTH", "EFETCH", "ECONNREFUSED"]. */
  readonly codes: readonly string[];
  /** Names of the error classes along the same chain. */
  readonly names: readonly string[];
  /** RFC 5530 response code word, e.g. "AUTHENTICATIONFAILED". */
  readonly responseCode: string | null;
  /** NO, BAD, BYE or OK. */
  readonly responseStatus: string | null;
  /** SMTP reply code, e.g. 535. */
  readonly replyCode: number | null;
  /** RFC 3463 enhanced status code, e.g. "5.7.139". */
  readonly enhancedCode: string | null;
  readonly httpStatus: number | null;
  /** AADSTS numbers in the order they were written; the last one is the cause. */
  readonly aadsts: readonly number[];
  readonly oauthError: string | null;
  readonly oauthSuberror: string | null;
  /** The decoded SASL challenge of a refused XOAUTH2 or OAUTHBEARER. */
  readonly saslError: { readonly status: string | null; readonly schemes: string | null; readonly scope: string | null } | null;
  readonly tlsFailed: boolean;
  /** The library says that a login was refused. A hint only: imapflow says it for outages too. */
  readonly authenticationFailed: boolean;
  /** The command under way, without its arguments, e.g. "AUTH XOAUTH2". */
  readonly command: string | null;
  readonly retryAfterMs: number | null;
  /** Every sentence found in the error and its causes, in order, redacted and bounded. */
  readonly text: string;
  /** Set when the gateway itself is the witness, e.g. HOST_NOT_ALLOWED or ACCOUNT_MISMATCH. */
  readonly verdict: Reason | null;
}
