// SSRF (OWASP), DNS rebinding, and what the operator lets through. Nothing here dials a host: the resolver is scripted.
import { connect, createServer, type AddressInfo } from 'node:net';

import fc from 'fast-check';
import ipaddr from 'ipaddr.js';
import { describe, expect, test } from 'vitest';

import { isPublicAddress } from '../../src/network/address-range.ts';
import { HostNotAllowed, type DialPurpose, type PinnedHost } from '../../src/network/dial.ts';
import { parseNetworkAllow, type NetworkAllow } from '../../src/network/network-allow.ts';
import { createPinHost } from '../../src/network/pin.ts';
import { createLogSpy } from './log-spy.ts';

const never = new AbortController().signal;
const PUBLIC = '93.184.216.34';
const PUBLIC_V6 = '2606:2800:220:1:248:1893:25c8:1946';

interface Rig {
  readonly pin: (host: string, port?: number, purpose?: DialPurpose) => Promise<PinnedHost>;
  readonly resolved: string[];
  readonly log: ReturnType<typeof createLogSpy>;
}

/** `answers` are given in turn, the last one for ever. */
function rig(
  options: { answers?: readonly (readonly string[])[]; allow?: string; trusted?: { host: string; port: number }[]; own?: string[] } = {},
): Rig {
  const resolved: string[] = [];
  const log = createLogSpy();
  const answers = options.answers ?? [[PUBLIC]];
  const pinHost = createPinHost({
    resolve: async (host) => {
      resolved.push(host);
      return answers[Math.min(resolved.length, answers.length) - 1]!;
    },
    allow: allowed(options.allow ?? ''),
    trustedHosts: options.trusted ?? [],
    ownAddresses: options.own ?? [],
    log,
  });
  return { pin: (host, port = 993, purpose = 'mail') => pinHost(host, port, purpose, never), resolved, log };
}

function allowed(text: string): readonly NetworkAllow[] {
  const parsed = parseNetworkAllow(text);
  if ('problems' in parsed) throw new Error(parsed.problems.join());
  return parsed.ok;
}

const FORBIDDEN_LITERALS = [
  '127.0.0.1',
  '127.255.255.254',
  '10.0.0.1',
  '172.16.0.1',
  '192.168.1.1',
  '169.254.169.254',
  '100.64.0.1',
  '0.0.0.0',
  '255.255.255.255',
  '224.0.0.1',
  '192.0.2.1',
  '198.18.0.1',
  '203.0.113.9',
  '240.0.0.1',
  '168.63.129.16',
  '::',
  '::1',
  '::ffff:127.0.0.1',
  '::ffff:169.254.169.254',
  '::ffff:a9fe:a9fe',
  '::127.0.0.1',
  '::a9fe:a9fe',
  '64:ff9b::a9fe:a9fe',
  '64:ff9b:1::a00:1',
  '2002:7f00:1::',
  '2001:0:4136:e378:8000:63bf:3fff:fdd2',
  'fe80::1',
  'fe80::1%eth0',
  'fec0::1',
  'fd00:ec2::254',
  'fc00::1',
  'ff02::1',
  '2001:db8::1',
  '4000::1',
];
const FORBIDDEN_FORMS = [
  '',
  ' ',
  '127.1',
  '127.0.1',
  '2130706433',
  '0x7f000001',
  '0x7f.1',
  '0177.0.0.1',
  '017700000001',
  '0',
  '1.2.3.4.5',
  '127.0.0.1.',
  '1.1',
  '0x0a.0x00.0x00.0x01',
  'localhost',
  'LOCALHOST',
  'localhost.',
  'mail',
  'mail.example.com.',
  '[::1]',
  '[::ffff:127.0.0.1]',
  'mail.example.com:993',
  'https://mail.example.com',
  'user@mail.example.com',
  'user:pass@127.0.0.1',
  'mail.example.com/path',
  'mail.example.com?x',
  'mail.example.com#x',
  'mail.example.com\\x',
  'mail.example.com\r\nRCPT TO:<x>',
  'mail.example.com\n',
  'mail.example.com\0',
  '\tmail.example.com',
  'mail .example.com',
  'mail%2eexample.com',
  '%31%32%37.0.0.1',
  'mail..example.com',
  '.example.com',
  '-mail.example.com',
  'mail-.example.com',
  'mail_1.example.com',
  'mail.123',
  'mail.0x7f',
  '*.example.com',
  '１２７.０.０.１',
  '①②⑦.⓪.⓪.①',
  '127。0。0。1',
  'ｌｏｃａｌｈｏｓｔ',
  'xn--a.\u{200d}\u0300',
  `${'a'.repeat(64)}.example.com`,
  `${'a.'.repeat(130)}com`,
];

