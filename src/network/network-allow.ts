import { parseAddressBlock, type AddressBlock } from './address-range.ts';
import { parseHost } from './host-name.ts';

/** What the operator additionally lets through. A name lets through whatever it resolves to; a block lets its addresses through. */
export type NetworkAllow =
  | { readonly kind: 'name'; readonly name: string; readonly ports: AllowedPorts }
  | { readonly kind: 'block'; readonly block: AddressBlock; readonly ports: AllowedPorts };

export type AllowedPorts = 'any' | readonly number[];

export type ParsedNetworkAllow = { readonly ok: readonly NetworkAllow[] } | { readonly problems: readonly string[] };

/**
 * Reads NETWORK_ALLOW: items `host-or-CIDR:port[,port]` separated by ";", `*` for any port, IPv6 in brackets, e.g.
 * `mail.corp.lan:993,587;10.20.0.0/24:993;[fd00::/8]:*`. Empty text is an empty list. All problems at once.
 */
export function parseNetworkAllow(text: string): ParsedNetworkAllow {
  const allows: NetworkAllow[] = [];
  const problems: string[] = [];
  for (const item of text.split(';').map((part) => part.trim())) {
    if (item === '') continue;
    const parsed = parseItem(item);
    if ('problem' in parsed) problems.push(`"${item}" ${parsed.problem}`);
    else allows.push(parsed);
  }
  return problems.length > 0 ? { problems } : { ok: allows };
}

export function allowsPort(allow: NetworkAllow, port: number): boolean {
  return allow.ports === 'any' || allow.ports.includes(port);
}

function parseItem(item: string): NetworkAllow | { readonly problem: string } {
  const match = /^(?:\[(?<bracketed>[^\]]*)\]|(?<plain>[^:]*)):(?<ports>[^:]*)$/.exec(item);
  if (match === null) return { problem: 'is not host:port, CIDR:port or [IPv6]:port; "*" stands for any port' };
  const ports = parsePorts(match.groups?.['ports'] ?? '');
  if (ports === null) return { problem: 'has a port that is neither "*" nor a number from 1 to 65535' };

  const bracketed = match.groups?.['bracketed'];
  const where = bracketed ?? match.groups?.['plain'] ?? '';
  const block = parseAddressBlock(where);
  if (block !== null) return { kind: 'block', block, ports };
  if (bracketed !== undefined) return { problem: 'has no IPv6 address or CIDR in its brackets' };
  if (where.includes('/')) return { problem: 'has no valid CIDR, e.g. 10.20.0.0/24' };
  const host = parseHost(where);
  return host.kind === 'name' ? { kind: 'name', name: host.name, ports } : { problem: 'has no valid host name' };
}

function parsePorts(text: string): AllowedPorts | null {
  if (text.trim() === '*') return 'any';
  const ports = text.split(',').map((port) => port.trim());
  if (!ports.every((port) => /^[0-9]{1,5}$/.test(port) && Number(port) >= 1 && Number(port) <= 65_535)) return null;
  return ports.map(Number);
}
