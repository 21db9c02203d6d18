import { field, stringField, tokenOf } from './fields.ts';
import type { Foreign } from './fields.ts';
import type { Facts } from './facts.ts';

/** What any Error of Node or undici carries: name, code and errno words, the message. OpenSSL puts its text in `reason`. */
export function nodeErrorFacts(node: Foreign): Facts {
  const code = tokenOf(field(node, 'code'));
  const name = tokenOf(field(node, 'name'));
  const response = stringField(node, 'response');
  const message = stringField(node, 'message');
  return {
    ...libraryOf(node, code),
    codes: [code],
    names: [name],
    texts: [
      response,
      stringField(node, 'reason'),
      // nodemailer puts "Invalid login: " in front of every reply to AUTH, also of an outage.
      message !== null && response !== null && message.endsWith(response) ? null : message,
      stringField(node, 'error'),
      stringField(node, 'cause'),
      stringField(node, 'body'),
      stringField(node, 'data'),
      stringField(node, 'statusText'),
    ],
  };
}

function libraryOf(node: Foreign, code: string | null): Pick<Facts, 'library'> {
  if (code?.startsWith('UND_ERR') === true) return { library: 'undici' };
  return code !== null || field(node, 'syscall') !== undefined ? { library: 'node' } : {};
}
