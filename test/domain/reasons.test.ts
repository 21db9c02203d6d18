import { describe, expect, test } from 'vitest';
import type { Diagnosis } from '../../src/domain/diagnosis.ts';
import type { Provider } from '../../src/domain/mail.ts';
import { REASONS } from '../../src/domain/reason.ts';
import type { Reason } from '../../src/domain/reason.ts';
import { reasonInfo, treatmentOf } from '../../src/domain/reasons.ts';

function message(reason: Reason, provider: Provider | null, host: string | null = null): string {
  return reasonInfo(reason).message({ provider, host });
}

test('there are 56 reasons, and each says what follows', () => {
  expect(REASONS).toHaveLength(56);
  for (const reason of REASONS) expect(reasonInfo(reason).message({ provider: null, host: null })).toMatch(/^[A-Z].{20,220}\.$/);
});

describe('the sentences', () => {
  test.each(['OAUTH_TOKEN_EXPIRED_INACTIVE', 'OAUTH_GRANT_REVOKED', 'OAUTH_GRANT_INVALID'] as const)(
    "%s speaks the article's words",
    (reason) => {
      expect(message(reason, 'MICROSOFT_365')).toBe('Your Microsoft Office 365 credentials have expired. Please sign in again.');
      expect(message(reason, 'GMAIL')).toBe('Your Gmail credentials have expired. Please sign in again.');
      expect(message(reason, 'OTHER')).toBe('Your credentials have expired. Please sign in again.');
    },
  );

  test('an endpoint is named, unless its name is no name', () => {
    expect(message('CONNECTION_REFUSED', 'OTHER', 'imap.example.com')).toContain('imap.example.com');
    expect(message('CONNECTION_REFUSED', 'OTHER', 'x"; call this number')).not.toContain('number');
  });

  test('no sentence depends on anything but provider and host', () => {
    for (const reason of REASONS) expect(message(reason, 'GMAIL', 'a.test')).toBe(message(reason, 'GMAIL', 'a.test'));
  });
});

describe('who acts', () => {
  test('nobody for what passes by itself', () => {
    for (const reason of ['RATE_LIMITED', 'TOO_MANY_CONNECTIONS', 'PROVIDER_UNAVAILABLE', 'CONNECTION_CLOSED', 'STALE'] as const)
      expect(reasonInfo(reason)).toMatchObject({ reasonClass: 'TRANSIENT', actor: 'NOBODY', action: 'WAIT_AND_RETRY' });
  });

  test('never the owner of a mailbox for what is shared', () => {
    for (const reason of REASONS.map((each) => reasonInfo(each)).filter((info) => info.reasonClass === 'SHARED')) {
      expect(reason.actor).not.toBe('MAILBOX_OWNER');
      expect(reason.incidentScope).not.toBeNull();
    }
  });
});

describe('how a diagnosis is treated', () => {
  function diagnosis(reason: Reason, confidence: Diagnosis['confidence'], retryable = false): Diagnosis {
    const info = reasonInfo(reason);
    return {
      reason,
      retryable,
      confidence,
      actor: info.actor,
      action: info.action,
      scenario: info.scenario,
      message: '',
      alternatives: [],
      providerMessage: null,
    };
  }

  test('whatever is retryable is transient, also a certain reason of a person', () => {
    for (const reason of REASONS) expect(treatmentOf(diagnosis(reason, 'CERTAIN', true))).toBe('TRANSIENT');
  });

  test('only a permanent and certain one is permanent', () => {
    for (const reason of REASONS) {
      for (const confidence of ['LIKELY', 'AMBIGUOUS', 'UNKNOWN'] as const)
        expect(treatmentOf(diagnosis(reason, confidence))).not.toBe('PERMANENT');
    }
    expect(treatmentOf(diagnosis('OAUTH_GRANT_REVOKED', 'CERTAIN'))).toBe('PERMANENT');
  });

  test('a shared one is shared, however sure', () => {
    expect(treatmentOf(diagnosis('APP_SECRET_EXPIRED', 'LIKELY'))).toBe('SHARED');
  });

  test('a transient reason that is not retryable, and an ended sign-in, are suspicions', () => {
    expect(treatmentOf(diagnosis('PROVIDER_UNAVAILABLE', 'CERTAIN'))).toBe('SUSPICION');
    expect(treatmentOf(diagnosis('CONSENT_DENIED', 'CERTAIN'))).toBe('SUSPICION');
  });
});
