import type { MailServer, Provider } from '../../domain/mail.ts';
import type { ProviderServers } from '../../domain/settings.ts';
import type { DiscoverySource, MailServerSuggestion } from '../discovered.ts';
import { isMicrosoftPersonal, providerOfHost } from './provider-of.ts';

/** The address that settings are looked for; its domain in ASCII. */
export interface Wanted {
  readonly address: string;
  readonly domain: string;
}

/**
 * Settings at Microsoft or Google. Their servers are the configured ones, whatever a source says: they are the operator's
 * choice (national clouds, tests), and both want the address as user name.
 */
export function providerSuggestion(
  source: DiscoverySource,
  provider: Exclude<Provider, 'OTHER'>,
  wanted: Wanted,
  servers: ProviderServers,
): MailServerSuggestion {
  const at = { source, provider, usernameHint: wanted.address };
  switch (provider) {
    case 'GMAIL':
      return { ...at, incoming: servers.gmailImap, outgoing: servers.gmailSmtp };
    case 'MICROSOFT_365':
      return {
        ...at,
        incoming: servers.microsoftImap,
        outgoing: isMicrosoftPersonal(wanted.domain) ? servers.microsoftPersonalSmtp : servers.microsoftSmtp,
      };
  }
}

/** Settings as found; those that turn out to be Microsoft's or Google's become theirs. Null when nothing was found. */
export function foundSuggestion(
  source: DiscoverySource,
  found: { readonly incoming: MailServer | null; readonly outgoing: MailServer | null; readonly usernameHint: string | null },
  wanted: Wanted,
  servers: ProviderServers,
): MailServerSuggestion | null {
  if (found.incoming === null && found.outgoing === null) return null;
  const provider = providerOfHost(found.incoming?.host ?? found.outgoing?.host ?? '') ?? 'OTHER';
  return provider === 'OTHER'
    ? { source, provider, incoming: found.incoming, outgoing: found.outgoing, usernameHint: found.usernameHint }
    : providerSuggestion(source, provider, wanted, servers);
}

/** The better-ranked of two that name the same servers stays, with the user name that either knows. */
export function withoutDuplicates(ranked: readonly MailServerSuggestion[]): readonly MailServerSuggestion[] {
  const merged = new Map<string, MailServerSuggestion>();
  for (const suggestion of ranked) {
    const key = JSON.stringify([serverKey(suggestion.incoming), serverKey(suggestion.outgoing)]);
    const better = merged.get(key);
    merged.set(key, better === undefined ? suggestion : { ...better, usernameHint: better.usernameHint ?? suggestion.usernameHint });
  }
  return [...merged.values()];
}

function serverKey(server: MailServer | null): string | null {
  return server === null ? null : `${server.host}:${server.port}:${server.security}`;
}
