import { describe, expect, test } from 'vitest';
import {
  changeOf,
  escalate,
  freshLeg,
  markStale,
  observe,
  pauseLeg,
  provenLeg,
  releaseLeg,
  resumeLeg,
  type LegChange,
} from '../../src/domain/health.ts';
import type { MailboxId } from '../../src/domain/ids.ts';
import type { Leg } from '../../src/domain/leg.ts';
import {
  actionRequired,
  AMBIGUOUS,
  blocked,
  circumstances,
  CONFIRM_AFTER_MS,
  diagnosis,
  healthy,
  HOUR_MS,
  INCIDENT,
  leg,
  LOGIN_VERSION,
  MINUTE_MS,
  observation,
  PERMANENT,
  see,
  SHARED,
  START,
  SUSPICIOUS,
  TRANSIENT,
} from './health-fixtures.ts';

const suspected = (): Leg => see(healthy(), 1, SUSPICIOUS).leg;

describe('which observations count', () => {
  test.each([LOGIN_VERSION - 1, LOGIN_VERSION + 1])(
    'an observation of loginVersion %i changes nothing at loginVersion 3',
    (loginVersion) => {
      const before = healthy();
      const transition = see(before, 1, PERMANENT, { seen: { loginVersion } });
      expect(transition).toEqual({ leg: before, change: null, suspicionRaised: false, shared: false, dropped: true });
    },
  );

  test('a rejection is not confirmed while neighbours are refused too and nobody logs in there; then it is', () => {
    const suspected = see(healthy(), 0, SUSPICIOUS).leg;
    expect(see(suspected, 2, SUSPICIOUS, { cohortUnsure: true }).leg).toMatchObject({ health: 'DEGRADED' });
    expect(see(suspected, 2, SUSPICIOUS, { cohortUnsure: false }).leg).toMatchObject({ health: 'ACTION_REQUIRED' });
  });

  test('a paused leg drops observations', () => {
    const before = pauseLeg(healthy(), START).leg;
    expect(see(before, 1, 'PROVEN')).toMatchObject({ leg: before, change: null, dropped: true });
  });

  test('an observation of the other leg is dropped', () => {
    expect(see(healthy(), 1, PERMANENT, { seen: { leg: 'OUTGOING' } }).dropped).toBe(true);
  });
});

describe('a proof', () => {
  test.each<[string, Leg]>([
    ['UNVERIFIED', leg()],
    ['DEGRADED', see(healthy(), 1, TRANSIENT).leg],
    ['DEGRADED with a suspicion', suspected()],
    ['ACTION_REQUIRED', actionRequired()],
    ['BLOCKED', blocked()],
  ])('makes a leg that was %s HEALTHY and forgets its failures', (_, before) => {
    const { leg: after, change } = see(before, 5, 'PROVEN');
    expect(after).toMatchObject({
      health: 'HEALTHY',
      diagnosis: null,
      failureCount: 0,
      firstFailureAt: null,
      suspicion: null,
      incidentId: null,
      lastCheckedAt: START + 5 * MINUTE_MS,
      lastProvenAt: START + 5 * MINUTE_MS,
      since: START + 5 * MINUTE_MS,
    });
    expect(change).toEqual({
      from: before.health,
      to: 'HEALTHY',
      reason: null,
      actor: 'NOBODY',
      action: null,
      message: 'The login works.',
    });
  });

  test('of a HEALTHY leg is no change, only a newer proof', () => {
    const transition = see(healthy(), 5, 'PROVEN');
    expect(transition.change).toBeNull();
    expect(transition.leg).toMatchObject({ since: START, lastProvenAt: START + 5 * MINUTE_MS });
  });
});

