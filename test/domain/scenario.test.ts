import { describe, expect, test } from 'vitest';
import type { Mailbox } from '../../src/domain/mailbox.ts';
import type { MailboxId } from '../../src/domain/ids.ts';
import {
  needsReauthorization,
  ownScenarioKind,
  scenarioManual,
  scenarioOf,
  type ReauthScenario,
  type ScenarioCircumstances,
} from '../../src/domain/scenario.ts';
import { SCENARIO_KINDS } from '../../src/domain/scenario-kind.ts';
import type { HandOver } from '../../src/domain/workspace.ts';
import {
  actionRequired,
  authorization,
  BASIC,
  blocked,
  diagnosis,
  GOOGLE_GRANT,
  healthy,
  leg,
  mailbox,
  MICROSOFT_GRANT,
  PERMANENT,
  see,
  setup,
  START,
  SUSPICIOUS,
  TRANSIENT,
} from './health-fixtures.ts';

const BASIC_MICROSOFT = setup('MICROSOFT_365', BASIC);
const OAUTH_MICROSOFT = setup('MICROSOFT_365', MICROSOFT_GRANT);
const OAUTH_GOOGLE = setup('GMAIL', GOOGLE_GRANT);
const BASIC_GOOGLE = setup('GMAIL', BASIC);
const BASIC_OTHER = setup('OTHER', BASIC);

const BAD_PASSWORD = diagnosis('BAD_CREDENTIALS', 'CERTAIN');
const ALONE: ScenarioCircumstances = { isPrimary: false, otherSendingMailbox: false, handOver: null, openAuthorization: null };
const PRIMARY: ScenarioCircumstances = { ...ALONE, isPrimary: true, otherSendingMailbox: true };
const HAND_OVER: HandOver = {
  mailboxId: 'mailbox-1' as MailboxId,
  interimMailboxId: 'mailbox-2' as MailboxId,
  startedBy: 'admin',
  startedAt: START,
  restoresAt: START + 1,
  authorizationId: null,
};

function broken(active: Mailbox['active'] & object, cause = PERMANENT, more: Partial<Mailbox> = {}): Mailbox {
  return mailbox(active, { incoming: actionRequired(cause), ...more });
}

function states(scenario: ReauthScenario | null): readonly string[] {
  return scenario?.steps.map(({ key, state }) => `${key} ${state}`) ?? [];
}

function current(scenario: ReauthScenario | null): unknown {
  return scenario?.steps.filter(({ state }) => state === 'CURRENT').map(({ key, mutation }) => [key, mutation]);
}

describe('the scenario of a mailbox by itself', () => {
  test.each<[string, Mailbox, string | null]>([
    ['basic authentication at Microsoft that works', mailbox(BASIC_MICROSOFT), 'MIGRATE_TO_OAUTH'],
    ['basic authentication at Microsoft that was refused', broken(BASIC_MICROSOFT, BAD_PASSWORD), 'MIGRATE_TO_OAUTH'],
    [
      'basic authentication at Microsoft that fails transiently',
      mailbox(BASIC_MICROSOFT, { incoming: see(healthy(), 1, TRANSIENT).leg }),
      'MIGRATE_TO_OAUTH',
    ],
    ['OAuth at Microsoft that works', mailbox(OAUTH_MICROSOFT), null],
    ['OAuth at Microsoft that was revoked', broken(OAUTH_MICROSOFT), 'SIGN_IN_AGAIN'],
    ['OAuth at Microsoft whose password is said to be wrong', broken(OAUTH_MICROSOFT, BAD_PASSWORD), 'SIGN_IN_AGAIN'],
    ['OAuth at Google that was revoked', broken(OAUTH_GOOGLE), 'SIGN_IN_AGAIN'],
    ['a Gmail password that was refused', broken(BASIC_GOOGLE, BAD_PASSWORD), 'REENTER_PASSWORD'],
    ['another password that was refused', broken(BASIC_OTHER, BAD_PASSWORD), 'REENTER_PASSWORD'],
    ['a password whose mailbox is not accessible', broken(BASIC_OTHER, diagnosis('MAILBOX_NOT_ACCESSIBLE', 'CERTAIN')), 'REENTER_PASSWORD'],
    ['Gmail with IMAP switched off', broken(BASIC_GOOGLE, diagnosis('IMAP_DISABLED', 'CERTAIN')), 'MIGRATE_TO_OAUTH'],
    ['a password that works', mailbox(BASIC_OTHER), null],
    [
      'a password whose rejection is being confirmed',
      mailbox(BASIC_OTHER, { outgoing: see(healthy({}, 'OUTGOING'), 1, SUSPICIOUS).leg }),
      'REENTER_PASSWORD',
    ],
    ['a server that is not reachable for a while', mailbox(BASIC_OTHER, { incoming: see(healthy(), 1, TRANSIENT).leg }), null],
    ['a certificate that is not valid', broken(BASIC_OTHER, diagnosis('TLS_CERTIFICATE_INVALID', 'CERTAIN')), null],
    ['a shared fault', mailbox(OAUTH_MICROSOFT, { incoming: blocked() }), null],
    ['a mailbox that was never checked', mailbox(BASIC_OTHER, { incoming: leg() }), null],
    ['a paused mailbox', broken(BASIC_MICROSOFT, BAD_PASSWORD, { paused: true }), null],
    ['a pending mailbox', mailbox(BASIC_MICROSOFT, { live: false }), null],
    ['a mailbox without a login', mailbox(BASIC_MICROSOFT, { active: null }), null],
  ])('%s: %s', (_, of, kind) => {
    expect(ownScenarioKind(of)).toBe(kind);
    expect(scenarioOf(of, ALONE)?.kind ?? null).toBe(kind);
  });

  test('is that of the leg which a scenario repairs, when the other one needs something else', () => {
    const both = mailbox(BASIC_OTHER, {
      incoming: actionRequired(diagnosis('TLS_CERTIFICATE_INVALID', 'CERTAIN')),
      outgoing: see(healthy({}, 'OUTGOING'), 1, BAD_PASSWORD).leg,
    });
    expect(ownScenarioKind(both)).toBe('REENTER_PASSWORD');
  });

  test('is none while the account is closed, whatever the other leg is suspected of', () => {
    const closed = mailbox(BASIC_OTHER, {
      incoming: actionRequired(diagnosis('ACCOUNT_DISABLED', 'CERTAIN')),
      outgoing: see(healthy({}, 'OUTGOING'), 1, SUSPICIOUS).leg,
    });
    expect(ownScenarioKind(closed)).toBeNull();
  });
});

