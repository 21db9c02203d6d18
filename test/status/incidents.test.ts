import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { MailboxId } from '../../src/domain/ids.ts';
import type { OpenedLogin } from '../../src/credentials/credentials.ts';
import { Secret } from '../../src/vault/secret.ts';
import { appSecretExpired, bareNo, createWorld, HOUR, INTERVAL, MINUTE, proven, SECOND, wrongPassword, type World } from './world.ts';

let world: World;
beforeEach(async () => {
  world = await createWorld();
});
afterEach(() => world.dispose());

/** Mailboxes that are checked one after the other, all over the interval. */
async function seed(count: number, host = 'imap.example.com', prefix = 'm'): Promise<readonly MailboxId[]> {
  const ids: MailboxId[] = [];
  for (let n = 0; n < count; n += 1) {
    ids.push((await world.add(`${prefix}${n}@acme.test`, { host, dueInMs: Math.floor((n / count) * INTERVAL) })).id);
  }
  return ids;
}

const incidentEvents = async () => (await world.events()).filter((facts) => facts.kind === 'INCIDENT').length;
const openIncidents = async () => (await world.store.openIncidents(null)).map(({ scope }) => scope);

describe('an outage of a provider', () => {
  test('500 mailboxes refused at once: nobody is asked to act, one incident opens, probing slows, and it closes by itself', async () => {
    await seed(500);
    world.process().start();
    await world.clock.advance(INTERVAL);
    world.answer('*', bareNo);
    await world.clock.advance(25 * MINUTE);
    const during = await world.store.healthCounts(world.workspaceId);
    expect(during).toMatchObject({ ACTION_REQUIRED: 0, DEGRADED: 500 });
    expect(await openIncidents()).toEqual(['cohort:OTHER|imap.example.com']);
    const before = world.attempts.length;
    await world.clock.advance(15 * MINUTE);
    expect((world.attempts.length - before) / 15).toBeLessThanOrEqual(10);

    // Twenty of them have really lost their passwords meanwhile.
    for (let n = 0; n < 20; n += 1) world.answer(`m${n * 20}@acme.test`, wrongPassword);
    world.answer('*', proven);
    await world.clock.advance(2 * INTERVAL);
    expect(await world.store.healthCounts(world.workspaceId)).toMatchObject({ ACTION_REQUIRED: 20, DEGRADED: 0, HEALTHY: 480 });
    expect(await openIncidents()).toEqual([]);
    const asked = (await world.statusEvents()).filter(({ to }) => to === 'ACTION_REQUIRED');
    expect(asked).toHaveLength(20);
  }, 180_000);

  test('an outage shorter than the window ends the same way', async () => {
    await seed(200);
    world.process().start();
    await world.clock.advance(INTERVAL);
    world.answer('*', bareNo);
    await world.clock.advance(4 * MINUTE);
    expect(await openIncidents()).toHaveLength(1);
    world.answer('m7@acme.test', wrongPassword);
    world.answer('*', proven);
    await world.clock.advance(2 * INTERVAL + MINUTE);
    expect(await world.store.healthCounts(world.workspaceId)).toMatchObject({ ACTION_REQUIRED: 1, HEALTHY: 199 });
    expect(await openIncidents()).toEqual([]);
    expect((await world.statusEvents()).filter(({ to }) => to === 'ACTION_REQUIRED').map(({ mailboxId }) => mailboxId)).toHaveLength(1);
  });

  test('the first ones refused are not confirmed while the count still grows: their neighbours are refused too', async () => {
    // Ten mailboxes whose checks are minutes apart: a minute after the first rejection nothing else is known than another one.
    for (let n = 0; n < 10; n += 1) await world.add(`m${n}@acme.test`, { dueInMs: n < 2 ? n * 20 * SECOND : 5 * MINUTE + n * 20 * SECOND });
    world.process().start();
    await world.clock.advance(INTERVAL);
    world.answer('*', wrongPassword);
    await world.clock.advance(3 * MINUTE);
    expect(await world.store.healthCounts(world.workspaceId)).toMatchObject({ ACTION_REQUIRED: 0, DEGRADED: 2 });
    world.answer('*', proven);
    world.answer('m0@acme.test', wrongPassword);
    await world.clock.advance(2 * INTERVAL);
    expect(await world.store.healthCounts(world.workspaceId)).toMatchObject({ ACTION_REQUIRED: 1, HEALTHY: 9 });
  });

  test('the first one refused is not confirmed while no neighbour was tried, where neighbours are many; afterwards it is', async () => {
    for (let n = 0; n < 40; n += 1) await world.add(`m${n}@acme.test`, { dueInMs: n === 0 ? 0 : 3 * MINUTE + n * 10 * SECOND });
    world.process().start();
    await world.clock.advance(INTERVAL - SECOND);
    world.answer('*', wrongPassword);
    await world.clock.advance(2.5 * MINUTE);
    expect(world.attemptsOf('m0@acme.test')).toHaveLength(3);
    expect(await world.store.healthCounts(world.workspaceId)).toMatchObject({ ACTION_REQUIRED: 0, DEGRADED: 1, HEALTHY: 39 });
    world.answer('*', proven);
    world.answer('m0@acme.test', wrongPassword);
    await world.clock.advance(2 * INTERVAL);
    expect(await world.store.healthCounts(world.workspaceId)).toMatchObject({ ACTION_REQUIRED: 1, HEALTHY: 39 });
  });

  test('where checks are sparse a silent neighbourhood says nothing: the second rejection is the verdict', async () => {
    for (let n = 0; n < 8; n += 1) await world.add(`m${n}@acme.test`, { dueInMs: n === 0 ? 0 : 5 * MINUTE });
    world.process().start();
    await world.clock.advance(INTERVAL - SECOND);
    world.answer('m0@acme.test', wrongPassword);
    await world.clock.advance(2.5 * MINUTE);
    expect(await world.store.healthCounts(world.workspaceId)).toMatchObject({ ACTION_REQUIRED: 1, HEALTHY: 7 });
  });

  test('negative control: without the guard the same outage turns mailboxes red', async () => {
    await seed(4);
    world.process().start();
    world.answer('*', bareNo);
    await world.clock.advance(30 * MINUTE);
    // Four are too few to be told from four wrong passwords.
    expect(await world.store.healthCounts(world.workspaceId)).toMatchObject({ ACTION_REQUIRED: 4 });
  });

  test('another host is not part of it', async () => {
    await seed(60, 'imap.down.example', 'down');
    await seed(60, 'imap.up.example', 'up');
    world.process().start();
    await world.clock.advance(INTERVAL);
    for (let n = 0; n < 60; n += 1) world.answer(`down${n}@acme.test`, bareNo);
    world.answer('up3@acme.test', wrongPassword);
    await world.clock.advance(2 * INTERVAL);
    expect((await world.statusEvents()).filter(({ to }) => to === 'ACTION_REQUIRED')).toHaveLength(1);
    expect(await openIncidents()).toEqual(['cohort:OTHER|imap.down.example']);
  });

  test('each workspace has its own incident and counts its own mailboxes only', async () => {
    const other = await world.store.ensureWorkspace('Other', world.clock.now());
    await seed(30);
    for (let n = 0; n < 10; n += 1) await world.add(`o${n}@other.test`, { dueInMs: n * MINUTE }, other.id);
    world.process().start();
    await world.clock.advance(INTERVAL);
    world.answer('*', bareNo);
    await world.clock.advance(2 * INTERVAL);
    const incidents = await world.store.openIncidents('cohort:OTHER|imap.example.com');
    expect(incidents).toHaveLength(2);
    const counts = new Map(incidents.map((incident) => [incident.workspaceId, incident.affectedCount]));
    expect(counts.get(other.id)).toBeLessThanOrEqual(10);
    expect(counts.get(world.workspaceId)).toBeLessThanOrEqual(30);
    expect(counts.get(world.workspaceId)).toBeGreaterThan(20);
  });

  test('what lasts longer than an hour while the neighbours log in is theirs', async () => {
    await seed(100);
    world.process().start();
    await world.clock.advance(INTERVAL);
    for (let n = 0; n < 30; n += 1) world.answer(`m${n * 3}@acme.test`, wrongPassword);
    await world.clock.advance(45 * MINUTE);
    const held = await world.store.healthCounts(world.workspaceId);
    expect(held.DEGRADED).toBeGreaterThan(20);
    await world.clock.advance(45 * MINUTE);
    expect((await world.store.healthCounts(world.workspaceId)).ACTION_REQUIRED).toBe(30);
    expect(await openIncidents()).toEqual([]);
  });
});

