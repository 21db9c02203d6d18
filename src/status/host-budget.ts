import type { LegDirection, MailServer } from '../domain/mail.ts';
import type { Mailbox } from '../domain/mailbox.ts';
import type { ProviderServers } from '../domain/settings.ts';

/** Logins at the same time at one host: of the big providers, and of anybody else. */
export const LOGINS_AT_BIG_HOST = 50;
export const LOGINS_AT_HOST = 10;

/** How many logins run at each host of this process. */
export interface HostBudget {
  /** Takes one login at each of these hosts (a host may be named twice), all or none. Null: one of them has no room. */
  tryTake(hosts: readonly string[]): TakenHosts | null;
  /** The same, waiting its turn. A check ends at its deadline at the latest, so the turn comes. */
  take(hosts: readonly string[]): Promise<TakenHosts>;
  /** Hosts without room for another mailbox, lower case. */
  full(): readonly string[];
  /** Called whenever room was made. */
  onRoom(listener: () => void): void;
}

export interface TakenHosts {
  /** Idempotent. */
  give(): void;
}

interface Waiting {
  readonly hosts: readonly string[];
  readonly start: (taken: TakenHosts) => void;
}

export function createHostBudget(servers: ProviderServers): HostBudget {
  const bigHosts = new Set(Object.values(servers).map((server: MailServer) => server.host.toLowerCase()));
  const running = new Map<string, number>();
  const waiting: Waiting[] = [];
  const listeners: (() => void)[] = [];

  const limitOf = (host: string): number => (bigHosts.has(host) ? LOGINS_AT_BIG_HOST : LOGINS_AT_HOST);
  const runningAt = (host: string): number => running.get(host) ?? 0;

  function tryTake(hosts: readonly string[]): TakenHosts | null {
    const wanted = new Map<string, number>();
    for (const host of hosts) wanted.set(host, (wanted.get(host) ?? 0) + 1);
    for (const [host, count] of wanted) if (runningAt(host) + count > limitOf(host)) return null;
    for (const [host, count] of wanted) running.set(host, runningAt(host) + count);
    let given = false;
    return {
      give() {
        if (given) return;
        given = true;
        for (const [host, count] of wanted) {
          const left = runningAt(host) - count;
          if (left === 0) running.delete(host);
          else running.set(host, left);
        }
        admitWaiting();
        for (const listener of listeners) listener();
      },
    };
  }

  /** First come, first served per host: nobody who needs the same full host overtakes. */
  function admitWaiting(): void {
    const passedOver = new Set<string>();
    for (const entry of [...waiting]) {
      const taken = entry.hosts.some((host) => passedOver.has(host)) ? null : tryTake(entry.hosts);
      if (taken === null) {
        for (const host of entry.hosts) passedOver.add(host);
        continue;
      }
      waiting.splice(waiting.indexOf(entry), 1);
      entry.start(taken);
    }
  }

  return {
    tryTake,
    take(hosts) {
      const taken = tryTake(hosts);
      if (taken !== null) return Promise.resolve(taken);
      return new Promise((resolve) => waiting.push({ hosts, start: resolve }));
    },
    // Room for one login is not room for a mailbox: its two legs may be at the same host.
    full: () => [...running].filter(([host, count]) => count + 2 > limitOf(host)).map(([host]) => host),
    onRoom(listener) {
      listeners.push(listener);
    },
  };
}

/** The hosts that checking these legs logs in at, lower case. */
export function hostsOf(mailbox: Mailbox, legs: readonly LegDirection[]): readonly string[] {
  const setup = mailbox.active;
  if (setup === null) return [];
  const servers = legs.map((leg) => (leg === 'INCOMING' ? setup.incomingServer : setup.outgoingServer));
  return servers.filter((server) => server !== null).map((server) => server.host.toLowerCase());
}
