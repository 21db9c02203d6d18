import { nameAndWords } from '../as-said.ts';
import { field, numberField, objectField, stringField } from './fields.ts';
import type { Foreign } from './fields.ts';
import type { Facts } from './facts.ts';

/** google-auth-library and gaxios: `code` and `status` are the HTTP number, the OAuth body is in response.data. */
export function googleFacts(node: Foreign): Facts {
  const response = objectField(node, 'response');
  const isOwn = stringField(node, 'name') === 'GaxiosError' || (response !== null && field(response, 'data') !== undefined);
  return isOwn ? { library: 'google', httpStatus: httpStatusOf(numberField(node, 'code')) } : {};
}

/** Errors of Google's and Microsoft's APIs name their reason: `errors: [{reason: "userRateLimitExceeded"}]`, `code: "TooManyRequests"`. */
export function apiErrorFacts(node: Foreign): Facts {
  const named = [stringField(node, 'reason'), stringField(node, 'code'), stringField(node, 'status')];
  return { texts: named.map((word) => (word !== null && API_WORD.test(word) && !CONNECTION_CODE.test(word) ? nameAndWords(word) : null)) };
}

/** userRateLimitExceeded, TooManyRequests, PERMISSION_DENIED: at least two words grown together. */
const API_WORD = /^(?:[A-Za-z]?[a-z]+(?:[A-Z][a-z]+){1,6}|[A-Z]{3,}(?:_[A-Z]{3,}){1,4})$/;

/** imapflow's codes: what happened to the connection, said by nobody. */
const CONNECTION_CODE = /^(?:NoConnection|ClosedAfterConnect)/;

export function httpStatusOf(value: number | null): number | null {
  return value !== null && value >= 100 && value < 600 ? value : null;
}