describe('scenario 1: from basic authentication to OAuth', () => {
  test('begins with the account, and every later step is to be done', () => {
    expect(states(scenarioOf(mailbox(BASIC_MICROSOFT), ALONE))).toEqual([
      'OPEN_EMAIL_SETTINGS DONE',
      'CHOOSE_ACCOUNT CURRENT',
      'CHOOSE_DIRECTION TODO',
      'SIGN_IN TODO',
      'VERIFY TODO',
      'REPLACE TODO',
    ]);
    expect(current(scenarioOf(mailbox(BASIC_MICROSOFT), ALONE))).toEqual([['CHOOSE_ACCOUNT', 'migrate']]);
  });

  test('is at the sign-in while the authorization awaits the user, then at the proof', () => {
    const openAuthorization = authorization(OAUTH_MICROSOFT, { purpose: 'MIGRATE' });
    const at = (status: 'AWAITING_USER' | 'VERIFYING') =>
      current(scenarioOf(mailbox(BASIC_MICROSOFT), { ...ALONE, openAuthorization: { ...openAuthorization, status } }));
    expect(at('AWAITING_USER')).toEqual([['SIGN_IN', null]]);
    expect(at('VERIFYING')).toEqual([['VERIFY', null]]);
  });

  test('says to enable Authenticated SMTP first when that is the cause', () => {
    const disabled = mailbox(BASIC_MICROSOFT, {
      outgoing: see(healthy({}, 'OUTGOING'), 1, diagnosis('SMTP_AUTH_DISABLED', 'CERTAIN')).leg,
    });
    const scenario = scenarioOf(disabled, ALONE);
    expect(current(scenario)).toEqual([['ENABLE_PROTOCOLS', 'checkMailbox']]);
    expect(states(scenario).filter((state) => state.startsWith('ENABLE_PROTOCOLS'))).toHaveLength(1);
  });

  test.each<[string, Mailbox]>([
    ['may be the cause', broken(BASIC_MICROSOFT, { ...BAD_PASSWORD, alternatives: ['IMAP_DISABLED'] })],
    ['could have been why a repair was rejected', mailbox(BASIC_MICROSOFT, { repairRejected: true })],
  ])('offers to enable IMAP and Authenticated SMTP where that %s', (_, of) => {
    const scenario = scenarioOf(of, ALONE);
    expect(states(scenario)).toContain('ENABLE_PROTOCOLS TODO');
    expect(current(scenario)).toEqual([['CHOOSE_ACCOUNT', 'migrate']]);
  });

  test('is what a broken Gmail password shows once somebody chose to migrate it', () => {
    const openAuthorization = authorization(OAUTH_MICROSOFT, { purpose: 'MIGRATE' });
    const scenario = scenarioOf(broken(BASIC_GOOGLE, BAD_PASSWORD), { ...ALONE, openAuthorization });
    expect(scenario?.kind).toBe('MIGRATE_TO_OAUTH');
    expect(scenario?.steps.find(({ key }) => key === 'SIGN_IN')?.title).toBe('Enter your Microsoft credentials');
  });
});

