import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createAdminClient } from '../../sandbox/admin/client.ts';
import { runSandboxCommand } from '../../sandbox/command.ts';
import { LOGIN_FAULTS, SERVER_FAULTS } from '../../sandbox/faults.ts';
import { createProbe } from '../../src/providers/login-probe.ts';
import { passwordLogin, pinToLoopback } from '../contract/protocol/logins.ts';
import { startTestSandbox } from '../support/sandbox.ts';
import type { Sandbox } from '../support/sandbox.ts';

const address = 'support@acme.test';

describe('npm run sandbox', () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await startTestSandbox({ accounts: [{ address, password: 'old-secret' }] });
  });
  afterEach(() => {
    sandbox.reset();
    sandbox.setPassword(address, 'old-secret');
    sandbox.setDisabled(address, false);
  });
  afterAll(() => sandbox.stop());

  const run = (...args: string[]) => runSandboxCommand(args, createAdminClient(sandbox.adminUrl));
  async function logsIn(password: string, username = address): Promise<boolean> {
    const probe = createProbe({ pinHost: pinToLoopback, ca: [sandbox.caPem] });
    const login = passwordLogin({ direction: 'INCOMING', port: sandbox.servers.imap.port, security: 'TLS', username, password });
    return (await probe(login, { timeoutMs: 10_000 })).kind === 'PROVEN';
  }

  test('set-password ends the old password and says so without repeating any', async () => {
    const said = await run('set-password', address, 'new-secret');
    expect(said).toBe('The password of support@acme.test is changed: the old one no longer logs in.');
    expect(await logsIn('old-secret')).toBe(false);
    expect(await logsIn('new-secret')).toBe(true);
  });

  test('disable and enable', async () => {
    await run('disable', address);
    expect(await logsIn('old-secret')).toBe(false);
    expect(await run('enable', address)).toBe('support@acme.test is enabled again.');
    expect(await logsIn('old-secret')).toBe(true);
  });

  test('a fault of an account and of a server, and their end', async () => {
    expect(await run('fault', address, 'unavailable')).toContain('[UNAVAILABLE]');
    expect(await logsIn('old-secret')).toBe(false);
    expect(await run('clear', address)).toBe('support@acme.test works normally again.');
    expect(await logsIn('old-secret')).toBe(true);
    await run('fault', 'imap', 'login-disabled');
    expect(await logsIn('old-secret')).toBe(false);
    await run('clear', 'imap');
    expect(await logsIn('old-secret')).toBe(true);
  });

  test("a reply of one's own, and a time", async () => {
    await run('fault', address, 'reply', '--imap', 'NO [EXPIRED] Too old', '--smtp', '535 5.7.8 Too old');
    expect(sandbox.state().accounts[0]?.fault).toEqual({ kind: 'reply', imap: 'NO [EXPIRED] Too old', smtp: '535 5.7.8 Too old' });
    await run('fault', address, 'throttle', '--ms', '5000');
    expect(sandbox.state().accounts[0]?.fault).toEqual({ kind: 'throttle', ms: 5000 });
  });

  test('add and remove', async () => {
    await run('add', 'new@acme.test', 'first');
    expect(await logsIn('first', 'new@acme.test')).toBe(true);
    await run('remove', 'new@acme.test');
    expect(await logsIn('first', 'new@acme.test')).toBe(false);
  });

  test('state shows servers, accounts and counters, and no password', async () => {
    await logsIn('wrong');
    await logsIn('old-secret');
    await run('fault', 'smtp', 'bye-greeting');
    const state = await run('state');
    expect(state).toMatch(/support@acme\.test\s+enabled\s+1\/2\s+0\/0\s+-/u);
    expect(state).toMatch(/smtp\s+127\.0\.0\.1:\d+\s+tls\s+0\s+bye-greeting/u);
    expect(state).not.toContain('old-secret');
  });

  test('reset clears faults and counters', async () => {
    await run('fault', 'imap', 'unavailable');
    await run('fault', address, 'unavailable');
    await run('reset');
    expect(sandbox.state().servers.every((server) => server.fault === null && server.loginAttempts === 0)).toBe(true);
    expect(await logsIn('old-secret')).toBe(true);
  });

  test('the help lists every fault and gives examples', async () => {
    for (const args of [[], ['--help'], ['help']]) {
      const help = await run(...args);
      for (const kind of [...Object.keys(LOGIN_FAULTS), ...Object.keys(SERVER_FAULTS)]) expect(help).toContain(`  ${kind} `);
      expect(help).toContain('npm run sandbox -- set-password support@acme.test new');
    }
  });

  describe('what was asked wrongly is answered with what would be right', () => {
    const cases: readonly [args: readonly string[], answer: string][] = [
      [['set-password', 'who@acme.test', 'x'], 'There is no account who@acme.test. Known: support@acme.test.'],
      [['set-password', address], 'It is: npm run sandbox -- set-password ADDRESS PASSWORD'],
      [['fault', address, 'nonsense'], 'There is no fault "nonsense". An account can have: unavailable'],
      [['fault', address, 'no-starttls'], '"no-starttls" is for a server, not for an account.'],
      [['fault', 'imap', 'nonsense'], 'A server can have: bye-greeting'],
      [['fault', 'pop3', 'unavailable'], 'There is no server pop3. Servers: imap, imap-starttls'],
      [['fault', address, 'reply'], 'A reply needs its text'],
      [['fault', address, 'reply', '--imap', 'OK fine'], 'An IMAP reply starts with NO, BAD or BYE.'],
      [['fault', address, 'reply', '--smtp', '250 fine'], 'An SMTP reply starts with a code of the 400s or 500s'],
      [['fault', address, 'reply', '--smtp', '535 a\r\n250 b'], '"smtp" is one line of text.'],
      [['fault', address, 'delay', '--ms', 'soon'], 'whole number of milliseconds'],
      [['clear', 'nobody@acme.test'], 'There is no account nobody@acme.test.'],
      [['dance'], 'There is no command "dance". See: npm run sandbox -- --help'],
      [['state', '--wrong'], "Unknown option '--wrong'"],
    ];
    for (const [args, answer] of cases) {
      test(args.join(' '), async () => {
        await expect(run(...args)).rejects.toThrow(answer);
      });
    }

    test('a sandbox that does not run', async () => {
      const stopped = await startTestSandbox();
      await stopped.stop();
      await expect(runSandboxCommand(['state'], createAdminClient(stopped.adminUrl))).rejects.toThrow(
        /No sandbox answers at http:\/\/127\.0\.0\.1:\d+\. Start one with "npm run demo"/u,
      );
    });
  });
});
