import { describe, expect, test } from 'vitest';

import type { ProviderServers } from '../../../src/domain/settings.ts';
import type { MailServerSuggestion } from '../../../src/network/discovered.ts';
import { createDiscovery, type DiscoveryOptions } from '../../../src/network/discovery/discover.ts';
import type { MxRecord, SrvRecord } from '../../../src/network/resolve.ts';
import { createLogSpy } from '../log-spy.ts';

const SERVERS: ProviderServers = {
  microsoftImap: { host: 'outlook.office365.com', port: 993, security: 'TLS' },
  microsoftSmtp: { host: 'smtp.office365.com', port: 587, security: 'STARTTLS' },
  microsoftPersonalSmtp: { host: 'smtp-mail.outlook.com', port: 587, security: 'STARTTLS' },
  gmailImap: { host: 'imap.gmail.com', port: 993, security: 'TLS' },
  gmailSmtp: { host: 'smtp.gmail.com', port: 465, security: 'TLS' },
};
const CONFIGURED: ProviderServers = { ...SERVERS, microsoftImap: { host: 'imap.sandbox.test', port: 10_993, security: 'TLS' } };

interface Network {
  readonly mx?: Readonly<Record<string, readonly MxRecord[]>>;
  readonly srv?: Readonly<Record<string, readonly SrvRecord[]>>;
  readonly pages?: Readonly<Record<string, string>>;
  readonly reachable?: readonly string[];
}

const ENOTFOUND = (): Promise<never> => Promise.reject(Object.assign(new Error('queryMx ENOTFOUND'), { code: 'ENOTFOUND' }));

function rig(network: Network, overrides: Partial<DiscoveryOptions> = {}) {
  const asked: string[] = [];
  const answer = <T>(table: Readonly<Record<string, T>> | undefined, key: string): Promise<T> => {
    asked.push(key);
    const found = table?.[key];
    return found === undefined ? ENOTFOUND() : Promise.resolve(found);
  };
  const discover = createDiscovery({
    resolveMx: (domain) => answer(network.mx, domain),
    resolveSrv: (name) => answer(network.srv, name),
    fetchText: (url) => answer(network.pages, url),
    isReachable: async (host, port) => network.reachable?.includes(`${host}:${port}`) ?? false,
    servers: SERVERS,
    log: createLogSpy(),
    ...overrides,
  });
  return { discover: (address: string) => discover(address, new AbortController().signal), asked };
}

const shown = (suggestions: readonly MailServerSuggestion[]): readonly string[] =>
  suggestions.map(({ source, provider, incoming, outgoing }) =>
    [
      source,
      provider,
      ...[incoming, outgoing].map((server) => (server === null ? '-' : `${server.host}:${server.port}:${server.security}`)),
    ].join(' '),
  );

const mx = (...exchanges: readonly string[]): readonly MxRecord[] =>
  exchanges.map((exchange, index) => ({ exchange, priority: (index + 1) * 10 }));
const srv = (target: string, port: number, priority = 0, weight = 0): SrvRecord => ({ target, port, priority, weight });

function clientConfig(imap: string, smtp: string, username = '%EMAILADDRESS%'): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<clientConfig version="1.1"><emailProvider id="x"><domain>acme.example</domain>
  <incomingServer type="pop3"><hostname>pop.acme.example</hostname><port>995</port><socketType>SSL</socketType></incomingServer>
  <incomingServer type="imap"><hostname>${imap}</hostname><port>143</port><socketType>STARTTLS</socketType><username>${username}</username></incomingServer>
  <incomingServer type="imap"><hostname>${imap}</hostname><port>993</port><socketType>SSL</socketType><username>${username}</username></incomingServer>
  <outgoingServer type="smtp"><hostname>${smtp}</hostname><port>587</port><socketType>STARTTLS</socketType><username>${username}</username></outgoingServer>
