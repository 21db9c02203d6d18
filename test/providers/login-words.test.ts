import type { Socket } from 'node:net';
import nodemailer from 'nodemailer';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createCertificates } from '../../sandbox/certificates.ts';
import { diagnose } from '../../src/domain/diagnose/diagnose.ts';
import type { Evidence } from '../../src/domain/evidence.ts';
import { createProbe } from '../../src/providers/login-probe.ts';
import type { LegLogin, Probe } from '../../src/providers/probe.ts';
import { startIntrospectionServer } from '../contract/protocol/introspection-server.ts';
import type { IntrospectionServer } from '../contract/protocol/introspection-server.ts';
import { passwordLogin, pinToLoopback, tokenLogin } from '../contract/protocol/logins.ts';
import { startTestSandbox } from '../support/sandbox.ts';
import type { Sandbox } from '../support/sandbox.ts';
import { onLines, startScriptedServer } from './scripted-server.ts';

const address = 'support@acme.test';

describe('what a probe keeps of the words of a server', () => {
  let sandbox: Sandbox;
  let introspection: IntrospectionServer;
  let probe: Probe;
  beforeAll(async () => {
    introspection = await startIntrospectionServer();
    introspection.grant('good-token', address);
    sandbox = await startTestSandbox({ accounts: [{ address, password: 'right' }], introspection });
    probe = createProbe({ pinHost: pinToLoopback, ca: [sandbox.caPem] });
  });
  afterAll(() => Promise.all([sandbox.stop(), introspection.stop()]));

  async function evidenceOf(login: LegLogin, by: Probe = probe): Promise<Evidence> {
    const outcome = await by(login, { timeoutMs: 10_000 });
    if (outcome.kind === 'PROVEN') throw new Error('This login was not supposed to work.');
    return outcome.evidence;
  }
  const incoming = { direction: 'INCOMING', security: 'TLS', username: address } as const;
  const outgoing = { direction: 'OUTGOING', security: 'TLS', username: address } as const;

  test('the context says where it happened', async () => {
    const evidence = await evidenceOf(
      passwordLogin({ ...incoming, provider: 'MICROSOFT_365', port: sandbox.servers.imap.port, password: 'wrong' }),
    );
    expect(evidence.context).toEqual({ protocol: 'IMAP', provider: 'MICROSOFT_365', host: 'localhost', authMethod: 'BASIC' });
    const withToken = await evidenceOf(tokenLogin({ ...outgoing, port: sandbox.servers.smtp.port, accessToken: 'bad-token' }));
    expect(withToken.context).toEqual({ protocol: 'SMTP', provider: 'OTHER', host: 'localhost', authMethod: 'OAUTH2' });
  });

  test('a mailbox that accepts the login but does not open is no success', async () => {
    sandbox.setFault(address, { kind: 'not-connected' });
    const evidence = await evidenceOf(passwordLogin({ ...incoming, port: sandbox.servers['microsoft-imap'].port, password: 'right' }));
    sandbox.setFault(address, null);
    expect(evidence.text).toContain('User is authenticated but not connected');
  });

  test('a list that is refused is no success either', async () => {
    const certificates = await createCertificates();
    const server = await startScriptedServer((socket) => {
      socket.write('* OK ready\r\n');
      onLines(socket, (line) => {
        const [tag = '', command = ''] = line.split(' ');
        if (command === 'CAPABILITY') socket.write('* CAPABILITY IMAP4rev1 NAMESPACE\r\n');
        socket.write(command === 'LIST' ? `${tag} NO [SERVERBUG] The mailbox store is broken\r\n` : `${tag} OK done\r\n`);
      });
    }, certificates);
    const evidence = await evidenceOf(
      passwordLogin({ ...incoming, port: server.port, password: 'right' }),
      createProbe({ pinHost: pinToLoopback, ca: [certificates.caPem] }),
    );
    await server.stop();
    expect(evidence.text).toContain('mailbox store is broken');
  });

  test('an untagged NO before the refusal is kept: it tells what the refusal does not', async () => {
    const certificates = await createCertificates();
    const server = await startScriptedServer((socket) => {
      socket.write('* OK ready\r\n');
      onLines(socket, (line) => {
        const [tag = '', command = ''] = line.split(' ');
        if (command === 'CAPABILITY') socket.write(`* CAPABILITY IMAP4rev1\r\n${tag} OK done\r\n`);
        if (command === 'LOGIN')
          socket.write(
            `* NO [WEBALERT https://accounts.example.com/signin] Web login required.\r\n${tag} NO [AUTHENTICATIONFAILED] Invalid credentials\r\n`,
          );
      });
    }, certificates);
    const evidence = await evidenceOf(
      passwordLogin({ ...incoming, port: server.port, password: 'right' }),
      createProbe({ pinHost: pinToLoopback, ca: [certificates.caPem] }),
    );
    await server.stop();
    expect(evidence.responseCode).toBe('AUTHENTICATIONFAILED');
    expect(evidence.text).toContain('Web login required');
  });

  test('the words of a BYE are kept, in the middle of a login and as a greeting', async () => {
    sandbox.setFault(address, { kind: 'reply', imap: 'BYE Connection closed. 14' });
    expect((await evidenceOf(passwordLogin({ ...incoming, port: sandbox.servers.imap.port, password: 'right' }))).text).toContain(
      'Connection closed. 14',
    );
    sandbox.setFault(address, null);
    sandbox.setServerFault('imap', { kind: 'bye-greeting' });
    expect((await evidenceOf(passwordLogin({ ...incoming, port: sandbox.servers.imap.port, password: 'right' }))).text).toContain(
      'shutting down',
    );
    sandbox.setServerFault('imap', null);
  });

  test('a BYE right after the greeting is not taken for a refused password', async () => {
    const certificates = await createCertificates();
    const server = await startScriptedServer((socket) => {
      socket.end('* OK ready\r\n* BYE Too many connections from your address\r\n');
    }, certificates);
    const evidence = await evidenceOf(
      passwordLogin({ ...incoming, port: server.port, password: 'right' }),
      createProbe({ pinHost: pinToLoopback, ca: [certificates.caPem] }),
    );
    await server.stop();
    expect(evidence.text).toContain('Too many connections');
  });

  describe('what the library concludes by itself', () => {
    const script = (replies: Readonly<Record<string, string>>) => (socket: Socket) => {
      socket.write('* OK ready\r\n');
      onLines(socket, (line) => {
        const [tag = '', command = ''] = line.split(' ');
        socket.write((replies[command] ?? 'TAG OK done').replaceAll('TAG', tag) + '\r\n');
      });
    };
    const cases = [
      [
        'a STARTTLS that is refused for now',
        { CAPABILITY: '* CAPABILITY IMAP4rev1 STARTTLS\r\nTAG OK done', STARTTLS: 'TAG NO [UNAVAILABLE] TLS is temporarily unavailable' },
        true,
      ],
      ['a CAPABILITY that is refused for now', { CAPABILITY: 'TAG NO [UNAVAILABLE] Server is too busy, try again later' }, true],
      ['a server that really has no STARTTLS', { CAPABILITY: '* CAPABILITY IMAP4rev1\r\nTAG OK done' }, false],
    ] as const;
    for (const [title, replies, retryable] of cases) {
      test(`${title} is ${retryable ? 'retried' : 'a wrong setting'}`, async () => {
        const server = await startScriptedServer(script(replies));
        const evidence = await evidenceOf(passwordLogin({ ...incoming, security: 'STARTTLS', port: server.port, password: 'right' }));
        await server.stop();
        expect(diagnose(evidence).retryable).toBe(retryable);
      });
    }

    for (const security of ['TLS', 'STARTTLS'] as const) {
      test(`${security}: a connection that ends after the greeting is a lost connection, with or without BYE`, async () => {
        const certificates = await createCertificates();
        for (const last of ['', '* BYE Internal error, closing\r\n']) {
          const server = await startScriptedServer(
            (socket) => {
              socket.write('* OK ready\r\n');
              onLines(socket, () => socket.end(last));
            },
            security === 'TLS' ? certificates : undefined,
          );
          const evidence = await evidenceOf(
            passwordLogin({ ...incoming, security, port: server.port, password: 'right' }),
            createProbe({ pinHost: pinToLoopback, ca: [certificates.caPem] }),
          );
          await server.stop();
          expect(evidence).toMatchObject({ codes: ['NoConnection'], authenticationFailed: false, tlsFailed: false });
          expect(diagnose(evidence).retryable).toBe(true);
          expect(evidence.text.includes('Internal error')).toBe(last !== '');
        }
      });
    }
  });

  test('the challenge of a refused token is kept, over IMAP and over SMTP', async () => {
    const overImap = await evidenceOf(tokenLogin({ ...incoming, port: sandbox.servers['imap-xoauth2'].port, accessToken: 'bad-token' }));
    expect(overImap.saslError).toEqual({ status: '401', schemes: 'bearer', scope: 'mail' });
    const overBearer = await evidenceOf(tokenLogin({ ...incoming, port: sandbox.servers.imap.port, accessToken: 'bad-token' }));
    expect(overBearer.saslError).toMatchObject({ status: 'invalid_token' });
    const overSmtp = await evidenceOf(tokenLogin({ ...outgoing, port: sandbox.servers.smtp.port, accessToken: 'bad-token' }));
    expect(overSmtp.saslError).toEqual({ status: '401', schemes: 'bearer', scope: 'mail' });
    expect(overSmtp.command).toBe('AUTH XOAUTH2');
    expect(overSmtp.replyCode).toBe(535);
  });

  test('a refused token costs one login attempt', async () => {
    sandbox.reset();
    await evidenceOf(tokenLogin({ ...outgoing, port: sandbox.servers.smtp.port, accessToken: 'bad-token' }));
    await evidenceOf(tokenLogin({ ...incoming, port: sandbox.servers.imap.port, accessToken: 'bad-token' }));
    expect(sandbox.state().accounts[0]?.loginAttempts).toEqual({ imap: 1, smtp: 1 });
  });

  test("negative control: nodemailer's own XOAUTH2 tries a refused token twice", async () => {
    sandbox.reset();
    const { port } = sandbox.servers.smtp;
    const transport = nodemailer.createTransport({
      host: 'localhost',
      port,
      secure: true,
      tls: { ca: sandbox.caPem },
      forceAuth: true,
      auth: { type: 'OAuth2', user: address, accessToken: 'bad-token' },
    });
    await expect(transport.verify()).rejects.toThrow();
    transport.close();
    expect(sandbox.state().accounts[0]?.loginAttempts.smtp).toBe(2);
  });

  test('an SMTP server that offers no login is no success', async () => {
    sandbox.setServerFault('smtp', { kind: 'login-disabled' });
    const { port } = sandbox.servers.smtp;
    await evidenceOf(passwordLogin({ ...outgoing, port, password: 'wrong' }));
    const transport = nodemailer.createTransport({
      host: 'localhost',
      port,
      secure: true,
      tls: { ca: sandbox.caPem },
      auth: { user: address, pass: 'wrong' },
    });
    // Negative control: without forceAuth the library is content.
    expect(await transport.verify()).toBe(true);
    transport.close();
    sandbox.setServerFault('smtp', null);
  });

  test('OAUTHBEARER is used over SMTP where XOAUTH2 is not offered, and a server without it never sees the token', async () => {
    const certificates = await createCertificates();
    const by = createProbe({ pinHost: pinToLoopback, ca: [certificates.caPem] });
    let expects: 'nothing' | 'token' = 'nothing';
    const heard: string[] = [];
    const server = await startScriptedServer((socket) => {
      socket.write('220 ready\r\n');
      onLines(socket, (line) => {
        heard.push(line);
        if (line.startsWith('EHLO')) socket.write('250-here\r\n250 AUTH PLAIN OAUTHBEARER\r\n');
        else if (line === 'AUTH OAUTHBEARER')
          socket.write(expects === 'token' ? '334 \r\n' : '504 5.5.4 Unrecognized authentication type\r\n');
        else if (expects === 'token') socket.write('235 2.7.0 welcome\r\n');
      });
    }, certificates);
    const login = tokenLogin({ ...outgoing, username: 'a,b=c@acme.test', port: server.port, accessToken: 'good-token' });
    const refused = await evidenceOf(login, by);
    expect(refused).toMatchObject({ replyCode: 504, command: 'AUTH OAUTHBEARER' });
    expect(heard.join('\n')).not.toContain(Buffer.from('good-token').toString('base64').slice(2, 10));
    expects = 'token';
    expect(await by(login, { timeoutMs: 10_000 })).toEqual({ kind: 'PROVEN' });
    const sent = Buffer.from(heard.find((line) => line.startsWith('biw') || line.startsWith('bixh')) ?? '', 'base64').toString('utf8');
    expect(sent).toBe(`n,a=a=2Cb=3Dc@acme.test,\u0001host=localhost\u0001port=${server.port}\u0001auth=Bearer good-token\u0001\u0001`);
    await server.stop();
  });

  test('a user name with a slash still logs in', async () => {
    sandbox.addAccount({ address: 'domain/shared', password: 'right' });
    for (const [at, port] of [
      [incoming, sandbox.servers.imap.port],
      [outgoing, sandbox.servers.smtp.port],
    ] as const) {
      expect(await probe(passwordLogin({ ...at, username: 'domain/shared', port, password: 'right' }), { timeoutMs: 10_000 })).toEqual({
        kind: 'PROVEN',
      });
    }
  });

  test('a password of any other characters logs in', async () => {
    const password = 'ü"\\ {3}\t漢字 =,%';
    sandbox.addAccount({ address: 'odd@acme.test', password });
    for (const name of ['imap', 'imap-starttls', 'smtp', 'smtp-starttls'] as const) {
      const { port, protocol, security } = sandbox.servers[name];
      const outcome = await probe(
        passwordLogin({
          direction: protocol === 'imap' ? 'INCOMING' : 'OUTGOING',
          security: security === 'tls' ? 'TLS' : 'STARTTLS',
          username: 'odd@acme.test',
          port,
          password,
        }),
        { timeoutMs: 10_000 },
      );
      expect(outcome).toEqual({ kind: 'PROVEN' });
    }
  });
});