describe('hosts that are refused', () => {
  test('before anything is resolved: every literal in a forbidden range and every form that is no strict name', async () => {
    const refused: string[] = [];
    const { pin, resolved, log } = rig();
    const hosts = [...FORBIDDEN_LITERALS, ...FORBIDDEN_FORMS];
    for (const host of hosts) {
      const error: unknown = await pin(host).then(
        () => null,
        (thrown: unknown) => thrown,
      );
      if (error instanceof HostNotAllowed) refused.push(host);
    }
    expect(refused).toEqual(hosts);
    expect(hosts.length).toBeGreaterThanOrEqual(34);
    expect(resolved).toEqual([]);
    expect(log.lines).toHaveLength(hosts.length);
  });

  test('with zero connections: a listener on a forbidden address hears nothing', async () => {
    let accepted = 0;
    const server = createServer(() => (accepted += 1));
    await new Promise<void>((listening) => server.listen(0, '127.0.0.3', listening));
    try {
      const { port } = server.address() as AddressInfo;
      for (const host of ['127.0.0.3', '127.3', '2130706435', '::ffff:127.0.0.3', 'mail.example.com']) {
        const { pin } = rig({ answers: [['127.0.0.3']] });
        for (const tried of [port, 993]) {
          await expect(pin(host, tried).then((pinned) => connect(pinned.port, pinned.address))).rejects.toBeInstanceOf(HostNotAllowed);
        }
      }
      expect(accepted).toBe(0);

      // Negative control: let through, the same listener is reached.
      const { pin } = rig({ allow: '127.0.0.0/8:*' });
      const pinned = await pin('127.0.0.3', port);
      const socket = connect(pinned.port, pinned.address);
      await new Promise((connected) => socket.once('connect', connected));
      await new Promise((closed) => socket.destroy().once('close', closed));
      await new Promise((polled) => setImmediate(polled));
      expect(accepted).toBe(1);
    } finally {
      await new Promise((closed) => server.close(closed));
    }
  });

  test.each(FORBIDDEN_LITERALS.filter((address) => !address.includes('%')))('a name that resolves to %s', async (address) => {
    const { pin } = rig({ answers: [[address]] });
    await expect(pin('mail.example.com')).rejects.toBeInstanceOf(HostNotAllowed);
  });

  test('a name with one forbidden address among good ones, wherever it stands', async () => {
    for (const answers of [
      [PUBLIC, '10.0.0.1'],
      ['10.0.0.1', PUBLIC],
      [PUBLIC, PUBLIC_V6, '::1'],
      [PUBLIC, 'garbage'],
    ]) {
      await expect(rig({ answers: [answers] }).pin('mail.example.com')).rejects.toBeInstanceOf(HostNotAllowed);
    }
  });

  test("this machine's own public addresses", async () => {
    const { pin } = rig({ own: [PUBLIC, PUBLIC_V6] });
    await expect(pin(PUBLIC)).rejects.toBeInstanceOf(HostNotAllowed);
    await expect(pin('mail.example.com')).rejects.toBeInstanceOf(HostNotAllowed);
    await expect(pin(`::ffff:${PUBLIC}`)).rejects.toBeInstanceOf(HostNotAllowed);
    await expect(pin('93.184.216.35')).resolves.toMatchObject({ address: '93.184.216.35' });
  });

  test.each<[DialPurpose, readonly number[], readonly number[]]>([
    ['mail', [25, 143, 465, 587, 993, 2525], [22, 80, 110, 443, 6379, 9200, 27017, 0, -1, 65_536, 1.5, Number.NaN]],
    ['https', [443], [22, 25, 80, 993, 8443]],
  ])('ports for %s: only the usual ones', async (purpose, usual, others) => {
    const { pin, resolved } = rig();
    for (const port of others) await expect(pin('mail.example.com', port, purpose)).rejects.toBeInstanceOf(HostNotAllowed);
    expect(resolved).toEqual([]);
    for (const port of usual) await expect(pin('mail.example.com', port, purpose)).resolves.toMatchObject({ port });
  });

  test('the message names the variable and not the address; the address goes to the operator', async () => {
    const { pin, log } = rig({ answers: [['10.11.12.13']] });
    const error = (await pin('intranet.example.com').catch((thrown: unknown) => thrown)) as HostNotAllowed;
    expect(error.message).toContain('NETWORK_ALLOW');
    expect(error.message).not.toContain('10.11.12.13');
    expect(error.operatorDetail).toContain('10.11.12.13');
    expect(JSON.stringify(log.lines)).toContain('10.11.12.13');
  });

  test('the message is the same for a forbidden address and for a forbidden port but for the port', async () => {
    const byAddress = (await rig({ answers: [['10.0.0.1']] })
      .pin('mail.example.com', 993)
      .catch((thrown: unknown) => thrown)) as Error;
    const byPort = (await rig()
      .pin('mail.example.com', 994)
      .catch((thrown: unknown) => thrown)) as Error;
    expect(byPort.message.replace('994', '993')).toBe(byAddress.message);
  });

  test('control characters and length reach neither message nor log raw', async () => {
    const { pin, log } = rig();
    const error = (await pin(`a\r\nb${'x'.repeat(5000)}`).catch((thrown: unknown) => thrown)) as HostNotAllowed;
    for (const text of [error.message, error.operatorDetail, String(log.lines[0]?.facts?.['host'])]) {
      expect(text).not.toMatch(/[\r\n]/);
      expect(text.length).toBeLessThan(400);
    }
  });
});

