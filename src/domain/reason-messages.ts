import type { EvidenceContext } from './evidence.ts';
import type { Provider } from './mail.ts';
import type { Reason } from './reason.ts';

/** What a message may name. */
export type MessageContext = Pick<EvidenceContext, 'provider' | 'host'>;

/** One plain sentence or two for the person who has to act. Names the provider or host where known; never holds provider text. */
export function reasonMessage(reason: Reason, context: MessageContext): string {
  return MESSAGES[reason](context);
}

/** How people call the provider; null when it is none of the two that have a sign-in. */
function providerName(provider: Provider | null): string | null {
  switch (provider) {
    case 'MICROSOFT_365':
      return 'Microsoft Office 365';
    case 'GMAIL':
      return 'Gmail';
    case 'OTHER':
    case null:
      return null;
  }
}

/** The provider, else the host, else words that fit in front of a verb. */
function server(context: MessageContext): string {
  return providerName(context.provider) ?? hostName(context) ?? 'The mail server';
}

/** A host as it may be shown: names and addresses only, so that no sentence can be smuggled in. */
function hostName(context: MessageContext): string | null {
  return context.host !== null && /^[a-z0-9.:_-]{1,253}$/i.test(context.host) ? context.host : null;
}

function host(context: MessageContext): string {
  return hostName(context) ?? providerName(context.provider) ?? 'The mail server';
}

function your(context: MessageContext, noun: string): string {
  const name = providerName(context.provider);
  return name === null ? `Your ${noun}` : `Your ${name} ${noun}`;
}

/** The article's sentence for an OAuth grant that ended. */
function expired(context: MessageContext): string {
  return `${your(context, 'credentials')} have expired. Please sign in again.`;
}

/** Where the switch is, as the provider calls the place. */
function inSettings(context: MessageContext): string {
  switch (context.provider) {
    case 'MICROSOFT_365':
      return ' in the Microsoft 365 admin center (the user > Mail > Manage email apps)';
    case 'GMAIL':
      return ' in the Google Admin console (Apps > Gmail > End User Access)';
    case 'OTHER':
    case null:
      return " in the provider's settings for this mailbox";
  }
}

const USUAL_PORTS = 'Check port and encryption. Usual are 993 with TLS for fetching, 465 with TLS or 587 with STARTTLS for sending.';

function application(context: MessageContext): string {
  switch (context.provider) {
    case 'MICROSOFT_365':
      return "the gateway's Microsoft application";
    case 'GMAIL':
      return "the gateway's Google application";
    case 'OTHER':
    case null:
      return "the gateway's OAuth application";
  }
}

function at(context: MessageContext): string {
  const name = providerName(context.provider);
  return name === null ? '' : ` at ${name}`;
}

function withProvider(context: MessageContext): string {
  switch (context.provider) {
    case 'MICROSOFT_365':
      return ' with Microsoft';
    case 'GMAIL':
      return ' with Google';
    case 'OTHER':
    case null:
      return '';
  }
}

