import type { Refusal } from './verdict.ts';

/** Whose words a server speaks. */
export const FLAVOURS = ['generic', 'microsoft', 'gmail'] as const;
export type Flavour = (typeof FLAVOURS)[number];

/** What follows the tag, e.g. "NO [UNAVAILABLE] Temporary authentication failure." */
export function imapRefusal(flavour: Flavour, refusal: Refusal, mechanism: string): string {
  const own = IMAP_WORDS[flavour][refusal];
  const words = own ?? IMAP_WORDS.generic[refusal];
  return words.replace('%s', mechanism === 'LOGIN' || mechanism === 'PLAIN' ? 'LOGIN' : 'AUTHENTICATE');
}

/** The SMTP reply line, code first. */
export function smtpRefusal(flavour: Flavour, refusal: Refusal): string {
  return SMTP_WORDS[flavour][refusal] ?? SMTP_WORDS.generic[refusal];
}

type Words = { readonly generic: Readonly<Record<Refusal, string>> } & Readonly<
  Record<Exclude<Flavour, 'generic'>, Partial<Readonly<Record<Refusal, string>>>>
>;

const IMAP_WORDS: Words = {
  generic: {
    'wrong-password': 'NO [AUTHENTICATIONFAILED] Authentication failed.',
    'unknown-user': 'NO [AUTHENTICATIONFAILED] Authentication failed.',
    'token-refused': 'NO [AUTHENTICATIONFAILED] Authentication failed.',
    disabled: 'NO [CONTACTADMIN] Login disabled for this user',
    'introspection-failed': 'NO [UNAVAILABLE] Temporary authentication failure.',
    unavailable: 'NO [UNAVAILABLE] Temporary authentication failure.',
    limit: 'NO [LIMIT] Maximum number of connections from user+IP exceeded',
    busy: 'NO [INUSE] Mailbox is in use, try again later.',
    'server-bug': 'NO [SERVERBUG] Internal error occurred.',
    'app-password-required': 'NO [AUTHENTICATIONFAILED] Application-specific password required.',
    'web-login-required': 'NO [ALERT] Please log in via your web browser.',
    'password-expired': 'NO [EXPIRED] That password is no longer valid.',
    'basic-auth-disabled': 'NO [AUTHENTICATIONFAILED] Basic authentication is disabled.',
    'smtp-auth-disabled': 'NO [AUTHENTICATIONFAILED] Authentication failed.',
    'imap-disabled': 'NO [AUTHENTICATIONFAILED] IMAP access is disabled for this account.',
  },
  microsoft: {
    'wrong-password': 'NO %s failed.',
    'unknown-user': 'NO %s failed.',
    'token-refused': 'NO %s failed.',
    disabled: 'NO %s failed.',
    'basic-auth-disabled': 'NO LOGIN failed.',
    'imap-disabled': 'NO %s failed.',
    unavailable: 'NO Server Unavailable. 15',
    'introspection-failed': 'NO Server Unavailable. 15',
  },
  gmail: {
    'wrong-password': 'NO [AUTHENTICATIONFAILED] Invalid credentials (Failure)',
    'unknown-user': 'NO [AUTHENTICATIONFAILED] Invalid credentials (Failure)',
    'token-refused': 'NO [AUTHENTICATIONFAILED] Invalid credentials (Failure)',
    disabled: 'NO [AUTHENTICATIONFAILED] Invalid credentials (Failure)',
    limit: 'NO [ALERT] Too many simultaneous connections. (Failure)',
    'app-password-required':
      'NO [ALERT] Application-specific password required: https://support.google.com/accounts/answer/185833 (Failure)',
    'web-login-required': 'NO [ALERT] Please log in via your web browser: https://support.google.com/mail/accounts/answer/78754 (Failure)',
    'imap-disabled':
      'NO [ALERT] Your account is not enabled for IMAP use. Please visit your Gmail settings page and enable your account for IMAP access. (Failure)',
  },
};

const SMTP_WORDS: Words = {
  generic: {
    'wrong-password': '535 5.7.8 Authentication failed.',
    'unknown-user': '535 5.7.8 Authentication failed.',
    'token-refused': '535 5.7.8 Authentication failed.',
    disabled: '525 5.7.13 Account is disabled.',
    'introspection-failed': '454 4.7.0 Temporary authentication failure.',
    unavailable: '454 4.7.0 Temporary authentication failure.',
    limit: '421 4.7.0 Too many connections from your address.',
    busy: '454 4.7.0 Mailbox is in use, try again later.',
    'server-bug': '451 4.3.0 Internal error occurred.',
    'app-password-required': '534 5.7.9 Application-specific password required.',
    'web-login-required': '534 5.7.14 Please log in via your web browser and then try again.',
    'password-expired': '535 5.7.8 Password expired.',
    'basic-auth-disabled': '535 5.7.139 Authentication unsuccessful, basic authentication is disabled.',
    'smtp-auth-disabled':
      '535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant. Visit https://aka.ms/smtp_auth_disabled for more information.',
    'imap-disabled': '535 5.7.8 Authentication failed.',
  },
  microsoft: {
    'wrong-password': '535 5.7.139 Authentication unsuccessful, the user credentials were incorrect.',
    'unknown-user': '535 5.7.139 Authentication unsuccessful, the user credentials were incorrect.',
    'token-refused': '535 5.7.3 Authentication unsuccessful',
    disabled: '535 5.7.3 Authentication unsuccessful',
    unavailable: '451 4.7.0 Temporary server error. Please try again later. PRX4',
    'introspection-failed': '451 4.7.0 Temporary server error. Please try again later. PRX4',
    limit: '421 4.3.2 Service not active',
  },
  gmail: {
    'wrong-password':
      '535 5.7.8 Username and Password not accepted. For more information, go to https://support.google.com/mail/?p=BadCredentials',
    'unknown-user':
      '535 5.7.8 Username and Password not accepted. For more information, go to https://support.google.com/mail/?p=BadCredentials',
    'token-refused':
      '535 5.7.8 Username and Password not accepted. For more information, go to https://support.google.com/mail/?p=BadCredentials',
    disabled: '535 5.7.8 Username and Password not accepted. For more information, go to https://support.google.com/mail/?p=BadCredentials',
    unavailable: '454 4.7.0 Cannot authenticate due to temporary system problem. Try again later.',
    'introspection-failed': '454 4.7.0 Cannot authenticate due to temporary system problem. Try again later.',
    limit: '421 4.7.0 Too many connections, try again later.',
    'app-password-required':
      '534 5.7.9 Application-specific password required. For more information, go to https://support.google.com/mail/?p=InvalidSecondFactor',
    'web-login-required':
      '534 5.7.14 Please log in via your web browser and then try again. Learn more at https://support.google.com/mail/answer/78754',
  },
};
