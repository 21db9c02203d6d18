import { field, numberField, objectField, stringField, tokenOf } from './fields.ts';
import type { Foreign } from './fields.ts';
import { commandName } from './command-name.ts';
import type { Facts } from './facts.ts';

const CODES = new Set(['NoConnection', 'ClosedAfterConnectText', 'ClosedAfterConnectTLS', 'ETHROTTLE', 'STARTTLS_INJECTION']);
const OWN_FIELDS = [
  'serverResponseCode',
  'responseStatus',
  'executedCommand',
  'oauthError',
  'throttleReset',
  'tlsFailed',
  'authenticationFailed',
];

/**
 * imapflow 2: NO and BAD carry responseStatus, responseText and the RFC 5530 word; a closed connection carries the BYE
 * text in `reason`. `authenticationFailed` is set for outages too (provider-facts 5.1).
 */
export function imapflowFacts(node: Foreign): Facts {
  const code = stringField(node, 'code');
  const isOwn = OWN_FIELDS.some((key) => field(node, key) !== undefined) || (code !== null && CODES.has(code));
  if (!isOwn) return {};
  const oauthError = objectField(node, 'oauthError');
  const throttleMs = numberField(node, 'throttleReset');
  return {
    library: 'imapflow',
    responseCode: tokenOf(field(node, 'serverResponseCode'))?.toUpperCase() ?? null,
    responseStatus: statusOf(stringField(node, 'responseStatus')),
    saslError:
      oauthError === null
        ? null
        : {
            status: stringField(oauthError, 'status'),
            schemes: stringField(oauthError, 'schemes'),
            scope: stringField(oauthError, 'scope'),
          },
    tlsFailed: field(node, 'tlsFailed') === true,
    authenticationFailed: field(node, 'authenticationFailed') === true,
    command: commandName(stringField(node, 'executedCommand')),
    retryAfterMs: throttleMs,
    texts: [stringField(node, 'responseText'), stringField(node, 'reason')],
  };
}

function statusOf(status: string | null): string | null {
  const upper = status?.toUpperCase() ?? '';
  return ['NO', 'BAD', 'BYE', 'OK'].includes(upper) ? upper : null;
}
