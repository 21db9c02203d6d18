import { field, stringField, tokenOf } from './fields.ts';
import type { Foreign } from './fields.ts';
import type { Facts } from './facts.ts';

/** What any Error of Node or undici carries: name, code and errno words, the message. OpenSSL puts its text in `reason`. */
export function nodeErrorFacts(node: Foreign): Facts {
  const code = tokenOf(field(node, 'code'));
  const name = tokenOf(field(node, 'name'));
  const response = field(node, 'response');
  return {
    ...libraryOf(node, code),
    codes: [code],
    names: [name],
    texts: [
      typeof response === 'string' ? response : null,
      stringField(node, 'reason'),
      stringField(node, 'message'),
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
