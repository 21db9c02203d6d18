import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';

/** A host as it may be resolved or dialled: an IP literal, or a name in ASCII lower case. */
export type ParsedHost =
  | { readonly kind: 'address'; readonly address: string }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'invalid'; readonly problem: string };

const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/**
 * Reads a host that somebody typed. Strict: a name has letters, digits and hyphens (RFC 1123 section 2.1, IDNs as
 * punycode) and a last label that begins with a letter, because the system would read "127.1", "0x7f.1" or "2130706433"
 * as addresses. No trailing dot, no brackets, no zone, no port, no user. A name without a dot passes here; the guard decides.
 */
export function parseHost(host: string): ParsedHost {
  const invalid = (problem: string): ParsedHost => ({ kind: 'invalid', problem });
  if (host.length === 0 || host.length > 253) return invalid('has no or too many characters');
  if (/[\u0000-\u0020\u007f]/.test(host)) return invalid('has spaces or control characters');
  if (host.includes('%')) return invalid('has a percent sign');
  if (isIP(host) !== 0) return { kind: 'address', address: host.toLowerCase() };

  const ascii = /^[\u0000-\u007f]*$/.test(host) ? host.toLowerCase() : domainToASCII(host);
  if (ascii === '' || ascii.length > 253) return invalid('is no valid internationalized name');
  const labels = ascii.split('.');
  if (!labels.every((label) => LABEL.test(label))) return invalid('is no host name or IP address');
  if (!/^[a-z]/.test(labels.at(-1) ?? '')) return invalid('ends in a number although it is no plain IP address');
  return { kind: 'name', name: ascii };
}
