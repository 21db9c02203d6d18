import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createProbe } from '../../src/providers/login-probe.ts';
import { formsOfSecret } from '../../src/providers/secret-forms.ts';
import { Secret } from '../../src/vault/secret.ts';
import { passwordLogin, pinToLoopback } from '../contract/protocol/logins.ts';
import { leaksIn } from '../support/canary.ts';
import { startTestSandbox, type Sandbox } from '../support/sandbox.ts';

const address = 'support@acme.test';

/** Passwords that no pattern recognizes. */
const PASSWORDS = ['hunter two', 'sparrow', 'ab"c\\d', 'Zaunkönig', '1234'];

describe('a server that echoes the secret of the login', () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await startTestSandbox({ accounts: [{ address, password: 'right' }] });
  });
  afterAll(() => sandbox.stop());

  const echoes: readonly (readonly [string, (password: string) => string])[] = [
    ['as it is', (password) => `the word ${password} is wrong`],
    ['in quotes', (password) => `"${password.replaceAll(/["\\]/gu, String.raw`\$&`)}" is wrong`],
    ['in a URL', (password) => `see /retry/${encodeURIComponent(password)}/now`],
    ['in hex', (password) => `bytes ${Buffer.from(password).toString('hex')} are wrong`],
    ['in base64', (password) => `blob ${Buffer.from(password).toString('base64')} is wrong`],
    ['within a SASL answer', (password) => `blob ${Buffer.from(`\0${address}\0${password}`).toString('base64')} is wrong`],
    [
      'within a SASL answer at another place',
      (password) => `blob ${Buffer.from(`\0x${address}\0${password}`).toString('base64')} is wrong`,
    ],
  ];
  test.each(echoes)('%s: the evidence does not hold it, and still tells what happened', async (_, echo) => {
    const probe = createProbe({ pinHost: pinToLoopback, ca: [sandbox.caPem] });
    for (const password of PASSWORDS) {
      const said = echo(password);
      sandbox.setFault(address, { kind: 'reply', imap: `NO [AUTHENTICATIONFAILED] ${said}`, smtp: `535 5.7.8 ${said}` });
      for (const name of ['imap', 'smtp'] as const) {
        const direction = name === 'imap' ? 'INCOMING' : 'OUTGOING';
        const outcome = await probe(
          passwordLogin({ direction, username: address, password, port: sandbox.servers[name].port, security: 'TLS' }),
          { timeoutMs: 10_000 },
        );
        expect(leaksIn(JSON.stringify(outcome), { password })).toEqual([]);
        expect(outcome).toMatchObject({ kind: 'FAILED', evidence: { text: expect.stringContaining('[redacted]') } });
        expect(outcome).toMatchObject({
          evidence: name === 'imap' ? { responseCode: 'AUTHENTICATIONFAILED' } : { replyCode: 535, enhancedCode: '5.7.8' },
        });
      }
    }
  });

  test('words that servers say anyway, and texts of three characters, are not hidden: it would hide what the server says', () => {
    for (const text of ['password', 'Authentication', 'abc']) expect(formsOfSecret(new Secret(text))).toEqual([]);
    expect(formsOfSecret(new Secret('passwords'))).toContain('passwords');
  });
});
