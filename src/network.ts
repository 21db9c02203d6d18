import type { Config } from './config.ts';
import type { Log } from './domain/log.ts';
import { HostNotAllowed, type PinHost } from './network/dial.ts';
import type { DiscoverMailServers } from './network/discovered.ts';
import { createDiscovery } from './network/discovery/discover.ts';
import { isListed } from './network/guard.ts';
import { createHttpsGet } from './network/https-get.ts';
import { createPinHost } from './network/pin.ts';
import { createPortTest } from './network/port-test.ts';
import { resolveHost, resolveMx, resolveSrv } from './network/resolve.ts';
import type { Gateway } from './resolvers/gateway.ts';

export interface Network {
  readonly pinHost: PinHost;
  readonly discover: DiscoverMailServers;
  readonly refusalOfHost: Gateway['refusalOfHost'];
  readonly isListedHost: Gateway['isListedHost'];
}

/** The outside as this gateway may reach it. The operator's own provider servers may resolve anywhere. */
export function createNetwork(config: Config, log: Log): Network {
  const { servers } = config.settings;
  const pinHost = createPinHost({
    resolve: resolveHost,
    allow: config.networkAllow,
    trustedHosts: Object.values({ ...servers }).map(({ host, port }) => ({ host, port })),
    log,
  });
  const discover = createDiscovery({
    resolveMx,
    resolveSrv,
    fetchText: createHttpsGet({ pinHost, ca: config.ca }),
    isReachable: createPortTest(pinHost),
    servers,
    log,
  });
  return {
    pinHost,
    discover,
    isListedHost: (host, port) => isListed(config.networkAllow, host, port),
    refusalOfHost: (host, port, signal) =>
      pinHost(host, port, 'mail', signal).then(
        () => null,
        (error: unknown) => (error instanceof HostNotAllowed ? error.message : null),
      ),
  };
}
