import { describe, expect, test } from 'vitest';
import { changeSettings, eraseReplaced, pauseMailboxStep, resumeMailboxStep, settingsOf } from '../../src/domain/mailbox-changes.ts';
import { KEPT_MS, NOW, pending, setup, swapped } from './repair-fixtures.ts';

const live = swapped(pending, setup('c1'), NOW).mailbox;

describe('a swap', () => {
  test('brings a pending mailbox to life, proven on every leg', () => {
    const { mailbox, events } = swapped(pending, setup('c1'), NOW);
    expect(mailbox).toMatchObject({
      live: true,
      version: 2,
      loginVersion: 1,
      previous: null,
      openAuthorizationId: null,
      unconfirmedAuthorizationId: 'a1',
    });
    expect(mailbox.requested).toBeUndefined();
    expect(mailbox.incoming).toMatchObject({ health: 'HEALTHY', lastProvenAt: NOW, nextCheckAt: NOW + 60_000 });
    expect(events).toMatchObject([
      { kind: 'STATUS', leg: 'INCOMING', from: 'UNVERIFIED', to: 'HEALTHY', credentialVersion: 1, triggeredBy: 'Ann' },
      { kind: 'STATUS', leg: 'OUTGOING', from: 'UNVERIFIED', to: 'HEALTHY' },
      { kind: 'MAILBOX', change: 'ADDED' },
    ]);
  });

  test('keeps what it replaces for a roll-back and says so in a status event even when the health stays the same', () => {
    const { mailbox, events } = swapped(live, setup('c2'), NOW + 5, 'a2');
    expect(mailbox.active?.credential.id).toBe('c2');
    expect(mailbox.previous).toMatchObject({ replacedAt: NOW + 5, keptUntil: NOW + 5 + KEPT_MS, secretErased: false, replacedBy: 'a2' });
    expect(mailbox.previous?.setup.credential.id).toBe('c1');
    expect(events.filter(({ kind }) => kind === 'STATUS')).toMatchObject([
      { from: 'HEALTHY', to: 'HEALTHY', credentialVersion: 2 },
      { from: 'HEALTHY', to: 'HEALTHY', credentialVersion: 2 },
    ]);
  });

  test('drops a leg that the new direction does not include', () => {
    const { mailbox, events } = swapped(live, setup('c2', { direction: 'OUTGOING', incomingServer: null }), NOW + 5);
    expect(mailbox.incoming).toBeNull();
    expect(events.filter(({ kind }) => kind === 'STATUS')).toHaveLength(1);
  });

  test('leaves a paused mailbox paused', () => {
    const paused = pauseMailboxStep(live, 'Ann', NOW + 1)!.mailbox;
    const { mailbox, events } = swapped(paused, setup('c2'), NOW + 5);
    expect(mailbox).toMatchObject({ paused: true, incoming: { health: 'PAUSED', nextCheckAt: null, lastProvenAt: NOW + 5 } });
    expect(events[0]).toMatchObject({ from: 'PAUSED', to: 'PAUSED', credentialVersion: 2 });
  });
});

describe('other settings', () => {
  const wanted = settingsOf(live, live.active!);

  test('that are the present ones change nothing', () => {
    expect(changeSettings(live, live.active!, wanted, 'Ann', NOW + 5)).toBeNull();
  });

  test('that no login depends on leave loginVersion and legs alone', () => {
    const step = changeSettings(live, live.active!, { ...wanted, displayName: 'Help', deleteAfterFetch: true }, 'Ann', NOW + 5)!;
    expect(step.mailbox).toMatchObject({ displayName: 'Help', version: live.version + 1, loginVersion: live.loginVersion });
    expect(step.mailbox.incoming).toEqual(live.incoming);
    expect(step.events).toEqual([{ kind: 'MAILBOX', mailboxId: live.id, change: 'CHANGED' }]);
  });

  test('with another host make that leg unverified and due, and no other', () => {
    const incomingServer = { host: 'other.acme.test', port: 993, security: 'TLS' } as const;
    const { mailbox, events } = changeSettings(live, live.active!, { ...wanted, incomingServer }, 'Ann', NOW + 5)!;
    expect(mailbox.loginVersion).toBe(live.loginVersion + 1);
    expect(mailbox.incoming).toMatchObject({ health: 'UNVERIFIED', lastProvenAt: null, nextCheckAt: NOW + 5 });
    expect(mailbox.outgoing).toEqual(live.outgoing);
    expect(events).toMatchObject([
      { leg: 'INCOMING', from: 'HEALTHY', to: 'UNVERIFIED', trigger: 'ADMINISTRATION', triggeredBy: 'Ann' },
      { kind: 'MAILBOX' },
    ]);
  });

  test('with another spelling of the same host are no other host', () => {
    const incomingServer = { ...wanted.incomingServer!, host: 'IMAP.acme.test' };
    expect(changeSettings(live, live.active!, { ...wanted, incomingServer }, 'Ann', NOW + 5)).toBeNull();
  });

  test('with another direction bump loginVersion and drop the leg', () => {
    const { mailbox } = changeSettings(live, live.active!, { ...wanted, direction: 'INCOMING', outgoingServer: null }, 'Ann', NOW + 5)!;
    expect(mailbox).toMatchObject({ outgoing: null, loginVersion: live.loginVersion + 1 });
  });
});

describe('pausing', () => {
  test('and resuming are idempotent', () => {
    const paused = pauseMailboxStep(live, 'Ann', NOW + 1)!.mailbox;
    expect(pauseMailboxStep(paused, 'Ann', NOW + 2)).toBeNull();
    const resumed = resumeMailboxStep(paused, 'Ann', NOW + 3)!;
    expect(resumed.mailbox.incoming).toMatchObject({ health: 'UNVERIFIED', nextCheckAt: NOW + 3 });
    expect(resumed.events[0]).toMatchObject({ from: 'PAUSED', to: 'UNVERIFIED', trigger: 'ADMINISTRATION', triggeredBy: 'Ann' });
    expect(resumeMailboxStep(resumed.mailbox, 'Ann', NOW + 4)).toBeNull();
  });
});

describe('a replaced setup', () => {
  test('loses its secrets and keeps user name and servers', () => {
    const replaced = swapped(live, setup('c2'), NOW + 5).mailbox;
    const erased = eraseReplaced(replaced, NOW + 9);
    expect(erased.previous?.secretErased).toBe(true);
    expect(JSON.stringify(erased)).not.toContain('sealed-c1');
    expect(JSON.stringify(erased)).toContain('sealed-c2');
    expect(erased.previous?.setup).toMatchObject({
      incomingServer: { host: 'imap.acme.test' },
      credential: { login: { username: 'support@acme.test' } },
    });
    expect(eraseReplaced(erased, NOW + 10)).toBe(erased);
  });
});
