import { XMLParser } from 'fast-xml-parser';

import type { MailServer, TransportSecurity } from '../../domain/mail.ts';
import { parseHost } from '../host-name.ts';

/** What one clientConfig document offers. */
export interface ClientConfig {
  readonly incoming: MailServer | null;
  readonly outgoing: MailServer | null;
  readonly usernameHint: string | null;
}

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  parseTagValue: false,
  parseAttributeValue: false,
  processEntities: false,
  isArray: (name) => name === 'incomingServer' || name === 'outgoingServer' || name === 'emailProvider',
});

/**
 * Reads Mozilla's autoconfig format (clientConfig 1.1) for one address. IMAP and SMTP with TLS or STARTTLS only; TLS is
 * preferred (RFC 8314 section 3). Null for whatever is no such document. Documents with a DOCTYPE or entities are not
 * read at all: the format has none, and they are the way to make a small document large.
 */
export function parseClientConfig(xml: string, address: string): ClientConfig | null {
  if (/<!\s*(?:DOCTYPE|ENTITY)/i.test(xml)) return null;
  let document: unknown;
  try {
    document = parser.parse(xml);
  } catch {
    return null;
  }
  const provider = list(child(child(document, 'clientConfig'), 'emailProvider'))[0];
  const incoming = bestServer(list(child(provider, 'incomingServer')), 'imap', address);
  const outgoing = bestServer(list(child(provider, 'outgoingServer')), 'smtp', address);
  if (incoming === null && outgoing === null) return null;
  return {
    incoming: incoming?.server ?? null,
    outgoing: outgoing?.server ?? null,
    usernameHint: incoming?.usernameHint ?? outgoing?.usernameHint ?? null,
  };
}

interface OfferedServer {
  readonly server: MailServer;
  readonly usernameHint: string | null;
}

function bestServer(offers: readonly unknown[], type: string, address: string): OfferedServer | null {
  const servers = offers
    .filter((offer) => text(child(offer, '@type'))?.toLowerCase() === type)
    .map((offer) => parseServer(offer, address))
    .filter((server) => server !== null);
  return servers.find(({ server }) => server.security === 'TLS') ?? servers[0] ?? null;
}

function parseServer(offer: unknown, address: string): OfferedServer | null {
  const host = parseHost(filledIn(text(child(offer, 'hostname')) ?? '', address).toLowerCase());
  const port = text(child(offer, 'port')) ?? '';
  const security = securityOf(list(child(offer, 'socketType')).map(text)[0] ?? '');
  if (host.kind === 'invalid' || security === null) return null;
  if (!/^[0-9]{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65_535) return null;
  const username = text(list(child(offer, 'username'))[0]);
  return {
    server: { host: host.kind === 'name' ? host.name : host.address, port: Number(port), security },
    usernameHint: username === null || username.length > 320 ? null : filledIn(username, address),
  };
}

function securityOf(socketType: string): TransportSecurity | null {
  switch (socketType.toUpperCase()) {
    case 'SSL':
    case 'TLS':
      return 'TLS';
    case 'STARTTLS':
      return 'STARTTLS';
    default:
      return null;
  }
}

function filledIn(template: string, address: string): string {
  const at = address.lastIndexOf('@');
  const values: Readonly<Record<string, string>> = {
    EMAILADDRESS: address,
    EMAILLOCALPART: address.slice(0, at),
    EMAILDOMAIN: address.slice(at + 1),
  };
  return template.replace(/%(EMAILADDRESS|EMAILLOCALPART|EMAILDOMAIN)%/g, (placeholder, name: string) => values[name] ?? placeholder);
}

/** Own properties only: a tag may be called "constructor". */
function child(node: unknown, name: string): unknown {
  return typeof node === 'object' && node !== null && Object.hasOwn(node, name) ? (node as Record<string, unknown>)[name] : undefined;
}

function list(node: unknown): readonly unknown[] {
  if (node === undefined) return [];
  return Array.isArray(node) ? node : [node];
}

/** A tag's text; with attributes the parser puts it under "#text". */
function text(node: unknown): string | null {
  const value = typeof node === 'string' ? node : child(node, '#text');
  return typeof value === 'string' ? value.trim() : null;
}
