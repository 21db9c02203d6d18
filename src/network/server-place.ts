import type { MailServer } from '../domain/mail.ts';

/** Reads `host:port:tls` or `host:port:starttls`, IPv6 in brackets; null when it is neither. */
export function parseServerPlace(text: string): MailServer | null {
  const match = /^(\[[0-9a-fA-F:.]+\]|[^:\s]+):(\d{1,5}):(tls|starttls)$/i.exec(text.trim());
  if (match === null) return null;
  const [, host = '', port = '', security = ''] = match;
  if (Number(port) < 1 || Number(port) > 65_535) return null;
  return { host: host.replace(/^\[|\]$/g, ''), port: Number(port), security: security.toLowerCase() === 'tls' ? 'TLS' : 'STARTTLS' };
}
