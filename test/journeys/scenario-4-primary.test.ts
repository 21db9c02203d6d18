import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Json } from '../http/json.ts';
import type { Live } from '../support/live-events.ts';
import { startJourney, type Journey } from '../support/journey.ts';
import type { MailServers } from '../support/mail-servers.ts';
import { startMailServers, tell } from '../support/telling.ts';

const PRIMARY = { address: 'support@acme.test', password: 'old password' };
const SECOND = { address: 'billing@acme.test', password: 'billing password' };
const ARCHIVE = { address: 'archive@acme.test', password: 'archive password' };

tell('Scenario 4: Accounts with Multiple Support Emails', (telling) => {
  let servers: MailServers;
  let journey: Journey;
  let live: Live;
  let primary: Json;
  let second: Json;
  let archive: Json;

  beforeAll(async () => {
    servers = await startMailServers(telling.mail, { accounts: [PRIMARY, SECOND, ARCHIVE] });
    journey = await startJourney(telling.engine, servers);
    primary = await journey.connect(PRIMARY);
    second = await journey.connect(SECOND);
    archive = await journey.connect(ARCHIVE, { direction: 'INCOMING', outgoing: null });
    await journey.admin.act('ChoosePrimary', { mailboxId: primary.id, expectedPrimaryId: null });
    live = journey.admin.subscribe('LiveList', { after: (await journey.admin.ask('SettingsPage')).mailboxes.asOf });
    await live.until((event) => event.__typename === 'StreamOpened');
  });
  afterAll(async () => {
    await journey.end();
    await servers.stop();
  });

  const settings = async (): Promise<Json> => journey.admin.ask('SettingsPage');
  const scenarioOf = async (mailbox: Json): Promise<Json> => (await journey.admin.ask('MailboxPage', { id: mailbox.id })).mailbox.scenario;
  const primaryIs = (address: string | null) => (event: Json) =>
    event.__typename === 'PrimaryChanged' && (event.workspace.primaryMailbox?.address ?? null) === address;

  async function turnsRed(mailbox: Json): Promise<void> {
    await live.until((event) => event.change?.to === 'ACTION_REQUIRED' && event.change.mailboxId === mailbox.id, 'the mailbox to turn red');
  }

  test('a broken primary is repaired in place first: no juggling is proposed', async () => {
    await servers.setPassword(PRIMARY.address, 'new password');
    await turnsRed(primary);
    expect((await scenarioOf(primary)).kind).toBe('REENTER_PASSWORD');
  });

  test('if the issue persists, the steps of the article are proposed', async () => {
    const { authorization } = await journey.admin.act('ReenterPassword', { mailboxId: primary.id, password: 'wrong' });
    expect(authorization.status).toBe('REJECTED');
    const scenario = await scenarioOf(primary);
    expect(scenario.kind).toBe('PRIMARY_HANDOVER');
    expect(scenario.steps.map(({ title, state, mutation }: Json) => [title, state, mutation])).toEqual([
      ['Open the Email settings', 'DONE', null],
      ['Make the primary email non-primary', 'CURRENT', 'handOverPrimary'],
      ['Reauthorize the email', 'TODO', 'reauth'],
      ['Make the email primary again', 'TODO', 'setPrimary'],
    ]);
  });

  test('make the primary email non-primary, reauthorize the email, make the email primary again: by hand', async () => {
    const away = await journey.admin.act('ChoosePrimary', { mailboxId: second.id, expectedPrimaryId: primary.id });
    expect(away).toMatchObject({
      workspace: { primaryMailbox: { address: SECOND.address } },
      previousPrimary: { address: PRIMARY.address },
    });
    await live.until(primaryIs(SECOND.address), 'the second to be primary');
    const { authorization } = await journey.admin.act('ReenterPassword', { mailboxId: primary.id, password: 'new password' });
    expect(authorization.status).toBe('COMMITTED');
    await journey.admin.act('ChoosePrimary', { mailboxId: primary.id, expectedPrimaryId: second.id });
    await live.until(primaryIs(PRIMARY.address), 'the first to be primary again');
    expect(await scenarioOf(primary)).toBeNull();
  });

  test('two admins who choose at the same time: one wins, the other learns who is primary now', async () => {
    const other = await journey.person('admin');
    const answers = await Promise.all([
      journey.admin.act('ChoosePrimary', { mailboxId: second.id, expectedPrimaryId: primary.id }),
      other.act('ChoosePrimary', { mailboxId: null, expectedPrimaryId: primary.id }),
    ]);
    const refused = answers.filter((answer) => answer.__typename === 'PrimaryConflict');
    expect(refused).toHaveLength(1);
    const { workspace } = await settings();
    expect(refused[0].currentPrimaryId).toBe(workspace.primaryMailbox?.id ?? null);
    await journey.admin.act('ChoosePrimary', { mailboxId: primary.id });
    await live.until(primaryIs(PRIMARY.address), 'the first to be primary again');
  });

  test('handOverPrimary does all of it in one operation: another is primary until the new password is proven', async () => {
    await servers.setPassword(PRIMARY.address, 'third password');
    await turnsRed(primary);
    await servers.goAway();
    const begun = await journey.admin.act('HandOverPrimary', { input: { mailboxId: primary.id, password: 'third password' } });
    expect(begun.authorization.status).toBe('VERIFYING');
    expect(begun.workspace.handOver.interim.address).toBe(SECOND.address);
    await live.until(primaryIs(SECOND.address), 'the interim to be primary');
    expect((await settings()).workspace).toMatchObject({
      primaryMailbox: { address: SECOND.address },
      handOver: { mailbox: { address: PRIMARY.address }, interim: { address: SECOND.address } },
    });
    expect((await scenarioOf(primary)).steps.find(({ state }: Json) => state === 'CURRENT').key).toBe('REAUTHORIZE');

    await servers.comeBack();
    // The next try is due by then, however many have failed.
    journey.clock.shift(61_000);
    await live.until(primaryIs(PRIMARY.address), 'the first to be primary again by itself');
    const after = await settings();
    expect(after.workspace).toMatchObject({ primaryMailbox: { address: PRIMARY.address }, handOver: null });
    expect((await journey.admin.ask('MailboxPage', { id: primary.id })).mailbox).toMatchObject({
      isPrimary: true,
      status: { health: 'HEALTHY' },
    });
  });

  test('a hand-over whose repair fails ends where it began', async () => {
    const { authorization, workspace } = await journey.admin.act('HandOverPrimary', {
      input: { mailboxId: primary.id, password: 'wrong' },
    });
    expect(authorization.status).toBe('REJECTED');
    expect(workspace.handOver).toBeNull();
    await live.until(primaryIs(SECOND.address), 'the interim to be primary');
    await live.until(primaryIs(PRIMARY.address), 'the first to be primary again');
    expect((await settings()).workspace.primaryMailbox.address).toBe(PRIMARY.address);
  });

  test('whoever chooses another primary meanwhile ends the hand-over, and the repair goes on', async () => {
    await servers.goAway();
    const { authorization } = await journey.admin.act('HandOverPrimary', { input: { mailboxId: primary.id, password: 'third password' } });
    const progress = journey.admin.subscribe('SignInProgress', { id: authorization.id });
    await journey.admin.act('ChoosePrimary', { mailboxId: second.id });
    expect((await settings()).workspace).toMatchObject({ primaryMailbox: { address: SECOND.address }, handOver: null });
    await servers.comeBack();
    journey.clock.shift(61_000);
    await progress.until(({ status }) => status === 'COMMITTED', 'the repair to be committed');
    expect((await settings()).workspace.primaryMailbox.address).toBe(SECOND.address);
  });

  test('an address that only fetches mail cannot be the primary', async () => {
    expect(await journey.admin.act('ChoosePrimary', { mailboxId: archive.id })).toMatchObject({ __typename: 'NotApplicable' });
    expect((await settings()).workspace.primaryMailbox.address).toBe(SECOND.address);
  });

  test('removing the primary leaves the workspace without one', async () => {
    await journey.admin.act('RemoveMailbox', { mailboxId: second.id });
    await live.until(primaryIs(null), 'nobody to be primary');
    expect((await settings()).workspace.primaryMailbox).toBeNull();
  });
});
