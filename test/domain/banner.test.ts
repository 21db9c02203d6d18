import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DEFAULT_ADVISORIES, parseAdvisories } from '../../src/domain/advisories.ts';
import { DEFAULT_ADVISORIES_DATA } from '../../src/domain/advisories-data.ts';
import { bannerOf, type Banner, type BannerCircumstances } from '../../src/domain/banner.ts';
import type { LoginSetup } from '../../src/domain/credential.ts';
import type { MailboxId } from '../../src/domain/ids.ts';
import type { Leg } from '../../src/domain/leg.ts';
import type { Mailbox } from '../../src/domain/mailbox.ts';
import { indexOfMailbox } from '../../src/domain/mailbox-index.ts';
import {
  actionRequired,
  BASIC,
  blocked,
  diagnosis,
  healthy,
  HOUR_MS,
  leg,
  mailbox,
  MICROSOFT_GRANT,
  see,
  setup,
  START,
  SUSPICIOUS,
  TRANSIENT,
} from './health-fixtures.ts';

const AROUND: BannerCircumstances = {
  primaryMailboxId: null,
  now: START + HOUR_MS,
  advisories: DEFAULT_ADVISORIES,
  helpUrl: 'https://help.acme.test',
};
const BAD_PASSWORD = { ...diagnosis('BAD_CREDENTIALS', 'CERTAIN'), message: 'The password was refused.' };

function box(name: string, incoming: Leg, active: LoginSetup = setup('OTHER', BASIC)): Mailbox {
  return mailbox({ ...active, address: `${name}@acme.test` }, { id: name as MailboxId, incoming });
}

function show(...mailboxes: readonly Mailbox[]): Banner | null {
  return bannerOf(mailboxes, AROUND);
}

describe('a banner is not shown', () => {
  test.each<[string, readonly Mailbox[]]>([
    ['without mailboxes', []],
    ['while everything works', [box('a', healthy())]],
    ['for a mailbox that was not checked yet', [box('a', leg())]],
    ['for a transient failure', [box('a', see(healthy(), 1, TRANSIENT).leg)]],
    ['for a rejection that is being confirmed', [box('a', see(healthy(), 1, SUSPICIOUS).leg)]],
    ['for a paused mailbox', [{ ...box('a', actionRequired(BAD_PASSWORD)), paused: true }]],
    ['for a pending mailbox', [{ ...box('a', actionRequired(BAD_PASSWORD)), live: false }]],
    ['for a working Gmail app password', [box('a', healthy(), setup('GMAIL', BASIC))]],
  ])('%s', (_, mailboxes) => {
    expect(bannerOf(mailboxes, AROUND)).toBeNull();
  });
});

describe("the article's banner", () => {
  test('begins with its sentence and is CRITICAL when somebody has to repair a login', () => {
    expect(show(box('support', actionRequired(BAD_PASSWORD)))).toEqual({
      severity: 'CRITICAL',
      message: 'Please reauthorize your Email settings. support@acme.test: The password was refused.',
      learnMoreUrl: 'https://help.acme.test',
      mailboxIds: ['support'],
    });
  });

  test('counts several mailboxes', () => {
    const banner = show(box('a', actionRequired(BAD_PASSWORD)), box('b', actionRequired(BAD_PASSWORD)));
    expect(banner?.message).toBe(
      'Please reauthorize your Email settings. 2 mailboxes cannot log in until somebody signs in or enters the password again.',
    );
  });

  test('is a WARNING for basic authentication at Microsoft that still works', () => {
    const banner = show(box('support', healthy(), setup('MICROSOFT_365', BASIC)));
    expect(banner).toMatchObject({ severity: 'WARNING', mailboxIds: ['support'] });
    expect(banner?.message).toMatch(/^Please reauthorize your Email settings\. support@acme\.test still logs in with basic authentication/);
  });

  test('does not come and go with a transient failure of such a mailbox', () => {
    expect(show(box('a', see(healthy(), 1, TRANSIENT).leg, setup('MICROSOFT_365', BASIC)))?.severity).toBe('WARNING');
  });

  test('follows the operator, who may take the retirement out of the file', () => {
    const advisories = parseAdvisories({ ...DEFAULT_ADVISORIES_DATA, basicAuthRetirements: [] });
    expect(bannerOf([box('a', healthy(), setup('MICROSOFT_365', BASIC))], { ...AROUND, advisories })).toBeNull();
  });

  test('does not ask to reauthorize what no sign-in repairs', () => {
    const banner = show(box('a', actionRequired(diagnosis('TLS_CERTIFICATE_INVALID', 'CERTAIN'))));
    expect(banner?.severity).toBe('CRITICAL');
    expect(banner?.message).not.toContain('reauthorize');
  });
});

