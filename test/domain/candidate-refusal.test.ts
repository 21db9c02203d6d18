import { describe, expect, test } from 'vitest';
import { refusalOfNewGrant } from '../../src/domain/candidate-refusal.ts';
import { diagnose } from '../../src/domain/diagnose/diagnose.ts';
import { evidenceOfText } from '../../src/domain/diagnose/evidence-of.ts';

const said = (text: string, protocol: 'IMAP' | 'SMTP', provider: 'MICROSOFT_365' | 'GMAIL' = 'MICROSOFT_365') =>
  diagnose(evidenceOfText(text, { protocol, provider, host: null, authMethod: 'OAUTH2' }));

describe('a token that was issued a moment ago', () => {
  test('and is refused for fetching: IMAP may be switched off, and nobody has to sign in again for that', () => {
    const refusal = refusalOfNewGrant(said('NO AUTHENTICATE failed.', 'IMAP'), 'INCOMING');
    expect(refusal).toMatchObject({ reason: 'IMAP_DISABLED', action: 'ENABLE_IMAP', confidence: 'AMBIGUOUS', retryable: false });
    expect(refusal.alternatives[0]).toBe('MAILBOX_NOT_ACCESSIBLE');
    expect(refusal.alternatives).not.toContain('IMAP_DISABLED');
    expect(refusal.message).toContain('Enable IMAP and Authenticated SMTP');
  });

  test('and is refused for sending: Authenticated SMTP may be switched off', () => {
    const refusal = refusalOfNewGrant(said('535 5.7.3 Authentication unsuccessful', 'SMTP'), 'OUTGOING');
    expect(refusal).toMatchObject({ reason: 'SMTP_AUTH_DISABLED', action: 'ENABLE_SMTP_AUTH', confidence: 'AMBIGUOUS' });
  });

  test('whatever else was said stays what it is', () => {
    for (const text of ['NO [UNAVAILABLE] Temporary authentication failure.', 'BAD User is authenticated but not connected.'])
      expect(refusalOfNewGrant(said(text, 'IMAP'), 'INCOMING')).toEqual(said(text, 'IMAP'));
  });
});
