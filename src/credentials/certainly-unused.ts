import type { Evidence } from '../domain/evidence.ts';

/**
 * Whether a refresh that failed for a passing reason certainly left the refresh token unused: the request never went out, or
 * the token endpoint itself refused before it did anything. A proxy's "bad gateway" or time-out, a page instead of JSON and
 * silence leave it open whether the token was used up behind them.
 */
export function isCertainlyUnused(evidence: Evidence): boolean {
  return neverSent(evidence) || saysItself(evidence);
}

/** No connection came about: no name, no route, nobody listening, no tunnel, no certificate that is trusted. */
function neverSent({ codes, httpStatus }: Evidence): boolean {
  return httpStatus === null && codes.some((code) => NO_CONNECTION.test(code));
}

const NO_CONNECTION =
  /^(?:ECONNREFUSED|ENOTFOUND|EAI_|E(?:HOST|NET)(?:UNREACH|DOWN)|UND_ERR_CONNECT_TIMEOUT|PROXY_|CERT_|ERR_TLS_CERT|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO_)/;

function saysItself({ httpStatus, oauthError }: Evidence): boolean {
  if (httpStatus === 429) return true;
  return oauthError !== null && httpStatus !== null && httpStatus >= 400 && httpStatus !== 502 && httpStatus !== 504;
}
