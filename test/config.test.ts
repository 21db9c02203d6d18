import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadConfig } from '../src/config.ts';

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