describe('a host that passes', () => {
  test('is resolved once and pinned: a name server that changes its answer changes nothing', async () => {
    const { pin, resolved } = rig({ answers: [[PUBLIC], ['127.0.0.1']] });
    const pinned = await pin('mail.example.com');
    expect(pinned).toEqual({ address: PUBLIC, port: 993, servername: 'mail.example.com' });
    expect(resolved).toEqual(['mail.example.com']);
    await expect(pin('mail.example.com')).rejects.toBeInstanceOf(HostNotAllowed);
  });

  test('200 times with answers that alternate, no forbidden address is ever pinned', async () => {
    const answers = Array.from({ length: 400 }, (_, index) =>
      index % 2 === 0 ? [PUBLIC] : index % 3 === 0 ? ['169.254.169.254'] : [PUBLIC, '127.0.0.1'],
    );
    const { pin } = rig({ answers });
    const pinned = await Promise.allSettled(Array.from({ length: 200 }, () => pin('mail.example.com')));
    const addresses = pinned.flatMap((result) => (result.status === 'fulfilled' ? [result.value.address] : []));
    expect(new Set(addresses)).toEqual(new Set([PUBLIC]));
    expect(addresses).toHaveLength(100);
  });

  test('prefers IPv4, takes IPv6 when there is nothing else', async () => {
    await expect(rig({ answers: [[PUBLIC_V6, PUBLIC]] }).pin('mail.example.com')).resolves.toMatchObject({ address: PUBLIC });
    await expect(rig({ answers: [[PUBLIC_V6]] }).pin('mail.example.com')).resolves.toMatchObject({ address: PUBLIC_V6 });
  });

  test('as a literal needs no resolver, and its certificate must carry the address', async () => {
    const { pin, resolved } = rig();
    await expect(pin(PUBLIC)).resolves.toEqual({ address: PUBLIC, port: 993, servername: PUBLIC });
    expect(resolved).toEqual([]);
  });

  test('is written in lower case and punycode', async () => {
    const { pin, resolved } = rig();
    await expect(pin('Mail.BÜCHER.example')).resolves.toMatchObject({ servername: 'mail.xn--bcher-kva.example' });
    await expect(pin('IMAP.Example.COM')).resolves.toMatchObject({ servername: 'imap.example.com' });
    expect(resolved).toEqual(['mail.xn--bcher-kva.example', 'imap.example.com']);
  });

  test('without an address is not found, which is no refusal', async () => {
    await expect(rig({ answers: [[]] }).pin('nowhere.example.com')).rejects.toMatchObject({ code: 'ENOTFOUND' });
  });

  test("the resolver's own error comes through", async () => {
    const failure = Object.assign(new Error('getaddrinfo EAI_AGAIN'), { code: 'EAI_AGAIN' });
    const pinHost = createPinHost({ resolve: () => Promise.reject(failure), allow: [], trustedHosts: [], log: createLogSpy() });
    await expect(pinHost('mail.example.com', 993, 'mail', never)).rejects.toBe(failure);
  });

  test('an aborted attempt is not pinned', async () => {
    const controller = new AbortController();
    const pinHost = createPinHost({
      resolve: () => {
        controller.abort(new Error('too late'));
        return Promise.resolve([PUBLIC]);
      },
      allow: [],
      trustedHosts: [],
      log: createLogSpy(),
    });
    await expect(pinHost('mail.example.com', 993, 'mail', controller.signal)).rejects.toThrow('too late');
    await expect(pinHost('mail.example.com', 993, 'mail', controller.signal)).rejects.toThrow('too late');
  });
});

