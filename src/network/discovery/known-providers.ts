import type { MailServer, TransportSecurity } from '../../domain/mail.ts';

/** Servers of mail providers that publish them. Microsoft and Google are not here: theirs come from the configuration. */
export interface KnownServers {
  readonly incoming: MailServer;
  readonly outgoing: MailServer;
}

interface KnownProvider extends KnownServers {
  readonly domains: readonly string[];
  /** Suffixes of the mail exchangers that serve customers' own domains too. */
  readonly mx: readonly string[];
}

const KNOWN: readonly KnownProvider[] = [
  {
    domains: ['yahoo.com', 'yahoo.co.uk', 'yahoo.de', 'yahoo.fr', 'ymail.com', 'rocketmail.com'],
    mx: ['yahoodns.net'],
    ...at('imap.mail.yahoo.com', 'smtp.mail.yahoo.com', 465),
  },
  { domains: ['aol.com'], mx: [], ...at('imap.aol.com', 'smtp.aol.com', 465) },
  { domains: ['icloud.com', 'me.com', 'mac.com'], mx: ['icloud.com'], ...at('imap.mail.me.com', 'smtp.mail.me.com', 587) },
  { domains: ['zoho.com', 'zohomail.com'], mx: ['zoho.com'], ...at('imap.zoho.com', 'smtp.zoho.com', 465) },
  { domains: ['zoho.eu', 'zohomail.eu'], mx: ['zoho.eu'], ...at('imap.zoho.eu', 'smtp.zoho.eu', 465) },
  { domains: ['yandex.com', 'yandex.ru', 'ya.ru'], mx: ['yandex.net', 'yandex.ru'], ...at('imap.yandex.com', 'smtp.yandex.com', 465) },
  { domains: ['qq.com', 'foxmail.com'], mx: [], ...at('imap.qq.com', 'smtp.qq.com', 465) },
  { domains: [], mx: ['mxbiz1.qq.com', 'mxbiz2.qq.com'], ...at('imap.exmail.qq.com', 'smtp.exmail.qq.com', 465) },
  { domains: ['gmx.de', 'gmx.net', 'gmx.at', 'gmx.ch'], mx: ['gmx.net'], ...at('imap.gmx.net', 'mail.gmx.net', 465) },
  { domains: ['gmx.com', 'mail.com'], mx: [], ...at('imap.gmx.com', 'mail.gmx.com', 465) },
  { domains: ['web.de'], mx: ['web.de'], ...at('imap.web.de', 'smtp.web.de', 587) },
  { domains: ['fastmail.com', 'fastmail.fm'], mx: ['messagingengine.com'], ...at('imap.fastmail.com', 'smtp.fastmail.com', 465) },
  { domains: ['mail.ru', 'bk.ru', 'inbox.ru', 'list.ru'], mx: ['mail.ru'], ...at('imap.mail.ru', 'smtp.mail.ru', 465) },
];

export function knownServersOfDomain(domain: string): KnownServers | null {
  return KNOWN.find((provider) => provider.domains.includes(domain)) ?? null;
}

/** `isWithin` decides whether an exchanger lies below a suffix. */
export function knownServersOfMx(exchange: string, isWithin: (host: string, suffix: string) => boolean): KnownServers | null {
  return KNOWN.find((provider) => provider.mx.some((suffix) => isWithin(exchange, suffix))) ?? null;
}

function at(imapHost: string, smtpHost: string, smtpPort: 465 | 587): KnownServers {
  const smtpSecurity: TransportSecurity = smtpPort === 465 ? 'TLS' : 'STARTTLS';
  return {
    incoming: { host: imapHost, port: 993, security: 'TLS' },
    outgoing: { host: smtpHost, port: smtpPort, security: smtpSecurity },
  };
}
