import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { diagnose } from '../../src/domain/diagnose/diagnose.ts';
import type { Provider } from '../../src/domain/mail.ts';
import type { Reason } from '../../src/domain/reason.ts';
import { createProbe } from '../../src/providers/login-probe.ts';
import type { Probe } from '../../src/providers/probe.ts';
import { LOGIN_FAULTS, SERVER_FAULTS } from '../../sandbox/faults.ts';
import type { LoginFaultKind, ServerFaultKind } from '../../sandbox/faults.ts';
import type { ServerName } from '../../sandbox/server-spec.ts';
import { passwordLogin, pinToLoopback } from '../contract/protocol/logins.ts';
import { startTestSandbox } from '../support/sandbox.ts';
import type { Sandbox } from '../support/sandbox.ts';

const address = 'support@acme.test';
type Outcome = 'PROVEN' | { readonly reason: Reason; readonly retryable: boolean };
const will = (reason: Reason, retryable = false): Outcome => ({ reason, retryable });

/** What each switch does to a password login: at the generic servers, over IMAP and over SMTP. */
const AT_ACCOUNTS: Readonly<Record<LoginFaultKind, { readonly imap: Outcome; readonly smtp: Outcome }>> = {
  unavailable: { imap: will('PROVIDER_UNAVAILABLE', true), smtp: will('PROVIDER_UNAVAILABLE', true) },
  limit: { imap: will('TOO_MANY_CONNECTIONS', true), smtp: will('TOO_MANY_CONNECTIONS', true) },
  busy: { imap: will('PROVIDER_UNAVAILABLE', true), smtp: will('PROVIDER_UNAVAILABLE', true) },
  'server-bug': { imap: will('PROVIDER_UNAVAILABLE', true), smtp: will('PROVIDER_UNAVAILABLE', true) },
  throttle: { imap: will('RATE_LIMITED', true), smtp: will('RATE_LIMITED', true) },
  bye: { imap: will('PROVIDER_UNAVAILABLE', true), smtp: will('PROVIDER_UNAVAILABLE', true) },
  drop: { imap: will('CONNECTION_CLOSED', true), smtp: will('CONNECTION_CLOSED', true) },
  hang: { imap: will('CONNECTION_TIMEOUT', true), smtp: will('CONNECTION_TIMEOUT', true) },
  delay: { imap: 'PROVEN', smtp: 'PROVEN' },
  'app-password-required': { imap: will('APP_PASSWORD_REQUIRED'), smtp: will('APP_PASSWORD_REQUIRED') },
  'web-login-required': { imap: will('WEB_LOGIN_REQUIRED'), smtp: will('WEB_LOGIN_REQUIRED') },
  'password-expired': { imap: will('PASSWORD_EXPIRED'), smtp: will('PASSWORD_EXPIRED') },
  'basic-auth-disabled': { imap: will('BASIC_AUTH_DISABLED'), smtp: will('BASIC_AUTH_DISABLED') },
  'smtp-auth-disabled': { imap: 'PROVEN', smtp: will('SMTP_AUTH_DISABLED') },
  'imap-disabled': { imap: will('IMAP_DISABLED'), smtp: 'PROVEN' },
  'not-connected': { imap: will('MAILBOX_NOT_ACCESSIBLE'), smtp: 'PROVEN' },
  reply: { imap: will('PASSWORD_EXPIRED'), smtp: will('ACCOUNT_DISABLED') },
};

const AT_SERVERS: Readonly<Record<ServerFaultKind, { readonly imap: Outcome; readonly smtp: Outcome }>> = {
  'bye-greeting': { imap: will('PROVIDER_UNAVAILABLE', true), smtp: will('PROVIDER_UNAVAILABLE', true) },
  'drop-connection': { imap: will('CONNECTION_CLOSED', true), smtp: will('CONNECTION_CLOSED', true) },
  'hang-connection': { imap: will('CONNECTION_TIMEOUT', true), smtp: will('CONNECTION_TIMEOUT', true) },
  'delay-greeting': { imap: 'PROVEN', smtp: 'PROVEN' },
  'no-starttls': { imap: will('STARTTLS_UNAVAILABLE'), smtp: will('STARTTLS_UNAVAILABLE') },
  'login-disabled': { imap: will('AUTH_MECHANISM_UNSUPPORTED'), smtp: will('AUTH_MECHANISM_UNSUPPORTED') },
};

