import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Json } from '../http/json.ts';
import { describeOnEngine, ENGINES, type EngineName } from '../support/gateway.ts';
import type { Live } from '../support/live-events.ts';
import { dovecotServers, sandboxServers, startJourney, type Journey, type MailServers } from '../support/journey.ts';

const SUPPORT = { address: 'support@acme.test', password: 'old password' };
const BILLING = { address: 'billing@acme.test', password: 'billing password' };

const SERVERS: Readonly<Record<string, () => Promise<MailServers | null>>> = {
  "the sandbox's mail servers": () => sandboxServers([SUPPORT, BILLING]),
  Dovecot: () => dovecotServers([SUPPORT, BILLING]),
};
const CASES = ENGINES.flatMap((engine) => Object.keys(SERVERS).map((servers) => ({ engine, servers })));

/** The change of a leg that arrives as an event. */
const changed =
  (to: string, reason: string | null, leg = 'INCOMING') =>
  (event: Json) =>
    event.__typename === 'CredentialStatusChanged' && event.change.to === to && event.change.reason === reason && event.change.leg === leg;

describe.each(CASES)('the outcome against $servers', ({ engine, servers }) => {
  describeOnEngine(engine, 'a password changes at the server and is entered again', () => outcome(engine, SERVERS[servers]!));
});

function outcome(engine: EngineName, start: () => Promise<MailServers | null>): void {
  let servers: MailServers | null = null;
  let journey: Journey;
  const closers: (() => Promise<void>)[] = [];
  let mailbox: Json;
  let socket: Live;
  let events: Live;

  beforeAll(async () => {
    servers = await start();
    if (servers === null) return;
    closers.push(servers.stop);
    journey = await startJourney(engine, servers);
    closers.push(journey.end);
    mailbox = await journey.connect(SUPPORT, { displayName: 'Support' });
    await journey.connect(BILLING);
  });
  afterAll(async () => {
    for (const close of closers.reverse()) await close();
  });

  const step = (title: string, work: () => Promise<void>): void =>
    test(title, async ({ skip }) => {
      if (servers === null) skip('Dovecot is not installed');
      await work();
    });

  step('somebody lists the mailboxes, and both work', async () => {
    const { mailboxes, workspace } = await journey.admin.ask('SettingsPage');
    expect(mailboxes.totalCount).toBe(2);
    expect(mailboxes.nodes.map((node: Json) => [node.address, node.status.health, node.scenario])).toEqual([
      ['billing@acme.test', 'HEALTHY', null],
      ['support@acme.test', 'HEALTHY', null],
    ]);
    expect(workspace.summary).toMatchObject({ total: 2, healthy: 2, actionRequired: 0 });
    expect((await journey.admin.ask('Banner')).workspace.banner).toBeNull();
  });

  step('subscribes to credentialStatusChanged, over WebSocket and over server-sent events', async () => {
    const { mailboxes } = await journey.admin.ask('SettingsPage');
    socket = journey.admin.subscribe('LiveStatus', { after: mailboxes.asOf });
    events = journey.admin.stream('LiveStatus', { after: mailboxes.asOf });
    for (const live of [socket, events]) {
      // A check may have had something to say since the list was read.
      expect((await live.until((event) => event.__typename === 'StreamOpened')).resume).toMatch(/^(?:UP_TO_DATE|REPLAYING)$/u);
    }
  });

  step('changes the password at the server, and the mailbox turns ACTION_REQUIRED with BAD_CREDENTIALS', async () => {
    await servers!.setPassword(SUPPORT.address, 'new password');
    for (const live of [socket, events]) {
      const { change } = await live.until(changed('ACTION_REQUIRED', 'BAD_CREDENTIALS'), 'the mailbox to turn red');
      expect(change).toMatchObject({
        from: 'DEGRADED',
        actor: 'MAILBOX_OWNER',
        action: 'UPDATE_PASSWORD',
        mailbox: { address: SUPPORT.address },
      });
    }
  });

  step('sees the steps of re-entering a password', async () => {
    const { mailbox: shown } = await journey.admin.ask('MailboxPage', { id: mailbox.id });
    expect(shown.status).toMatchObject({ health: 'ACTION_REQUIRED', reason: 'BAD_CREDENTIALS', actor: 'MAILBOX_OWNER' });
    expect(shown.scenario.kind).toBe('REENTER_PASSWORD');
    expect(shown.scenario.steps.map((each: Json) => [each.key, each.state])).toEqual([
      ['OPEN_EMAIL_SETTINGS', 'DONE'],
      ['CHECK_USERNAME', 'DONE'],
      ['REENTER_PASSWORD', 'CURRENT'],
      ['VERIFY', 'TODO'],
    ]);
  });

  step('and the banner of the article', async () => {
    const { banner } = (await journey.admin.ask('Banner')).workspace;
    expect(banner).toMatchObject({ severity: 'CRITICAL', mailboxCount: 1, mailboxes: { nodes: [{ address: SUPPORT.address }] } });
    expect(banner.message).toContain('Please reauthorize your Email settings.');
  });

  step('a wrong password is rejected and changes nothing', async () => {
    const { authorization, mailbox: after } = await journey.admin.act('ReenterPassword', {
      mailboxId: mailbox.id,
      password: 'still wrong',
    });
    expect(authorization).toMatchObject({ status: 'REJECTED', rejection: { reason: 'BAD_CREDENTIALS', leg: 'INCOMING' } });
    expect(after.status.health).toBe('ACTION_REQUIRED');
  });

  step('calls reauth, and HEALTHY arrives on the same subscriptions', async () => {
    const { authorization, mailbox: repaired } = await journey.admin.act('ReenterPassword', {
      mailboxId: mailbox.id,
      password: 'new password',
    });
    expect(authorization.status).toBe('COMMITTED');
    expect(authorization.proofs.map((proof: Json) => [proof.leg, proof.succeeded])).toEqual([
      ['INCOMING', true],
      ['OUTGOING', true],
    ]);
    expect(repaired.status.health).toBe('HEALTHY');
    for (const live of [socket, events]) {
      await live.until(changed('HEALTHY', null, 'INCOMING'), 'the incoming leg to be healthy');
      await live.until(changed('HEALTHY', null, 'OUTGOING'), 'the outgoing leg to be healthy');
    }
    expect((await journey.admin.ask('Banner')).workspace.banner).toBeNull();
  });

  step('both transports told the same, in the order of the log, without a gap', async () => {
    const { statusChanges } = await journey.admin.ask('WorkspaceHistory', { last: 100 });
    const heard = (live: Live): Json[] =>
      live.events.filter((event) => event.__typename === 'CredentialStatusChanged').map((event) => event.change);
    const logged = statusChanges.nodes.filter((node: Json) => node.sequence >= heard(socket)[0].sequence).map((node: Json) => node.id);
    expect(heard(socket).map(({ id }) => id)).toEqual(logged);
    expect(heard(events).map(({ id }) => id)).toEqual(logged);
    const sequences: number[] = statusChanges.nodes.map((node: Json) => node.sequence);
    expect(sequences).toEqual(sequences.map((_, index) => index + 1));
  });
}
