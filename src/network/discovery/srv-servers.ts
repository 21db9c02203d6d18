import type { MailServer, TransportSecurity } from '../../domain/mail.ts';
import { parseHost } from '../host-name.ts';
import type { ResolveSrv, SrvRecord } from '../resolve.ts';

/**
 * Servers that a domain announces by SRV records (RFC 6186 section 3.2, RFC 8314 section 5.1). Implicit TLS is preferred
 * to STARTTLS; a target "." says that the protocol is not offered that way. Null where nothing is announced.
 */
export async function serversBySrv(
  domain: string,
  resolveSrv: ResolveSrv,
  signal: AbortSignal,
): Promise<{ readonly incoming: MailServer | null; readonly outgoing: MailServer | null }> {
  const announced = async (label: string, security: TransportSecurity): Promise<MailServer | null> => {
    try {
      return serverOf(await resolveSrv(`${label}._tcp.${domain}`, signal), security);
    } catch {
      return null;
    }
  };
  const [imaps, imap, submissions, submission] = await Promise.all([
    announced('_imaps', 'TLS'),
    announced('_imap', 'STARTTLS'),
    announced('_submissions', 'TLS'),
    announced('_submission', 'STARTTLS'),
  ]);
  return { incoming: imaps ?? imap, outgoing: submissions ?? submission };
}

/** The most preferred record: lowest priority, then highest weight (RFC 2782). */
function serverOf(records: readonly SrvRecord[], security: TransportSecurity): MailServer | null {
  const best = [...records].sort((a, b) => a.priority - b.priority || b.weight - a.weight)[0];
  if (best === undefined) return null;
  const host = parseHost(best.target.toLowerCase().replace(/\.$/, ''));
  return host.kind === 'name' && best.port > 0 ? { host: host.name, port: best.port, security } : null;
}
