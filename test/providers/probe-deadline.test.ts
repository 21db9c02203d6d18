import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createCertificates } from '../../sandbox/certificates.ts';
import type { LegDirection } from '../../src/domain/mail.ts';
import type { PinHost } from '../../src/network/dial.ts';
import { createProbe } from '../../src/providers/login-probe.ts';
import type { ProbeOutcome } from '../../src/providers/probe.ts';
import { passwordLogin, pinToLoopback } from '../contract/protocol/logins.ts';
import { startTestSandbox } from '../support/sandbox.ts';
import type { Sandbox } from '../support/sandbox.ts';
import { onLines, startScriptedServer } from './scripted-server.ts';

const address = 'support@acme.test';
/** Long enough for a handshake on a busy machine. */
const SHORT_MS = 2_000;

function codesOf(outcome: ProbeOutcome): readonly string[] {
  return outcome.kind === 'FAILED' ? outcome.evidence.codes : [];
}

describe('the deadline of a probe', () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await startTestSandbox({ accounts: [{ address, password: 'right' }] });
  });
  afterAll(() => sandbox.stop());

  const probeOf = (pinHost: PinHost = pinToLoopback) => createProbe({ pinHost, ca: [sandbox.caPem] });
  const loginAt = (direction: LegDirection, port: number, security: 'TLS' | 'STARTTLS' = 'TLS') =>
    passwordLogin({ direction, port, security, username: address, password: 'right' });
  const portOf = (direction: LegDirection) => (direction === 'INCOMING' ? sandbox.servers.imap.port : sandbox.servers.smtp.port);

  for (const direction of ['INCOMING', 'OUTGOING'] as const) {
    test(`${direction}: a resolver that never answers ends as one that has no answer now`, async () => {
      const outcome = await probeOf(() => new Promise(() => undefined))(loginAt(direction, 993), { timeoutMs: SHORT_MS });
      expect(codesOf(outcome)).toContain('EAI_AGAIN');
    });

    test(`${direction}: silence before the TLS handshake is named as a connection that never was`, async () => {
      const server = await startScriptedServer((socket) => socket.resume());
      const outcome = await probeOf()(loginAt(direction, server.port), { timeoutMs: SHORT_MS });
      expect(codesOf(outcome)).toContain('CONNECT_TIMEOUT');
      await server.stop();
    });

    test(`${direction}: silence instead of a greeting is named as that`, async () => {
      const server = await startScriptedServer((socket) => socket.resume());
      const outcome = await probeOf()(loginAt(direction, server.port, 'STARTTLS'), { timeoutMs: SHORT_MS });
      expect(codesOf(outcome)).toContain('GREETING_TIMEOUT');
      await server.stop();
    });

    test(`${direction}: a login that is never answered is no greeting that never came`, async () => {
      sandbox.setFault(address, { kind: 'hang' });
      const outcome = await probeOf()(loginAt(direction, portOf(direction)), { timeoutMs: SHORT_MS });
      sandbox.setFault(address, null);
      expect(outcome.kind).toBe('FAILED');
      expect(codesOf(outcome)).not.toContain('GREETING_TIMEOUT');
    });

    test(`${direction}: a caller who stops the probe gets an outcome at once, which blames nobody`, async () => {
      const server = await startScriptedServer((socket) => socket.resume());
      const stop = new AbortController();
      const running = probeOf()(loginAt(direction, server.port), { timeoutMs: 60_000, signal: stop.signal });
      while (server.connections() === 0) await new Promise((resolve) => setImmediate(resolve));
      stop.abort();
      const outcome = await running;
      expect(outcome).toMatchObject({ kind: 'FAILED', evidence: { library: 'gateway', verdict: 'CONNECTION_CLOSED' } });
      while (server.openConnections() > 0) await new Promise((resolve) => setImmediate(resolve));
      await server.stop();
    });

    test(`${direction}: a signal that was aborted before connects nowhere`, async () => {
      const server = await startScriptedServer((socket) => socket.resume());
      const outcome = await probeOf()(loginAt(direction, server.port), { timeoutMs: 60_000, signal: AbortSignal.abort() });
      expect(outcome.kind).toBe('FAILED');
      expect(server.connections()).toBe(0);
      await server.stop();
    });
  }

  test('a throttle of minutes is reported at once, with its time, and the connection is closed', async () => {
    sandbox.setFault(address, { kind: 'throttle', ms: 299_961 });
    const outcome = await probeOf()(loginAt('INCOMING', sandbox.servers['microsoft-imap'].port), { timeoutMs: 3_600_000 });
    sandbox.setFault(address, null);
    expect(outcome).toMatchObject({ kind: 'FAILED', evidence: { retryAfterMs: 299_961 } });
    expect(codesOf(outcome)).toContain('ETHROTTLE');
  });

  test('a proven SMTP login does not wait for ever for the answer to QUIT', async () => {
    const certificates = await createCertificates();
    const server = await startScriptedServer((socket) => {
      socket.write('220 ready\r\n');
      onLines(socket, (line) => {
        if (line.startsWith('EHLO')) socket.write('250-here\r\n250 AUTH PLAIN\r\n');
        else if (line.startsWith('AUTH')) socket.write('235 2.7.0 welcome\r\n');
      });
    }, certificates);
    const probe = createProbe({ pinHost: pinToLoopback, ca: [certificates.caPem] });
    expect(await probe(loginAt('OUTGOING', server.port), { timeoutMs: 60_000 })).toEqual({ kind: 'PROVEN' });
    await server.stop();
  });
});
