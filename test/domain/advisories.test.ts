import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { AdvisoriesInvalid, advisoriesOf, DEFAULT_ADVISORIES, grantExpiresAt, parseAdvisories } from '../../src/domain/advisories.ts';
import { DEFAULT_ADVISORIES_DATA } from '../../src/domain/advisories-data.ts';
import type { Grant } from '../../src/domain/credential.ts';
import { mailboxHealth } from '../../src/domain/mailbox-status.ts';
import { actionRequired, BASIC, DAY_MS, GOOGLE_GRANT, healthy, leg, mailbox, MICROSOFT_GRANT, setup, START } from './health-fixtures.ts';

const UNKNOWN_OPERATOR = { appSecretExpiresAt: null };

function advise(
  ...[of, now = START, operator = UNKNOWN_OPERATOR]: [Parameters<typeof advisoriesOf>[0], number?, Parameters<typeof advisoriesOf>[3]?]
) {
  return advisoriesOf(of, DEFAULT_ADVISORIES, now, operator);
}

function microsoft(grant: Partial<Grant> = {}) {
  return mailbox(setup('MICROSOFT_365', { ...MICROSOFT_GRANT, grant: { ...MICROSOFT_GRANT.grant, ...grant } }));
}

function google(grant: Partial<Grant> = {}) {
  return mailbox(setup('GMAIL', { ...GOOGLE_GRANT, grant: { ...GOOGLE_GRANT.grant, ...grant } }));
}

describe('basic authentication at Microsoft', () => {
  test('is told to be retiring for each leg with its own date', () => {
    const advisories = advise(mailbox(setup('MICROSOFT_365', BASIC)));
    expect(advisories.map(({ kind, leg: at, effectiveAt }) => [kind, at, new Date(effectiveAt!).toISOString().slice(0, 10)])).toEqual([
      ['AUTH_RETIRING', 'INCOMING', '2023-01-31'],
      ['AUTH_RETIRING', 'OUTGOING', '2026-12-31'],
    ]);
  });

  test('for sending "will be off by default" before the end of December 2026, and is off by default afterwards', () => {
    const outgoing = mailbox(setup('MICROSOFT_365', BASIC, { direction: 'OUTGOING' }), { incoming: null });
    expect(advise(outgoing)[0]!.message).toContain('switches basic authentication for sending mail off by default');
    expect(advise(outgoing, Date.parse('2026-12-31'))[0]!.message).toContain('has switched');
  });

  test('of a personal account went for both legs at once', () => {
    const credential = { ...BASIC, login: { ...BASIC.login, username: 'Someone@Hotmail.com' } };
    expect(advise(mailbox(setup('MICROSOFT_365', credential)))).toMatchObject([
      { kind: 'AUTH_RETIRING', leg: null, effectiveAt: Date.parse('2024-09-16') },
    ]);
  });

  test('never turns a mailbox red', () => {
    const retiring = mailbox(setup('MICROSOFT_365', BASIC));
    expect(advise(retiring)).not.toEqual([]);
    expect(mailboxHealth(retiring)).toBe('HEALTHY');
  });
});

describe('a password at Google', () => {
  test('that logged in after the end of account passwords is an app password: nothing to tell', () => {
    expect(advise(mailbox(setup('GMAIL', BASIC)))).toEqual([]);
  });

  test('that was never proven since is told about app passwords', () => {
    const unproven = mailbox(setup('GMAIL', BASIC), { incoming: leg(), outgoing: healthy({}, 'OUTGOING') });
    expect(advise(unproven)).toMatchObject([{ kind: 'AUTH_RETIRING', leg: 'INCOMING' }]);
  });
});

test('a password elsewhere has no date', () => {
  expect(advise(mailbox(setup('OTHER', BASIC)))).toEqual([]);
});

describe('a grant', () => {
  test('that is used has no advisory', () => {
    expect(advise(microsoft())).toEqual([]);
    expect(advise(google())).toEqual([]);
  });

  test('of Microsoft dies after 90 idle days, and that is told 14 days before', () => {
    const idle = microsoft({ lastRefreshedAt: START - 76 * DAY_MS });
    expect(advise(idle, START - 1)).toEqual([]);
    expect(advise(idle)).toMatchObject([{ kind: 'GRANT_EXPIRES', effectiveAt: START + 14 * DAY_MS, leg: null }]);
    expect(advise(idle)[0]!.message).toContain('2026-12-08');
  });

  test('of Google dies after 6 idle months', () => {
    expect(advise(google({ lastRefreshedAt: START - 170 * DAY_MS }))).toMatchObject([
      { kind: 'GRANT_EXPIRES', effectiveAt: START + 10 * DAY_MS },
    ]);
  });

  test('dies earlier when the provider said so', () => {
    const { grant } = MICROSOFT_GRANT;
    expect(grantExpiresAt({ ...grant, provider: 'MICROSOFT_365', expiresAt: START + DAY_MS }, DEFAULT_ADVISORIES)).toBe(START + DAY_MS);
    expect(grantExpiresAt({ ...grant, provider: 'MICROSOFT_365', expiresAt: START + 900 * DAY_MS }, DEFAULT_ADVISORIES)).toBe(
      START + 90 * DAY_MS,
    );
    expect(grantExpiresAt({ ...grant, provider: 'OTHER' }, DEFAULT_ADVISORIES)).toBeNull();
  });

  test('of a Google app in testing ends after 7 days, which is the operator to change', () => {
    const advisories = advise(google({ expiresAt: START + 7 * DAY_MS }));
    expect(advisories).toMatchObject([{ kind: 'TEST_APP', effectiveAt: START + 7 * DAY_MS }]);
    expect(advisories[0]!.message).toContain('operator');
  });

  test('with less than was asked for suggests to sign in again', () => {
    expect(advise(microsoft({ grantedScopes: ['imap'] }))).toMatchObject([{ kind: 'REAUTH_SUGGESTED', effectiveAt: null }]);
  });

  test('that is past its end says so', () => {
    expect(advise(microsoft({ lastRefreshedAt: START - 91 * DAY_MS }))[0]!.message).toContain('was good until');
  });
});

