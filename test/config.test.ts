import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { loadConfig } from '../src/config.ts';
import { goesAround } from '../src/network/proxy.ts';

function problemsOf(environment: Record<string, string>): readonly string[] {
  const loaded = loadConfig(environment);
  return loaded.kind === 'problems' ? loaded.problems : [];
}

function configOf(environment: Record<string, string>) {
  const loaded = loadConfig(environment);
  if (loaded.kind === 'problems') throw new Error(loaded.problems.join('\n'));
  return loaded.config;
}

describe('configuration', () => {
  test('an empty environment gives the documented defaults', () => {
    const config = configOf({});
    expect(config.databaseUrl).toBe('sqlite:./data/gateway.db');
    expect(config.settings.checkIntervalMs).toBe(600_000);
    expect(config.settings.publicUrl.href).toBe('http://localhost:4000/');
    expect(config.settings.servers.gmailSmtp).toEqual({ host: 'smtp.gmail.com', port: 465, security: 'TLS' });
    expect(config.microsoft).toBeNull();
  });

  test('an empty variable counts as not set', () => {
    expect(configOf({ PORT: '', MICROSOFT_CLIENT_ID: '' }).port).toBe(4000);
  });

  test('every problem is reported at once, one line each, naming the variable', () => {
    const problems = problemsOf({
      PORT: 'http',
      DATABASE_URL: 'postgres://x',
      CHECK_TIMEOUT_SECONDS: '0',
      LOG_LEVEL: 'loud',
      MICROSOFT_IMAP: 'imap.test',
    });
    expect(problems).toHaveLength(5);
    for (const name of ['PORT', 'DATABASE_URL', 'CHECK_TIMEOUT_SECONDS', 'LOG_LEVEL', 'MICROSOFT_IMAP']) {
      expect(problems.filter((line) => line.startsWith(`${name}:`) && !line.includes('\n'))).toHaveLength(1);
    }
  });

  test('problems that need more than one variable are reported together', () => {
    const problems = problemsOf({
      MICROSOFT_CLIENT_ID: 'app',
      GOOGLE_CLIENT_ID: 'app',
      JWT_JWKS_URL: 'https://desk.test/jwks',
      NETWORK_ALLOW: 'nonsense',
      CA_FILE: '/nowhere.pem',
    });
    expect(problems.map((line) => line.split(':')[0]).sort()).toEqual([
      'CA_FILE',
      'GOOGLE_CLIENT_SECRET',
      'JWT_ISSUER, JWT_AUDIENCE',
      'MICROSOFT_CLIENT_SECRET',
      'NETWORK_ALLOW',
    ]);
  });

  test('a variable that cannot be read does not hide what is wrong with the others', () => {
    const problems = problemsOf({
      PORT: '-1',
      LOG_LEVEL: 'loud',
      CA_FILE: '/nowhere/ca.pem',
      NETWORK_ALLOW: '10.0.0.0/99:x',
      GOOGLE_CLIENT_ID: 'app',
    });
    expect(problems.map((line) => line.split(':')[0]).sort()).toEqual([
      'CA_FILE',
      'GOOGLE_CLIENT_SECRET',
      'LOG_LEVEL',
      'NETWORK_ALLOW',
      'PORT',
    ]);
    expect(problems).toContain('PORT: must be a whole number between 0 and 65535.');
    expect(problems).toContain('LOG_LEVEL: must be one of debug, info, warn, error, silent.');
  });

  test('no problem repeats a secret', () => {
    const problems = problemsOf({ METRICS_TOKEN: 'canary', GOOGLE_CLIENT_SECRET: 'canary-2', GOOGLE_CLIENT_ID: 'x', PORT: 'y' });
    expect(problems.join('\n')).not.toContain('canary');
  });

  test('the config prints no secret', () => {
    const config = configOf({ MICROSOFT_CLIENT_ID: 'app', MICROSOFT_CLIENT_SECRET: 'canary', METRICS_TOKEN: 'canary-canary-canary' });
    expect(JSON.stringify(config)).not.toContain('canary');
    expect(config.microsoft?.secret().reveal()).toBe('canary');
  });

  test('a secret in a file is read again when the file changed', () => {
    const path = join(mkdtempSync(join(tmpdir(), 'mg-config-')), 'secret');
    writeFileSync(path, 'first\n');
    chmodSync(path, 0o600);
    const config = configOf({ GOOGLE_CLIENT_ID: 'app', GOOGLE_CLIENT_SECRET_FILE: path });
    expect(config.google?.secret().reveal()).toBe('first');
    writeFileSync(path, 'second\n');
    expect(config.google?.secret().reveal()).toBe('second');
  });

  test('origins are taken apart, not compared as text', () => {
    expect(configOf({ RETURN_TO_ORIGINS: 'https://desk.test/some/path, https://other.test:8443' }).settings.returnToOrigins).toEqual([
      'https://desk.test',
      'https://other.test:8443',
    ]);
    expect(problemsOf({ RETURN_TO_ORIGINS: 'javascript:alert(1)' })).toHaveLength(1);
  });
});