describe('a shared fault', () => {
  test('is a WARNING that names who repairs it and asks no mailbox owner', () => {
    const banner = show(box('a', blocked(), setup('MICROSOFT_365', MICROSOFT_GRANT)));
    expect(banner?.severity).toBe('WARNING');
    expect(banner?.message).toContain('the operator of the gateway');
    expect(banner?.message).toContain('no mailbox owner has to do anything');
    expect(banner?.message).not.toContain('reauthorize');
  });
});

describe('a degradation of 6 hours', () => {
  test('is a WARNING for the workspace admin', () => {
    const degraded = box('a', see(healthy(), 0, TRANSIENT).leg);
    expect(bannerOf([degraded], { ...AROUND, now: START + 6 * HOUR_MS - 1 })).toBeNull();
    const banner = bannerOf([degraded], { ...AROUND, now: START + 6 * HOUR_MS });
    expect(banner?.severity).toBe('WARNING');
    expect(banner?.message).toContain('a workspace admin should look');
  });
});

describe('the mailboxes of a banner', () => {
  const everything = [
    box('retiring', healthy(), setup('MICROSOFT_365', BASIC)),
    box('works', healthy()),
    box('blocked', blocked(), setup('MICROSOFT_365', MICROSOFT_GRANT)),
    box('lasting', see(healthy(), 0, TRANSIENT).leg),
    box('certificate', actionRequired(diagnosis('TLS_CERTIFICATE_INVALID', 'CERTAIN'))),
    box('refused-b', actionRequired(BAD_PASSWORD)),
    box('refused-a', actionRequired(BAD_PASSWORD)),
    box('refused-primary', actionRequired(BAD_PASSWORD)),
  ];
  const around = { ...AROUND, now: START + 7 * HOUR_MS, primaryMailboxId: 'refused-primary' as MailboxId };

  test('come worst first, the primary before its equals, then by address', () => {
    expect(bannerOf(everything, around)?.mailboxIds).toEqual([
      'refused-primary',
      'refused-a',
      'refused-b',
      'certificate',
      'blocked',
      'lasting',
      'retiring',
    ]);
  });

  test('are all found by the index that the banner is read through', () => {
    const missed = everything.filter((candidate) => bannerOf([candidate], around) !== null && !indexOfMailbox(candidate).attention);
    expect(missed.map(({ id }) => id)).toEqual([]);
  });

  test('are the same in whatever order they were read', () => {
    const expected = bannerOf(everything, around);
    fc.assert(
      fc.property(fc.shuffledSubarray(everything, { minLength: everything.length }), (shuffled) => {
        expect(bannerOf(shuffled, around)).toEqual(expected);
      }),
    );
  });

  test('say each concern once, and the sentence of the article once', () => {
    const message = bannerOf(everything, around)?.message ?? '';
    expect(message.match(/Please reauthorize/g)).toHaveLength(1);
    expect(message).toContain('3 mailboxes cannot log in');
    expect(message).toContain('certificate@acme.test');
    expect(message).toContain('retiring@acme.test');
  });
});
