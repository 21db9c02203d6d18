import type { IncomingMessage } from 'node:http';

/**
 * The address a request came from. `X-Forwarded-For` is believed only as far as the operator's own proxies wrote it:
 * with `hops` proxies, the entry that the outermost of them added. With 0 hops the header is ignored.
 */
export function clientAddress(request: IncomingMessage, hops: number): string {
  const peer = request.socket.remoteAddress ?? 'unknown';
  if (hops === 0) return peer;
  const header = request.headers['x-forwarded-for'];
  const entries = (Array.isArray(header) ? header.join(',') : (header ?? '')).split(',').map((entry) => entry.trim());
  return entries.filter((entry) => entry !== '').at(-hops) ?? peer;
}
