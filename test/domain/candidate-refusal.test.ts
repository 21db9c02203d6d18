import { describe, expect, test } from 'vitest';
import { refusalOfNewGrant, refusalOfNewPassword } from '../../src/domain/candidate-refusal.ts';
import { diagnose } from '../../src/domain/diagnose/diagnose.ts';
import { evidenceOfText } from '../../src/domain/diagnose/evidence-of.ts';

const said = (text: string, protocol: 'IMAP' | 'SMTP', provider: 'MICROSOFT_365' | 'GMAIL' = 'MICROSOFT_365') =>
  diagnose(evidenceOfText(text, { protocol, provider, host: null, authMethod: 'OAUTH2' }));

const OWN = { address: 'office@contoso.test', signInAddress: 'Office@contoso.test' };
const SHARED = { ...OWN, signInAddress: 'dan@contoso.test' };

describe('a token that was issued a moment ago', () => {
  test('and is refused for fetching: IMAP may be switched off, and nobody has to sign in again for that', () => {
    const refusal = refusalOfNewGrant(said('NO AUTHENTICATE failed.', 'IMAP'), { ...OWN, leg: 'INCOMING' });
    expect(refusal).toMatchObject({ reason: 'IMAP_DISABLED', action: 'ENABLE_IMAP', confidence: 'AMBIGUOUS', retryable: false });
    expect(refusal.alternatives[0]).toBe('MAILBOX_NOT_ACCESSIBLE');
    expect(refusal.alternatives).not.toContain('IMAP_DISABLED');
    expect(refusal.message).toContain('Enable IMAP and Authenticated SMTP');
  });

  test('and is refused for sending: Authenticated SMTP may be switched off', () => {
    const refusal = refusalOfNewGrant(said('535 5.7.3 Authentication unsuccessful', 'SMTP'), { ...OWN, leg: 'OUTGOING' });
    expect(refusal).toMatchObject({ reason: 'SMTP_AUTH_DISABLED', action: 'ENABLE_SMTP_AUTH', confidence: 'AMBIGUOUS' });
  });

  test('and is refused for a mailbox that is not its own: the permission is likelier to be missing', () => {
    const refusal = refusalOfNewGrant(said('NO AUTHENTICATE failed.', 'IMAP'), { ...SHARED, leg: 'INCOMING' });
    expect(refusal).toMatchObject({ reason: 'MAILBOX_NOT_ACCESSIBLE', action: 'ASSIGN_LICENCE_OR_PERMISSION', confidence: 'AMBIGUOUS' });
    expect(refusal.alternatives[0]).toBe('IMAP_DISABLED');
    expect(refusal.message).toContain('Give dan@contoso.test full access to office@contoso.test');
  });

  test('and is refused for sending, which the account does as itself: Authenticated SMTP again', () => {
    const refusal = refusalOfNewGrant(said('535 5.7.3 Authentication unsuccessful', 'SMTP'), { ...SHARED, leg: 'OUTGOING' });
    expect(refusal).toMatchObject({ reason: 'SMTP_AUTH_DISABLED' });
  });

  test('whatever else was said stays what it is', () => {
    for (const text of ['NO [UNAVAILABLE] Temporary authentication failure.', 'BAD User is authenticated but not connected.'])
      expect(refusalOfNewGrant(said(text, 'IMAP'), { ...OWN, leg: 'INCOMING' })).toEqual(said(text, 'IMAP'));
  });
});

describe('a password that is refused where another one works', () => {
  const heard = (text: string) =>
    diagnose(evidenceOfText(text, { protocol: 'IMAP', provider: 'MICROSOFT_365', host: 'outlook.office365.com', authMethod: 'BASIC' }));

  test('is a wrong one: the server has just shown that it takes passwords', () => {
    expect(heard('NO LOGIN failed.').reason).toBe('BASIC_AUTH_DISABLED');
    const refusal = refusalOfNewPassword(heard('NO LOGIN failed.'), 'outlook.office365.com');
    expect(refusal).toMatchObject({ reason: 'BAD_CREDENTIALS', action: 'UPDATE_PASSWORD', actor: 'MAILBOX_OWNER' });
    expect(refusal.confidence).not.toBe('CERTAIN');
    expect(refusal.alternatives[0]).toBe('BASIC_AUTH_DISABLED');
    expect(refusal.message).not.toContain('no longer accepts passwords');
  });

  test('unless the server says it plainly', () => {
    const plain = heard('NO [AUTHENTICATIONFAILED] Basic authentication is disabled.');
    expect(plain).toMatchObject({ reason: 'BASIC_AUTH_DISABLED', confidence: 'CERTAIN' });
    expect(refusalOfNewPassword(plain, 'outlook.office365.com')).toEqual(plain);
  });
});
