import type { Socket } from 'node:net';
import { ImapFlow } from 'imapflow';
import { beforeAll, describe, expect, test } from 'vitest';
import { createCertificates } from '../../sandbox/certificates.ts';
import type { Certificates } from '../../sandbox/certificates.ts';
import type { LegDirection } from '../../src/domain/mail.ts';
import { createProbe } from '../../src/providers/login-probe.ts';
import type { Probe } from '../../src/providers/probe.ts';
import { passwordLogin, pinToLoopback } from '../contract/protocol/logins.ts';
import { drip, flood, onLines, startScriptedServer } from './scripted-server.ts';

// reliability-security N8: a mail server that a workspace chose may be anybody's.

const TIMEOUT_MS = 1_500;
/** A probe is over soon after its deadline even on a busy machine; without a deadline it would be minutes. */
const SLACK_MS = 3_000;
/** What a server can make the gateway read before it is cut off: the limits, and what the kernel buffers on loopback. */
const MAX_TAKEN_BYTES = 16 * 1024 * 1024;

interface Hostile {
  readonly title: string;
  readonly direction: LegDirection;
  readonly script: (socket: Socket) => void;
  /** Stopped by a limit, long before the deadline would. */
  readonly limited: boolean;
}

const kilobytes = (count: number): string => 'x'.repeat(count * 1024);
const answerImap = (socket: Socket, reply: (tag: string, command: string) => void): void => {
  socket.write('* OK ready\r\n');
  onLines(socket, (line) => {
    const [tag = '', command = ''] = line.split(' ');
    reply(tag, command.toUpperCase());
  });
};

const HOSTILE: readonly Hostile[] = [
  { title: 'an endless greeting line', direction: 'INCOMING', limited: true, script: (socket) => flood(socket, kilobytes(64)) },
  {
    title: 'a literal of a gigabyte',
    direction: 'INCOMING',
    limited: true,
    script: (socket) =>
      answerImap(socket, () => {
        socket.write('* CAPABILITY {1073741824}\r\n');
        flood(socket, kilobytes(64));
      }),
  },
  {
    title: 'many literals in one response',
    direction: 'INCOMING',
    limited: true,
    script: (socket) =>
      answerImap(socket, () => {
        socket.write('* CAPABILITY ');
        flood(socket, `{65536}\r\n${kilobytes(64)} `);
      }),
  },
  {
    title: 'a response of a hundred thousand tokens',
    direction: 'INCOMING',
    limited: true,
    script: (socket) =>
      answerImap(socket, () => {
        socket.write('* CAPABILITY ');
        flood(socket, `${'a '.repeat(20_000)} {1}\r\nx `);
      }),
  },
  {
    title: 'endless untagged responses',
    direction: 'INCOMING',
    limited: false,
    script: (socket) => answerImap(socket, () => flood(socket, '* OK still here\r\n')),
  },
  { title: 'endless BYEs', direction: 'INCOMING', limited: true, script: (socket) => flood(socket, '* BYE and again\r\n') },
  { title: 'a greeting that drips', direction: 'INCOMING', limited: false, script: (socket) => drip(socket, '* OK ', 20) },
  {
    title: 'an answer that drips',
    direction: 'INCOMING',
    limited: false,
    script: (socket) => answerImap(socket, () => drip(socket, '* CAPABILITY a b c ', 20)),
  },
  { title: 'an endless greeting line', direction: 'OUTGOING', limited: true, script: (socket) => flood(socket, kilobytes(64)) },
  {
    title: 'a reply with endless lines',
    direction: 'OUTGOING',
    limited: true,
    script: (socket) => flood(socket, `220-${kilobytes(1)}\r\n`),
  },
  { title: 'a greeting that drips', direction: 'OUTGOING', limited: false, script: (socket) => drip(socket, '220-more\r\n', 20) },
  { title: 'endless complete replies', direction: 'OUTGOING', limited: true, script: (socket) => flood(socket, '250 ok\r\n') },
  {
    title: 'an answer to EHLO that drips',
    direction: 'OUTGOING',
    limited: false,
    script: (socket) => {
      socket.write('220 ready\r\n');
      onLines(socket, () => drip(socket, '250-X\r\n', 20));
    },
  },
];

