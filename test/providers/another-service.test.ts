import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createCertificates, type Certificates } from '../../sandbox/certificates.ts';
import { diagnose } from '../../src/domain/diagnose/diagnose.ts';
import type { Reason } from '../../src/domain/reason.ts';
import type { LegDirection, TransportSecurity } from '../../src/domain/mail.ts';
import { createProbe } from '../../src/providers/login-probe.ts';
import { passwordLogin, pinToLoopback } from '../contract/protocol/logins.ts';
import { onLines, startScriptedServer, type ScriptedServer } from './scripted-server.ts';

// "When the servers refuse, name, port, TLS and credentials are told apart" (design section 3, S1): whoever enters the port
// of another service is told so, and is not left waiting for a server that "could not be asked yet".

/** Long: what is told by waiting for the deadline would not end a test in time. */
const TIMEOUT_MS = 60_000;

describe('another service than expected answers', () => {
  const servers: ScriptedServer[] = [];
  let certificates: Certificates;

  beforeAll(async () => {
    certificates = await createCertificates();
  });
  afterAll(() => Promise.all(servers.map((server) => server.stop())));

  async function reasonOf(direction: LegDirection, greeting: string, security: TransportSecurity = 'TLS'): Promise<Reason> {
    const server = await startScriptedServer(
      (socket) => {
        socket.write(`${greeting}\r\n`);
        onLines(socket, (line) => {
          const [tag = '', command = ''] = line.split(' ');
          if (command === 'CAPABILITY') socket.write(`* CAPABILITY IMAP4rev1\r\n${tag} OK done\r\n`);
          else socket.write(`${tag} NO [AUTHENTICATIONFAILED] Wrong\r\n`);
        });
      },
      security === 'TLS' ? certificates : undefined,
    );
    servers.push(server);
    const probe = createProbe({ pinHost: pinToLoopback, ca: [certificates.caPem] });
    const login = passwordLogin({ direction, security, username: 'support@acme.test', port: server.port, password: 'secret' });
    const outcome = await probe(login, { timeoutMs: TIMEOUT_MS });
    if (outcome.kind === 'PROVEN') throw new Error('This login was not supposed to work.');
    return diagnose(outcome.evidence).reason;
  }

  test.each([
    ['SMTP', '220 mx.acme.test ESMTP Postfix'],
    ['SMTP, of several lines', '220-mx.acme.test ESMTP\r\n220 No spam.'],
    ['POP3', '+OK POP3 ready <1896.697170952@acme.test>'],
    ['HTTP', 'HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n'],
    ['SSH', 'SSH-2.0-OpenSSH_9.2p1 Debian-2'],
  ])('%s where IMAP was expected is the wrong protocol', async (_, greeting) => {
    expect(await reasonOf('INCOMING', greeting)).toBe('WRONG_PROTOCOL');
  });

  test('in clear, too', async () => {
    expect(await reasonOf('INCOMING', '220 mx.acme.test ESMTP Postfix', 'STARTTLS')).toBe('WRONG_PROTOCOL');
  });

  test('IMAP where SMTP was expected is the wrong protocol', async () => {
    expect(await reasonOf('OUTGOING', '* OK IMAP4rev1 ready')).toBe('WRONG_PROTOCOL');
  });

  test.each(['* OK ready', '* OK 220 mails are waiting', '* OK [ALERT] +OK for a while\r\n* OK ready'])(
    'IMAP where IMAP was expected is none (the control): %s',
    async (greeting) => {
      expect(await reasonOf('INCOMING', greeting)).toBe('BAD_CREDENTIALS');
    },
  );
});