describe('the proxy for sign-in', () => {
  const proxyOf = (environment: Record<string, string>) => configOf(environment).httpsProxy;

  test('there is none unless it is named, whatever NO_PROXY says', () => {
    expect(proxyOf({})).toBeNull();
    expect(proxyOf({ HTTPS_PROXY: '', NO_PROXY: '*' })).toBeNull();
  });

  test.each([
    ['http://proxy.corp.lan:3128', { secure: false, host: 'proxy.corp.lan', port: 3128 }],
    ['proxy.corp.lan:3128', { secure: false, host: 'proxy.corp.lan', port: 3128 }],
    ['http://proxy.corp.lan', { secure: false, host: 'proxy.corp.lan', port: 80 }],
    ['https://proxy.corp.lan/', { secure: true, host: 'proxy.corp.lan', port: 443 }],
    ['http://[fd00::1]:3128', { secure: false, host: 'fd00::1', port: 3128 }],
  ])('%s is read', (text, expected) => {
    expect(proxyOf({ HTTPS_PROXY: text })).toMatchObject({ ...expected, authorization: null });
    expect(proxyOf({ https_proxy: text })).toMatchObject(expected);
  });

  test('the lower-case name wins, as everywhere', () => {
    expect(proxyOf({ HTTPS_PROXY: 'http://one:1', https_proxy: 'http://two:2' })).toMatchObject({ host: 'two', port: 2 });
    expect(proxyOf({ HTTPS_PROXY: 'http://one:1', NO_PROXY: 'a.test', no_proxy: 'b.test' })?.around).toEqual([
      { kind: 'name', name: 'b.test', port: null },
    ]);
  });

  test('user and password may be escaped, alone or empty; nothing that prints the configuration prints them', () => {
    const config = configOf({ HTTPS_PROXY: 'http://me%40corp:p%3Ass%2Fw%C3%B6rd@proxy.test:3128' });
    const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;
    expect(config.httpsProxy?.authorization?.()).toBe(basic('me@corp:p:ss/wörd'));
    expect(`${JSON.stringify(config)}${inspect(config, { depth: 9 })}`).not.toMatch(/me@corp|me%40|p:ss|p%3A|Basic/);
    expect(proxyOf({ HTTPS_PROXY: 'http://token@proxy.test:3128' })?.authorization?.()).toBe(basic('token:'));
  });

  test.each([
    'socks5://mallory7:hunter22@proxy.test:1080',
    'ftp://mallory7:hunter22@proxy.test',
    'http://',
    'http://mallory7:hunter22@',
    'http://mallory7:hunter22@proxy.test:99999',
    'http://mallory7:hunter22@proxy.test:3128/path',
    'http://mallory7:hunter22@proxy.test:3128?x',
    'http://me:%E0%A4%A@proxy.test:3128',
    'http://me%3Ayou:hunter22@proxy.test:3128',
    'http://proxy .test',
  ])('%s is refused without being repeated', (text) => {
    const [problem = '', ...more] = problemsOf({ HTTPS_PROXY: text });
    expect(more).toEqual([]);
    expect(problem).toMatch(/^HTTPS_PROXY: (?:must be http:\/\/host:port|has something behind the port|names a SOCKS proxy)[^\n]*\.$/);
    expect(problem).not.toMatch(/hunter22|proxy\.test|mallory7/);
  });

  test.each([
    ['corp.lan', ['corp.lan', 'a.corp.lan', 'CORP.LAN', 'corp.lan.'], ['xcorp.lan', 'corp.lan.example', 'lan']],
    ['.corp.lan', ['a.corp.lan', 'a.b.corp.lan'], ['xcorp.lan']],
    ['*.corp.lan', ['a.corp.lan'], ['xcorp.lan']],
    ['10.0.0.0/8', ['10.1.2.3'], ['11.1.2.3', '10.corp.lan']],
    ['127.0.0.1', ['127.0.0.1'], ['127.0.0.2', 'localhost']],
    ['[::1]', ['::1', '[::1]'], ['::2']],
    ['*', ['anything.example'], []],
    ['other.test, corp.lan\tthird.test', ['corp.lan', 'other.test', 'third.test'], ['fourth.test']],
    ['', [], ['corp.lan']],
  ])('NO_PROXY=%s', (text, around, through) => {
    const proxy = proxyOf({ HTTPS_PROXY: 'http://proxy.test:3128', NO_PROXY: text })!;
    expect(around.filter((host) => !goesAround(proxy, host, 443))).toEqual([]);
    expect(through.filter((host) => goesAround(proxy, host, 443))).toEqual([]);
  });

  test('NO_PROXY with a port is about that port alone', () => {
    const proxy = proxyOf({ HTTPS_PROXY: 'http://proxy.test:3128', NO_PROXY: 'corp.lan:8443,[::1]:443' })!;
    expect([goesAround(proxy, 'corp.lan', 8443), goesAround(proxy, 'a.corp.lan', 443)]).toEqual([true, false]);
    expect([goesAround(proxy, '::1', 443), goesAround(proxy, '::1', 444)]).toEqual([true, false]);
  });

  test('an item of NO_PROXY that means nothing is a problem, and each is told', () => {
    const problems = problemsOf({
      HTTPS_PROXY: 'http://proxy.test:3128',
      NO_PROXY: 'corp.lan, 10.0.0.0/99, http://a.test, b.test:0, c.test',
    });
    expect(problems.map((problem) => /^NO_PROXY: "([^"]+)" /.exec(problem)?.[1])).toEqual(['10.0.0.0/99', 'http://a.test', 'b.test:0']);
  });
});
