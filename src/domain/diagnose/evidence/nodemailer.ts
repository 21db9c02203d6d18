import { field, numberField, stringField } from './fields.ts';
import type { Foreign } from './fields.ts';
import { commandName } from './command-name.ts';
import type { Facts } from './facts.ts';

const CODES = new Set([
  'EAUTH',
  'EENVELOPE',
  'EMESSAGE',
  'EPROTOCOL',
  'ETLS',
  'ESOCKET',
  'EDNS',
  'ECONNECTION',
  'EOAUTH2',
  'EFETCH',
  'EMAXLIMIT',
  'ESTREAM',
  'ENOAUTH',
]);

/**
 * nodemailer 10: reply code and all reply lines on the error; what lies below in `originalCode`; a time-out's phase in
 * `timeoutType`. EAUTH is set for 421 and 454 too (provider-facts 6.1), so it is kept as a code and never believed alone.
 */
export function nodemailerFacts(node: Foreign): Facts {
  const code = stringField(node, 'code');
  const replyCode = numberField(node, 'responseCode');
  const isOwn =
    (code !== null && CODES.has(code)) ||
    (replyCode !== null && typeof field(node, 'response') === 'string') ||
    field(node, 'timeoutType') !== undefined ||
    field(node, 'originalCode') !== undefined;
  if (!isOwn) return {};
  return {
    library: 'nodemailer',
    codes: [code, stringField(node, 'originalCode'), stringField(node, 'timeoutType')],
    replyCode: replyCode !== null && replyCode >= 200 && replyCode < 600 ? replyCode : null,
    enhancedCode: enhancedOf(stringField(node, 'enhancedCode')),
    authenticationFailed: code === 'EAUTH',
    command: commandName(stringField(node, 'command')),
  };
}

function enhancedOf(code: string | null): string | null {
  return code !== null && /^[245]\.\d{1,3}\.\d{1,3}$/.test(code) ? code : null;
}