describe('scenario 2: the password again', () => {
  test('shows the user name and asks for the password', () => {
    const scenario = scenarioOf(broken(BASIC_OTHER, BAD_PASSWORD), ALONE);
    expect(states(scenario)).toEqual(['OPEN_EMAIL_SETTINGS DONE', 'CHECK_USERNAME DONE', 'REENTER_PASSWORD CURRENT', 'VERIFY TODO']);
    expect(current(scenario)).toEqual([['REENTER_PASSWORD', 'reauth']]);
    expect(scenario?.steps[1]?.detail).toContain('support@acme.test');
  });

  test('names the login that is refused: the one for sending where only that is broken', () => {
    const active = setup('OTHER', { ...BASIC, outgoingLogin: { ...BASIC.login, username: 'relay-7' } });
    const refused = { ...actionRequired(BAD_PASSWORD), direction: 'OUTGOING' } as const;
    const details = (one: Mailbox) =>
      scenarioOf(one, ALONE)
        ?.steps.slice(1, 3)
        .map(({ detail }) => detail)
        .join(' ');
    expect(details(mailbox(active, { outgoing: refused }))).toContain('relay-7');
    expect(details(mailbox(active, { outgoing: refused }))).toContain('outgoingPassword');
    expect(details(mailbox(active, { outgoing: refused, incoming: actionRequired(BAD_PASSWORD) }))).not.toContain('relay-7');
    expect(details(mailbox(BASIC_OTHER, { outgoing: refused }))).toContain('logs in as support@acme.test');
  });

  test('is at the proof while the new password is tried', () => {
    const openAuthorization = authorization(BASIC_OTHER, { status: 'VERIFYING' });
    expect(current(scenarioOf(broken(BASIC_OTHER, BAD_PASSWORD), { ...ALONE, openAuthorization }))).toEqual([['VERIFY', null]]);
  });

  test('asks again once the attempt has ended', () => {
    const openAuthorization = authorization(BASIC_OTHER, { status: 'REJECTED' });
    expect(current(scenarioOf(broken(BASIC_OTHER, BAD_PASSWORD), { ...ALONE, openAuthorization }))).toEqual([
      ['REENTER_PASSWORD', 'reauth'],
    ]);
  });

  test('says where an app password or a new password is wanted', () => {
    const detail = (reason: 'APP_PASSWORD_REQUIRED' | 'PASSWORD_EXPIRED') =>
      scenarioOf(broken(BASIC_GOOGLE, diagnosis(reason, 'CERTAIN')), ALONE)?.steps.find(({ key }) => key === 'REENTER_PASSWORD')?.detail;
    expect(detail('APP_PASSWORD_REQUIRED')).toContain('app password');
    expect(detail('PASSWORD_EXPIRED')).toContain('set a new one');
  });

  test('sends the owner to the browser first when the provider wants to see them', () => {
    expect(current(scenarioOf(broken(BASIC_GOOGLE, diagnosis('WEB_LOGIN_REQUIRED', 'CERTAIN')), ALONE))).toEqual([
      ['UNLOCK_IN_BROWSER', 'checkMailbox'],
    ]);
  });
});

