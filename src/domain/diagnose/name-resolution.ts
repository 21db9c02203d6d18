import { finding } from './finding.ts';
import type { Finding } from './finding.ts';
import type { Reading } from './reading.ts';

/** The gateway's resolver is at fault, not how somebody spelled a name. */
export function resolverTrouble(reading: Reading): Finding {
  const { host } = reading.evidence.context;
  const name = host !== null && /^[a-z0-9._-]{1,100}$/i.test(host) ? host : 'the server';
  return finding('DNS_NOT_FOUND', 'LIKELY', {
    retryable: true,
    action: 'CHECK_NETWORK_THEN_RETRY',
    actor: 'GATEWAY_OPERATOR',
    message: `The gateway cannot find ${name} on the network. It tries again by itself; if it lasts, its operator should check the gateway's name resolution (DNS).`,
  });
}

/** A name that somebody typed is spelled wrong; the name of a big provider is not, so it is our resolver. */
export function nameNotFound(reading: Reading): Finding {
  const isFixedHost = reading.vendor !== null || reading.evidence.context.protocol === 'OAUTH';
  return isFixedHost ? resolverTrouble(reading) : finding('DNS_NOT_FOUND', 'LIKELY');
}
