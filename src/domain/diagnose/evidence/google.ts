import { field, numberField, objectField, stringField } from './fields.ts';
import type { Foreign } from './fields.ts';
import type { Facts } from './facts.ts';

/** google-auth-library and gaxios: `code` and `status` are the HTTP number, the OAuth body is in response.data. */
export function googleFacts(node: Foreign): Facts {
  const response = objectField(node, 'response');
  const isOwn = stringField(node, 'name') === 'GaxiosError' || (response !== null && field(response, 'data') !== undefined);
  return isOwn ? { library: 'google', httpStatus: httpStatusOf(numberField(node, 'code')) } : {};
}

/** Errors of Google's APIs name their reason in a list: `errors: [{reason: "insufficientPermissions"}]`. */
export function apiErrorFacts(node: Foreign): Facts {
  const status = stringField(node, 'status');
  const reason = stringField(node, 'reason');
  const named = reason !== null && /^[a-zA-Z]+$/.test(reason) ? reason : null;
  const word = status !== null && /^[A-Z_]{4,40}$/.test(status) ? status : null;
  return { texts: [named, word] };
}

export function httpStatusOf(value: number | null): number | null {
  return value !== null && value >= 100 && value < 600 ? value : null;
}
