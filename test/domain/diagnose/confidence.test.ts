import { describe, expect, test } from 'vitest';
import type { ExplainHints } from '../../../src/commands/explain-hints.ts';
import { contextOfHints } from '../../../src/commands/explain-hints.ts';
import { diagnose } from '../../../src/domain/diagnose/diagnose.ts';
import { evidenceOf } from '../../../src/domain/diagnose/evidence-of.ts';
import { treatmentOf } from '../../../src/domain/reasons.ts';

function treated(raw: unknown, hints: ExplainHints = {}): string {
  return treatmentOf(diagnose(evidenceOf(raw, contextOfHints(hints))));
}

describe('red at once, because nothing else can be meant', () => {
  test.each([
    ['AADSTS50173: The provided grant has expired due to it being revoked.', { provider: 'microsoft', protocol: 'oauth' }],
    ['NO [EXPIRED] That password is too old', { protocol: 'imap', authType: 'password' }],
    [
      '535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant.',
      { provider: 'microsoft', protocol: 'smtp' },
    ],
    [
      '535 5.7.139 Authentication unsuccessful, basic authentication is disabled.',
      { provider: 'microsoft', protocol: 'smtp', authType: 'password' },
    ],
    ['534-5.7.9 Application-specific password required.', { provider: 'google', protocol: 'smtp', authType: 'password' }],
  ])('%s', (text, hints) => {
    expect(treated(text, hints)).toBe('PERMANENT');
  });
});

describe('a suspicion first', () => {
  test.each([
    ['NO [AUTHENTICATIONFAILED] Authentication failed.', { protocol: 'imap', authType: 'password' }],
    ['535 5.7.8 Error: authentication failed:', { protocol: 'smtp', authType: 'password' }],
    ['TAG NO AUTHENTICATE failed.', { provider: 'microsoft', protocol: 'imap', authType: 'oauth' }],
    ['TAG NO LOGIN failed.', { provider: 'microsoft', protocol: 'imap', authType: 'password' }],
    ['535 5.7.3 Authentication unsuccessful', { provider: 'microsoft', protocol: 'smtp', authType: 'oauth' }],
    ['TAG NO Computer says no', { protocol: 'imap' }],
    [{ error: 'invalid_grant' }, { provider: 'google', protocol: 'oauth' }],
    // Our view of a server: a clock, a proxy or a renewal under way pass.
    [{ code: 'CERT_HAS_EXPIRED' }, {}],
    [{ code: 'ENOTFOUND' }, {}],
    [{ code: 'ERR_SSL_WRONG_VERSION_NUMBER' }, {}],
  ] as readonly (readonly [unknown, ExplainHints])[])('%j', (raw, hints) => {
    expect(treated(raw, hints)).toBe('SUSPICION');
  });
});

describe('nobody who owns a mailbox is asked', () => {
  test.each([
    'AADSTS7000222: The provided client secret keys are expired.',
    'AADSTS700016: Application was not found in the directory.',
    'AADSTS90094: The grant requires administrator permission.',
    { error: 'invalid_client', error_description: 'Unauthorized' },
    { error: 'redirect_uri_mismatch' },
  ])('%j', (raw) => {
    const diagnosis = diagnose(evidenceOf(raw, contextOfHints({ protocol: 'oauth' })));
    expect(treatmentOf(diagnosis)).toBe('SHARED');
    expect(diagnosis.actor).not.toBe('MAILBOX_OWNER');
  });
});

describe('the same words mean what they can mean there', () => {
  test.each([
    [
      'a password at Microsoft leads to OAuth',
      '535 5.7.139 Authentication unsuccessful, the user credentials were incorrect.',
      { provider: 'microsoft', protocol: 'smtp', authType: 'password' },
      'BAD_CREDENTIALS',
      'MIGRATE_TO_OAUTH',
    ],
    [
      'a password elsewhere is entered again',
      '535 5.7.8 Authentication credentials invalid',
      { provider: 'generic', protocol: 'smtp', authType: 'password' },
      'BAD_CREDENTIALS',
      'REENTER_PASSWORD',
    ],
    [
      'a password behind a sign-in page leads there',
      'AADSTS50126: Error validating credentials',
      { provider: 'microsoft', protocol: 'oauth' },
      'BAD_CREDENTIALS',
      'SIGN_IN_AGAIN',
    ],
    [
      'a token is no password',
      '535-5.7.8 Username and Password not accepted.',
      { provider: 'google', protocol: 'smtp', authType: 'oauth' },
      'ACCESS_TOKEN_REJECTED',
      'SIGN_IN_AGAIN',
    ],
    [
      'iCloud takes app passwords only',
      'TAG NO [AUTHENTICATIONFAILED] Authentication Failed',
      { provider: 'icloud', protocol: 'imap', authType: 'password' },
      'APP_PASSWORD_REQUIRED',
      'REENTER_PASSWORD',
    ],
    [
      'a declined consent page is no policy',
      { where: 'authorize callback', error: 'access_denied' },
      { provider: 'google', protocol: 'oauth' },
      'CONSENT_DENIED',
      'SIGN_IN_AGAIN',
    ],
    ['a refused token request is one', { error: 'access_denied' }, { provider: 'google', protocol: 'oauth' }, 'ADMIN_POLICY_BLOCKED', null],
    ['a typed host is spelled wrong', { code: 'ENOTFOUND' }, { host: 'imap.exmaple.com' }, 'DNS_NOT_FOUND', null],
  ] as readonly (readonly [string, unknown, ExplainHints, string, string | null])[])('%s', (_rule, raw, hints, reason, scenario) => {
    expect(diagnose(evidenceOf(raw, contextOfHints(hints)))).toMatchObject({ reason, scenario });
  });

  test("a name that nobody typed is our resolver's fault and is tried again", () => {
    expect(treated({ code: 'ENOTFOUND' }, { host: 'outlook.office365.com' })).toBe('TRANSIENT');
    expect(treated({ code: 'ENOTFOUND' }, { host: 'imap.exmaple.com' })).toBe('SUSPICION');
  });

  test('a server that writes "connection refused" means its own back end', () => {
    expect(diagnose(evidenceOf('connect ECONNREFUSED 192.0.2.1:993', contextOfHints({}))).reason).toBe('CONNECTION_REFUSED');
    expect(diagnose(evidenceOf('535 5.7.8 auth backend: connection refused', contextOfHints({}))).reason).toBe('PROVIDER_UNAVAILABLE');
  });
});