</emailProvider></clientConfig>`;
}

const ISPDB = 'https://autoconfig.thunderbird.net/v1.1/acme.example';
const AUTOCONFIG = 'https://autoconfig.acme.example/mail/config-v1.1.xml?emailaddress=help%2Bdesk%40acme.example';
const WELL_KNOWN = 'https://acme.example/.well-known/autoconfig/mail/config-v1.1.xml';
const ADDRESS = 'help+desk@acme.example';

describe('known providers', () => {
  test.each([
    ['a@gmail.com', 'KNOWN_PROVIDER GMAIL imap.gmail.com:993:TLS smtp.gmail.com:465:TLS'],
    ['a@GoogleMail.com', 'KNOWN_PROVIDER GMAIL imap.gmail.com:993:TLS smtp.gmail.com:465:TLS'],
    ['a@outlook.com', 'KNOWN_PROVIDER MICROSOFT_365 outlook.office365.com:993:TLS smtp-mail.outlook.com:587:STARTTLS'],
    ['a@hotmail.co.uk', 'KNOWN_PROVIDER MICROSOFT_365 outlook.office365.com:993:TLS smtp-mail.outlook.com:587:STARTTLS'],
    ['a@live.de', 'KNOWN_PROVIDER MICROSOFT_365 outlook.office365.com:993:TLS smtp-mail.outlook.com:587:STARTTLS'],
    ['a@yahoo.com', 'KNOWN_PROVIDER OTHER imap.mail.yahoo.com:993:TLS smtp.mail.yahoo.com:465:TLS'],
    ['a@icloud.com', 'KNOWN_PROVIDER OTHER imap.mail.me.com:993:TLS smtp.mail.me.com:587:STARTTLS'],
  ])('%s is answered without asking the network', async (address, expected) => {
    const { discover, asked } = rig({});
    expect(shown(await discover(address))).toEqual([expected]);
    expect(asked).toEqual([]);
  });

  test('the configured servers are the ones that are given', async () => {
    const { discover } = rig({ mx: { 'acme.example': mx('acme-example.mail.protection.outlook.com') } }, { servers: CONFIGURED });
    expect((await discover('a@outlook.com'))[0]?.incoming).toEqual(CONFIGURED.microsoftImap);
    expect((await discover(ADDRESS))[0]?.incoming).toEqual(CONFIGURED.microsoftImap);
  });
});

describe("a company's own domain", () => {
  test.each([
    ['acme-example.mail.protection.outlook.com', 'MX MICROSOFT_365 outlook.office365.com:993:TLS smtp.office365.com:587:STARTTLS'],
    ['ACME-example.mail.protection.outlook.com.', 'MX MICROSOFT_365 outlook.office365.com:993:TLS smtp.office365.com:587:STARTTLS'],
    ['acme-example.f-v1.mx.microsoft', 'MX MICROSOFT_365 outlook.office365.com:993:TLS smtp.office365.com:587:STARTTLS'],
    ['aspmx.l.google.com', 'MX GMAIL imap.gmail.com:993:TLS smtp.gmail.com:465:TLS'],
    ['alt1.aspmx.l.googlemail.com', 'MX GMAIL imap.gmail.com:993:TLS smtp.gmail.com:465:TLS'],
    ['mx.zoho.com', 'MX OTHER imap.zoho.com:993:TLS smtp.zoho.com:465:TLS'],
    ['mxbiz1.qq.com', 'MX OTHER imap.exmail.qq.com:993:TLS smtp.exmail.qq.com:465:TLS'],
  ])('with its mail at %s gets that provider', async (exchange, expected) => {
    expect(shown(await rig({ mx: { 'acme.example': mx(exchange) } }).discover(ADDRESS))).toEqual([expected]);
  });

  test("is not taken for a provider's because its name looks alike", async () => {
    for (const exchange of ['mail.protection.outlook.com.evil.example', 'notgoogle.com', 'google.com.evil.example', '']) {
      expect(await rig({ mx: { 'acme.example': mx(exchange) } }).discover(ADDRESS)).toEqual([]);
    }
    expect(await rig({}).discover('a@gmail.com.evil.example')).toEqual([]);
  });

  test('goes by its most preferred known exchanger', async () => {
    const records = [
      { exchange: 'aspmx.l.google.com', priority: 20 },
      { exchange: 'acme.mail.protection.outlook.com', priority: 10 },
      { exchange: 'filter.example.net', priority: 5 },
    ];
    expect((await rig({ mx: { 'acme.example': records } }).discover(ADDRESS))[0]?.provider).toBe('MICROSOFT_365');
  });
});

describe('ISPDB and autoconfig', () => {
  test('TLS is preferred, POP is not offered, user names are filled in', async () => {
    const { discover } = rig({ pages: { [ISPDB]: clientConfig('imap.%EMAILDOMAIN%', 'smtp.acme.example', '%EMAILLOCALPART%') } });
    const [suggestion] = await discover(ADDRESS);
    expect(shown([suggestion!])).toEqual(['ISPDB OTHER imap.acme.example:993:TLS smtp.acme.example:587:STARTTLS']);
    expect(suggestion?.usernameHint).toBe('help+desk');
  });

  test('ISPDB is told the domain and not the address', async () => {
    const { discover, asked } = rig({});
    await discover(ADDRESS);
    expect(asked.filter((key) => key.includes('thunderbird'))).toEqual([ISPDB]);
    expect(asked).toContain(AUTOCONFIG);
    expect(asked).toContain(WELL_KNOWN);
  });

  test("either place of the domain's own autoconfig counts", async () => {
    for (const url of [AUTOCONFIG, WELL_KNOWN]) {
      const found = await rig({ pages: { [url]: clientConfig('imap.acme.example', 'smtp.acme.example') } }).discover(ADDRESS);
      expect(shown(found)).toEqual(['AUTOCONFIG OTHER imap.acme.example:993:TLS smtp.acme.example:587:STARTTLS']);
      expect(found[0]?.usernameHint).toBe(ADDRESS);
    }
  });

  test("a configuration that names Microsoft's servers is Microsoft", async () => {
    const { discover } = rig(
      { pages: { [AUTOCONFIG]: clientConfig('outlook.office365.com', 'smtp.office365.com') } },
      { servers: CONFIGURED },
    );
    const [suggestion] = await discover(ADDRESS);
    expect(suggestion).toMatchObject({ source: 'AUTOCONFIG', provider: 'MICROSOFT_365', incoming: CONFIGURED.microsoftImap });
  });

  const bomb = `<!DOCTYPE lolz [${Array.from({ length: 9 }, (_, i) => `<!ENTITY l${i + 1} "${`&l${i};`.repeat(10)}">`).join('')}]><clientConfig>&l9;</clientConfig>`;
  const good = clientConfig('imap.acme.example', 'smtp.acme.example');
  test.each([
    ['an entity bomb', bomb],
    ['a good document with a DOCTYPE', good.replace('<clientConfig', '<!DOCTYPE x SYSTEM "file:///etc/passwd"><clientConfig')],
    ['a DOCTYPE in odd letters', good.replace('<clientConfig', '<!dOcTyPe x><clientConfig')],
    ['an entity alone', `<!ENTITY x "y">${good}`],
    ['nothing', ''],
    ['HTML', '<html><body>404</body></html>'],
    ['unclosed tags', '<clientConfig><emailProvider>'],
    ['100,000 nested tags', '<a>'.repeat(100_000)],
    ['prototype names', '<__proto__><constructor><prototype>x</prototype></constructor></__proto__>'],
    ['JSON', '{"clientConfig": {}}'],
    ['a host that is no host', clientConfig('imap.acme.example/evil', 'a b')],
    ['numeric hosts', clientConfig('2130706433', '0x7f.1')],
    ['control characters in hosts', clientConfig('imap.acme.example\u0001', 'smtp\r\nx.acme.example')],
    ['ports out of range', good.replaceAll(/<port>\d+/g, '<port>99999')],
    ['ports that are no numbers', good.replaceAll(/<port>\d+/g, '<port>0x3e1')],
    ['servers without TLS', good.replaceAll(/<socketType>\w+/g, '<socketType>plain')],
  ])('%s is not used', async (_what, xml) => {
    expect(await rig({ pages: { [ISPDB]: xml } }).discover(ADDRESS)).toEqual([]);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  test('negative control: the document that the hostile ones are made of is used', async () => {
    expect(await rig({ pages: { [ISPDB]: good } }).discover(ADDRESS)).toHaveLength(1);
  });

  test('entities in values are not expanded into host names', async () => {
    expect(await rig({ pages: { [ISPDB]: clientConfig('imap&#46;acme.example', 'smtp.acme.example') } }).discover(ADDRESS)).toMatchObject([
      { incoming: null, outgoing: { host: 'smtp.acme.example' } },
    ]);
  });
});

describe('SRV records', () => {
  test('implicit TLS before STARTTLS, lowest priority, then highest weight', async () => {
    const { discover } = rig({
      srv: {
        '_imaps._tcp.acme.example': [
          srv('b.acme.example', 993, 20),
          srv('light.acme.example', 993, 10, 1),
          srv('Heavy.acme.example.', 993, 10, 9),
        ],
        '_imap._tcp.acme.example': [srv('plain.acme.example', 143)],
        '_submission._tcp.acme.example': [srv('smtp.acme.example', 587)],
      },
    });
    expect(shown(await discover(ADDRESS))).toEqual(['SRV OTHER heavy.acme.example:993:TLS smtp.acme.example:587:STARTTLS']);
  });

  test.each(['.', ''])('a target "%s" means that it is not offered', async (target) => {
    const { discover } = rig({
      srv: { '_imaps._tcp.acme.example': [srv(target, 0)], '_submissions._tcp.acme.example': [srv('smtp.acme.example', 465)] },
    });
    expect(shown(await discover(ADDRESS))).toEqual(['SRV OTHER - smtp.acme.example:465:TLS']);
  });

  test('a target that is no name is not used', async () => {
    for (const target of ['127.0.0.1', '2130706433', 'a b', 'x/y', '::1']) {
      expect(await rig({ srv: { '_imaps._tcp.acme.example': [srv(target, 993)] } }).discover(ADDRESS)).toEqual([]);
    }
  });
});

describe('guesses', () => {
  test('are given only where a server answers', async () => {
    const { discover } = rig({ reachable: ['mail.acme.example:993', 'mail.acme.example:587'] });
    expect(shown(await discover(ADDRESS))).toEqual(['GUESS OTHER mail.acme.example:993:TLS mail.acme.example:587:STARTTLS']);
    expect(await rig({}).discover(ADDRESS)).toEqual([]);
  });

  test('give way to anything that names both servers, and complete what names one', async () => {
    const reachable = ['imap.acme.example:993', 'smtp.acme.example:465'];
    expect(shown(await rig({ reachable, mx: { 'acme.example': mx('aspmx.l.google.com') } }).discover(ADDRESS))).toEqual([
      'MX GMAIL imap.gmail.com:993:TLS smtp.gmail.com:465:TLS',
    ]);
    const onlySmtp = { '_submission._tcp.acme.example': [srv('out.acme.example', 587)] };
    expect(shown(await rig({ reachable, srv: onlySmtp }).discover(ADDRESS))).toEqual([
      'SRV OTHER - out.acme.example:587:STARTTLS',
      'GUESS OTHER imap.acme.example:993:TLS smtp.acme.example:465:TLS',
    ]);
  });
});

describe('several sources', () => {
  test('come best first, and the same servers once', async () => {
    const found = await rig({
      pages: {
        [ISPDB]: clientConfig('imap.acme.example', 'smtp.acme.example'),
        [WELL_KNOWN]: clientConfig('imap.acme.example', 'smtp.acme.example'),
      },
      srv: { '_imaps._tcp.acme.example': [srv('srv.acme.example', 993)], '_submissions._tcp.acme.example': [srv('srv.acme.example', 465)] },
      mx: { 'acme.example': mx('acme.mail.protection.outlook.com') },
      reachable: ['imap.acme.example:993'],
    }).discover(ADDRESS);
    expect(found.map((suggestion) => suggestion.source)).toEqual(['ISPDB', 'SRV', 'MX']);
  });

  test('are asked at the same time, and one that hangs costs its own answer only', async () => {
    const hanging = new Promise<never>(() => undefined);
    const { discover } = rig(
      { mx: { 'acme.example': mx('aspmx.l.google.com') } },
      { fetchText: () => hanging, resolveSrv: () => hanging, isReachable: () => hanging, stepTimeoutMs: 50 },
    );
    expect(shown(await discover(ADDRESS))).toEqual(['MX GMAIL imap.gmail.com:993:TLS smtp.gmail.com:465:TLS']);
  });

  test("end with the caller's signal", async () => {
    const hanging = new Promise<never>(() => undefined);
    const discover = createDiscovery({
      resolveMx: () => hanging,
      resolveSrv: () => hanging,
      fetchText: () => hanging,
      isReachable: () => hanging,
      servers: SERVERS,
      log: createLogSpy(),
    });
    const controller = new AbortController();
    const found = discover(ADDRESS, controller.signal);
    controller.abort();
    expect(await found).toEqual([]);
  });

  test('that throw are no failure', async () => {
    const thrown = (): never => {
      throw new Error('boom');
    };
    const { discover } = rig({}, { resolveMx: thrown, resolveSrv: thrown, fetchText: thrown, isReachable: thrown });
    expect(await discover(ADDRESS)).toEqual([]);
  });
});

describe('what is no address', () => {
  test.each([
    '',
    '@',
    'acme.example',
    '@acme.example',
    'a@',
    'a@localhost',
    'a@127.0.0.1',
    'a@[127.0.0.1]',
    'a@2130706433',
    'a@acme.example/x',
    'a@acme.example\r\n.evil',
  ])('"%s" is looked up nowhere', async (address) => {
    const { discover, asked } = rig({});
    expect(await discover(address)).toEqual([]);
    expect(asked).toEqual([]);
  });

  test('a domain in other letters is looked up in punycode', async () => {
    const { discover, asked } = rig({});
    await discover('a@BÜCHER.example');
    expect(asked).toContain('xn--bcher-kva.example');
  });

  test('an address cannot break out of the autoconfig URL', async () => {
    const { discover, asked } = rig({});
    await discover('a&b=c#d/../e@acme.example');
    expect(asked.filter((key) => key.startsWith('https://autoconfig.acme'))).toEqual([
      'https://autoconfig.acme.example/mail/config-v1.1.xml?emailaddress=a%26b%3Dc%23d%2F..%2Fe%40acme.example',
    ]);
  });
});
