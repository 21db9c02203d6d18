import { canonicalAddress, holdsAddress, isPublicAddress } from './address-range.ts';
import type { DialPurpose } from './dial.ts';
import { parseHost, type ParsedHost } from './host-name.ts';
import { allowsPort, type NetworkAllow } from './network-allow.ts';

/** The one name without a dot whose addresses are known beforehand. */
export const LOCALHOST = 'localhost';

const PORTS: Readonly<Record<DialPurpose, readonly number[]>> = {
  mail: [25, 143, 465, 587, 993, 2525],
  https: [443],
};

/** A host from the operator's configuration: with exactly this port it may resolve to anything. */
export interface TrustedHost {
  readonly host: string;
  readonly port: number;
}

export interface GuardRules {
  readonly allow: readonly NetworkAllow[];
  readonly trustedHosts: readonly TrustedHost[];
  /** This machine's own addresses, which are refused although they may be public. */
  readonly ownAddresses: readonly string[];
}

/** What the guard thinks of a host before it is resolved. `admits` then judges each address it resolves to. */
export type HostVerdict =
  | { readonly kind: 'refused'; readonly problem: string }
  | {
      readonly kind: 'passed';
      readonly host: Exclude<ParsedHost, { readonly kind: 'invalid' }>;
      readonly admits: (address: string) => boolean;
    };

/** Whether the operator listed this host and port in NETWORK_ALLOW: by its name, as an address, or localhost by a block. */
export function isListed(allow: readonly NetworkAllow[], host: string, port: number): boolean {
  const parsed = parseHost(host);
  if (parsed.kind === 'invalid') return false;
  const matching = allow.filter((entry) => allowsPort(entry, port));
  if (parsed.kind === 'address') return matching.some((entry) => entry.kind === 'block' && holdsAddress(entry.block, parsed.address));
  return matching.some((entry) => (entry.kind === 'name' ? entry.name === parsed.name : parsed.name === LOCALHOST));
}

/** Pure. The first of two walls: name and port. Nothing is resolved for a host that is refused here. */
export function judgeHost(rules: GuardRules, host: string, port: number, purpose: DialPurpose): HostVerdict {
  const refused = (problem: string): HostVerdict => ({ kind: 'refused', problem });
  const parsed = parseHost(host);
  if (parsed.kind === 'invalid') return refused(parsed.problem);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) return refused('has no valid port');

  const text = parsed.kind === 'name' ? parsed.name : parsed.address;
  const trusted = rules.trustedHosts.some((entry) => entry.port === port && entry.host.toLowerCase() === text);
  const matching = rules.allow.filter((entry) => allowsPort(entry, port));
  const named = parsed.kind === 'name' && matching.some((entry) => entry.kind === 'name' && entry.name === parsed.name);
  if (trusted || named) return { kind: 'passed', host: parsed, admits: (address) => canonicalAddress(address) !== null };

  const blocks = matching.flatMap((entry) => (entry.kind === 'block' ? [entry.block] : []));
  const usualPort = PORTS[purpose].includes(port);
  if (!usualPort && blocks.length === 0) return refused(`has a port that is not one of ${PORTS[purpose].join(', ')}`);
  // Who lets loopback addresses through means localhost too (RFC 6761 section 6.3); other short names could be anything.
  const isLoopback = text === LOCALHOST && blocks.length > 0;
  if (parsed.kind === 'name' && !parsed.name.includes('.') && !isLoopback) return refused('is a name without a dot');
  const own = new Set(rules.ownAddresses.map(canonicalAddress));
  return {
    kind: 'passed',
    host: parsed,
    admits: (address) =>
      blocks.some((block) => holdsAddress(block, address)) ||
      (usualPort && isPublicAddress(address) && !own.has(canonicalAddress(address))),
  };
}