describe('the faults of the sandbox, as the gateway understands them', () => {
  let sandbox: Sandbox;
  let probe: Probe;
  beforeAll(async () => {
    sandbox = await startTestSandbox({
      accounts: [
        { address, password: 'right' },
        { address: 'gone@acme.test', password: 'right', disabled: true },
      ],
    });
    probe = createProbe({ pinHost: pinToLoopback, ca: [sandbox.caPem] });
  });
  afterEach(() => {
    sandbox.reset();
  });
  afterAll(() => sandbox.stop());

  async function outcomeAt(
    name: ServerName,
    changes: { provider?: Provider; password?: string; username?: string; timeoutMs?: number } = {},
  ): Promise<Outcome> {
    const { protocol, security, port } = sandbox.servers[name];
    const login = passwordLogin({
      direction: protocol === 'imap' ? 'INCOMING' : 'OUTGOING',
      security: security === 'tls' ? 'TLS' : 'STARTTLS',
      port,
      username: changes.username ?? address,
      password: changes.password ?? 'right',
      provider: changes.provider ?? 'OTHER',
    });
    const outcome = await probe(login, { timeoutMs: changes.timeoutMs ?? 3_000 });
    if (outcome.kind === 'PROVEN') return 'PROVEN';
    const { reason, retryable } = diagnose(outcome.evidence);
    return { reason, retryable };
  }

  for (const kind of Object.keys(LOGIN_FAULTS) as LoginFaultKind[]) {
    const fault =
      kind === 'reply'
        ? { kind, imap: 'NO [EXPIRED] Too old', smtp: '525 5.7.13 Account disabled' }
        : kind === 'delay'
          ? { kind, ms: 5 }
          : { kind };
    for (const protocol of ['imap', 'smtp'] as const) {
      test(`${kind} of an account over ${protocol}`, async () => {
        sandbox.setFault(address, fault);
        expect(await outcomeAt(protocol)).toEqual(AT_ACCOUNTS[kind][protocol]);
      });
      test(`${kind} of the whole ${protocol} server`, async () => {
        sandbox.setServerFault(protocol, fault);
        expect(await outcomeAt(protocol)).toEqual(AT_ACCOUNTS[kind][protocol]);
      });
    }
  }

  for (const kind of Object.keys(SERVER_FAULTS) as ServerFaultKind[]) {
    for (const protocol of ['imap', 'smtp'] as const) {
      test(`${kind} of the ${protocol} server`, async () => {
        const name = kind === 'no-starttls' ? (`${protocol}-starttls` as const) : protocol;
        sandbox.setServerFault(name, kind === 'delay-greeting' ? { kind, ms: 5 } : { kind });
        expect(await outcomeAt(name)).toEqual(AT_SERVERS[kind][protocol]);
        sandbox.setServerFault(name, null);
        expect(await outcomeAt(name)).toBe('PROVEN');
      });
    }
  }

  test('a fault of one account leaves the others alone', async () => {
    sandbox.addAccount({ address: 'other@acme.test', password: 'right' });
    sandbox.setFault(address, { kind: 'unavailable' });
    expect(await outcomeAt('imap', { username: 'other@acme.test' })).toBe('PROVEN');
  });

  test('Exchange: a refused password is not taken for a wrong one without doubt', async () => {
    const outcome = await outcomeAt('microsoft-imap', { provider: 'MICROSOFT_365', password: 'wrong' });
    expect(outcome).toEqual(will('BASIC_AUTH_DISABLED'));
    expect(await outcomeAt('microsoft-smtp', { provider: 'MICROSOFT_365', password: 'wrong' })).toEqual(will('BAD_CREDENTIALS'));
  });

  test('Exchange: an outage in its own words is retried', async () => {
    sandbox.setServerFault('microsoft-imap', { kind: 'unavailable' });
    sandbox.setServerFault('microsoft-smtp', { kind: 'unavailable' });
    expect(await outcomeAt('microsoft-imap', { provider: 'MICROSOFT_365' })).toEqual(will('PROVIDER_UNAVAILABLE', true));
    expect(await outcomeAt('microsoft-smtp', { provider: 'MICROSOFT_365' })).toEqual(will('PROVIDER_UNAVAILABLE', true));
  });

  test('Gmail: app passwords, the browser, too many connections and IMAP switched off, in its own words', async () => {
    const at = (name: ServerName) => outcomeAt(name, { provider: 'GMAIL' });
    const expected = [
      ['app-password-required', 'gmail-imap', will('APP_PASSWORD_REQUIRED')],
      ['app-password-required', 'gmail-smtp', will('APP_PASSWORD_REQUIRED')],
      ['web-login-required', 'gmail-imap', will('WEB_LOGIN_REQUIRED')],
      ['web-login-required', 'gmail-smtp', will('WEB_LOGIN_REQUIRED')],
      ['limit', 'gmail-imap', will('TOO_MANY_CONNECTIONS', true)],
      ['imap-disabled', 'gmail-imap', will('IMAP_DISABLED')],
    ] as const;
    for (const [kind, name, outcome] of expected) {
      sandbox.setFault(address, { kind });
      expect(await at(name), `${kind} at ${name}`).toEqual(outcome);
    }
    sandbox.setFault(address, null);
    for (const name of ['gmail-imap', 'gmail-smtp'] as const) {
      expect(await outcomeAt(name, { provider: 'GMAIL', password: 'wrong' })).toEqual(will('BAD_CREDENTIALS'));
    }
  });

  test('every login attempt is counted, right or wrong, and credentials in clear never', async () => {
    await outcomeAt('imap');
    await outcomeAt('imap', { password: 'wrong' });
    await outcomeAt('smtp-starttls');
    const { accounts, servers } = sandbox.state();
    expect(accounts.find((account) => account.address === address)).toMatchObject({
      loginAttempts: { imap: 2, smtp: 1 },
      loginsAccepted: { imap: 1, smtp: 1 },
    });
    expect(servers.find((server) => server.name === 'imap')).toMatchObject({ loginAttempts: 2, credentialsInClear: 0 });
  });
});
