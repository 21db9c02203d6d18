import { ADDRCONFIG } from 'node:dns';
import { lookup, Resolver } from 'node:dns/promises';

import { untilAborted } from './deadline.ts';

/** All addresses of a host name, in the system's order. Rejects with the resolver's error (ENOTFOUND, EAI_AGAIN) or the signal's reason. */
export type ResolveHost = (host: string, signal: AbortSignal) => Promise<readonly string[]>;

export interface MxRecord {
  readonly exchange: string;
  readonly priority: number;
}
export type ResolveMx = (domain: string, signal: AbortSignal) => Promise<readonly MxRecord[]>;

export interface SrvRecord {
  readonly target: string;
  readonly port: number;
  readonly priority: number;
  readonly weight: number;
}
export type ResolveSrv = (name: string, signal: AbortSignal) => Promise<readonly SrvRecord[]>;

/**
 * The system's resolver (hosts file, search order and all). Families that this machine has no address of are left out.
 * An aborted look-up goes on in libuv's thread pool until the system gives up; only its answer is ignored.
 */
export const resolveHost: ResolveHost = async (host, signal) => {
  const found = await untilAborted(lookup(host, { all: true, order: 'verbatim', hints: ADDRCONFIG }), signal);
  return found.map((entry) => entry.address);
};

/** DNS by the configured name servers; cancelled when the signal aborts. */
export const resolveMx: ResolveMx = (domain, signal) => queried((resolver) => resolver.resolveMx(domain), signal);

/** As resolveMx. A target "." (or empty, as c-ares gives it) means that the domain does not offer the protocol (RFC 2782). */
export const resolveSrv: ResolveSrv = async (name, signal) => {
  const records = await queried((resolver) => resolver.resolveSrv(name), signal);
  return records.map((record) => ({ target: record.name, port: record.port, priority: record.priority, weight: record.weight }));
};

async function queried<T>(query: (resolver: Resolver) => Promise<T>, signal: AbortSignal): Promise<T> {
  const resolver = new Resolver();
  const cancel = (): void => resolver.cancel();
  signal.addEventListener('abort', cancel, { once: true });
  try {
    return await untilAborted(query(resolver), signal);
  } finally {
    signal.removeEventListener('abort', cancel);
  }
}