describe('what the operator lets through', () => {
  test('a name with its ports: without a dot, and wherever it resolves to', async () => {
    const allow = 'mailhost:993,587;localhost:*';
    const inside = rig({ allow, answers: [['10.0.0.5']] });
    await expect(inside.pin('mailhost', 993)).resolves.toMatchObject({ address: '10.0.0.5', servername: 'mailhost' });
    await expect(inside.pin('MAILHOST', 587)).resolves.toMatchObject({ address: '10.0.0.5' });
    await expect(inside.pin('mailhost', 465)).rejects.toBeInstanceOf(HostNotAllowed);
    await expect(inside.pin('mailhost2', 993)).rejects.toBeInstanceOf(HostNotAllowed);
    await expect(inside.pin('10.0.0.5', 993)).rejects.toBeInstanceOf(HostNotAllowed);
    await expect(rig({ allow, answers: [['::1', '127.0.0.1']] }).pin('localhost', 31_143)).resolves.toMatchObject({ address: '127.0.0.1' });
  });

  test('a name does not let through what ends in it', async () => {
    const { pin } = rig({ allow: 'corp.lan:993', answers: [['10.0.0.5']] });
    await expect(pin('corp.lan')).resolves.toMatchObject({ address: '10.0.0.5' });
    await expect(pin('evil.corp.lan')).rejects.toBeInstanceOf(HostNotAllowed);
  });

  test('a block with its ports: as a literal and behind a name, but only if all addresses are in it or public', async () => {
    const allow = '10.20.0.0/24:993;[fd00:1::/32]:993';
    await expect(rig({ allow }).pin('10.20.0.7')).resolves.toMatchObject({ address: '10.20.0.7' });
    await expect(rig({ allow }).pin('fd00:1::7')).resolves.toMatchObject({ address: 'fd00:1::7' });
    await expect(rig({ allow }).pin('10.20.1.7')).rejects.toBeInstanceOf(HostNotAllowed);
    await expect(rig({ allow }).pin('10.20.0.7', 143)).rejects.toBeInstanceOf(HostNotAllowed);
    await expect(rig({ allow, answers: [['10.20.0.7', PUBLIC]] }).pin('mail.corp.example')).resolves.toMatchObject({
      address: '10.20.0.7',
    });
    await expect(rig({ allow, answers: [['10.20.0.7', '10.20.1.7']] }).pin('mail.corp.example')).rejects.toBeInstanceOf(HostNotAllowed);
    await expect(rig({ allow, answers: [['10.20.0.7']] }).pin('mail')).rejects.toBeInstanceOf(HostNotAllowed);
  });

  test('an odd port that is let through for a block is not let through for the rest of the world', async () => {
    const { pin } = rig({ allow: '10.20.0.0/24:9993' });
    await expect(pin('10.20.0.7', 9993)).resolves.toMatchObject({ port: 9993 });
    await expect(pin(PUBLIC, 9993)).rejects.toBeInstanceOf(HostNotAllowed);
    await expect(pin('mail.example.com', 9993)).rejects.toBeInstanceOf(HostNotAllowed);
  });

  test('who lets 127.0.0.1 through means localhost too, also where it has an IPv6 address beside it; no other short name', async () => {
    const { pin } = rig({ allow: '127.0.0.1:*', answers: [['::1', '127.0.0.1']] });
    await expect(pin('localhost', 3025)).resolves.toMatchObject({ address: '127.0.0.1', servername: 'localhost' });
    await expect(rig({ allow: '127.0.0.1:*', answers: [['127.0.0.1']] }).pin('mailhost', 993)).rejects.toThrow(HostNotAllowed);
    await expect(rig({ allow: '10.0.0.0/8:*', answers: [['127.0.0.1']] }).pin('localhost', 993)).rejects.toThrow(HostNotAllowed);
  });

  test('loopback for tests and the demo', async () => {
    const { pin } = rig({ allow: 'localhost:*;127.0.0.0/8:*;[::1]:*', answers: [['127.0.0.1']] });
    await expect(pin('localhost', 3025)).resolves.toMatchObject({ address: '127.0.0.1', port: 3025, servername: 'localhost' });
    await expect(pin('127.0.0.9', 1)).resolves.toMatchObject({ address: '127.0.0.9' });
    await expect(pin('::1', 65_535, 'https')).resolves.toMatchObject({ address: '::1' });
    await expect(pin('127.1', 3025)).rejects.toBeInstanceOf(HostNotAllowed);
  });

  test('a configured provider host, with exactly its port', async () => {
    const { pin } = rig({ trusted: [{ host: 'Sandbox', port: 10_993 }], answers: [['127.0.0.1']] });
    await expect(pin('sandbox', 10_993)).resolves.toMatchObject({ address: '127.0.0.1' });
    await expect(pin('sandbox', 993)).rejects.toBeInstanceOf(HostNotAllowed);
    await expect(pin('127.0.0.1', 10_993)).rejects.toBeInstanceOf(HostNotAllowed);
  });
});