describe('a transient failure', () => {
  test.each<[string, Leg]>([
    ['UNVERIFIED', leg()],
    ['HEALTHY', healthy()],
  ])('makes a leg that was %s DEGRADED', (_, before) => {
    const { leg: after, change, suspicionRaised, shared } = see(before, 1, TRANSIENT);
    expect(after).toMatchObject({
      health: 'DEGRADED',
      diagnosis: TRANSIENT,
      failureCount: 1,
      firstFailureAt: START + MINUTE_MS,
      suspicion: null,
    });
    expect(change).toMatchObject({ from: before.health, to: 'DEGRADED', reason: 'PROVIDER_UNAVAILABLE', actor: 'NOBODY' });
    expect({ suspicionRaised, shared }).toEqual({ suspicionRaised: false, shared: false });
  });

  test('again is counted, and is no change', () => {
    const { leg: after, change } = see(see(healthy(), 1, TRANSIENT).leg, 2, TRANSIENT);
    expect(after).toMatchObject({ failureCount: 2, firstFailureAt: START + MINUTE_MS, lastCheckedAt: START + 2 * MINUTE_MS });
    expect(change).toBeNull();
  });

  test('for another reason is a change within the same health', () => {
    const { change } = see(see(healthy(), 1, TRANSIENT).leg, 2, diagnosis('RATE_LIMITED', 'CERTAIN'));
    expect(change).toMatchObject({ from: 'DEGRADED', to: 'DEGRADED', reason: 'RATE_LIMITED' });
  });

  test.each<[string, Leg]>([
    ['ACTION_REQUIRED', actionRequired()],
    ['BLOCKED', blocked()],
  ])('never overwrites the diagnosis of a leg that is %s', (_, before) => {
    const { leg: after, change } = see(before, 9, TRANSIENT);
    expect(after).toEqual({ ...before, failureCount: before.failureCount + 1, lastCheckedAt: START + 9 * MINUTE_MS });
    expect(change).toBeNull();
  });

  test('a retryable diagnosis is transient whatever its reason', () => {
    expect(see(healthy(), 1, { ...PERMANENT, retryable: true }).leg.health).toBe('DEGRADED');
  });
});

describe('six hours of degradation', () => {
  const since = (): Leg => see(healthy(), 0, TRANSIENT).leg;

  test('make it the business of a workspace admin, still DEGRADED', () => {
    const { leg: after, change } = escalate(since(), START + 6 * HOUR_MS);
    expect(after).toMatchObject({ health: 'DEGRADED', diagnosis: { reason: 'PROVIDER_UNAVAILABLE', actor: 'WORKSPACE_ADMIN' } });
    expect(change).toMatchObject({ from: 'DEGRADED', to: 'DEGRADED', actor: 'WORKSPACE_ADMIN' });
    expect(change?.message).toContain('6 hours');
  });

  test('are told once', () => {
    const escalated = escalate(since(), START + 6 * HOUR_MS).leg;
    expect(escalate(escalated, START + 7 * HOUR_MS).change).toBeNull();
    expect(see(escalated, 8 * 60, TRANSIENT).change).toBeNull();
  });

  test('are told by the failure that completes them, when no watchdog came first', () => {
    expect(see(since(), 6 * 60, TRANSIENT).change).toMatchObject({ to: 'DEGRADED', actor: 'WORKSPACE_ADMIN' });
  });

  test('less than that tells nobody', () => {
    expect(escalate(since(), START + 6 * HOUR_MS - 1).change).toBeNull();
  });

  test.each<[string, Leg]>([
    ['HEALTHY', healthy()],
    ['UNVERIFIED', leg()],
    ['ACTION_REQUIRED', actionRequired()],
    ['BLOCKED', blocked()],
  ])('a leg that is %s is left alone by time', (_, before) => {
    expect(escalate(before, START + 1_000 * HOUR_MS)).toMatchObject({ leg: before, change: null });
  });

  test('of a suspicion that could not be confirmed name the repair that it suspects', () => {
    const change = escalate(suspected(), START + 7 * HOUR_MS).change;
    expect(change).toMatchObject({ to: 'DEGRADED', reason: 'BAD_CREDENTIALS', actor: 'WORKSPACE_ADMIN', action: 'UPDATE_PASSWORD' });
  });

  test('count from the own failure, not from a shared fault that is over', () => {
    const released = releaseLeg(blocked(), START + 10 * HOUR_MS);
    const after = see(released, 10 * 60, TRANSIENT).leg;
    expect(after).toMatchObject({ health: 'DEGRADED', failureCount: 1, diagnosis: { actor: 'NOBODY' } });
  });
});

describe('a permanent and certain failure', () => {
  test.each<[string, Leg]>([
    ['UNVERIFIED', leg()],
    ['HEALTHY', healthy()],
    ['DEGRADED', see(healthy(), 1, TRANSIENT).leg],
    ['BLOCKED', blocked()],
  ])('makes a leg that was %s ACTION_REQUIRED at once', (_, before) => {
    const { leg: after, change } = see(before, 2, PERMANENT);
    expect(after).toMatchObject({ health: 'ACTION_REQUIRED', diagnosis: PERMANENT, suspicion: null, incidentId: null });
    expect(change).toEqual({
      from: before.health,
      to: 'ACTION_REQUIRED',
      reason: 'OAUTH_GRANT_REVOKED',
      actor: 'MAILBOX_OWNER',
      action: 'REAUTHORIZE',
      message: 'It is OAUTH_GRANT_REVOKED.',
    });
  });

  test('again is no change, another one is', () => {
    expect(see(actionRequired(), 90, PERMANENT).change).toBeNull();
    expect(see(actionRequired(), 90, diagnosis('MFA_REQUIRED', 'CERTAIN')).change).toMatchObject({
      from: 'ACTION_REQUIRED',
      reason: 'MFA_REQUIRED',
    });
  });
});

