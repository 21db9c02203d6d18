import type { Reason } from '../reason.ts';
import { finding } from './finding.ts';
import type { Finding } from './finding.ts';
import type { Reading } from './reading.ts';

/**
 * What lies between the gateway and a sign-in provider: its proxy opened no tunnel (network/proxy-tunnel), or somebody on the
 * way answers in its place. Neither the provider nor the mailbox is to blame: what passes by itself is transient, the rest is
 * one incident of the operator's.
 */
export function wayOut(reading: Reading): Finding | null {
  const { codes } = reading.evidence;
  if (codes.includes('PROXY_UNREACHABLE')) return unreachable(codes);
  if (codes.includes('PROXY_UNAVAILABLE'))
    return finding('PROVIDER_UNAVAILABLE', 'CERTAIN', {
      ...OPERATOR,
      retryable: true,
      message:
        "The gateway's proxy could not open a connection to the sign-in provider. The gateway tries again by itself; if it lasts, its operator should look at the proxy (HTTPS_PROXY).",
    });
  if (codes.includes('PROXY_AUTHENTICATION_REQUIRED'))
    return finding('APP_MISCONFIGURED', 'CERTAIN', {
      ...OPERATOR,
      message:
        "The gateway's proxy does not accept its user name and password. The operator has to correct them in HTTPS_PROXY; no mailbox has to sign in again.",
    });
  if (codes.includes('PROXY_REFUSED'))
    return finding('APP_MISCONFIGURED', 'CERTAIN', {
      ...OPERATOR,
      message:
        "The gateway's proxy does not let it connect to the sign-in provider. The operator has to allow that host on the proxy or name it in NO_PROXY; no mailbox has to sign in again.",
    });
  // A page of the provider's own says so by its status; what is not there at all is a wrong address.
  const { httpStatus } = reading.evidence;
  if (codes.includes('UNREADABLE_ANSWER') && httpStatus !== null && httpStatus < 500 && httpStatus !== 404 && httpStatus !== 429)
    return finding('PROVIDER_UNAVAILABLE', 'LIKELY', {
      actor: 'NOBODY',
      retryable: true,
      message:
        'Something else answers in the place of the sign-in provider, such as the page of a proxy or firewall. The gateway tries again by itself; if it lasts, its operator should look at its way to the internet.',
    });
  // The operator chose the host of a sign-in provider, so nobody in a workspace can have misspelled it.
  if (reading.evidence.context.protocol === 'OAUTH' && codes.some((code) => CERTIFICATE.test(code)))
    return finding('TLS_CERTIFICATE_INVALID', 'LIKELY', {
      actor: 'GATEWAY_OPERATOR',
      retryable: true,
      message:
        'The certificate that the gateway is shown for the sign-in provider cannot be trusted. The gateway tries again by itself; its operator should check whether a proxy or firewall inspects TLS, and name its authority in CA_FILE.',
    });
  return null;
}

const CERTIFICATE = /^(?:CERT_|ERR_TLS_CERT|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO_|HOSTNAME_MISMATCH)/;
const OPERATOR = { action: 'CHECK_NETWORK_THEN_RETRY', actor: 'GATEWAY_OPERATOR' } as const;

function unreachable(codes: readonly string[]): Finding {
  return finding(causeOf(codes), 'CERTAIN', {
    ...OPERATOR,
    retryable: true,
    message:
      "The gateway's proxy cannot be reached. The gateway tries again by itself; if it lasts, its operator should check HTTPS_PROXY and the proxy.",
  });
}

function causeOf(codes: readonly string[]): Reason {
  const some = (pattern: RegExp): boolean => codes.some((code) => pattern.test(code));
  if (some(/^(?:ENOTFOUND|EAI_)/)) return 'DNS_NOT_FOUND';
  if (some(/^ECONNREFUSED$/)) return 'CONNECTION_REFUSED';
  if (some(/^(?:ETIMEDOUT|E(?:NET|HOST)UNREACH)$/)) return 'CONNECTION_TIMEOUT';
  if (some(/CERT|^UNABLE_TO_/)) return 'TLS_CERTIFICATE_INVALID';
  return some(/^(?:EPROTO|ERR_SSL_)/) ? 'TLS_MODE_MISMATCH' : 'CONNECTION_CLOSED';
}