describe('NETWORK_ALLOW', () => {
  test('is empty by default', () => {
    expect(parseNetworkAllow('')).toEqual({ ok: [] });
    expect(parseNetworkAllow(' ; ')).toEqual({ ok: [] });
  });

  test('reads names, addresses and blocks', () => {
    expect(parseNetworkAllow('Mail.corp.lan:993, 587 ;10.20.0.0/24:993;[fd00::/8]:*;192.0.2.7:*;[::1]:25')).toEqual({
      ok: [
        { kind: 'name', name: 'mail.corp.lan', ports: [993, 587] },
        { kind: 'block', block: { address: '10.20.0.0', prefixBits: 24 }, ports: [993] },
        { kind: 'block', block: { address: 'fd00::', prefixBits: 8 }, ports: 'any' },
        { kind: 'block', block: { address: '192.0.2.7', prefixBits: 32 }, ports: 'any' },
        { kind: 'block', block: { address: '::1', prefixBits: 128 }, ports: [25] },
      ],
    });
  });

  test('names every problem at once', () => {
    const bad = [
      'mail.corp.lan',
      'mail.corp.lan:',
      'mail.corp.lan:0',
      'mail.corp.lan:65536',
      'mail.corp.lan:imap',
      ':993',
      '10.0.0.0/33:993',
      '10.0.0/8:993',
      'fd00::/8:993',
      '[fd00::/129]:993',
      '[10.0.0.1:993',
      '[name]:993',
      'user@host:993',
      '127.1:993',
      '[::ffff:10.0.0.0/104]:*',
    ];
    const parsed = parseNetworkAllow(`localhost:*;${bad.join(';')}`);
    expect('problems' in parsed && parsed.problems.map((problem) => /^"(.*?)" /.exec(problem)?.[1])).toEqual(bad);
  });
});

describe('every address of a forbidden range', () => {
  const V4 = [
    '0.0.0.0/8',
    '10.0.0.0/8',
    '100.64.0.0/10',
    '127.0.0.0/8',
    '169.254.0.0/16',
    '172.16.0.0/12',
    '192.0.0.0/24',
    '192.0.2.0/24',
    '192.168.0.0/16',
    '198.18.0.0/15',
    '198.51.100.0/24',
    '203.0.113.0/24',
    '224.0.0.0/4',
    '240.0.0.0/4',
  ];
  const V6 = [
    '::/8',
    '64:ff9b::/96',
    '64:ff9b:1::/48',
    '100::/64',
    '2001::/23',
    '2001:db8::/32',
    '2002::/16',
    '3fff::/20',
    '4000::/2',
    '8000::/2',
    'c000::/3',
    'fc00::/7',
    'fe80::/10',
    'fec0::/10',
    'ff00::/8',
  ];

  function within(cidr: string): fc.Arbitrary<string> {
    const [base, bits] = ipaddr.parseCIDR(cidr);
    const fixed = base.toByteArray();
    return fc.uint8Array({ minLength: fixed.length, maxLength: fixed.length }).map((random) => {
      const bytes = fixed.map((byte, index) => {
        const mask = 0xff & ~(0xff >> Math.min(8, Math.max(0, bits - index * 8)));
        return (byte & mask) | (random[index]! & ~mask & 0xff);
      });
      return ipaddr.fromByteArray(bytes).toString();
    });
  }

  test.each([...V4, ...V6])('%s', (cidr) => {
    fc.assert(fc.property(within(cidr), (address) => !isPublicAddress(address)));
  });

  test.each(V4)('%s, written as IPv4-mapped IPv6', (cidr) => {
    fc.assert(fc.property(within(cidr), (address) => !isPublicAddress(`::ffff:${address}`)));
  });

  test('negative control: public ones are public', () => {
    for (const address of [PUBLIC, PUBLIC_V6, '8.8.8.8', '40.101.1.1', '2a00:1450:4001:80b::200e', `::ffff:${PUBLIC}`]) {
      expect(isPublicAddress(address)).toBe(true);
    }
  });
});
