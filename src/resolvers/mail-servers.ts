import type { InputIssue } from '../domain/errors.ts';
import type { WorkspaceId } from '../domain/ids.ts';
import { addressKey, legsOf, type LegDirection, type MailDirection, type MailServer, type Provider } from '../domain/mail.ts';
import type { ProviderServers } from '../domain/settings.ts';
import type { Gateway } from './gateway.ts';

const DISCOVERY_MS = 10_000;

export interface ServerPair {
  readonly incoming: MailServer | null;
  readonly outgoing: MailServer | null;
}

/** The servers that a provider's mailboxes have; none for OTHER. */
export function wellKnownServers(servers: ProviderServers, provider: Provider): ServerPair {
  switch (provider) {
    case 'MICROSOFT_365':
      return { incoming: servers.microsoftImap, outgoing: servers.microsoftSmtp };
    case 'GMAIL':
      return { incoming: servers.gmailImap, outgoing: servers.gmailSmtp };
    case 'OTHER':
      return { incoming: null, outgoing: null };
  }
}

/**
 * A server for every leg of the direction: what was typed, else the provider's own, else what is discovered for the
 * address. `missing` names the legs for which there is none; legs outside the direction are null.
 */
export async function chooseServers(
  gateway: Gateway,
  wanted: { readonly provider: Provider; readonly address: string; readonly direction: MailDirection; readonly typed: ServerPair },
): Promise<ServerPair & { readonly missing: readonly LegDirection[] }> {
  const known = wellKnownServers(gateway.settings.servers, wanted.provider);
  const legs = legsOf(wanted.direction);
  const pick = (found: ServerPair): ServerPair => ({
    incoming: legs.includes('INCOMING') ? (wanted.typed.incoming ?? known.incoming ?? found.incoming) : null,
    outgoing: legs.includes('OUTGOING') ? (wanted.typed.outgoing ?? known.outgoing ?? found.outgoing) : null,
  });
  const missing = (pair: ServerPair): readonly LegDirection[] =>
    legs.filter((leg) => (leg === 'INCOMING' ? pair.incoming : pair.outgoing) === null);

  const settled = pick({ incoming: null, outgoing: null });
  if (missing(settled).length === 0) return { ...settled, missing: [] };
  const complete = pick(await discovered(gateway, wanted.address));
  return { ...complete, missing: missing(complete) };
}

/** Whether this host is the provider's own: there, and nowhere else, its tokens are good. */
export function isOwnHost(servers: ProviderServers, provider: Provider, host: string): boolean {
  const { incoming, outgoing } = wellKnownServers(servers, provider);
  const own = [incoming, outgoing, provider === 'MICROSOFT_365' ? servers.microsoftPersonalSmtp : null];
  return own.some((server) => hostOf(server) === host.toLowerCase());
}

/** What to say when a leg has no server. */
export function missingServerIssues(missing: readonly LegDirection[]): readonly InputIssue[] {
  return missing.map((leg) => ({
    path: [leg === 'INCOMING' ? 'incoming' : 'outgoing'],
    message: `No ${leg === 'INCOMING' ? 'incoming (IMAP)' : 'outgoing (SMTP)'} server was found for this address. Give its host, port and security.`,
  }));
}

/**
 * Counts the typed hosts that this mailbox does not dial already; seconds to wait when there were too many, else null.
 * The provider's own servers are no new hosts.
 */
export function newHostProblem(gateway: Gateway, workspaceId: WorkspaceId, typed: ServerPair, dialled: ServerPair): number | null {
  const { microsoftImap, microsoftSmtp, microsoftPersonalSmtp, gmailImap, gmailSmtp } = gateway.settings.servers;
  const ownServers = [microsoftImap, microsoftSmtp, microsoftPersonalSmtp, gmailImap, gmailSmtp];
  const known = [dialled.incoming, dialled.outgoing, ...ownServers].map((server) => hostOf(server));
  const fresh = new Set(
    [typed.incoming, typed.outgoing].map((server) => hostOf(server)).filter((host) => host !== null && !known.includes(host)),
  );
  for (const host of fresh) {
    const wait = gateway.limits.take('NEW_HOST', `${workspaceId} ${host}`);
    if (wait !== null) return wait;
  }
  return null;
}

function hostOf(server: MailServer | null): string | null {
  return server === null ? null : server.host.toLowerCase();
}

async function discovered(gateway: Gateway, address: string): Promise<ServerPair> {
  const stopped = new AbortController();
  const timer = gateway.clock.schedule(DISCOVERY_MS, () => stopped.abort());
  try {
    const suggestions = await gateway.discover(addressKey(address), stopped.signal);
    return {
      incoming: suggestions.find(({ incoming }) => incoming !== null)?.incoming ?? null,
      outgoing: suggestions.find(({ outgoing }) => outgoing !== null)?.outgoing ?? null,
    };
  } finally {
    timer.cancel();
  }
}
