import type { OpenLogin } from '../credentials/credentials.ts';
import type { Repair } from '../credentials/repair.ts';
import type { Revocation } from '../credentials/revocation.ts';
import type { Clock, NewId, Random } from '../domain/clock.ts';
import type { UserError } from '../domain/errors.ts';
import type { Log } from '../domain/log.ts';
import type { GatewaySettings } from '../domain/settings.ts';
import type { Advisories } from '../domain/advisories.ts';
import type { Feed } from '../feed/feed.ts';
import type { DiscoverMailServers } from '../network/discovered.ts';
import type { Probe } from '../providers/probe.ts';
import type { Checks } from '../status/checks.ts';
import type { Store } from '../store/store.ts';
import type { Vault } from '../vault/vault.ts';
import type { RateLimits } from './rate-limits.ts';
import type { SignIn } from './sign-in.ts';

/** Everything that a use-case may use. Composed once, by app.ts. */
export interface Gateway {
  readonly store: Store;
  readonly vault: Vault;
  readonly feed: Feed;
  readonly repair: Repair;
  readonly openLogin: OpenLogin;
  readonly checks: Checks;
  readonly probe: Probe;
  readonly discover: DiscoverMailServers;
  /** Why the network guard would not let anybody dial this host, for the admin; null when it would, or when its name has no address now. */
  readonly refusalOfHost: (host: string, port: number, signal: AbortSignal) => Promise<string | null>;
  /** Whether the operator listed this host and port in NETWORK_ALLOW. */
  readonly isListedHost: (host: string, port: number) => boolean;
  readonly signIn: SignIn;
  /** Absent where no provider is: then grants that are given up are only erased. */
  readonly revocation?: Revocation;
  readonly limits: RateLimits;
  readonly settings: GatewaySettings;
  /** Dates that are coming, read from the operator's file. */
  readonly advisories: Advisories;
  readonly clock: Clock;
  readonly random: Random;
  readonly newId: NewId;
  readonly log: Log;
}

/** What a use-case answers: its payload, or what the person did wrong. Anything else is thrown and masked. */
export type Outcome<Payload> = { readonly kind: 'ok'; readonly payload: Payload } | { readonly kind: 'error'; readonly error: UserError };

export function ok<Payload>(payload: Payload): Outcome<Payload> {
  return { kind: 'ok', payload };
}

export function failed(error: UserError): Outcome<never> {
  return { kind: 'error', error };
}
