import { describe, expect, test } from 'vitest';
import { AUTHORIZATION_STATUSES } from '../../src/domain/authorization.ts';
import {
  commitAuthorization,
  confirmAuthorization,
  confirmsAuthorization,
  endAuthorization,
  isOvertaken,
  rejectAuthorization,
  retryAuthorization,
  VERIFY_FOR_MS,
} from '../../src/domain/authorization-changes.ts';
import { authorizationMessage } from '../../src/domain/authorization-message.ts';
import type { AuthorizationId } from '../../src/domain/ids.ts';
import { authorization, NOW, password, pending, setup, swapped, TARGET } from './repair-fixtures.ts';

const rejection = {
  reason: 'BAD_CREDENTIALS',
  action: 'UPDATE_PASSWORD',
  message: 'The password is wrong.',
  providerMessage: null,
  expectedAddress: null,
  actualAddress: null,
  leg: 'INCOMING',
  alternatives: [],
} as const;
const failed = { leg: 'INCOMING', succeeded: false, reason: 'PROVIDER_UNAVAILABLE', at: NOW } as const;
const proven = { leg: 'INCOMING', succeeded: true, reason: null, at: NOW + 5 } as const;

describe('an authorization', () => {
  test('with a password is VERIFYING and due at once, for ten minutes', () => {
    expect(authorization()).toMatchObject({ status: 'VERIFYING', nextVerifyAt: NOW, verifyUntil: NOW + VERIFY_FOR_MS });
  });

  test('keeps the newest proof of each leg', () => {
    const retried = retryAuthorization(retryAuthorization(authorization(), [failed], NOW + 5), [proven], NOW + 9);
    expect(retried).toMatchObject({ proofs: [proven], verifyAttempts: 2, nextVerifyAt: NOW + 9 });
  });

  test('that ends holds no candidate any more, whatever way it ends', () => {
    const open = authorization();
    const ended = [
      endAuthorization(open, 'CANCELLED', NOW + 1),
      endAuthorization(open, 'EXPIRED', NOW + 1),
      endAuthorization(open, 'SUPERSEDED', NOW + 1),
      rejectAuthorization(open, rejection, [failed], NOW + 1),
      commitAuthorization(open, { target: TARGET, proofs: [proven], loginVersion: 2, now: NOW + 1 }),
    ];
    for (const each of ended) {
      expect(each).toMatchObject({ candidate: null, flow: null, nextVerifyAt: null, completedAt: NOW + 1 });
      expect(JSON.stringify(each)).not.toContain('sealed-');
    }
  });

  test('is overtaken once another credential is in use than when it began', () => {
    const live = swapped(pending, setup('c1'), NOW).mailbox;
    expect(isOvertaken(authorization(), live)).toBe(false);
    expect(isOvertaken(authorization(), swapped(live, setup('c9'), NOW + 1).mailbox)).toBe(true);
    expect(isOvertaken(authorization({ replaces: null }), pending)).toBe(false);
  });
});

describe('confirmation', () => {
  const committed = commitAuthorization(authorization(), { target: TARGET, proofs: [], loginVersion: 1, now: NOW });
  const mailbox = swapped(pending, setup('c1'), NOW).mailbox;
  const later = (leg: typeof mailbox.incoming) => ({ ...leg!, lastProvenAt: NOW + 60_000 });

  test('needs a proof of every leg after the commit', () => {
    expect(confirmsAuthorization(mailbox, committed)).toBe(false);
    expect(confirmsAuthorization({ ...mailbox, incoming: later(mailbox.incoming) }, committed)).toBe(false);
    expect(confirmsAuthorization({ ...mailbox, incoming: later(mailbox.incoming), outgoing: later(mailbox.outgoing) }, committed)).toBe(
      true,
    );
  });

  test('is for the authorization that the mailbox waits to have confirmed', () => {
    const proven = { ...mailbox, incoming: later(mailbox.incoming), outgoing: later(mailbox.outgoing) };
    expect(confirmsAuthorization({ ...proven, unconfirmedAuthorizationId: 'other' as AuthorizationId }, committed)).toBe(false);
    expect(confirmsAuthorization(proven, { ...committed, status: 'ROLLED_BACK' })).toBe(false);
  });

  test('keeps the time of the commit', () => {
    expect(confirmAuthorization(committed, NOW + 9)).toMatchObject({ status: 'CONFIRMED', completedAt: NOW });
  });
});

describe('the message of an authorization', () => {
  test('is there for every status, kind and purpose, and ends like a sentence', () => {
    for (const status of AUTHORIZATION_STATUSES) {
      for (const kind of ['BASIC', 'OAUTH2'] as const) {
        for (const purpose of ['CONNECT', 'REAUTHORIZE', 'MIGRATE'] as const) {
          const message = authorizationMessage(authorization({ status, kind, purpose, candidate: password('c2') }));
          expect(message).toMatch(/^[A-Z].*\.$/);
          expect(message).not.toContain('sealed-');
        }
      }
    }
  });

  test('says in the words of the contract that OAuth is in use', () => {
    expect(authorizationMessage(authorization({ status: 'COMMITTED', kind: 'OAUTH2' }))).toBe(
      'Signed in and verified. The mailbox now uses OAuth.',
    );
  });

  test('of a rejection says why and that the old credential was not touched', () => {
    const message = authorizationMessage(authorization({ status: 'REJECTED', rejection }));
    expect(message).toBe('The password is wrong. The credential in use was not touched.');
  });

  test('of a retry names the leg that could not be asked', () => {
    expect(authorizationMessage(authorization({ proofs: [{ ...failed, leg: 'OUTGOING' }] }))).toContain('outgoing mail server');
  });
});
