/** The vocabulary of mail that everything else is written in. */

export const PROVIDERS = ['MICROSOFT_365', 'GMAIL', 'OTHER'] as const;
export type Provider = (typeof PROVIDERS)[number];

export const MAIL_DIRECTIONS = ['INCOMING', 'OUTGOING', 'BOTH'] as const;
export type MailDirection = (typeof MAIL_DIRECTIONS)[number];

export const LEG_DIRECTIONS = ['INCOMING', 'OUTGOING'] as const;
export type LegDirection = (typeof LEG_DIRECTIONS)[number];

export const AUTH_METHOD_KINDS = ['BASIC', 'OAUTH2'] as const;
export type AuthMethodKind = (typeof AUTH_METHOD_KINDS)[number];

export const TRANSPORT_SECURITIES = ['TLS', 'STARTTLS'] as const;
export type TransportSecurity = (typeof TRANSPORT_SECURITIES)[number];

export interface MailServer {
  /** Host name or IP literal, as given; never resolved here. */
  readonly host: string;
  readonly port: number;
  readonly security: TransportSecurity;
}

/** The legs that a direction includes, incoming first. */
export function legsOf(direction: MailDirection): readonly LegDirection[] {
  switch (direction) {
    case 'INCOMING':
      return ['INCOMING'];
    case 'OUTGOING':
      return ['OUTGOING'];
    case 'BOTH':
      return LEG_DIRECTIONS;
  }
}

/** Addresses are compared without regard to case and shown as given. */
export function addressKey(address: string): string {
  return address.trim().toLowerCase();
}

/**
 * Whether two addresses name one account at their provider. At Google dots in a name at gmail.com do not count, and
 * googlemail.com is gmail.com (Google help, "Dots don't matter in Gmail addresses").
 */
export function isSameAccount(provider: Provider, one: string, other: string): boolean {
  return provider === 'GMAIL' ? googleAccountKey(one) === googleAccountKey(other) : addressKey(one) === addressKey(other);
}

function googleAccountKey(address: string): string {
  const key = addressKey(address);
  const [, name, domain] = /^([^@]+)@(gmail|googlemail)\.com$/.exec(key) ?? [];
  return name === undefined || domain === undefined ? key : `${name.replaceAll('.', '')}@gmail.com`;
}
