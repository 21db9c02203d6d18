import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Json } from '../http/json.ts';
import { startJourney, type Journey } from '../support/journey.ts';
import { sandboxOf, type MailServers } from '../support/mail-servers.ts';
import { startMailServers, tell, testOfSandbox } from '../support/telling.ts';

const OTHER = { address: 'support@acme.test', password: 'old password' };
const GMAIL = { address: 'team@gmail.test', password: 'old app password' };
const HELPDESK = { address: 'helpdesk@acme.test', password: 'third password' };

tell('Scenario 2: Reauthorization Required for Other and Gmail Mailbox', (telling) => {
  let servers: MailServers;
  let journey: Journey;
  let other: Json;
  let gmail: Json;

  beforeAll(async () => {
    servers = await startMailServers(telling.mail, { accounts: [OTHER, GMAIL] });
    journey = await startJourney(telling.engine, servers);
    other = await journey.connect(OTHER);
    gmail = await journey.connect(GMAIL, { provider: 'GMAIL', incoming: null, outgoing: null });
  });
  afterAll(async () => {
    await journey.end();
    await servers.stop();
  });

  const page = async (mailbox: Json): Promise<Json> => (await journey.admin.ask('MailboxPage', { id: mailbox.id })).mailbox;

  /** Resolves when a leg of the mailbox has turned red for this reason. */
  async function red(mailbox: Json, breakIt: () => Promise<void>): Promise<Json> {
    const { asOf } = (await journey.admin.ask('SettingsPage')).mailboxes;
    const live = journey.admin.subscribe('LiveStatus', { after: asOf, filter: { mailboxIds: [mailbox.id], health: ['ACTION_REQUIRED'] } });
    await breakIt();
    const { change } = await live.until((event) => event.change?.to === 'ACTION_REQUIRED', 'the mailbox to turn red');
    live.stop();
    return change;
  }

  test('a password that changed shows "Reauthorization required" for a mailbox of the Other option', async () => {
    const change = await red(other, () => servers.setPassword(OTHER.address, 'new password'));
    expect(change.reason).toBe('BAD_CREDENTIALS');
    const shown = await page(other);
    expect(shown.scenario.kind).toBe('REENTER_PASSWORD');
    expect(shown.scenario.title).toMatch(/^Reauthorization required/u);
    expect(shown.scenario.summary).toContain('might have expired or changed');
    expect(shown.status.message).toContain('Check your username and provide your password again.');
  });

  test('a Gmail mailbox shows the same, and the banner counts both', async () => {
    await red(gmail, () => servers.setPassword(GMAIL.address, 'new app password'));
    const shown = await page(gmail);
    expect(shown.status).toMatchObject({ health: 'ACTION_REQUIRED', reason: 'BAD_CREDENTIALS', actor: 'MAILBOX_OWNER' });
    expect(shown.scenario).toMatchObject({ kind: 'REENTER_PASSWORD' });
    const { banner } = (await journey.admin.ask('Banner')).workspace;
    expect(banner).toMatchObject({ severity: 'CRITICAL', mailboxCount: 2 });
    expect(banner.message).toMatch(/^Please reauthorize your Email settings\./u);
    expect(banner.learnMoreUrl).toMatch(/^http/u);
  });

  test('check your username: the step names the one that the gateway logs in with', async () => {
    const { scenario } = await page(other);
    const step = scenario.steps.find(({ key }: Json) => key === 'CHECK_USERNAME');
    expect(step).toMatchObject({ title: 'Check your username', mutation: 'reauth' });
    expect(step.detail).toContain(`logs in as ${OTHER.address}`);
  });

  test('provide your password again to reauthorize: the mailbox works and the banner speaks of the other one only', async () => {
    const { authorization, mailbox } = await journey.admin.act('ReenterPassword', { mailboxId: other.id, password: 'new password' });
    expect(authorization).toMatchObject({ status: 'COMMITTED', message: 'The password was verified. The mailbox now uses it.' });
    expect(mailbox).toMatchObject({ status: { health: 'HEALTHY' }, scenario: null });
    const { banner } = (await journey.admin.ask('Banner')).workspace;
    expect(banner).toMatchObject({ mailboxCount: 1, mailboxes: { nodes: [{ address: GMAIL.address }] } });
  });

  test('a mistyped password is refused at once, says so, and leaves the mailbox as it was', async () => {
    const before = await page(gmail);
    const { authorization } = await journey.admin.act('ReenterPassword', { mailboxId: gmail.id, password: 'new app pasword' });
    expect(authorization).toMatchObject({
      status: 'REJECTED',
      rejection: {
        reason: 'BAD_CREDENTIALS',
        action: 'UPDATE_PASSWORD',
        providerMessage: expect.stringMatching(/^NO \[AUTHENTICATIONFAILED\] /u),
      },
    });
    expect(authorization.message).toContain('The credential in use was not touched.');
    const after = await page(gmail);
    expect(after.authMethod).toEqual(before.authMethod);
    expect(after.previousAuthMethod).toBeNull();
    expect((await journey.admin.act('ReenterPassword', { mailboxId: gmail.id, password: 'new app password' })).authorization.status).toBe(
      'COMMITTED',
    );
  });

  test('the user name can be put right together with the password', async () => {
    await servers.addAccount(HELPDESK);
    await red(other, () => servers.removeAccount(OTHER.address));
    const { authorization } = await journey.admin.act('ReenterPassword', {
      mailboxId: other.id,
      username: HELPDESK.address,
      password: HELPDESK.password,
    });
    expect(authorization.status).toBe('COMMITTED');
    expect(await page(other)).toMatchObject({
      address: OTHER.address,
      authMethod: { username: HELPDESK.address },
      status: { health: 'HEALTHY' },
    });
  });

  test('only sending is refused: it says which leg it is, and the password is asked for all the same', async () => {
    const change = await red(other, () => servers.setRefusal(HELPDESK.address, 'OUTGOING'));
    expect(change).toMatchObject({ leg: 'OUTGOING', reason: 'BAD_CREDENTIALS' });
    const shown = await page(other);
    expect(shown).toMatchObject({ incoming: { status: { health: 'HEALTHY' } }, scenario: { kind: 'REENTER_PASSWORD' } });
    await servers.setRefusal(HELPDESK.address, null);
    const { authorization } = await journey.admin.act('ReenterPassword', { mailboxId: other.id, password: HELPDESK.password });
    expect(authorization.status).toBe('COMMITTED');
  });

  test('an account that its administrator has closed asks nobody for a password', async () => {
    const change = await red(other, () => servers.setDisabled(HELPDESK.address, true));
    expect(change).toMatchObject({ reason: 'ACCOUNT_DISABLED', action: 'ENABLE_ACCOUNT' });
    expect((await page(other)).status.actor).not.toBe('MAILBOX_OWNER');
    await servers.setDisabled(HELPDESK.address, false);
    await journey.admin.act('CheckNow', { mailboxId: other.id });
    expect(await page(other)).toMatchObject({ status: { health: 'HEALTHY' }, scenario: null });
  });

  const expired = 'a password that expired at the server is told apart from one that is wrong';
  testOfSandbox(telling, 'PASSWORD_AGE', expired, async () => {
    const change = await red(other, async () => sandboxOf(servers).setFault(HELPDESK.address, { kind: 'password-expired' }));
    expect(change).toMatchObject({ reason: 'PASSWORD_EXPIRED', actor: 'MAILBOX_OWNER' });
    const { scenario } = await page(other);
    expect(scenario.kind).toBe('REENTER_PASSWORD');
    expect(scenario.steps.find(({ state }: Json) => state === 'CURRENT').detail).toContain('The password has expired');
    sandboxOf(servers).setFault(HELPDESK.address, null);
    await journey.admin.act('CheckNow', { mailboxId: other.id });
  });

  testOfSandbox(telling, 'GMAIL_WORDS', 'Gmail that wants an app password asks for one', async () => {
    const change = await red(gmail, async () => sandboxOf(servers).setFault(GMAIL.address, { kind: 'app-password-required' }));
    expect(change).toMatchObject({ reason: 'APP_PASSWORD_REQUIRED', action: 'CREATE_APP_PASSWORD' });
    const { scenario } = await page(gmail);
    expect(scenario.steps.find(({ state }: Json) => state === 'CURRENT').detail).toContain('create an app password');
  });

  test('a server that is only out of order asks nobody for a password', async () => {
    const live = journey.admin.subscribe('LiveStatus', { filter: { mailboxIds: [other.id], health: ['DEGRADED'] } });
    await live.until((event) => event.__typename === 'StreamOpened');
    await servers.goAway();
    const { change } = await live.until((event) => event.change?.to === 'DEGRADED', 'the mailbox to be degraded');
    expect(change.actor).toBe('NOBODY');
    // Checks that began before may have met a server that was just going; the second that is asked for has begun after.
    await journey.admin.act('CheckNow', { mailboxId: other.id });
    await journey.admin.act('CheckNow', { mailboxId: other.id });
    expect(await page(other)).toMatchObject({ status: { health: 'DEGRADED', reason: servers.outage, actor: 'NOBODY' }, scenario: null });
    await servers.comeBack();
    await live.until((event) => event.change?.to === 'HEALTHY', 'the mailbox to heal by itself');
  });
});