describe('the secret of the application', () => {
  test('is told 30 days before its end to every Microsoft sign-in, and to no other', () => {
    const operator = { appSecretExpiresAt: START + 30 * DAY_MS };
    expect(advise(microsoft(), START - 1, operator)).toEqual([]);
    expect(advise(microsoft(), START, operator)).toMatchObject([{ kind: 'APP_SECRET_EXPIRES', effectiveAt: operator.appSecretExpiresAt }]);
    expect(advise(microsoft(), START, operator)[0]!.message).toContain('no mailbox owner has to do anything');
    expect(advise(google(), START, operator)).toEqual([]);
    expect(advise(mailbox(setup('OTHER', BASIC)), START, operator)).toEqual([]);
  });
});

test('advisories come soonest first, undated ones last', () => {
  const all = microsoft({ lastRefreshedAt: START - 80 * DAY_MS, grantedScopes: [] });
  expect(advise(all, START, { appSecretExpiresAt: START + 5 * DAY_MS }).map(({ kind }) => kind)).toEqual([
    'APP_SECRET_EXPIRES',
    'GRANT_EXPIRES',
    'REAUTH_SUGGESTED',
  ]);
});

test('a paused or pending mailbox has none', () => {
  const retiring = mailbox(setup('MICROSOFT_365', BASIC));
  expect(advise({ ...retiring, paused: true })).toEqual([]);
  expect(advise({ ...retiring, live: false })).toEqual([]);
  expect(advise({ ...retiring, active: null })).toEqual([]);
});

test('a broken mailbox keeps its advisories', () => {
  expect(advise(mailbox(setup('MICROSOFT_365', BASIC), { incoming: actionRequired() }))).toHaveLength(2);
});

describe('the file of dates', () => {
  test('in the repository says what the gateway knows by itself', () => {
    const file: unknown = JSON.parse(readFileSync(new URL('../../advisories.json', import.meta.url), 'utf8'));
    expect(file).toEqual(DEFAULT_ADVISORIES_DATA);
    expect(parseAdvisories(file)).toEqual(DEFAULT_ADVISORIES);
  });

  test('changes what is told without a new version', () => {
    const [, sending] = DEFAULT_ADVISORIES_DATA.basicAuthRetirements;
    const moved = { ...DEFAULT_ADVISORIES_DATA, basicAuthRetirements: [{ ...sending, effectiveAt: '2027-10-01' }] };
    const advisories = advisoriesOf(mailbox(setup('MICROSOFT_365', BASIC)), parseAdvisories(moved), START, UNKNOWN_OPERATOR);
    expect(advisories.find(({ leg: at }) => at === 'OUTGOING')!.effectiveAt).toBe(Date.parse('2027-10-01'));
  });

  test('reports every problem with its place', () => {
    const wrong: Record<string, unknown> = structuredClone(DEFAULT_ADVISORIES_DATA);
    wrong['grants'] = [{ provider: 'YAHOO', idleDays: -1, learnMoreUrl: 'http://plain.test' }];
    wrong['warnBeforeDays'] = 14;
    wrong['basicAuthRetirements'] = [
      { ...DEFAULT_ADVISORIES_DATA.basicAuthRetirements[0], effectiveAt: '2026-02-31', appPasswordsWork: 'yes' },
    ];
    const problems = problemsOf(wrong);
    expect(problems).toEqual([
      'warnBeforeDays must be an object',
      'basicAuthRetirements[0].effectiveAt must be a day such as 2026-12-31',
      'basicAuthRetirements[0].appPasswordsWork must be true or false',
      'grants[0].provider must be one of MICROSOFT_365, GMAIL, OTHER',
      'grants[0].idleDays must be a whole number above 0',
      'grants[0].learnMoreUrl must be an https address',
      'warnBeforeDays.grant must be a whole number above 0',
      'warnBeforeDays.appSecret must be a whole number above 0',
    ]);
  });

  test.each([null, [], 'text', 7])('is refused when it is %j', (json) => {
    expect(problemsOf(json)[0]).toBe('The file must be an object');
  });

  function problemsOf(json: unknown): readonly string[] {
    try {
      parseAdvisories(json);
    } catch (error) {
      if (error instanceof AdvisoriesInvalid) return error.problems;
      throw error;
    }
    return [];
  }
});
