import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createAdminClient } from '../../sandbox/admin/client.ts';
import { runSandboxCommand } from '../../sandbox/command.ts';
import { SIGN_IN_FAULTS } from '../../sandbox/oauth/people.ts';
import { TOKEN_FAULTS } from '../../sandbox/oauth/token-faults.ts';
import { diagnose } from '../../src/domain/diagnose/diagnose.ts';
import { Secret } from '../../src/vault/secret.ts';
import { startTestOauth, type TestOauth } from '../support/oauth-server.ts';
import { startTestSandbox, type Sandbox } from '../support/sandbox.ts';

const ANN = { address: 'ann@contoso.test', password: 'secret' };
const BOB = { address: 'bob@gmail.test', password: 'secret' };

describe('npm run sandbox switches the sign-in of Microsoft and Google', () => {
  let sandbox: Sandbox;
  let microsoft: TestOauth;
  let google: TestOauth;
  beforeAll(async () => {
    sandbox = await startTestSandbox({ accounts: [BOB, { address: 'desk@acme.test', password: 'secret' }] });
    microsoft = await startTestOauth({ flavour: 'microsoft', people: [ANN] });
    google = await startTestOauth({ flavour: 'google', people: [BOB] });
    sandbox.attachSignIn({ microsoft: microsoft.server, google: google.server });
  });
  beforeEach(async () => {
    await run('reset');
    microsoft.server.people.require(ANN.address).password = ANN.password;
    google.server.people.require(BOB.address).password = BOB.password;
  });
  afterAll(async () => {
    await Promise.all([sandbox.stop(), microsoft.server.stop(), google.server.stop()]);
  });

  const run = (...args: string[]) => runSandboxCommand(args, createAdminClient(sandbox.adminUrl));

  /** What a refresh answers after the switch, for somebody who signed in before it. */
  async function refreshAfter(oauth: TestOauth, person: typeof ANN, ...command: string[]): Promise<string> {
    const { tokens } = await oauth.signIn(person);
    await run(...command);
    const refreshToken = tokens.refreshToken ?? new Secret('');
    const outcome = await oauth.provider().refresh(refreshToken, tokens.grantedScopes, 5_000);
    return outcome.kind === 'FAILED' ? diagnose(outcome.evidence).reason : outcome.kind;
  }

  test.each([
    ['revoke', [], 'OAUTH_GRANT_REVOKED'],
    ['revoke', ['--inactive'], 'OAUTH_TOKEN_EXPIRED_INACTIVE'],
    ['disable', [], 'ACCOUNT_DISABLED'],
    ['set-password', ['new-secret'], 'OAUTH_GRANT_REVOKED'],
    ['fault', ['mfa-required'], 'MFA_REQUIRED'],
    ['fault', ['conditional-access'], 'CONDITIONAL_ACCESS_BLOCKED'],
    ['fault', ['consent-missing'], 'CONSENT_REQUIRED'],
  ])('%s ADDRESS %j: the next refresh is refused as %s', async (command, rest, reason) => {
    expect(await refreshAfter(microsoft, ANN, command, ANN.address, ...rest)).toBe(reason);
  });

  test.each([
    ['secret-expired', 'APP_SECRET_EXPIRED'],
    ['secret-invalid', 'APP_SECRET_INVALID'],
    ['app-unknown', 'APP_NOT_FOUND'],
    ['app-disabled', 'APP_DISABLED'],
    ['tenant-unknown', 'TENANT_NOT_FOUND'],
    ['rate-limited', 'RATE_LIMITED'],
    ['unavailable', 'PROVIDER_UNAVAILABLE'],
    ['html', 'PROVIDER_UNAVAILABLE'],
    ['drop', 'CONNECTION_CLOSED'],
  ])('fault microsoft %s: %s, until it is cleared', async (kind, reason) => {
    expect(await refreshAfter(microsoft, ANN, 'fault', 'microsoft', kind)).toBe(reason);
    await run('clear', 'microsoft');
    expect(await refreshAfter(microsoft, ANN, 'state')).toBe('GRANTED');
  });

  test('the same at Google, whose sign-in has faults of its own', async () => {
    expect(await run('revoke', BOB.address)).toBe('bob@gmail.test has granted nothing.');
    expect(await refreshAfter(google, BOB, 'revoke', BOB.address)).toBe('OAUTH_GRANT_REVOKED');
    await run('fault', 'microsoft', 'unavailable');
    expect(await refreshAfter(google, BOB, 'state')).toBe('GRANTED');
  });

  test('disabling somebody who signs in and has a mailbox ends both, and enabling mends both', async () => {
    await run('disable', BOB.address);
    expect(sandbox.state().accounts[0]).toMatchObject({ disabled: true });
    expect(sandbox.signIn.faultOf(BOB.address)).toBe('disabled');
    await run('enable', BOB.address);
    expect(sandbox.state().accounts[0]).toMatchObject({ disabled: false });
    expect(sandbox.signIn.faultOf(BOB.address)).toBeNull();
  });

  test('clear ends the fault of the mailbox and that of the sign-in', async () => {
    await run('fault', BOB.address, 'unavailable');
    await run('fault', BOB.address, 'mfa-required');
    await run('clear', BOB.address);
    expect(sandbox.state().accounts[0]).toMatchObject({ fault: null });
    expect(sandbox.signIn.faultOf(BOB.address)).toBeNull();
  });

  test('state shows who has granted how much, and no secret', async () => {
    await microsoft.signIn(ANN);
    await run('fault', ANN.address, 'mfa-required');
    await run('fault', 'google', 'unavailable');
    const state = await run('state');
    expect(state).toMatch(/google\s+https:\/\/localhost:\d+\s+\d+\s+\d+\s+unavailable/u);
    expect(state).toMatch(/ann@contoso\.test\s+microsoft\s+[1-9]\d*\s+mfa-required/u);
    expect(state).not.toContain('secret');
  });

  test('the help lists every fault of the sign-in', async () => {
    const help = await run('--help');
    for (const kind of [...Object.keys(SIGN_IN_FAULTS), ...Object.keys(TOKEN_FAULTS)]) expect(help).toContain(`  ${kind} `);
  });

  test.each([
    [['revoke', 'who@contoso.test'], 'Nobody signs in as who@contoso.test. Known: ann@contoso.test, bob@gmail.test.'],
    [['revoke'], 'It is: npm run sandbox -- revoke ADDRESS [--inactive]'],
    [['fault', 'desk@acme.test', 'mfa-required'], 'Nobody signs in as desk@acme.test, so "mfa-required" cannot be met.'],
    [['fault', 'microsoft', 'imap-disabled'], 'A token endpoint can have: rate-limited'],
    [['fault', 'microsoft', 'slow', '--ms', '1.5'], 'whole number of milliseconds'],
  ])('%j says what would be right', async (args, answer) => {
    await expect(run(...args)).rejects.toThrow(answer);
  });

  test('a sandbox without sign-in servers says so', async () => {
    const alone = await startTestSandbox();
    const admin = createAdminClient(alone.adminUrl);
    await expect(runSandboxCommand(['fault', 'google', 'unavailable'], admin)).rejects.toThrow(
      'This sandbox runs without sign-in servers.',
    );
    await expect(runSandboxCommand(['revoke', ANN.address], admin)).rejects.toThrow('This sandbox runs without sign-in servers.');
    await alone.stop();
  });
});
