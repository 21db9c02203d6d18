import type { Log } from '../../domain/log.ts';
import type { ProviderServers } from '../../domain/settings.ts';
import { startDeadline, untilAborted } from '../deadline.ts';
import type { DiscoverMailServers, DiscoverySource, MailServerSuggestion } from '../discovered.ts';
import { parseHost } from '../host-name.ts';
import type { FetchText } from '../https-get.ts';
import type { IsReachable } from '../port-test.ts';
import type { ResolveMx, ResolveSrv } from '../resolve.ts';
import { parseClientConfig } from './client-config.ts';
import { guessServers } from './guess-servers.ts';
import { knownServersOfDomain, knownServersOfMx } from './known-providers.ts';
import { byPreference, isWithin, providerOfDomain, providerOfMx } from './provider-of.ts';
import { serversBySrv } from './srv-servers.ts';
import { foundSuggestion, providerSuggestion, withoutDuplicates, type Wanted } from './suggestion.ts';

export interface DiscoveryOptions {
  readonly resolveMx: ResolveMx;
  readonly resolveSrv: ResolveSrv;
  /** Guarded: it is given addresses that belong to whatever domain a user typed. */
  readonly fetchText: FetchText;
  /** Absent: guesses are not tried out. */
  readonly isReachable?: IsReachable;
  readonly servers: ProviderServers;
  readonly log: Log;
  readonly stepTimeoutMs?: number;
}

interface Step {
  readonly source: DiscoverySource;
  readonly find: (wanted: Wanted, signal: AbortSignal) => Promise<MailServerSuggestion | null>;
}

const STEP_TIMEOUT_MS = 3000;

/**
 * Looks for the servers of an address: known domains at once; else Mozilla's ISPDB, the domain's own autoconfig, SRV, MX
 * and a guess, all at the same time, each within 3 s. Best source first. A guess is given only when nothing better says
 * both servers. ISPDB is told the domain only; the domain's own autoconfig the address.
 */
export function createDiscovery(options: DiscoveryOptions): DiscoverMailServers {
  const stepTimeoutMs = options.stepTimeoutMs ?? STEP_TIMEOUT_MS;
  const steps = stepsOf(options);

  const attempt = async (step: Step, wanted: Wanted, signal: AbortSignal): Promise<MailServerSuggestion | null> => {
    const deadline = startDeadline(stepTimeoutMs, signal);
    try {
      return await untilAborted(step.find(wanted, deadline.signal), deadline.signal);
    } catch (error) {
      options.log.debug('discovery step found nothing', { source: step.source, error: error instanceof Error ? error.name : 'unknown' });
      return null;
    } finally {
      deadline.dispose();
    }
  };

  return async (address, signal) => {
    const wanted = wantedOf(address);
    if (wanted === null) return [];
    const known = knownSuggestion(wanted, options.servers);
    if (known !== null) return [known];
    const found = (await Promise.all(steps.map((step) => attempt(step, wanted, signal)))).filter((suggestion) => suggestion !== null);
    const complete = found.some(
      (suggestion) => suggestion.source !== 'GUESS' && suggestion.incoming !== null && suggestion.outgoing !== null,
    );
    return withoutDuplicates(complete ? found.filter((suggestion) => suggestion.source !== 'GUESS') : found);
  };
}

/** In the order of their rank. */
function stepsOf(options: DiscoveryOptions): readonly Step[] {
  const { resolveMx, resolveSrv, fetchText, servers } = options;

  const clientConfig = async (
    source: DiscoverySource,
    url: string,
    wanted: Wanted,
    signal: AbortSignal,
  ): Promise<MailServerSuggestion | null> => {
    const config = parseClientConfig(await fetchText(url, signal), wanted.address);
    return config === null ? null : foundSuggestion(source, config, wanted, servers);
  };

  return [
    {
      source: 'ISPDB',
      find: (wanted, signal) => clientConfig('ISPDB', `https://autoconfig.thunderbird.net/v1.1/${wanted.domain}`, wanted, signal),
    },
    {
      source: 'AUTOCONFIG',
      find: (wanted, signal) => {
        const query = `emailaddress=${encodeURIComponent(wanted.address)}`;
        return clientConfig('AUTOCONFIG', `https://autoconfig.${wanted.domain}/mail/config-v1.1.xml?${query}`, wanted, signal);
      },
    },
    {
      source: 'AUTOCONFIG',
      find: (wanted, signal) =>
        clientConfig('AUTOCONFIG', `https://${wanted.domain}/.well-known/autoconfig/mail/config-v1.1.xml`, wanted, signal),
    },
    {
      source: 'SRV',
      find: async (wanted, signal) =>
        foundSuggestion('SRV', { ...(await serversBySrv(wanted.domain, resolveSrv, signal)), usernameHint: null }, wanted, servers),
    },
    {
      source: 'MX',
      find: async (wanted, signal) => {
        const records = await resolveMx(wanted.domain, signal);
        const provider = providerOfMx(records);
        if (provider !== null && provider !== 'OTHER') return providerSuggestion('MX', provider, wanted, servers);
        const known = byPreference(records)
          .map((record) => knownServersOfMx(record.exchange, isWithin))
          .find((found) => found !== null);
        return known === undefined ? null : foundSuggestion('MX', { ...known, usernameHint: wanted.address }, wanted, servers);
      },
    },
    {
      source: 'GUESS',
      find: async (wanted, signal) =>
        foundSuggestion(
          'GUESS',
          { ...(await guessServers(wanted.domain, options.isReachable ?? null, signal)), usernameHint: null },
          wanted,
          servers,
        ),
    },
  ];
}

function knownSuggestion(wanted: Wanted, servers: ProviderServers): MailServerSuggestion | null {
  const provider = providerOfDomain(wanted.domain);
  if (provider !== null && provider !== 'OTHER') return providerSuggestion('KNOWN_PROVIDER', provider, wanted, servers);
  const known = knownServersOfDomain(wanted.domain);
  return known === null ? null : foundSuggestion('KNOWN_PROVIDER', { ...known, usernameHint: wanted.address }, wanted, servers);
}

/** Null for what is no address at a domain with a dot: nothing is looked up for it. */
function wantedOf(address: string): Wanted | null {
  const trimmed = address.trim();
  const at = trimmed.lastIndexOf('@');
  const domain = parseHost(trimmed.slice(at + 1));
  if (at < 1 || domain.kind !== 'name' || !domain.name.includes('.')) return null;
  return { address: trimmed, domain: domain.name };
}
