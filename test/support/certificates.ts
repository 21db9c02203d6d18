import { createCertificates } from '../../sandbox/certificates.ts';
import type { Certificates } from '../../sandbox/certificates.ts';

export type { Certificates };

/** A valid pair for localhost and 127.0.0.1, one whose time is over, and one for another name; each of an authority of its own. */
export interface CertificateSet {
  readonly valid: Certificates;
  readonly expired: Certificates;
  readonly otherName: Certificates;
}

export async function createCertificateSet(): Promise<CertificateSet> {
  const [valid, expired, otherName] = await Promise.all([
    createCertificates(),
    createCertificates({ notAfter: new Date(Date.now() - 60_000) }),
    createCertificates({ dnsNames: ['somewhere-else.test'], ipAddresses: [] }),
  ]);
  return { valid, expired, otherName };
}