describe('hostile servers', () => {
  let certificates: Certificates;
  let probe: Probe;
  beforeAll(async () => {
    certificates = await createCertificates();
    probe = createProbe({ pinHost: pinToLoopback, ca: [certificates.caPem] });
  });

  for (const { title, direction, script, limited } of HOSTILE) {
    test(`${direction}: ${title} ${limited ? 'is cut off by a limit' : 'ends with the deadline'}`, async () => {
      const server = await startScriptedServer(script, certificates);
      const startedAt = performance.now();
      const outcome = await probe(
        passwordLogin({ direction, port: server.port, security: 'TLS', username: 'a@acme.test', password: 'canary-password' }),
        { timeoutMs: TIMEOUT_MS },
      );
      const tookMs = performance.now() - startedAt;
      const taken = server.bytesSent();
      await server.stop();
      expect(outcome.kind).toBe('FAILED');
      expect(tookMs).toBeLessThan(TIMEOUT_MS + SLACK_MS);
      if (limited) expect(taken).toBeLessThan(MAX_TAKEN_BYTES);
      expect(JSON.stringify(outcome)).not.toContain('canary-password');
      expect(JSON.stringify(outcome).length).toBeLessThan(20_000);
    });
  }

  test('fifty mailboxes at hostile servers do not delay a good one', async () => {
    const silent = await startScriptedServer((socket) => socket.resume());
    const flooding = await startScriptedServer((socket) => flood(socket, kilobytes(64)), certificates);
    const good = await startScriptedServer(
      (socket) =>
        answerImap(socket, (tag, command) => {
          if (command === 'CAPABILITY') socket.write('* CAPABILITY IMAP4rev1\r\n');
          if (command === 'LIST') socket.write('* LIST () "/" INBOX\r\n');
          socket.write(`${tag} OK done\r\n`);
        }),
      certificates,
    );
    const caller = new AbortController();
    const at = (port: number, signal?: AbortSignal) =>
      probe(passwordLogin({ direction: 'INCOMING', port, security: 'TLS', username: 'a@acme.test', password: 'p' }), {
        timeoutMs: 50_000,
        ...(signal === undefined ? {} : { signal }),
      });
    let hostileLeft = 50;
    const hostile = Array.from({ length: 50 }, (_, index) =>
      at(index % 2 === 0 ? silent.port : flooding.port, caller.signal).finally(() => {
        hostileLeft -= 1;
      }),
    );
    expect(await at(good.port)).toEqual({ kind: 'PROVEN' });
    expect(hostileLeft).toBeGreaterThanOrEqual(25);
    caller.abort();
    const outcomes = await Promise.all(hostile);
    expect(outcomes.every((outcome) => outcome.kind === 'FAILED')).toBe(true);
    await Promise.all([silent.stop(), flooding.stop(), good.stop()]);
  });

  test('negative control: with the library defaults an endless line is swallowed far beyond our limit', async () => {
    const server = await startScriptedServer((socket) => flood(socket, kilobytes(64)), certificates);
    const client = new ImapFlow({
      host: 'localhost',
      port: server.port,
      secure: true,
      tls: { ca: certificates.caPem },
      auth: { user: 'a', pass: 'p' },
      logger: false,
      verifyOnly: true,
    });
    client.on('error', () => undefined);
    const connected = client.connect().catch(() => undefined);
    const giveUpAt = performance.now() + 20_000;
    while (server.bytesSent() < 2 * MAX_TAKEN_BYTES && performance.now() < giveUpAt) await new Promise((resolve) => setImmediate(resolve));
    const taken = server.bytesSent();
    client.close();
    await connected;
    await server.stop();
    expect(taken).toBeGreaterThanOrEqual(2 * MAX_TAKEN_BYTES);
  });
});