describe('a rejection that is less than certain', () => {
  test('is shown as a suspicion, DEGRADED, and asks nobody to act yet', () => {
    const { leg: after, change, suspicionRaised } = see(healthy(), 1, SUSPICIOUS);
    const at = START + MINUTE_MS;
    expect(after).toMatchObject({
      health: 'DEGRADED',
      diagnosis: { reason: 'BAD_CREDENTIALS', confidence: 'LIKELY', actor: 'NOBODY', action: 'WAIT_AND_RETRY' },
      suspicion: { diagnosis: SUSPICIOUS, firstAt: at, confirmableAt: at + CONFIRM_AFTER_MS, held: false },
    });
    expect(change).toMatchObject({ from: 'HEALTHY', to: 'DEGRADED', reason: 'BAD_CREDENTIALS', actor: 'NOBODY' });
    expect(change?.message).toContain('confirming');
    expect(suspicionRaised).toBe(true);
  });

  test('confirmed by a second one becomes ACTION_REQUIRED', () => {
    const { leg: after, change } = see(suspected(), 2, SUSPICIOUS);
    expect(after).toMatchObject({ health: 'ACTION_REQUIRED', diagnosis: SUSPICIOUS, suspicion: null, failureCount: 2 });
    expect(change).toMatchObject({
      from: 'DEGRADED',
      to: 'ACTION_REQUIRED',
      reason: 'BAD_CREDENTIALS',
      actor: 'MAILBOX_OWNER',
      action: 'UPDATE_PASSWORD',
    });
  });

  test('repeated before the time of confirmation stays a suspicion', () => {
    const before = suspected();
    const at = START + MINUTE_MS + CONFIRM_AFTER_MS - 1;
    const { leg: after, change } = observe(before, observation(at, SUSPICIOUS), circumstances(at));
    expect(after).toMatchObject({ health: 'DEGRADED', suspicion: before.suspicion, failureCount: 2 });
    expect(change).toBeNull();
  });

  test('of OAuth is not confirmed by a cached token, but by a fresh one', () => {
    const first = see(healthy(), 1, AMBIGUOUS, { seen: { freshCredential: false } }).leg;
    const cached = see(first, 5, AMBIGUOUS, { seen: { freshCredential: false } });
    expect(cached.leg).toMatchObject({ health: 'DEGRADED', suspicion: first.suspicion });
    expect(see(cached.leg, 6, AMBIGUOUS).leg.health).toBe('ACTION_REQUIRED');
  });

  test('a success clears it: the next rejection begins anew', () => {
    const again = see(see(suspected(), 2, 'PROVEN').leg, 3, SUSPICIOUS).leg;
    expect(again).toMatchObject({ health: 'DEGRADED', suspicion: { firstAt: START + 3 * MINUTE_MS } });
  });

  test('a transient failure between two rejections neither confirms nor clears it', () => {
    const before = suspected();
    const between = see(before, 3, TRANSIENT);
    expect(between.change).toBeNull();
    expect(between.leg).toMatchObject({ health: 'DEGRADED', suspicion: before.suspicion, diagnosis: { reason: 'BAD_CREDENTIALS' } });
    expect(see(between.leg, 4, SUSPICIOUS).leg.health).toBe('ACTION_REQUIRED');
  });

  test('a rejection for another reason confirms too, and the more certain diagnosis stands', () => {
    const likely = diagnosis('PASSWORD_EXPIRED', 'LIKELY');
    const unknown = diagnosis('UNKNOWN', 'UNKNOWN');
    expect(see(see(healthy(), 1, likely).leg, 2, unknown).leg.diagnosis).toEqual(likely);
    expect(see(see(healthy(), 1, unknown).leg, 2, likely).leg.diagnosis).toEqual(likely);
    expect(see(suspected(), 2, likely).leg.diagnosis).toEqual(likely);
  });

  test('followed by a certain one becomes ACTION_REQUIRED without waiting', () => {
    expect(see(suspected(), 1.1, PERMANENT).leg).toMatchObject({ health: 'ACTION_REQUIRED', diagnosis: PERMANENT });
  });
});