describe('a fault of the OAuth application', () => {
  const ready = (username: string, fresh: boolean): OpenedLogin => ({
    kind: 'READY',
    fresh,
    login: {
      direction: 'INCOMING',
      provider: 'MICROSOFT_365',
      server: { host: 'outlook.office365.com', port: 993, security: 'TLS' },
      username,
      proof: { kind: 'ACCESS_TOKEN', accessToken: new Secret('t') },
    },
  });

  test('blocks all its mailboxes with one incident, asks no owner, and closes by itself when the secret is renewed', async () => {
    for (let n = 0; n < 40; n += 1)
      await world.add(`m${n}@acme.test`, {
        provider: 'MICROSOFT_365',
        oauth: true,
        host: 'outlook.office365.com',
        dueInMs: n * 10 * SECOND,
      });
    await world.add('password@acme.test');
    let opened = 0;
    world.opening((username) => {
      if (username === 'password@acme.test') return ready(username, true);
      opened += 1;
      return { kind: 'FAILED', evidence: appSecretExpired };
    });
    world.process().start();
    await world.clock.advance(INTERVAL);
    expect(await world.store.healthCounts(world.workspaceId)).toMatchObject({ BLOCKED: 40, HEALTHY: 1, ACTION_REQUIRED: 0 });
    const [incident] = await world.store.openIncidents(null);
    expect(incident).toMatchObject({
      scope: 'oauth-app:microsoft',
      reason: 'APP_SECRET_EXPIRED',
      affectedCount: 40,
      actor: 'GATEWAY_OPERATOR',
    });
    const actors = new Set((await world.statusEvents()).filter(({ to }) => to === 'BLOCKED').map(({ actor }) => actor));
    expect(actors).toEqual(new Set(['GATEWAY_OPERATOR']));

    opened = 0;
    await world.clock.advance(HOUR);
    // One canary a minute at first, and the slow probes of forty mailboxes.
    expect(opened).toBeLessThanOrEqual(60 + 40);
    expect(opened).toBeGreaterThanOrEqual(5);

    world.opening((username) => ready(username, true));
    await world.clock.advance(INTERVAL + INTERVAL);
    expect(await world.store.healthCounts(world.workspaceId)).toMatchObject({ BLOCKED: 0, HEALTHY: 41 });
    expect(await openIncidents()).toEqual([]);
    const closed = await world.store.incidentPage(world.workspaceId, { open: false, limit: 10 });
    expect(closed.items).toHaveLength(1);
  });

  test('two processes open one incident', async () => {
    for (let n = 0; n < 40; n += 1)
      await world.add(`m${n}@acme.test`, { provider: 'MICROSOFT_365', oauth: true, host: 'outlook.office365.com', fresh: true });
    world.opening(() => ({ kind: 'FAILED', evidence: appSecretExpired }));
    world.process('gateway-1').start();
    world.process('gateway-2').start();
    await world.clock.advance(MINUTE);
    expect(await openIncidents()).toEqual(['oauth-app:microsoft']);
    expect((await world.store.openIncidents(null))[0]?.affectedCount).toBe(40);
    expect(await incidentEvents()).toBeLessThanOrEqual(10);
  });

  test('one canary at a time over all processes', async () => {
    for (let n = 0; n < 100; n += 1)
      await world.add(`m${n}@acme.test`, { provider: 'MICROSOFT_365', oauth: true, host: 'outlook.office365.com', fresh: true });
    const forced: number[] = [];
    world.opening((_username, force) => {
      if (force) forced.push(world.clock.now());
      return { kind: 'FAILED', evidence: appSecretExpired };
    });
    world.process('gateway-1').start();
    world.process('gateway-2').start();
    await world.clock.advance(50 * MINUTE);
    const gaps = forced.slice(1).map((at, place) => at - forced[place]!);
    expect(forced.length).toBeGreaterThan(5);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(45 * SECOND);
  });

  test('an incident whose mailboxes were all repaired or removed closes', async () => {
    const { id } = await world.add('m@acme.test', { provider: 'MICROSOFT_365', oauth: true, fresh: true });
    world.opening(() => ({ kind: 'FAILED', evidence: appSecretExpired }));
    world.process().start();
    await world.clock.advance(MINUTE);
    expect(await openIncidents()).toHaveLength(1);
    const mailbox = await world.mailbox(id);
    await world.store.commit([
      { workspaceId: world.workspaceId, at: world.clock.now(), mailboxes: [{ kind: 'remove', id, expectedRevision: mailbox.revision }] },
    ]);
    await world.clock.advance(MINUTE);
    expect(await openIncidents()).toEqual([]);
  });
});