describe('scenario 3: sign in again', () => {
  test('knows that the mailbox has migrated and asks to sign in', () => {
    const scenario = scenarioOf(broken(OAUTH_MICROSOFT), ALONE);
    expect(states(scenario)).toEqual(['CHECK_MIGRATED DONE', 'SIGN_IN CURRENT', 'VERIFY TODO']);
    expect(current(scenario)).toEqual([['SIGN_IN', 'reauth']]);
    expect(scenario?.steps[1]?.title).toBe('Click on Sign in with Microsoft');
  });

  test('names Google at Google', () => {
    expect(scenarioOf(broken(OAUTH_GOOGLE), ALONE)?.steps[1]?.title).toBe('Click on Sign in with Google');
  });

  test('stays at the sign-in while the user is awaited, then goes to the proof', () => {
    const openAuthorization = authorization(OAUTH_MICROSOFT);
    expect(current(scenarioOf(broken(OAUTH_MICROSOFT), { ...ALONE, openAuthorization }))).toEqual([['SIGN_IN', 'reauth']]);
    expect(
      current(scenarioOf(broken(OAUTH_MICROSOFT), { ...ALONE, openAuthorization: { ...openAuthorization, status: 'VERIFYING' } })),
    ).toEqual([['VERIFY', null]]);
  });

  test.each([
    ['CONDITIONAL_ACCESS_BLOCKED', 'ASK_ADMINISTRATOR'],
    ['MAILBOX_NOT_ACCESSIBLE', 'ASSIGN_PERMISSION'],
    ['SMTP_AUTH_DISABLED', 'ENABLE_PROTOCOLS'],
  ] as const)('%s is repaired at the provider first: %s', (reason, key) => {
    const scenario = scenarioOf(broken(OAUTH_MICROSOFT, diagnosis(reason, 'CERTAIN')), ALONE);
    expect(current(scenario)).toEqual([[key, 'checkMailbox']]);
    expect(scenario?.title).not.toContain('expired');
  });
});

describe('scenario 4: the primary among several support emails', () => {
  const persisting = broken(BASIC_OTHER, BAD_PASSWORD, { repairRejected: true });

  test('is not proposed at first: a primary is repaired in place', () => {
    expect(scenarioOf(broken(BASIC_OTHER, BAD_PASSWORD), PRIMARY)?.kind).toBe('REENTER_PASSWORD');
  });

  test('is proposed when the issue persists after a rejected repair', () => {
    const scenario = scenarioOf(persisting, PRIMARY);
    expect(scenario?.kind).toBe('PRIMARY_HANDOVER');
    expect(states(scenario)).toEqual([
      'OPEN_EMAIL_SETTINGS DONE',
      'MAKE_NON_PRIMARY CURRENT',
      'REAUTHORIZE TODO',
      'MAKE_PRIMARY_AGAIN TODO',
    ]);
    expect(current(scenario)).toEqual([['MAKE_NON_PRIMARY', 'handOverPrimary']]);
  });

  test.each<[string, Mailbox, ScenarioCircumstances]>([
    ['for a mailbox that is not primary', persisting, { ...PRIMARY, isPrimary: false }],
    ['without another mailbox that sends', persisting, { ...PRIMARY, otherSendingMailbox: false }],
    ['for a mailbox that works', mailbox(BASIC_MICROSOFT, { repairRejected: true }), PRIMARY],
  ])('is not proposed %s', (_, of, circumstances) => {
    expect(scenarioOf(of, circumstances)?.kind).not.toBe('PRIMARY_HANDOVER');
  });

  test('is at the repair while the hand-over runs, and at the return once the mailbox works', () => {
    const running = { ...ALONE, otherSendingMailbox: true, handOver: HAND_OVER };
    expect(current(scenarioOf(persisting, running))).toEqual([['REAUTHORIZE', 'reauth']]);
    expect(current(scenarioOf(mailbox(BASIC_OTHER), { ...running, openAuthorization: authorization(BASIC_OTHER) }))).toEqual([
      ['REAUTHORIZE', 'reauth'],
    ]);
    expect(current(scenarioOf(mailbox(BASIC_OTHER), running))).toEqual([['MAKE_PRIMARY_AGAIN', 'setPrimary']]);
  });

  test('migrates a primary that still uses basic authentication at Microsoft', () => {
    const scenario = scenarioOf(broken(BASIC_MICROSOFT, BAD_PASSWORD), { ...ALONE, handOver: HAND_OVER });
    expect(current(scenario)).toEqual([['REAUTHORIZE', 'migrate']]);
  });

  test('of another mailbox says nothing about this one', () => {
    const handOver = { ...HAND_OVER, mailboxId: 'mailbox-9' as MailboxId };
    expect(scenarioOf(broken(BASIC_OTHER, BAD_PASSWORD), { ...ALONE, handOver })?.kind).toBe('REENTER_PASSWORD');
  });
});

