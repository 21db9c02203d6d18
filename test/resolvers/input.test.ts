import { describe, expect, test } from 'vitest';
import {
  addressIssues,
  idempotencyKeyIssues,
  nameIssues,
  passwordIssues,
  returnToIssues,
  serverIssues,
  usernameIssues,
} from '../../src/resolvers/input.ts';

const TLS = 'TLS' as const;

describe('an address', () => {
  test.each(['support@acme.test', 'Support+eu@mail.acme.test', "o'neil@acme.test", 'büro@müller.example', 'a@localhost'])(
    '%s is taken',
    (address) => {
      expect(addressIssues(['address'], address)).toEqual([]);
    },
  );

  test.each([
    '',
    'support',
    '@acme.test',
    'support@',
    'a b@acme.test',
    'a@b@acme.test',
    'a@acme..test',
    'a@-acme.test',
    'a\r\n@acme.test',
    `${'a'.repeat(65)}@acme.test`,
    `a@${'b'.repeat(64)}.test`,
    'Ann <a@acme.test>',
  ])('%j is refused at its path', (address) => {
    expect(addressIssues(['address'], address)).toMatchObject([{ path: ['address'] }]);
  });
});

describe('a server', () => {
  test.each(['imap.acme.test', 'localhost', '192.0.2.7', '2001:db8::7', '[2001:db8::7]', 'imap.müller.example', 'imap.acme.test.'])(
    'host %s is taken',
    (host) => {
      expect(serverIssues(['incoming'], { host, port: 993, security: TLS })).toEqual([]);
    },
  );

  test.each([
    '',
    'imap acme',
    'http://imap.acme.test',
    'user@imap.acme.test',
    'imap.acme.test:993',
    'imap\r\n.acme.test',
    '[::1',
    'a'.repeat(254),
  ])('host %j is refused', (host) => {
    expect(serverIssues(['incoming'], { host, port: 993, security: TLS })).toMatchObject([{ path: ['incoming', 'host'] }]);
  });

  test.each([0, -1, 65_536, 1.5, Number.NaN])('port %s is refused', (port) => {
    expect(serverIssues(['outgoing'], { host: 'smtp.acme.test', port, security: TLS })).toMatchObject([{ path: ['outgoing', 'port'] }]);
  });

  test('with two faults has two issues', () => {
    expect(serverIssues(['incoming'], { host: ' ', port: 0, security: TLS })).toHaveLength(2);
  });
});

describe('texts', () => {
  test('with control characters are refused wherever they are typed, and never quoted', () => {
    const hostile = 'secret\r\nA1 LOGOUT';
    for (const issues of [nameIssues(['x'], hostile), usernameIssues(['x'], hostile), passwordIssues(['x'], hostile)]) {
      expect(issues).toHaveLength(1);
      expect(JSON.stringify(issues)).not.toContain('secret');
    }
  });

  test('have a longest length', () => {
    expect(nameIssues(['displayName'], 'x'.repeat(201))).toHaveLength(1);
    expect(usernameIssues(['username'], 'x'.repeat(321))).toHaveLength(1);
    expect(passwordIssues(['password'], 'x'.repeat(1025))).toHaveLength(1);
  });

  test('that are not given are fine; given but empty they are not', () => {
    expect([...nameIssues([], null), ...usernameIssues([], null), ...passwordIssues([], null)]).toEqual([]);
    expect(usernameIssues(['username'], '  ')).toHaveLength(1);
    expect(passwordIssues(['password'], '')).toHaveLength(1);
  });
});

describe('a place to return to', () => {
  const allowed = ['https://desk.acme.test'];
  test.each(['https://desk.acme.test/settings?tab=mail'])('%s is on the list', (url) => {
    expect(returnToIssues(['returnTo'], url, allowed)).toEqual([]);
  });
  test.each([
    'https://evil.test/',
    'https://desk.acme.test.evil.test/',
    'https://user:pw@desk.acme.test/',
    'javascript:alert(1)',
    '//desk.acme.test',
    'not a url',
  ])('%s is not', (url) => {
    expect(returnToIssues(['returnTo'], url, allowed)).toHaveLength(1);
  });
});

describe('an idempotency key', () => {
  test.each(['', 'x'.repeat(201), 'a\nb', 'schlüssel'])('%j is refused', (key) => {
    expect(idempotencyKeyIssues(key)).toMatchObject([{ path: ['idempotencyKey'] }]);
  });
  test('of up to 200 printable characters is taken', () => {
    expect(idempotencyKeyIssues('x'.repeat(200))).toEqual([]);
  });
});
