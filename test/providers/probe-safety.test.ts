import { ImapFlow } from 'imapflow';
import nodemailer from 'nodemailer';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LegDirection } from '../../src/domain/mail.ts';
import { HostNotAllowed } from '../../src/network/dial.ts';
import { createProbe } from '../../src/providers/login-probe.ts';
import type { Probe } from '../../src/providers/probe.ts';
import { passwordLogin, pinToLoopback, tokenLogin } from '../contract/protocol/logins.ts';
import { startNetworkBetween } from '../contract/protocol/network-between.ts';
import { startTestSandbox } from '../support/sandbox.ts';
import type { Sandbox } from '../support/sandbox.ts';
import { startScriptedServer } from './scripted-server.ts';

const address = 'support@acme.test';
const password = 'canary-Pa55word';
const accessToken = 'canary-access-token-eyJhbGciOi';
const DIRECTIONS: readonly LegDirection[] = ['INCOMING', 'OUTGOING'];
const options = { timeoutMs: 10_000 };

describe('what a probe gives away', () => {
  let sandbox: Sandbox;
  let probe: Probe;
  beforeAll(async () => {
    sandbox = await startTestSandbox({ accounts: [{ address, password }] });
    probe = createProbe({ pinHost: pinToLoopback, ca: [sandbox.caPem] });
  });
  afterAll(() => sandbox.stop());

  describe('STARTTLS stripping (N4)', () => {
    const plainPort = (direction: LegDirection) => sandbox.servers[direction === 'INCOMING' ? 'imap-starttls' : 'smtp-starttls'].port;
    beforeAll(() => {
      sandbox.setServerFault('imap-starttls', { kind: 'no-starttls' });
      sandbox.setServerFault('smtp-starttls', { kind: 'no-starttls' });
    });
    afterAll(() => {
      sandbox.reset();
    });

    for (const direction of DIRECTIONS) {
      for (const kind of ['password', 'access token'] as const) {
        test(`${direction}: no byte of a ${kind} reaches a server whose STARTTLS was stripped`, async () => {
          const between = await startNetworkBetween(plainPort(direction));
          const at = { direction, port: between.port, security: 'STARTTLS', username: address } as const;
          const outcome = await probe(
            kind === 'password' ? passwordLogin({ ...at, password }) : tokenLogin({ ...at, accessToken }),
            options,
          );
          expect(outcome.kind).toBe('FAILED');
          expect(secretsIn(between.heard())).toEqual([]);
          expect(between.heard().toString('latin1')).not.toContain(address);
          await between.stop();
        });
      }
    }

    test('the sandbox itself saw no login in clear', () => {
      const { servers } = sandbox.state();
      expect(servers.map((server) => server.credentialsInClear)).toEqual(servers.map(() => 0));
    });

    test('negative control: with the library defaults the password goes out in clear over IMAP', async () => {
      const between = await startNetworkBetween(plainPort('INCOMING'));
      const client = new ImapFlow({
        host: '127.0.0.1',
        port: between.port,
        secure: false,
        auth: { user: address, pass: password },
        logger: false,
        verifyOnly: true,
      });
      client.on('error', () => undefined);
      await client.connect();
      expect(secretsIn(between.heard())).not.toEqual([]);
      await between.stop();
    });

    test('negative control: with the library defaults the password goes out in clear over SMTP', async () => {
      const between = await startNetworkBetween(plainPort('OUTGOING'));
      const transport = nodemailer.createTransport({
        host: '127.0.0.1',
        port: between.port,
        secure: false,
        auth: { user: address, pass: password },
      });
      await transport.verify();
      transport.close();
      expect(secretsIn(between.heard())).not.toEqual([]);
      await between.stop();
    });
  });

  describe('what cannot be sent safely (N7)', () => {
    const FORGED = [
      'a\r\nX LOGOUT',
      'u\u0001auth=Bearer evil\u0001\u0001',
      'nul\u0000byte',
      'del\u007f',
      'c1\u0085line',
      '',
      'x'.repeat(600),
    ];
    for (const direction of DIRECTIONS) {
      test(`${direction}: a user name with control characters, without any, or endless is refused before a connection`, async () => {
        const server = await startScriptedServer((socket) => socket.resume());
        for (const username of FORGED) {
          const at = { direction, port: server.port, security: 'TLS', username } as const;
          for (const login of [passwordLogin({ ...at, password }), tokenLogin({ ...at, accessToken })]) {
            const outcome = await probe(login, options);
            expect(outcome).toMatchObject({ kind: 'FAILED', evidence: { library: 'gateway', verdict: null, codes: ['INVALID_LOGIN'] } });
            expect(username !== '' && JSON.stringify(outcome).includes(username)).toBe(false);
          }
        }
        expect(server.connections()).toBe(0);
        await server.stop();
      });

      test(`${direction}: a password or token that would end its field is refused before a connection`, async () => {
        const server = await startScriptedServer((socket) => socket.resume());
        const at = { direction, port: server.port, security: 'TLS', username: address } as const;
        const logins = [
          passwordLogin({ ...at, password: 'p\u0000q' }),
          passwordLogin({ ...at, password: 'p\r\nQUIT' }),
          tokenLogin({ ...at, accessToken: 't\u0001u' }),
        ];
        for (const login of logins) expect(await probe(login, options)).toMatchObject({ evidence: { codes: ['INVALID_LOGIN'] } });
        expect(server.connections()).toBe(0);
        await server.stop();
      });
    }
  });

  for (const direction of DIRECTIONS) {
    test(`${direction}: a host that the guard refuses is HOST_NOT_ALLOWED and its operator's detail stays inside`, async () => {
      const guarded = createProbe({
        pinHost: () => Promise.reject(new HostNotAllowed('mail.internal is not allowed here.', 'resolves to 10.0.0.7')),
        ca: null,
      });
      const outcome = await guarded(passwordLogin({ direction, port: 993, security: 'TLS', username: address, password }), options);
      expect(outcome).toMatchObject({ evidence: { verdict: 'HOST_NOT_ALLOWED', text: 'mail.internal is not allowed here.' } });
      expect(JSON.stringify(outcome)).not.toContain('10.0.0.7');
    });

    test(`${direction}: a probe answers even when the guard throws what is no error`, async () => {
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
      const broken = createProbe({ pinHost: () => Promise.reject('boom'), ca: null });
      const outcome = await broken(passwordLogin({ direction, port: 993, security: 'TLS', username: address, password }), options);
      expect(outcome.kind).toBe('FAILED');
    });
  }

  test('no evidence of any failure holds the secret, in clear or encoded', async () => {
    const kinds = ['unavailable', 'limit', 'busy', 'bye', 'drop', 'app-password-required', 'not-connected', 'throttle'] as const;
    const outcomes: string[] = [];
    for (const kind of [...kinds, null]) {
      sandbox.setFault(address, kind === null ? null : { kind });
      for (const [direction, name] of [
        ['INCOMING', 'imap'],
        ['OUTGOING', 'smtp'],
      ] as const) {
        const at = { direction, port: sandbox.servers[name].port, security: 'TLS', username: address } as const;
        for (const login of [
          passwordLogin({ ...at, password: kind === null ? `${password}!` : password }),
          tokenLogin({ ...at, accessToken }),
        ]) {
          outcomes.push(JSON.stringify(await probe(login, options)));
        }
      }
    }
    sandbox.setFault(address, null);
    expect(outcomes.filter((outcome) => outcome.includes('FAILED')).length).toBeGreaterThan(30);
    expect(secretsIn(Buffer.from(outcomes.join('\n')))).toEqual([]);
  });

  test('a server that repeats the password in its refusal does not get it into the evidence', async () => {
    sandbox.setFault(address, {
      kind: 'reply',
      imap: `NO [AUTHENTICATIONFAILED] AUTH PLAIN ${plain()} was wrong`,
      smtp: `535 5.7.8 AUTH PLAIN ${plain()} was wrong`,
    });
    for (const [direction, name] of [
      ['INCOMING', 'imap'],
      ['OUTGOING', 'smtp'],
    ] as const) {
      const outcome = await probe(
        passwordLogin({ direction, port: sandbox.servers[name].port, security: 'TLS', username: address, password }),
        options,
      );
      expect(outcome.kind).toBe('FAILED');
      expect(secretsIn(Buffer.from(JSON.stringify(outcome)))).toEqual([]);
    }
    sandbox.setFault(address, null);
  });
});

function plain(): string {
  return Buffer.from(`\u0000${address}\u0000${password}`).toString('base64');
}

/** Which secrets are in these bytes: as they are, and in every alignment of base64. */
function secretsIn(bytes: Buffer): string[] {
  const text = bytes.toString('latin1');
  return [password, accessToken].filter((secret) => {
    const encoded = [0, 1, 2].map((shift) =>
      Buffer.from('x'.repeat(shift) + secret)
        .toString('base64')
        .slice(4, -4),
    );
    return [secret, ...encoded].some((form) => text.includes(form));
  });
}
