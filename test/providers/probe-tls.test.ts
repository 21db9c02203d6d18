import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { diagnose } from '../../src/domain/diagnose/diagnose.ts';
import type { LegDirection } from '../../src/domain/mail.ts';
import { parseNetworkAllow } from '../../src/network/network-allow.ts';
import { createPinHost } from '../../src/network/pin.ts';
import { resolveHost } from '../../src/network/resolve.ts';
import { createProbe } from '../../src/providers/login-probe.ts';
import { passwordLogin, pinToLoopback } from '../contract/protocol/logins.ts';
import { createCertificateSet } from '../support/certificates.ts';
import type { CertificateSet } from '../support/certificates.ts';
import { startTestSandbox } from '../support/sandbox.ts';
import type { Sandbox } from '../support/sandbox.ts';

const address = 'support@acme.test';
const account = { address, password: 'right' };
const options = { timeoutMs: 10_000 };
const SERVERS = ['imap', 'imap-starttls', 'smtp', 'smtp-starttls'] as const;

describe('the certificate of a mail server (N5)', () => {
  let certificates: CertificateSet;
  const sandboxes: Partial<Record<keyof CertificateSet, Sandbox>> = {};
  beforeAll(async () => {
    certificates = await createCertificateSet();
    for (const kind of ['valid', 'expired', 'otherName'] as const) {
      sandboxes[kind] = await startTestSandbox({ accounts: [account], certificates: certificates[kind] });
    }
  });
  afterAll(() => Promise.all(Object.values(sandboxes).map((sandbox) => sandbox.stop())));

  function loginTo(kind: keyof CertificateSet, name: (typeof SERVERS)[number], host = 'localhost') {
    const server = sandboxes[kind]?.servers[name];
    if (server === undefined) throw new Error('The sandbox does not run.');
    const direction: LegDirection = server.protocol === 'imap' ? 'INCOMING' : 'OUTGOING';
    return passwordLogin({
      direction,
      host,
      port: server.port,
      security: server.security === 'tls' ? 'TLS' : 'STARTTLS',
      username: address,
      password: 'right',
    });
  }

  for (const name of SERVERS) {
    test(`${name}: expired, for another name or of an unknown authority is TLS_CERTIFICATE_INVALID, and nobody logs in`, async () => {
      const cases = [
        ['expired', certificates.expired.caPem],
        ['otherName', certificates.otherName.caPem],
        ['valid', certificates.otherName.caPem],
      ] as const;
      for (const [kind, caPem] of cases) {
        const probe = createProbe({ pinHost: pinToLoopback, ca: [caPem] });
        const outcome = await probe(loginTo(kind, name), options);
        if (outcome.kind === 'PROVEN') throw new Error(`A ${kind} certificate was accepted.`);
        expect(diagnose(outcome.evidence).reason, kind).toBe('TLS_CERTIFICATE_INVALID');
        expect(sandboxes[kind]?.state().servers.find((server) => server.name === name)?.loginAttempts).toBe(0);
      }
    });

    test(`${name}: an address instead of a name must be on the certificate`, async () => {
      const probe = createProbe({ pinHost: pinToLoopback, ca: [certificates.valid.caPem, certificates.otherName.caPem] });
      expect(await probe(loginTo('valid', name, '127.0.0.1'), options)).toEqual({ kind: 'PROVEN' });
      expect(await probe(loginTo('otherName', name, '127.0.0.1'), options)).toMatchObject({ kind: 'FAILED' });
    });
  }

  test('through the real guard: refused by default, allowed by NETWORK_ALLOW', async () => {
    const log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
    const guarded = (allowText: string) => {
      const parsed = parseNetworkAllow(allowText);
      if (!('ok' in parsed)) throw new Error('The list does not parse.');
      const pinHost = createPinHost({ resolve: resolveHost, allow: parsed.ok, trustedHosts: [], log });
      return createProbe({ pinHost, ca: [certificates.valid.caPem] });
    };
    for (const name of ['imap', 'smtp'] as const) {
      expect(await guarded('')(loginTo('valid', name), options)).toMatchObject({ evidence: { verdict: 'HOST_NOT_ALLOWED' } });
      expect(await guarded('localhost:*')(loginTo('valid', name), options)).toEqual({ kind: 'PROVEN' });
    }
  });
});
