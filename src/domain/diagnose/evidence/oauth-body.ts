import { arrayField, field, numberField, objectField, stringField, tokenOf } from './fields.ts';
import type { Foreign } from './fields.ts';
import type { Facts } from './facts.ts';
import { httpStatusOf } from './google.ts';

/** The answer of a token or authorize endpoint (RFC 6749 sections 4.1.2.1 and 5.2), Entra's and Google's additions, and what HTTP clients add. */
export function oauthBodyFacts(node: Foreign): Facts {
  const error = tokenOf(field(node, 'error'))?.toLowerCase() ?? null;
  const codes = arrayField(node, 'error_codes', 10).filter((code) => typeof code === 'number');
  const aadsts = numberField(node, 'aadsts');
  const headers = objectField(node, 'headers');
  return {
    oauthError: error,
    oauthSuberror: (tokenOf(field(node, 'suberror')) ?? tokenOf(field(node, 'error_subtype')))?.toLowerCase() ?? null,
    aadsts: aadsts === null ? codes : [...codes, aadsts],
    httpStatus: httpStatusOf(numberField(node, 'status') ?? numberField(node, 'statusCode')),
    command: authorizeStep(stringField(node, 'where')),
    retryAfterMs: retryAfterMs(headers === null ? null : headerNumber(headers, 'retry-after')),
    texts: [stringField(node, 'error_description')],
  };
}

/** Of a plain object, or of the Headers of a fetch. */
function headerNumber(headers: Foreign, name: string): number | null {
  const get = field(headers, 'get');
  if (typeof get !== 'function') return numberField(headers, name);
  try {
    return numberField({ value: get.call(headers, name) as unknown }, 'value');
  } catch {
    return null;
  }
}

/** Which end of the browser's round trip reported: it decides what access_denied means. */
function authorizeStep(where: string | null): string | null {
  if (where === null || !/authori[sz]e/i.test(where)) return null;
  return /callback/i.test(where) ? 'AUTHORIZE CALLBACK' : 'AUTHORIZE';
}

function retryAfterMs(seconds: number | null): number | null {
  return seconds === null ? null : seconds * 1000;
}