const MESSAGES: Readonly<Record<Reason, (context: MessageContext) => string>> = {
  BAD_CREDENTIALS: (context) =>
    `${server(context)} did not accept the user name and password. Check your username and provide your password again.`,
  PASSWORD_EXPIRED: (context) => `${your(context, 'password')} has expired or must be changed. Set a new password, then enter it here.`,
  APP_PASSWORD_REQUIRED: (context) =>
    `${server(context)} wants an app password here. Create one in the account's security settings and enter it instead of your normal password.`,
  WEB_LOGIN_REQUIRED: (context) =>
    `${server(context)} wants you to log in with a web browser once. Do that and confirm what it asks, then try again here.`,
  BASIC_AUTH_DISABLED: (context) =>
    `${server(context)} no longer accepts passwords (basic authentication is disabled). Move this mailbox to OAuth by signing in${withProvider(context)}.`,
  SMTP_AUTH_DISABLED: (context) =>
    `Authenticated SMTP is switched off for this mailbox${at(context)}. An administrator has to enable Authenticated SMTP${inSettings(context)}.`,
  IMAP_DISABLED: (context) =>
    `IMAP is switched off for this mailbox${at(context)}. Enable IMAP${inSettings(context)}, or ask an administrator to.`,
  OAUTH_TOKEN_EXPIRED_INACTIVE: expired,
  OAUTH_GRANT_REVOKED: expired,
  OAUTH_GRANT_INVALID: expired,
  OAUTH_SIGNIN_FREQUENCY: (context) =>
    `${expired(context)} A sign-in frequency policy will ask for this again; an administrator can exempt the application.`,
  MFA_REQUIRED: (context) => `${server(context)} wants multi-factor authentication. Please sign in again and complete it.`,
  CONDITIONAL_ACCESS_BLOCKED: () =>
    'A security policy of the organization blocks this sign-in. Its administrator has to allow the application or this account.',
  REAUTH_POLICY: (context) =>
    `${expired(context)} The organization limits how long a session lasts; its administrator can mark the application as trusted.`,
  CONSENT_REQUIRED: () => 'The permission to use this mailbox is missing. Please sign in again and accept what the application asks for.',
  ADMIN_CONSENT_REQUIRED: (context) =>
    `An administrator of the organization has to consent to ${application(context)} before anybody can sign in with it.`,
  CONSENT_DENIED: () => 'The sign-in was cancelled or its permissions were declined. Start again and accept what the application asks for.',
  ACCESS_TOKEN_REJECTED: (context) => `${server(context)} rejected the sign-in of this mailbox. If it lasts, please sign in again.`,
  SCOPE_OR_AUDIENCE_WRONG: () => 'The sign-in does not cover mail access. Please sign in again and accept all permissions.',
  TOKEN_CACHE_EMPTY: () => 'There is no usable sign-in for this mailbox. Please sign in again.',
  ACCOUNT_MISMATCH: () =>
    'Another account signed in than this mailbox expects. Sign in with the right one, or start again as the account that signed in.',
  WRONG_ACCOUNT_TYPE: () =>
    'This kind of account, or an account of this organization, cannot be used here. Sign in with the right account.',
  REFRESH_INTERRUPTED: (context) =>
    `Renewing the sign-in was interrupted and it cannot be used any more. Please sign in${withProvider(context)} again.`,
  ACCOUNT_LOCKED: (context) => `The account is locked${at(context)}. Wait until the lock ends, or ask an administrator to unlock it.`,
  ACCOUNT_DISABLED: (context) => `The account is disabled, suspended or not activated${at(context)}. An administrator has to enable it.`,
  ACCOUNT_NOT_FOUND: (context) =>
    `${server(context)} does not know this account. Check the user name in the mailbox's settings; the account may have been deleted or renamed.`,
  MAILBOX_NOT_ACCESSIBLE: () =>
    'The account signed in but may not open this mailbox. An administrator has to assign a licence or the permission to use the mailbox.',
  SEND_AS_DENIED: () =>
    'The account that signs in may not send with this address. An administrator has to give it the permission to send as this address.',
  APP_SECRET_EXPIRED: (context) =>
    `The client secret of ${application(context)} has expired. The operator has to set a new one; no mailbox has to sign in again.`,
  APP_SECRET_INVALID: (context) =>
    `The client secret or certificate of ${application(context)} is not accepted. The operator has to correct it; no mailbox has to sign in again.`,
  APP_NOT_FOUND: (context) =>
    `The provider does not know ${application(context)}. The operator has to check the client id and the registration.`,
  APP_DISABLED: (context) => `The provider has disabled ${application(context)} or the service behind it. The operator has to enable it.`,
  APP_MISCONFIGURED: (context) =>
    `The registration or configuration of ${application(context)} does not fit. The operator has to correct it.`,
  APP_IN_TESTING: (context) => `The provider still lists ${application(context)} as being tested. The operator has to publish it.`,
  REDIRECT_URI_MISMATCH: (context) =>
    `The redirect address is not registered for ${application(context)}. The operator has to register it exactly as it is.`,
  ADMIN_POLICY_BLOCKED: (context) =>
    `A policy of the organization does not allow ${application(context)} for this account. Its administrator has to allow it.`,
  TENANT_NOT_FOUND: () => 'Microsoft does not know the organization (tenant) that is configured. The operator has to correct the tenant.',
  WRONG_CLOUD: () => 'The organization lives in another Microsoft cloud. The operator has to configure that cloud.',
  RATE_LIMITED: (context) => `${server(context)} asks the gateway to slow down. It tries again by itself.`,
  TOO_MANY_CONNECTIONS: (context) =>
    `${server(context)} has too many open connections for this account. The gateway tries again by itself.`,
  PROVIDER_UNAVAILABLE: (context) => `${server(context)} has a temporary problem. The gateway tries again by itself.`,
  CONNECTION_CLOSED: (context) => `${host(context)} closed the connection. The gateway tries again by itself.`,
  DNS_NOT_FOUND: (context) =>
    `The server name ${hostName(context) === null ? 'cannot be found' : `${hostName(context)} cannot be found`}. Check how it is spelled.`,
  CONNECTION_REFUSED: (context) => `${host(context)} refused the connection. If it lasts, check server name and port.`,
  CONNECTION_TIMEOUT: (context) => `${host(context)} did not answer in time. If it lasts, check server name, port and firewall.`,
  TLS_MODE_MISMATCH: (context) => `${host(context)} does not speak the chosen encryption on this port. ${USUAL_PORTS}`,
  TLS_CERTIFICATE_INVALID: (context) =>
    `The certificate of ${hostName(context) ?? 'the mail server'} cannot be trusted. Check the server name, or ask its operator to repair the certificate.`,
  STARTTLS_UNAVAILABLE: (context) => `${host(context)} offers no encryption here, so the gateway does not log in. ${USUAL_PORTS}`,
  WRONG_PROTOCOL: (context) =>
    `Another service than expected answers at ${hostName(context) ?? 'this server and port'}. Check server name and port.`,
  AUTH_MECHANISM_UNSUPPORTED: (context) =>
    `${host(context)} does not offer this way to log in. Check port and encryption; if they are right, choose the other way: password or sign-in.`,
  CLIENT_IP_BLOCKED: (context) =>
    `${host(context)} blocks the network address of the gateway. The operator has to ask the provider to unblock it.`,
  HOST_NOT_ALLOWED: (context) =>
    `The gateway may not connect to ${hostName(context) ?? 'this server and port'}. Check server name and port, or ask its operator to allow it.`,
  SECRET_UNAVAILABLE: () =>
    'The gateway cannot read the stored credential. Its operator has to restore the key ring; nobody has to sign in again.',
  CLIENT_STATE_ERROR: () => 'This sign-in was already used, has expired or began in another browser. Start the sign-in again.',
  STALE: () => 'The last proof that this mailbox can log in is too old. The gateway checks it again by itself.',
  UNKNOWN: (context) =>
    `${server(context)} gave an answer that the gateway does not know. Read what it said, check the mailbox's settings, and ask the provider if that does not help.`,
};
