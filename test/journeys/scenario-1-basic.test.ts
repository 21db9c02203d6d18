import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Json } from '../http/json.ts';
import { startJourney, type Journey } from '../support/journey.ts';
import { sandboxOf, type MailServers } from '../support/mail-servers.ts';
import { startMailServers, tell, testOfSandbox } from '../support/telling.ts';

const OFFICE = { address: 'office@contoso.test', password: 'office password' };

/** The part that needs no sign-in; the rest of scenario 1 is told where Microsoft's sign-in is. */
tell('Scenario 1: Microsoft Basic Authentication Depreciation and Migration to OAuth, before anybody signs in', (telling) => {
  let servers: MailServers;
  let journey: Journey;
  let office: Json;

  beforeAll(async () => {
    servers = await startMailServers(telling.mail, { accounts: [OFFICE] });
    // Checks are asked for here: none that began before a change answers for one after it.
    journey = await startJourney(telling.engine, servers, { CHECK_INTERVAL_SECONDS: '3600' });
    office = await journey.connect(OFFICE, { provider: 'MICROSOFT_365', incoming: null, outgoing: null, deleteAfterFetch: true });
  });
  afterAll(async () => {
    await journey.end();
    await servers.stop();
  });

  const page = async (): Promise<Json> => (await journey.admin.ask('MailboxPage', { id: office.id })).mailbox;

  describe('if you use Microsoft and have already configured basic authentication', () => {
    test('the mailbox works, and still has a date that is coming', async () => {
      const { status, advisories } = await page();
      expect(status).toMatchObject({ health: 'HEALTHY', reason: null, actor: 'NOBODY' });
      expect(advisories.map(({ kind, leg }: Json) => [kind, leg])).toEqual([
        ['AUTH_RETIRING', 'INCOMING'],
        ['AUTH_RETIRING', 'OUTGOING'],
      ]);
    });

    test('you will see a banner inside your helpdesk: a warning, no alarm', async () => {
      const { banner } = (await journey.admin.ask('Banner')).workspace;
      expect(banner).toMatchObject({ severity: 'WARNING', mailboxCount: 1 });
      expect(banner.message).toMatch(/^Please reauthorize your Email settings\./u);
      expect(banner.message).toContain('Mail keeps flowing');
    });

    test('the steps are those of the article', async () => {
      const { scenario } = await page();
      expect(scenario.kind).toBe('MIGRATE_TO_OAUTH');
      expect(scenario.steps.map(({ title, state, mutation }: Json) => [title, state, mutation])).toEqual([
        ['Open the Email settings', 'DONE', null],
        ['Click on Microsoft Office 365 and Sign in with Microsoft', 'CURRENT', 'migrate'],
        ['Choose Incoming only, Outgoing only, or Both', 'TODO', 'migrate'],
        ['Enter your Microsoft credentials', 'TODO', null],
        ['The new login is proven', 'TODO', null],
        ['The configuration is replaced', 'TODO', null],
      ]);
    });

    test('the manual leaves nothing of the article out', async () => {
      const { scenarios } = await journey.admin.ask('HelpPage');
      const manual = scenarios.find(({ kind }: Json) => kind === 'MIGRATE_TO_OAUTH');
      const text = manual.steps.map(({ title, detail }: Json) => `${title}. ${detail}`).join('\n');
      for (const words of [
        'Admin > Channels > Email',
        'Sign in with Microsoft',
        'Incoming only, Outgoing only, or Both',
        'shared mailbox',
        'Outlook.com and Hotmail.com',
        'from Gmail to Microsoft',
        'Enable IMAP and Authenticated SMTP',
        'a message confirms it',
      ]) {
        expect(text).toContain(words);
      }
    });

    test('migrate without a sign-in for Microsoft says what the operator has to do, and changes nothing', async () => {
      const answer = await journey.admin.act('MigrateToOAuth', { input: { mailboxId: office.id, provider: 'MICROSOFT_365' } });
      expect(answer).toMatchObject({ __typename: 'ProviderNotConfigured' });
      expect(answer.message).toContain('MICROSOFT_CLIENT_ID');
      expect(await page()).toMatchObject({ version: office.version, openAuthorization: null, status: { health: 'HEALTHY' } });
    });

    test('reauth without a password points to migrate', async () => {
      const answer = await journey.admin.act('SignInAgain', { mailboxId: office.id });
      expect(answer).toMatchObject({ __typename: 'NotApplicable' });
      expect(answer.message).toContain('Use migrate');
    });
  });

  describe('if you encounter errors in verifying the server name, port, and credentials', () => {
    const attempt = async (incoming: Record<string, unknown>, password = OFFICE.password): Promise<Json> => {
      const answer = await journey.admin.act('TestPassword', {
        input: { provider: 'OTHER', username: OFFICE.address, password, incoming },
      });
      return answer.incoming ?? answer;
    };
    const server = (more: Record<string, unknown> = {}): Record<string, unknown> => ({
      ...servers.providers.microsoft.incoming,
      ...more,
    });

    test('the right ones pass', async () => {
      expect(await attempt(server())).toEqual({ succeeded: true, diagnosis: null });
    });
    test('a wrong port is told', async () => {
      expect((await attempt(server({ port: 1 }))).diagnosis).toMatchObject({ reason: 'CONNECTION_REFUSED', action: 'CHECK_HOST_PORT' });
    });
    test('a wrong kind of TLS is told', async () => {
      const { diagnosis } = await attempt(server({ port: servers.providers.microsoft.outgoing.port }));
      expect(diagnosis).toMatchObject({ reason: 'TLS_MODE_MISMATCH', action: 'CHECK_TLS_MODE' });
    });
    test('a server name that does not exist is told', async () => {
      const { diagnosis } = await attempt(server({ host: 'imap.wrong.invalid' }));
      // Without any resolver (offline) it is not known that the name does not exist.
      expect(['DNS_NOT_FOUND', 'CONNECTION_TIMEOUT']).toContain(diagnosis.reason);
    });
    test('wrong credentials are told', async () => {
      expect((await attempt(server(), 'wrong')).diagnosis.reason).toBe('BAD_CREDENTIALS');
    });

    const switchedOff =
      'Authenticated SMTP that is switched off turns the mailbox red for its administrator, with "Enable IMAP and Authenticated SMTP"';
    testOfSandbox(telling, 'EXCHANGE_WORDS', switchedOff, async () => {
      sandboxOf(servers).setFault(OFFICE.address, { kind: 'smtp-auth-disabled' });
      const { mailbox } = await journey.admin.act('CheckNow', { mailboxId: office.id });
      expect(mailbox.status).toMatchObject({
        health: 'ACTION_REQUIRED',
        reason: 'SMTP_AUTH_DISABLED',
        actor: 'TENANT_ADMIN',
        action: 'ENABLE_SMTP_AUTH',
      });
      const { scenario } = await page();
      expect(scenario.steps.find(({ state }: Json) => state === 'CURRENT').title).toBe('Enable IMAP and Authenticated SMTP');
    });

    testOfSandbox(telling, 'EXCHANGE_WORDS', 'once it is enabled, a check finds out and nobody has to sign in', async () => {
      sandboxOf(servers).setFault(OFFICE.address, null);
      const { mailbox } = await journey.admin.act('CheckNow', { mailboxId: office.id });
      expect(mailbox.status.health).toBe('HEALTHY');
    });
  });

  const switchedOff =
    'when Microsoft switches basic authentication off, the mailbox turns red and the steps are those of the migration; a password is not asked for';
  testOfSandbox(telling, 'EXCHANGE_WORDS', switchedOff, async () => {
    for (const name of ['microsoft-imap', 'microsoft-smtp'] as const)
      sandboxOf(servers).setServerFault(name, { kind: 'basic-auth-disabled' });
    const { mailbox } = await journey.admin.act('CheckNow', { mailboxId: office.id });
    expect(mailbox).toMatchObject({
      status: { health: 'ACTION_REQUIRED', reason: 'BASIC_AUTH_DISABLED', action: 'MIGRATE_TO_OAUTH' },
      scenario: { kind: 'MIGRATE_TO_OAUTH' },
    });
    const { banner } = (await journey.admin.ask('Banner')).workspace;
    expect(banner).toMatchObject({ severity: 'CRITICAL' });
    expect(banner.message).toMatch(/^Please reauthorize your Email settings\./u);
  });
});
