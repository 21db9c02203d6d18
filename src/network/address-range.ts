import ipaddr from 'ipaddr.js';

type Address = ReturnType<typeof ipaddr.process>;

/** Azure's platform address: reaches the host's agent from every virtual machine, and is no special range to any library. */
const AZURE_PLATFORM = '168.63.129.16';
/** The only block of IPv6 from which unicast addresses are assigned (RFC 4291 section 2.4, IANA). */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3');

/** One way to write each address: IPv4-mapped IPv6 becomes IPv4. Null when it is none. */
export function canonicalAddress(address: string): string | null {
  return parsed(address)?.toString() ?? null;
}

/**
 * Whether an address is one of the public internet. Not: loopback, private, unique-local, link-local, CGNAT, multicast,
 * benchmark, documentation and reserved blocks, transition addresses that hide an IPv4 address (NAT64, 6to4, Teredo,
 * IPv4-compatible), and Azure's platform address.
 */
export function isPublicAddress(address: string): boolean {
  const of = parsed(address);
  if (of === null || of.range() !== 'unicast') return false;
  if (isIPv6(of)) return of.match(GLOBAL_UNICAST);
  return of.toString() !== AZURE_PLATFORM;
}

/** Whether the block (e.g. "10.20.0.0/24", "fd00::/8", or one address) holds the address. */
export function holdsAddress(block: AddressBlock, address: string): boolean {
  const of = parsed(address);
  const base = parsed(block.address);
  if (of === null || base === null || of.kind() !== base.kind()) return false;
  return of.match(base, block.prefixBits);
}

export interface AddressBlock {
  readonly address: string;
  readonly prefixBits: number;
}

/** "10.0.0.0/8", "fd00::/8", "192.0.2.7", "::1"; null when it is none of these. */
export function parseAddressBlock(text: string): AddressBlock | null {
  const [address, prefix, ...rest] = text.split('/');
  if (address === undefined || rest.length > 0) return null;
  const isV4 = ipaddr.IPv4.isValidFourPartDecimal(address);
  if (!isV4 && !(address.includes(':') && ipaddr.IPv6.isValid(address))) return null;
  // Addresses are compared after mapped ones became IPv4; a mapped block would never match what it seems to say.
  if (!isV4 && ipaddr.IPv6.parse(address).isIPv4MappedAddress()) return null;
  const maxBits = isV4 ? 32 : 128;
  if (prefix === undefined) return { address, prefixBits: maxBits };
  if (!/^[0-9]{1,3}$/.test(prefix) || Number(prefix) > maxBits) return null;
  return { address, prefixBits: Number(prefix) };
}

function parsed(address: string): Address | null {
  // A zone ("fe80::1%eth0") chooses an interface; nothing that needs one is dialled.
  return address.includes('%') || !ipaddr.isValid(address) ? null : ipaddr.process(address);
}

function isIPv6(address: Address): address is InstanceType<typeof ipaddr.IPv6> {
  return address.kind() === 'ipv6';
}
