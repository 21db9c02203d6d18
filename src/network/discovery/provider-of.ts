import type { Provider } from '../../domain/mail.ts';
import type { MxRecord } from '../resolve.ts';

/** Domains whose mailboxes are Microsoft's free ones: their outgoing server differs from a company's. */
const MICROSOFT_PERSONAL = /^(?:outlook|hotmail|live|msn|windowslive|passport)(?:\.com?)?\.[a-z]{2,3}$/;
const GMAIL_DOMAINS = ['gmail.com', 'googlemail.com'];

/** Mail exchangers tell who runs the mailboxes, also for a company's own domain. */
const MX_SUFFIXES: readonly (readonly [suffix: string, provider: Provider])[] = [
  ['google.com', 'GMAIL'],
  ['googlemail.com', 'GMAIL'],
  ['protection.outlook.com', 'MICROSOFT_365'],
  ['mx.microsoft', 'MICROSOFT_365'],
];

const HOST_SUFFIXES: readonly (readonly [suffix: string, provider: Provider])[] = [
  ['gmail.com', 'GMAIL'],
  ['googlemail.com', 'GMAIL'],
  ['office365.com', 'MICROSOFT_365'],
  ['outlook.com', 'MICROSOFT_365'],
];

/** For domains that belong to a provider itself (gmail.com, outlook.de); null for everybody else's. */
export function providerOfDomain(domain: string): Provider | null {
  const name = normalized(domain);
  if (GMAIL_DOMAINS.includes(name)) return 'GMAIL';
  return isMicrosoftPersonal(name) ? 'MICROSOFT_365' : null;
}

export function isMicrosoftPersonal(domain: string): boolean {
  return MICROSOFT_PERSONAL.test(normalized(domain));
}

/** By the most preferred exchanger that is known; null when none is. */
export function providerOfMx(records: readonly MxRecord[]): Provider | null {
  for (const record of byPreference(records)) {
    const provider = bySuffix(MX_SUFFIXES, record.exchange);
    if (provider !== null) return provider;
  }
  return null;
}

/** By the name of a mail server (imap.gmail.com, outlook.office365.com); null for anybody else's. */
export function providerOfHost(host: string): Provider | null {
  return bySuffix(HOST_SUFFIXES, host);
}

/** Lowest number first (RFC 5321 section 5.1). */
export function byPreference(records: readonly MxRecord[]): readonly MxRecord[] {
  return [...records].sort((a, b) => a.priority - b.priority);
}

export function isWithin(host: string, suffix: string): boolean {
  const name = normalized(host);
  return name === suffix || name.endsWith(`.${suffix}`);
}

function bySuffix(table: readonly (readonly [string, Provider])[], host: string): Provider | null {
  return table.find(([suffix]) => isWithin(host, suffix))?.[1] ?? null;
}

function normalized(name: string): string {
  return name.toLowerCase().replace(/\.$/, '');
}
