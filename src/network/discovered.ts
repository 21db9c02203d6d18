import type { MailServer, Provider } from '../domain/mail.ts';

export const DISCOVERY_SOURCES = ['KNOWN_PROVIDER', 'ISPDB', 'AUTOCONFIG', 'SRV', 'MX', 'GUESS'] as const;
export type DiscoverySource = (typeof DISCOVERY_SOURCES)[number];

/** Server settings for an address, best first. */
export interface MailServerSuggestion {
  readonly source: DiscoverySource;
  readonly provider: Provider;
  readonly incoming: MailServer | null;
  readonly outgoing: MailServer | null;
  /** "%EMAILADDRESS%" and the like resolved to what the user types; null when unknown. */
  readonly usernameHint: string | null;
}

/** Never rejects for what the network does: a step that fails contributes nothing. */
export type DiscoverMailServers = (address: string, signal: AbortSignal) => Promise<readonly MailServerSuggestion[]>;
