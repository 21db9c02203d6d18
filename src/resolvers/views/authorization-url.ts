import type { Authorization } from '../../domain/authorization.ts';
import type { Viewer } from '../../domain/viewer.ts';
import type { Gateway } from '../gateway.ts';

/**
 * Where to send the browser: the gateway's own start page, with a MAC so that nobody can guess the address of another.
 * Null for passwords, for anybody but an ADMIN, and once nothing waits for a browser any more.
 */
export function authorizationUrl(gateway: Gateway, viewer: Viewer, authorization: Authorization): string | null {
  if (viewer.role !== 'ADMIN' || authorization.kind !== 'OAUTH2') return null;
  if (authorization.status !== 'AWAITING_USER' || authorization.expiresAt <= gateway.clock.now()) return null;
  const url = new URL(`oauth/start/${encodeURIComponent(authorization.id)}`, withSlash(gateway.settings.publicUrl));
  url.searchParams.set('key', gateway.vault.mac('start-link', authorization.id));
  return url.href;
}

/** A public URL may have a path of its own; without the slash its last part would be replaced. */
function withSlash(url: URL): URL {
  const base = new URL(url.href);
  if (!base.pathname.endsWith('/')) base.pathname += '/';
  return base;
}
