import { field, numberField, stringField, tokenOf } from './fields.ts';
import type { Foreign } from './fields.ts';
import type { Facts } from './facts.ts';

/** Stands for the empty errorCode with which msal answers from its throttle cache (test-servers section 2, trap 6). */
export const MSAL_THROTTLED = 'msal_throttled';

/**
 * msal-node 7: `errorCode` is either the server's OAuth error, a number of the throttle cache, or the library's own word.
 * The class is never believed: a plain invalid_grant is a ServerError (provider-facts 1.3).
 */
export function msalFacts(node: Foreign): Facts {
  const errorCode = field(node, 'errorCode');
  const isOwn = typeof errorCode === 'string' || field(node, 'errorMessage') !== undefined || field(node, 'errorNo') !== undefined;
  if (!isOwn) return {};
  const word = tokenOf(errorCode);
  const numbers = [numberField(node, 'errorCode'), numberField(node, 'errorNo')].filter((number) => number !== null);
  return {
    library: 'msal',
    codes: [word, errorCode === '' ? MSAL_THROTTLED : null],
    aadsts: numbers.filter((number) => number >= 1000),
    oauthError: word?.toLowerCase() ?? null,
    oauthSuberror: tokenOf(field(node, 'subError'))?.toLowerCase() ?? null,
    texts: [stringField(node, 'errorMessage')],
  };
}
