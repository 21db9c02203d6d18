import { describe, expect, test } from 'vitest';
import { judgeSignIn } from '../../src/credentials/judge-sign-in.ts';
import type { Authorization } from '../../src/domain/authorization.ts';
import { diagnose } from '../../src/domain/diagnose/diagnose.ts';
import { evidenceOf } from '../../src/domain/diagnose/evidence-of.ts';
import type { EvidenceContext } from '../../src/domain/evidence.ts';
import type { Pin } from '../../src/domain/credential.ts';
import type { SignInProvider, TokenSet } from '../../src/providers/provider.ts';
import { Secret } from '../../src/vault/secret.ts';

const CONTEXT: EvidenceContext = { protocol: 'OAUTH', provider: 'MICROSOFT_365', host: null, authMethod: 'OAUTH2' };

/** What each number of Entra means, and whether it passes by itself. */
const NUMBERS: readonly (readonly [numbers: readonly number[], reasons: string, passes?: true])[] = [
  [[50173, 50132, 50133], 'OAUTH_GRANT_REVOKED'],
  [[700082, 70008, 700084], 'OAUTH_TOKEN_EXPIRED_INACTIVE'],
  [[70000], 'OAUTH_GRANT_INVALID CONSENT_REQUIRED'],
  [[70043], 'OAUTH_SIGNIN_FREQUENCY'],
  [[50085, 50089], 'OAUTH_GRANT_INVALID CLIENT_STATE_ERROR'],
  [[50076, 50079, 50072, 50074, 50078, 50158, 53004], 'MFA_REQUIRED'],
  [[53000, 53001, 53002, 53003, 53011, 50097, 50131, 530032, 530034, 135011, 530035], 'CONDITIONAL_ACCESS_BLOCKED'],
  [[50055, 50144, 50135], 'PASSWORD_EXPIRED'],
  [[50126, 50064, 50056], 'BAD_CREDENTIALS'],
  [[50057], 'ACCOUNT_DISABLED'],
  [[50034, 51004, 50014], 'ACCOUNT_NOT_FOUND'],
  [[50020, 16000, 90072, 500208, 9002332], 'WRONG_ACCOUNT_TYPE'],
  [[50105, 500021, 500022, 500212, 500213, 90123, 1000031, 80012], 'ADMIN_POLICY_BLOCKED'],
  [[65001, 9002341], 'CONSENT_REQUIRED'],
  [[65004], 'CONSENT_DENIED'],
  [[90094, 90095, 650056], 'ADMIN_CONSENT_REQUIRED'],
  [[650052, 500014], 'MAILBOX_NOT_ACCESSIBLE APP_DISABLED'],
  [[7000222], 'APP_SECRET_EXPIRED'],
  [[7000215, 70002, 50012, 700027, 700030], 'APP_SECRET_INVALID'],
  [[7000218, 700025, 50194, 90130, 9001023], 'APP_MISCONFIGURED'],
  [[700016, 700011], 'APP_NOT_FOUND'],
  [[70001, 7000112], 'APP_DISABLED'],
  [[50011], 'REDIRECT_URI_MISMATCH'],
  [[70011, 28002, 50001, 500011, 65005, 650054, 650057], 'SCOPE_OR_AUDIENCE_WRONG APP_MISCONFIGURED'],
  [[90002, 900023, 50059, 90019, 50128], 'TENANT_NOT_FOUND'],
  [[90038, 900382, 900432], 'WRONG_CLOUD'],
  [[54005, 501481, 700005, 50058], 'CLIENT_STATE_ERROR'],
  [[50033, 50087, 40010, 50166, 70012, 90006, 90012, 90024, 90033, 90090], 'PROVIDER_UNAVAILABLE', true],
  [[80001, 80002, 80005, 80007, 80014], 'PROVIDER_UNAVAILABLE', true],
  [[50196, 90055, 50088], 'RATE_LIMITED', true],
  [[90036], 'UNKNOWN'],
];

describe('the numbers of Entra', () => {
  const cases = NUMBERS.map(([numbers, reasons, passes = false]) => ({ numbers, reasons, passes }));
  test.each(cases)('$numbers mean $reasons, in every way in which msal shows them', ({ numbers, reasons, passes }) => {
    for (const number of numbers) {
      const shapes = [
        {
          name: 'ServerError',
          errorCode: 'invalid_grant',
          errorNo: number,
          errorMessage: `Error(s): ${number} - Timestamp: t - Description: AADSTS${number}: x`,
        },
        {
          name: 'InteractionRequiredAuthError',
          errorCode: 'interaction_required',
          errorNo: String(number),
          errorMessage: `AADSTS${number}: x`,
        },
        { name: 'ServerError', errorCode: 'invalid_grant', errorMessage: `${number} - [2023-03-05 22:32:01Z]: AADSTS${number}: x` },
      ];
      for (const shape of shapes) {
        const { reason, retryable } = diagnose(evidenceOf(shape, CONTEXT));
        expect(reasons.split(' '), String(number)).toContain(reason);
        expect(retryable, String(number)).toBe(passes);
      }
    }
  });

  test('a locked account is not tried again by itself, though the lock may pass', () => {
    expect(diagnose(evidenceOf({ errorCode: 'invalid_grant', errorNo: 50053, errorMessage: 'AADSTS50053: x' }, CONTEXT)).reason).toBe(
      'ACCOUNT_LOCKED',
    );
  });
});

test('a sign-in that gives no refresh token, as a repeated consent may, replaces nothing: it would end within the hour', () => {
  const pin: Pin = { kind: 'GOOGLE', issuer: 'https://accounts.google.com', subject: '1' };
  const provider = { missingScopes: () => [] } as unknown as SignInProvider;
  const authorization = {
    provider: 'GMAIL',
    expectedPin: pin,
    mayReplacePin: false,
    target: { direction: 'BOTH', signInAddress: 'carol@gmail.test' },
  } as unknown as Authorization;
  const judged = (refreshToken: Secret | null) => {
    const tokens: TokenSet = {
      refreshToken,
      accessToken: new Secret('an-access-token'),
      accessTokenExpiresAt: 1,
      grantedScopes: [],
      grantExpiresAt: null,
    };
    return judgeSignIn(
      authorization,
      provider,
      { kind: 'GRANTED', tokens, account: { pin, username: 'carol@gmail.test', personal: true } },
      0,
    );
  };
  expect(judged(null)).toMatchObject({ kind: 'REJECTED', rejection: { reason: 'OAUTH_GRANT_INVALID' } });
  expect(judged(new Secret('a-refresh-token'))).toMatchObject({ kind: 'ACCEPTED' });
});

test('what was forgotten by the library never says that the grant is dead: no_tokens_found is an empty cache', () => {
  const { reason, alternatives } = diagnose(
    evidenceOf({ name: 'InteractionRequiredAuthError', errorCode: 'no_tokens_found', errorMessage: 'x' }, CONTEXT),
  );
  expect(reason).toBe('TOKEN_CACHE_EMPTY');
  expect(alternatives).not.toContain('OAUTH_GRANT_REVOKED');
});