describe('doubt about a leg that is known to be broken', () => {
  test.each<[string, Leg]>([
    ['ACTION_REQUIRED', actionRequired()],
    ['BLOCKED', blocked()],
  ])('does not overwrite %s at first, and is not counted in the cohort', (_, before) => {
    const { leg: after, change, suspicionRaised } = see(before, 60, SUSPICIOUS);
    expect(after).toMatchObject({ health: before.health, diagnosis: before.diagnosis, incidentId: before.incidentId });
    expect({ change, suspicionRaised }).toEqual({ change: null, suspicionRaised: false });
    expect(see(after, 120, SUSPICIOUS)).toMatchObject({
      leg: { health: 'ACTION_REQUIRED', diagnosis: SUSPICIOUS },
      suspicionRaised: false,
    });
  });

  test('is forgotten when the known cause shows again', () => {
    const likely = actionRequired({ ...SUSPICIOUS, confidence: 'CERTAIN' });
    const doubted = see(likely, 60, AMBIGUOUS).leg;
    expect(doubted.suspicion).not.toBeNull();
    expect(see(doubted, 120, SUSPICIOUS).leg.suspicion).toBeNull();
  });
});

describe('a shared fault', () => {
  test.each<[string, Leg]>([
    ['HEALTHY', healthy()],
    ['DEGRADED with a suspicion', suspected()],
    ['ACTION_REQUIRED', actionRequired()],
  ])('blocks a leg that was %s under its incident, and asks no mailbox owner', (_, before) => {
    const { leg: after, change, shared } = see(before, 2, SHARED, { incidentId: INCIDENT });
    expect(after).toMatchObject({ health: 'BLOCKED', incidentId: INCIDENT, suspicion: null });
    expect(change).toMatchObject({ to: 'BLOCKED', reason: 'APP_SECRET_EXPIRED', actor: 'GATEWAY_OPERATOR' });
    expect(shared).toBe(true);
  });

  test('that is over leaves the leg due at once, until its own next check says otherwise', () => {
    const released = releaseLeg(blocked(), START + 5 * MINUTE_MS);
    expect(released).toMatchObject({ health: 'BLOCKED', incidentId: null, nextCheckAt: START + 5 * MINUTE_MS });
    expect(see(released, 5, 'PROVEN').leg.health).toBe('HEALTHY');
    expect(see(released, 5, TRANSIENT).leg.health).toBe('DEGRADED');
    expect(see(released, 5, SUSPICIOUS).leg).toMatchObject({ health: 'DEGRADED', suspicion: { diagnosis: SUSPICIOUS } });
  });

  test('that is over does not make a paused leg due', () => {
    const paused = pauseLeg(blocked(), START).leg;
    expect(releaseLeg(paused, START)).toBe(paused);
  });
});

describe('behind the closed cohort guard', () => {
  const held = { cohortHeld: true, incidentId: INCIDENT };

  test('a confirmed rejection is held as DEGRADED', () => {
    const { leg: after, suspicionRaised } = see(suspected(), 5, SUSPICIOUS, held);
    expect(after).toMatchObject({ health: 'DEGRADED', incidentId: INCIDENT, suspicion: { held: true }, diagnosis: { actor: 'NOBODY' } });
    expect(after.diagnosis?.message).toContain('Many mailboxes');
    expect(suspicionRaised).toBe(true);
  });

  test('a certain failure is held too', () => {
    expect(see(healthy(), 5, PERMANENT, held).leg).toMatchObject({ health: 'DEGRADED', suspicion: { held: true, diagnosis: PERMANENT } });
  });

  test('what was seen is no evidence: after it opened a leg needs its own rejection and its own confirmation', () => {
    const during = see(see(healthy(), 1, SUSPICIOUS, held).leg, 5, SUSPICIOUS, held).leg;
    const first = see(releaseLeg(during, START + 20 * MINUTE_MS), 20, SUSPICIOUS).leg;
    expect(first).toMatchObject({ health: 'DEGRADED', incidentId: null, suspicion: { held: false, firstAt: START + 20 * MINUTE_MS } });
    expect(see(first, 21, SUSPICIOUS).leg.health).toBe('ACTION_REQUIRED');
  });

  test('a certain failure after it opened needs no more', () => {
    expect(see(see(healthy(), 1, PERMANENT, held).leg, 20, PERMANENT).leg.health).toBe('ACTION_REQUIRED');
  });

  test('a leg that was ACTION_REQUIRED before keeps its diagnosis', () => {
    const before = actionRequired();
    expect(see(before, 60, SUSPICIOUS, held)).toMatchObject({
      leg: { health: 'ACTION_REQUIRED', diagnosis: before.diagnosis },
      change: null,
    });
    expect(see(before, 60, diagnosis('MFA_REQUIRED', 'CERTAIN'), held).leg.diagnosis).toEqual(before.diagnosis);
  });

  test('a shared fault still blocks', () => {
    expect(see(suspected(), 5, SHARED, held).leg.health).toBe('BLOCKED');
  });
});

