/** What happens to one login attempt, before a protocol and a flavour put it into words. */

export const REFUSALS = [
  'wrong-password',
  'unknown-user',
  'disabled',
  'token-refused',
  'introspection-failed',
  'unavailable',
  'limit',
  'busy',
  'server-bug',
  'app-password-required',
  'web-login-required',
  'password-expired',
  'basic-auth-disabled',
  'smtp-auth-disabled',
  'imap-disabled',
] as const;
export type Refusal = (typeof REFUSALS)[number];

export type LoginVerdict =
  /** `connected` false: the login works, the mailbox does not open. */
  | { readonly kind: 'ACCEPT'; readonly connected: boolean }
  | { readonly kind: 'REFUSE'; readonly refusal: Refusal }
  | { readonly kind: 'THROTTLE'; readonly ms: number }
  | { readonly kind: 'REPLY'; readonly text: string }
  | { readonly kind: 'BYE' }
  | { readonly kind: 'DROP' }
  | { readonly kind: 'HANG' };

export type MailProtocol = 'imap' | 'smtp';

export type LoginProof = { readonly kind: 'password'; readonly password: string } | { readonly kind: 'token'; readonly token: string };