test('exactly one step is CURRENT, everything before it DONE and everything after it TODO', () => {
  const mailboxes = [BASIC_MICROSOFT, OAUTH_MICROSOFT, OAUTH_GOOGLE, BASIC_GOOGLE, BASIC_OTHER].flatMap((active) =>
    [PERMANENT, BAD_PASSWORD, diagnosis('WEB_LOGIN_REQUIRED', 'CERTAIN'), diagnosis('IMAP_DISABLED', 'CERTAIN')].map((cause) =>
      broken(active, cause),
    ),
  );
  const authorizations = [
    null,
    authorization(OAUTH_MICROSOFT),
    authorization(OAUTH_MICROSOFT, { purpose: 'MIGRATE' }),
    authorization(BASIC_OTHER, { status: 'VERIFYING' }),
  ];
  for (const of of mailboxes) {
    for (const openAuthorization of authorizations) {
      for (const handOver of [null, HAND_OVER]) {
        const found = scenarioOf(of, { ...ALONE, openAuthorization, handOver })!;
        expect(found.steps.map(({ state }) => state).join(' ')).toMatch(/^(DONE )*CURRENT( TODO)*$/);
        expect(new Set(found.steps.map(({ key }) => key)).size).toBe(found.steps.length);
      }
    }
  }
});

describe('needing a reauthorization', () => {
  test.each<[string, Mailbox, boolean]>([
    ['a refused password does', broken(BASIC_OTHER, BAD_PASSWORD), true],
    ['a revoked grant does', broken(OAUTH_MICROSOFT), true],
    ['basic authentication at Microsoft does', mailbox(BASIC_MICROSOFT), true],
    ['a policy of the tenant does not', broken(OAUTH_MICROSOFT, diagnosis('CONDITIONAL_ACCESS_BLOCKED', 'CERTAIN')), false],
    ['SMTP AUTH switched off does not', broken(OAUTH_MICROSOFT, diagnosis('SMTP_AUTH_DISABLED', 'CERTAIN')), false],
    ['an invalid certificate does not', broken(BASIC_OTHER, diagnosis('TLS_CERTIFICATE_INVALID', 'CERTAIN')), false],
  ])('%s', (_, of, needed) => {
    expect(needsReauthorization(of)).toBe(needed);
  });
});

describe('the manual', () => {
  const manual = scenarioManual();
  const text = (kind: string) => {
    const scenario = manual.find((candidate) => candidate.kind === kind)!;
    return [scenario.title, scenario.summary, ...scenario.steps.flatMap(({ title, detail }) => [title, detail])].join('\n');
  };

  test('has the four scenarios in the order of the article, the first step CURRENT', () => {
    expect(manual.map(({ kind }) => kind)).toEqual(SCENARIO_KINDS);
    for (const { steps } of manual) expect(steps.map(({ state }) => state).join(' ')).toMatch(/^CURRENT( TODO)+$/);
  });

  // One row for each instruction of the source article.
  test.each([
    ['MIGRATE_TO_OAUTH', 'Admin > Channels > Email'],
    ['MIGRATE_TO_OAUTH', 'Click on Microsoft Office 365 and Sign in with Microsoft'],
    ['MIGRATE_TO_OAUTH', 'Enter your Microsoft credentials'],
    ['MIGRATE_TO_OAUTH', 'existing configuration is replaced with the OAuth-based one'],
    ['MIGRATE_TO_OAUTH', 'a message confirms it'],
    ['MIGRATE_TO_OAUTH', 'interrupts neither the help desk nor its email'],
    ['MIGRATE_TO_OAUTH', 'errors in verifying the server name, port and credentials'],
    ['MIGRATE_TO_OAUTH', 'Enable IMAP and Authenticated SMTP'],
    ['MIGRATE_TO_OAUTH', 'Incoming only, Outgoing only, or Both'],
    ['MIGRATE_TO_OAUTH', 'deleted from the server after they were fetched'],
    ['MIGRATE_TO_OAUTH', 'another account, or from Gmail to Microsoft'],
    ['MIGRATE_TO_OAUTH', 'details of the basic authentication stay readable'],
    ['MIGRATE_TO_OAUTH', 'shared mailbox'],
    ['MIGRATE_TO_OAUTH', 'Outlook.com and Hotmail.com'],
    ['REENTER_PASSWORD', 'might have expired or changed'],
    ['REENTER_PASSWORD', 'Check your username'],
    ['REENTER_PASSWORD', 'Provide your password again'],
    ['SIGN_IN_AGAIN', 'Check that the mailbox has migrated to OAuth'],
    ['SIGN_IN_AGAIN', 'follow the steps of the migration instead'],
    ['SIGN_IN_AGAIN', 'Click on Sign in with Microsoft'],
    ['SIGN_IN_AGAIN', 'Save button'],
    ['PRIMARY_HANDOVER', 'Admin > Email'],
    ['PRIMARY_HANDOVER', 'Make the primary email non-primary'],
    ['PRIMARY_HANDOVER', 'Reauthorize the email'],
    ['PRIMARY_HANDOVER', 'Make the email primary again'],
  ])('%s says: %s', (kind, instruction) => {
    expect(text(kind)).toContain(instruction);
  });
});
