import { Console } from 'node:console';
import { Writable } from 'node:stream';
import { format, inspect } from 'node:util';

import { describe, expect, test } from 'vitest';

import { Secret } from '../../src/vault/secret.ts';
import { ringOf } from './rings.ts';

const CANARY = 'canary-7f3e91';
const FORMS = [CANARY, Buffer.from(CANARY).toString('base64'), Buffer.from(CANARY).toString('hex'), encodeURIComponent(CANARY)];

function expectClean(text: string): void {
  for (const form of FORMS) expect(text).not.toContain(form);
}

describe('a secret never prints', () => {
  const secret = new Secret(CANARY);
  const holder = { login: { password: secret }, list: [secret], map: new Map([['password', secret]]) };

  test.each<[string, () => string]>([
    ['util.inspect to the bottom', () => inspect(holder, { showHidden: true, depth: 12, getters: true })],
    ['util.inspect without custom printers', () => inspect(holder, { customInspect: false, showHidden: true, depth: 12 })],
    ['util.format', () => format('%s %o %O %j', secret, secret, secret, secret)],
    ['JSON', () => JSON.stringify(holder)],
    ['a template string', () => `<${secret as unknown as string}>`],
    ['concatenation', () => 'password=' + String(secret)],
    ['its own keys and values', () => [Object.keys(secret), Object.values(secret), Reflect.ownKeys(secret)].flat().map(String).join()],
    ['a copy by spread', () => inspect(Object.assign({}, secret))],
    ['a structured clone', () => inspect(structuredClone(holder.login), { showHidden: true, depth: 12 })],
    [
      'an error that carries it',
      () => inspect(Object.assign(new Error('failed', { cause: holder }), { secret }), { showHidden: true, depth: 12 }),
    ],
  ])('in %s', (_where, print) => {
    expectClean(print());
  });

  test('on the console', () => {
    let printed = '';
    const stream = new Writable({
      write(chunk: Buffer, _encoding, done) {
        printed += chunk.toString();
        done();
      },
    });
    const out = new Console(stream);
    out.log(secret, holder);
    out.dir(holder, { depth: null, showHidden: true });
    out.table([holder]);
    expect(printed).toContain('[secret]');
    expectClean(printed);
  });

  test('and reveals itself only when asked', () => {
    expect(secret.reveal()).toBe(CANARY);
  });
});

test('a key ring prints no key', () => {
  const bytes = Buffer.alloc(32, 'K');
  const ring = ringOf({ k1: bytes });
  const printed = inspect(ring, { showHidden: true, depth: 12 }) + JSON.stringify([...ring.keys]);
  expect(printed).not.toContain(bytes.toString('base64url'));
  expect(printed).not.toContain(bytes.toString('hex'));
  expect(printed).not.toMatch(/<Buffer|Uint8Array/);
});
