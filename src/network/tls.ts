import { isIP } from 'node:net';
import { createSecureContext, rootCertificates, type SecureContext } from 'node:tls';

import type { PinnedHost } from './dial.ts';

const MIN_VERSION = 'TLSv1.2';

/** Options for tls.connect, and for the `tls` option of imapflow and nodemailer. There is no way to switch verification off. */
export interface VerifiedTls {
  readonly rejectUnauthorized: true;
  readonly minVersion: typeof MIN_VERSION;
  /** Absent for an IP literal (RFC 6066 section 3 forbids it); then the certificate must carry the address. */
  readonly servername?: string;
  /** Absent without additional CAs: Node's own roots. */
  readonly secureContext?: SecureContext;
}

/**
 * TLS for a pinned host: always verified against its name, TLS 1.2 or newer. `ca` are PEM certificates that are trusted
 * besides Node's own roots.
 */
export function tlsOptions(pinned: PinnedHost, ca: readonly string[] | null): VerifiedTls {
  return {
    rejectUnauthorized: true,
    minVersion: MIN_VERSION,
    ...(isIP(pinned.servername) === 0 ? { servername: pinned.servername } : {}),
    ...(ca === null ? {} : { secureContext: contextOf(ca) }),
  };
}

/** Reading all roots takes milliseconds, so a list of CAs is read once and not for each connection. */
const contexts = new WeakMap<readonly string[], SecureContext>();

function contextOf(ca: readonly string[]): SecureContext {
  const known = contexts.get(ca);
  if (known !== undefined) return known;
  const context = createSecureContext({ ca: [...rootCertificates, ...ca], minVersion: MIN_VERSION });
  contexts.set(ca, context);
  return context;
}
