import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cohortOf, cohortsOf, guardCloses, guardLimit } from '../../src/domain/cohort.ts';
import { BASIC, setup } from './health-fixtures.ts';

describe('the cohort guard', () => {
  test.each([
    [0, 5],
    [1, 5],
    [100, 5],
    [119, 5],
    [120, 6],
    [400, 20],
    [500, 25],
    [100_000, 25],
  ])('lets %i mailboxes have %i suspicions: 5 %% of the cohort, at least 5, at most 25', (size, limit) => {
    expect(guardLimit(size)).toBe(limit);
    expect(guardCloses(limit, size)).toBe(false);
    expect(guardCloses(limit + 1, size)).toBe(true);
  });

  test('never becomes stricter as a cohort grows', () => {
    fc.assert(fc.property(fc.nat(1_000_000), fc.nat(1_000_000), (a, b) => guardLimit(Math.min(a, b)) <= guardLimit(Math.max(a, b))));
  });
});

describe('a cohort', () => {
  test('is a provider at a host, whatever the case of the host', () => {
    const active = setup('OTHER', BASIC, { incomingServer: { host: 'IMAP.Acme.test', port: 993, security: 'TLS' } });
    expect(cohortOf(active, 'INCOMING')).toBe('OTHER|imap.acme.test');
    expect(cohortsOf(active)).toEqual(['OTHER|imap.acme.test', 'OTHER|smtp.acme.test']);
  });

  test('is one when both legs use the same host, and none for a leg that is not there', () => {
    const server = { host: 'mail.acme.test', port: 993, security: 'TLS' } as const;
    expect(cohortsOf(setup('OTHER', BASIC, { incomingServer: server, outgoingServer: server }))).toEqual(['OTHER|mail.acme.test']);
    expect(cohortOf(setup('OTHER', BASIC, { outgoingServer: null }), 'OUTGOING')).toBeNull();
  });
});
