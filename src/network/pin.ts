import { isIPv4 } from 'node:net';

import type { Log } from '../domain/log.ts';
import { canonicalAddress } from './address-range.ts';
import { HostNotAllowed, type DialPurpose, type PinHost } from './dial.ts';
import { judgeHost, LOCALHOST, type GuardRules, type TrustedHost } from './guard.ts';
import type { NetworkAllow } from './network-allow.ts';
import type { ResolveHost } from './resolve.ts';

export interface PinHostOptions {
  readonly resolve: ResolveHost;
  readonly allow: readonly NetworkAllow[];
  /** The operator's own provider servers (MICROSOFT_IMAP and the like). */
  readonly trustedHosts: readonly TrustedHost[];
  readonly ownAddresses?: readonly string[];
  readonly log: Log;
}

/**
 * The SSRF guard. A host is resolved once, every address it has is vetted, and one of them is pinned: a name server that
 * answers otherwise a moment later changes nothing, and one forbidden address among good ones refuses them all.
 * IPv4 is preferred, because one address is dialled and not a race of several. Each refusal is logged for the operator.
 */
export function createPinHost(options: PinHostOptions): PinHost {
  const rules: GuardRules = {
    allow: options.allow,
    trustedHosts: options.trustedHosts,
    ownAddresses: options.ownAddresses ?? [],
  };

  const refuse = (host: string, port: number, purpose: DialPurpose, problem: string): HostNotAllowed => {
    const shown = printable(host);
    options.log.warn('host refused by the network guard', { host: shown, port, purpose, problem });
    return new HostNotAllowed(
      `Connections to ${shown} on port ${port} are not allowed from this gateway. Check the server name and port; if they are right, ask its operator to allow them (NETWORK_ALLOW).`,
      `${shown} port ${port} ${problem}. NETWORK_ALLOW would let it through.`,
    );
  };

  return async (host, port, purpose, signal) => {
    signal.throwIfAborted();
    const verdict = judgeHost(rules, host, port, purpose);
    if (verdict.kind === 'refused') throw refuse(host, port, purpose, verdict.problem);

    const isName = verdict.host.kind === 'name';
    const servername = verdict.host.kind === 'name' ? verdict.host.name : verdict.host.address;
    const resolved = isName ? await options.resolve(servername, signal) : [servername];
    // All its addresses are this machine: one that is let through is enough.
    const admitted = servername === LOCALHOST ? resolved.filter(verdict.admits) : [];
    const addresses = admitted.length > 0 ? admitted : resolved;
    signal.throwIfAborted();
    if (addresses.length === 0) throw noAddress(servername);

    const forbidden = addresses.find((address) => !verdict.admits(address));
    if (forbidden !== undefined) {
      throw refuse(
        host,
        port,
        purpose,
        isName ? `resolves to ${forbidden.slice(0, 64)}, which is no public address` : 'is no public address',
      );
    }
    const canonical = addresses.map(canonicalAddress).filter((address) => address !== null);
    const address = canonical.find((candidate) => isIPv4(candidate)) ?? canonical[0];
    if (address === undefined) throw noAddress(servername);
    return { address, port, servername: isName ? servername : address };
  };
}

/** What the system's resolver says of a name without addresses. */
function noAddress(host: string): Error {
  return Object.assign(new Error(`getaddrinfo ENOTFOUND ${host}`), { code: 'ENOTFOUND', syscall: 'getaddrinfo', hostname: host });
}

/** Quoted, bounded, control characters escaped: it ends up in logs and messages. */
function printable(host: string): string {
  return JSON.stringify(host.length > 100 ? `${host.slice(0, 100)}…` : host);
}
