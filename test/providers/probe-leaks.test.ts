import { EventEmitter } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createProbe } from '../../src/providers/login-probe.ts';
import type { LegLogin } from '../../src/providers/probe.ts';
import { passwordLogin, pinToLoopback } from '../contract/protocol/logins.ts';
import { startTestSandbox } from '../support/sandbox.ts';
import type { Sandbox } from '../support/sandbox.ts';
import { startScriptedServer } from './scripted-server.ts';

const address = 'support@acme.test';

/** Sockets of this process that are still open, and timers that would still fire. */
function handles(): { sockets: number; timers: number } {
  const resources = process.getActiveResourcesInfo();
  return {
    sockets: resources.filter((name) => name.startsWith('TCPSocket') || name.startsWith('TLS')).length,
    timers: resources.filter((name) => name === 'Timeout').length,
  };
}

async function settledHandles(baseline: ReturnType<typeof handles>): Promise<ReturnType<typeof handles>> {
  const giveUpAt = performance.now() + 10_000;
  let now = handles();
  while ((now.sockets > baseline.sockets || now.timers > baseline.timers) && performance.now() < giveUpAt) {
    await new Promise((resolve) => setImmediate(resolve));
    now = handles();
  }
  return now;
}

describe('after its outcome a probe leaves nothing behind', () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await startTestSandbox({
      accounts: [
        { address, password: 'right' },
        ...(['drop', 'bye', 'unavailable', 'hang', 'throttle'] as const).map((kind) => ({
          address: `${kind}@acme.test`,
          password: 'right',
          fault: { kind },
        })),
      ],
    });
  });
  afterAll(() => sandbox.stop());

  test('two hundred probes of every outcome: sockets, timers and listeners are back to the baseline', async () => {
    const silent = await startScriptedServer((socket) => socket.resume());
    const probe = createProbe({ pinHost: pinToLoopback, ca: [sandbox.caPem] });
    const { servers } = sandbox;
    const users = [
      address,
      'nobody@acme.test',
      'drop@acme.test',
      'bye@acme.test',
      'unavailable@acme.test',
      'hang@acme.test',
      'throttle@acme.test',
    ];
    const logins: LegLogin[] = Object.values(servers).flatMap(({ protocol, security, port }) => {
      const at = { direction: protocol === 'imap' ? 'INCOMING' : 'OUTGOING', security: security === 'tls' ? 'TLS' : 'STARTTLS' } as const;
      return [
        ...users.map((username) => passwordLogin({ ...at, port, username, password: 'right' })),
        // TLS to a port in clear and the reverse, a server that is silent, a port where nobody listens.
        passwordLogin({ ...at, security: security === 'tls' ? 'STARTTLS' : 'TLS', port, username: address, password: 'right' }),
        passwordLogin({ ...at, port: silent.port, username: address, password: 'right' }),
        passwordLogin({ ...at, port: 1, username: address, password: 'right' }),
      ];
    });
    const caller = new AbortController();
    const run = (login: LegLogin) => probe(login, { timeoutMs: 1_000, signal: caller.signal });
    await Promise.all(logins.slice(0, 10).map(run));
    const baseline = await settledHandles({ sockets: 0, timers: 0 });

    const many = Array.from({ length: 200 }, (_, index) => logins[index % logins.length] as LegLogin);
    const outcomes = [];
    for (let start = 0; start < many.length; start += 40) outcomes.push(...(await Promise.all(many.slice(start, start + 40).map(run))));

    expect(outcomes).toHaveLength(200);
    expect(outcomes.some((outcome) => outcome.kind === 'PROVEN')).toBe(true);
    const after = await settledHandles(baseline);
    expect(after.sockets).toBeLessThanOrEqual(baseline.sockets);
    expect(after.timers).toBeLessThanOrEqual(baseline.timers);
    expect(EventEmitter.getEventListeners(caller.signal, 'abort')).toEqual([]);
    await silent.stop();
  });
});