describe('a proof that is too old', () => {
  test('makes a HEALTHY leg UNVERIFIED with reason STALE, asking nobody', () => {
    const { leg: after, change } = markStale(healthy(), START + HOUR_MS);
    expect(after).toMatchObject({ health: 'UNVERIFIED', diagnosis: { reason: 'STALE' }, lastProvenAt: START });
    expect(change).toMatchObject({ from: 'HEALTHY', to: 'UNVERIFIED', reason: 'STALE', actor: 'NOBODY' });
    expect(markStale(after, START + 2 * HOUR_MS).change).toBeNull();
  });

  test.each<[string, Leg]>([
    ['DEGRADED', see(healthy(), 1, TRANSIENT).leg],
    ['ACTION_REQUIRED', actionRequired()],
    ['BLOCKED', blocked()],
    ['PAUSED', pauseLeg(healthy(), START).leg],
  ])('says nothing about a leg that is %s', (_, before) => {
    expect(markStale(before, START + HOUR_MS)).toMatchObject({ leg: before, change: null });
  });
});

describe('pausing and resuming', () => {
  test('a pause covers everything and is never due', () => {
    const { leg: paused, change } = pauseLeg(actionRequired(), START);
    expect(paused).toMatchObject({ health: 'PAUSED', diagnosis: null, suspicion: null, incidentId: null, nextCheckAt: null });
    expect(change).toMatchObject({ from: 'ACTION_REQUIRED', to: 'PAUSED', reason: null, actor: 'NOBODY' });
    expect(pauseLeg(paused, START + 1).change).toBeNull();
  });

  test('a resumed leg is UNVERIFIED and due now, with no reason', () => {
    const { leg: resumed, change } = resumeLeg(pauseLeg(actionRequired(), START).leg, START + HOUR_MS);
    expect(resumed).toMatchObject({ health: 'UNVERIFIED', diagnosis: null, failureCount: 0, nextCheckAt: START + HOUR_MS });
    expect(change).toMatchObject({ from: 'PAUSED', to: 'UNVERIFIED', reason: null });
  });

  test('resuming a leg that is not paused changes nothing', () => {
    const before = actionRequired();
    expect(resumeLeg(before, START)).toMatchObject({ leg: before, change: null });
  });
});

describe('a swap', () => {
  test('is a change also when the health stays the same', () => {
    const { leg: after, change } = provenLeg(healthy(), START + HOUR_MS);
    expect(change).toMatchObject({ from: 'HEALTHY', to: 'HEALTHY' });
    expect(after).toMatchObject({ since: START + HOUR_MS, lastProvenAt: START + HOUR_MS });
  });

  test('forgets what was wrong with the replaced login', () => {
    const { leg: after, change } = provenLeg(actionRequired(), START + HOUR_MS);
    expect(after).toMatchObject({ health: 'HEALTHY', diagnosis: null, suspicion: null, failureCount: 0 });
    expect(change).toMatchObject({ from: 'ACTION_REQUIRED', to: 'HEALTHY', reason: null });
  });
});

test('a new leg is UNVERIFIED and due now', () => {
  expect(freshLeg('OUTGOING', START)).toMatchObject({
    direction: 'OUTGOING',
    health: 'UNVERIFIED',
    nextCheckAt: START,
    sequence: 0,
    lastCheckedAt: null,
  });
});

test('an observation never sets when to check next', () => {
  for (const outcome of [TRANSIENT, SUSPICIOUS, PERMANENT, SHARED, 'PROVEN'] as const) {
    expect(see(healthy({ nextCheckAt: 42 }), 1, outcome).leg.nextCheckAt).toBe(42);
  }
});

test('a change becomes an event with the login that is in use from then on', () => {
  const change: LegChange = {
    from: 'HEALTHY',
    to: 'DEGRADED',
    reason: 'RATE_LIMITED',
    actor: 'NOBODY',
    action: 'WAIT_AND_RETRY',
    message: 'Wait.',
  };
  expect(changeOf('mailbox-1' as MailboxId, 'OUTGOING', change, 'CHECK', 7, null)).toEqual({
    kind: 'STATUS',
    mailboxId: 'mailbox-1',
    leg: 'OUTGOING',
    ...change,
    trigger: 'CHECK',
    credentialVersion: 7,
    triggeredBy: null,
  });
});
