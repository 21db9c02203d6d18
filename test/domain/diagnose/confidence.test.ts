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

describe('one account is kept out, not all that share its organization', () => {
  test.each([
    'AADSTS50105: The signed in user is not assigned to a role for the application.',
    'AADSTS80012: OnPremisePasswordValidationAccountLogonInvalidHours - attempted to log on outside of the allowed hours.',
  ])('%s', (text) => {
    const diagnosis = diagnose(evidenceOf(text, contextOfHints({ protocol: 'oauth' })));
    expect(diagnosis).toMatchObject({ reason: 'ADMIN_POLICY_BLOCKED', actor: 'TENANT_ADMIN', onlyThisAccount: true });
    expect(treatmentOf(diagnosis)).toBe('PERMANENT');
  });

  test('a policy against the whole organization is shared', () => {
    const diagnosis = diagnose(evidenceOf("AADSTS500021: Access to 'x' tenant is denied.", contextOfHints({ protocol: 'oauth' })));
    expect(diagnosis).not.toHaveProperty('onlyThisAccount');
    expect(treatmentOf(diagnosis)).toBe('SHARED');
  });
});

describe('what stands in front of the words decides nothing', () => {
  test.each([
    [
      'a locked account is not unlocked in a browser because somebody became suspicious',
      'NO [CONTACTADMIN] Account locked after suspicious activity',
      'ACCOUNT_LOCKED',
    ],
    ['a login that was stopped for being suspicious is', 'NO [ALERT] Login blocked due to suspicious activity', 'WEB_LOGIN_REQUIRED'],
    [
      "nodemailer's heading in front of a code that SMTP does not have says nothing",
      { message: 'Invalid login: 999 error', code: 'EAUTH', responseCode: 999, response: '999 error' },
      'UNKNOWN',
    ],
    ['nor does the heading alone', { message: 'Invalid login', code: 'EAUTH', responseCode: 999, response: '999 error' }, 'UNKNOWN'],
    [
      'an empty answer of msal is an outage or a throttle',
      { name: 'ServerError', errorCode: '', errorMessage: '' },
      'PROVIDER_UNAVAILABLE',
    ],
  ] as const)('%s', (_rule, raw, reason) => {
    expect(diagnose(evidenceOf(raw, contextOfHints({ authType: 'password' }))).reason).toBe(reason);
  });
});

describe('a server that lists what it might be does not know', () => {
  const list = 'Login fail. Account is abnormal, service is not open, password is incorrect, login frequency limited, or system is busy.';

  test('so it is a suspicion that names the passing causes too', () => {
    const diagnosis = diagnose(evidenceOf(`535 ${list}`, contextOfHints({ provider: 'qq', protocol: 'smtp', authType: 'password' })));
    expect(diagnosis).toMatchObject({ reason: 'BAD_CREDENTIALS', confidence: 'AMBIGUOUS' });
    expect(diagnosis.alternatives).toEqual(expect.arrayContaining(['RATE_LIMITED', 'PROVIDER_UNAVAILABLE']));
    expect(treatmentOf(diagnosis)).toBe('SUSPICION');
  });

  test('while a list of passing causes passes', () => {
    expect(treated('535 Server busy, overloaded, or under maintenance')).toBe('TRANSIENT');
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

describe('a server that hangs up with a reason', () => {
  test.each([
    ['Your IP address has been banned', ['CLIENT_IP_BLOCKED']],
    ['Account suspended', ['ACCOUNT_DISABLED']],
    ['Server shutting down', []],
    ['Connection closed. 14', []],
  ])('has refused nobody, and what it said is named as another cause: %s', (reason, alternatives) => {
    const bye = Object.assign(new Error('Connection not available'), { code: 'NoConnection', reason });
    expect(diagnose(evidenceOf(bye, contextOfHints({ protocol: 'imap' })))).toMatchObject({ retryable: true, alternatives });
  });
});
