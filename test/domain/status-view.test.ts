import { describe, expect, test } from 'vitest';
import { legStatus, mailboxStatus } from '../../src/domain/status-view.ts';
import {
  actionRequired,
  AMBIGUOUS,
  BASIC,
  diagnosis,
  healthy,
  HOUR_MS,
  leg,
  mailbox,
  MINUTE_MS,
  PERMANENT,
  see,
  setup,
  START,
  SUSPICIOUS,
  TRANSIENT,
} from './health-fixtures.ts';

const IN_USE = mailbox(setup('OTHER', BASIC));

describe('the status of a leg', () => {
  test('that was never checked has no reason and asks nobody', () => {
    const view = legStatus(leg({ nextCheckAt: START }), IN_USE, START);
    expect(view).toMatchObject({
      health: 'UNVERIFIED',
      reason: null,
      actor: 'NOBODY',
      action: null,
      confidence: null,
      alternatives: [],
      nextCheckAt: START,
    });
    expect(view.message).toMatch(/^Not checked yet/);
  });

  test('that works has no reason', () => {
    expect(legStatus(healthy(), IN_USE, START)).toMatchObject({
      health: 'HEALTHY',
      reason: null,
      actor: 'NOBODY',
      action: null,
      lastProvenAt: START,
    });
  });

  test('that needs somebody carries the whole diagnosis', () => {
    const cause = { ...PERMANENT, alternatives: ['MFA_REQUIRED'] as const, providerMessage: 'AADSTS50173' };
    expect(legStatus({ ...actionRequired(cause), sequence: 7, nextCheckAt: 42 }, IN_USE, START + HOUR_MS)).toEqual({
      health: 'ACTION_REQUIRED',
      reason: 'OAUTH_GRANT_REVOKED',
      actor: 'MAILBOX_OWNER',
      action: 'REAUTHORIZE',
      message: PERMANENT.message,
      confidence: 'CERTAIN',
      alternatives: ['MFA_REQUIRED'],
      providerMessage: 'AADSTS50173',
      sequence: 7,
      since: START + MINUTE_MS,
      failureCount: 1,
      lastCheckedAt: START + MINUTE_MS,
      lastProvenAt: START,
      nextCheckAt: 42,
    });
  });

  test('that is suspected shows the suspicion and says that it is being confirmed', () => {
    const view = legStatus(see(healthy(), 1, SUSPICIOUS).leg, IN_USE, START + MINUTE_MS);
    expect(view).toMatchObject({ health: 'DEGRADED', reason: 'BAD_CREDENTIALS', confidence: 'LIKELY', actor: 'NOBODY' });
    expect(view.message).toContain('confirming');
  });

  test('degraded for 6 hours names the workspace admin before anybody wrote it down', () => {
    const degraded = see(healthy(), 0, TRANSIENT).leg;
    expect(legStatus(degraded, IN_USE, START + 6 * HOUR_MS - 1).actor).toBe('NOBODY');
    expect(legStatus(degraded, IN_USE, START + 6 * HOUR_MS)).toMatchObject({ health: 'DEGRADED', actor: 'WORKSPACE_ADMIN', since: START });
  });

  test('degraded by what an admin could look at asks nobody before 6 hours, and says what to look at afterwards', () => {
    const refused = see(healthy(), 0, diagnosis('CONNECTION_REFUSED', 'CERTAIN', { retryable: true })).leg;
    expect(legStatus(refused, IN_USE, START + HOUR_MS)).toMatchObject({
      reason: 'CONNECTION_REFUSED',
      actor: 'NOBODY',
      action: 'WAIT_AND_RETRY',
    });
    expect(legStatus(refused, IN_USE, START + 6 * HOUR_MS)).toMatchObject({ actor: 'WORKSPACE_ADMIN', action: 'CHECK_HOST_PORT' });
  });

  test('of a paused mailbox is PAUSED whatever it was', () => {
    expect(legStatus(actionRequired(), { ...IN_USE, paused: true }, START)).toMatchObject({
      health: 'PAUSED',
      reason: null,
      actor: 'NOBODY',
      nextCheckAt: null,
    });
  });
});

describe('the status of a mailbox', () => {
  test('is its worst leg, with the newest sequence and the earliest next check of both', () => {
    const both = mailbox(setup('OTHER', BASIC), {
      incoming: healthy({ sequence: 9, nextCheckAt: 100 }),
      outgoing: { ...see(healthy({}, 'OUTGOING'), 1, PERMANENT).leg, sequence: 4, nextCheckAt: 200 },
    });
    expect(mailboxStatus(both, START)).toMatchObject({
      health: 'ACTION_REQUIRED',
      reason: 'OAUTH_GRANT_REVOKED',
      sequence: 9,
      nextCheckAt: 100,
    });
  });

  test('puts who has to act before who has to wait', () => {
    const suspected = see(healthy({}, 'OUTGOING'), 1, AMBIGUOUS).leg;
    const blocked = see(healthy(), 1, diagnosis('APP_NOT_FOUND', 'CERTAIN')).leg;
    expect(mailboxStatus(mailbox(setup('OTHER', BASIC), { incoming: blocked, outgoing: suspected }), START).health).toBe('BLOCKED');
    expect(mailboxStatus(mailbox(setup('OTHER', BASIC), { incoming: healthy(), outgoing: suspected }), START).health).toBe('DEGRADED');
    expect(mailboxStatus(mailbox(setup('OTHER', BASIC), { incoming: healthy(), outgoing: leg({}, 'OUTGOING') }), START).health).toBe(
      'UNVERIFIED',
    );
  });

  test('that is pending says that its first login has to be proven', () => {
    const pending = mailbox(setup('OTHER', BASIC), { live: false, active: null, incoming: null, outgoing: null });
    expect(mailboxStatus(pending, START)).toMatchObject({ health: 'UNVERIFIED', reason: null, actor: 'NOBODY', sequence: 0 });
    expect(mailboxStatus(pending, START).message).toMatch(/^Not connected yet/);
  });
});
