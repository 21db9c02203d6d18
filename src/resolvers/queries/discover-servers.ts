import type { Viewer } from '../../domain/viewer.ts';
import type { Gateway } from '../gateway.ts';
import { addressIssues } from '../input.ts';

export type MailServerSuggestion = Awaited<ReturnType<Gateway['discover']>>[number];

export type Discovered =
  | { readonly kind: 'ok'; readonly suggestions: readonly MailServerSuggestion[] }
  | { readonly kind: 'not-an-address'; readonly message: string }
  | { readonly kind: 'rate-limited'; readonly retryAfterSeconds: number };

/** Server settings for an address, best first. Dials the address's own domain, so it is counted per workspace. */
export async function discoverServers(gateway: Gateway, viewer: Viewer, address: string): Promise<Discovered> {
  const [issue] = addressIssues(['address'], address);
  if (issue !== undefined) return { kind: 'not-an-address', message: issue.message };
  const wait = gateway.limits.take('NEW_HOST', `discover:${viewer.workspaceId}`);
  if (wait !== null) return { kind: 'rate-limited', retryAfterSeconds: wait };
  return { kind: 'ok', suggestions: await gateway.discover(address, AbortSignal.timeout(15_000)) };
}
