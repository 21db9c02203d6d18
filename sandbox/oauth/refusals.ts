import { randomUUID } from 'node:crypto';
import type { SignInFault } from './people.ts';
import type { TokenFaultKind } from './token-faults.ts';
import type { GrantEnd } from './token-store.ts';

export type OauthFlavour = 'microsoft' | 'google';

export interface OauthRefusal {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

export type RefusalCause =
  SignInFault | GrantEnd | Extract<TokenFaultKind, 'secret-expired' | 'secret-invalid' | 'app-unknown' | 'app-disabled' | 'tenant-unknown'>;

/** The body a flavour's token endpoint answers with. */
export function refusal(flavour: OauthFlavour, cause: RefusalCause): OauthRefusal {
  return flavour === 'microsoft' ? entra(...ENTRA[cause]) : google(...GOOGLE[cause]);
}

type EntraWords = readonly [status: number, error: string, code: number, text: string, suberror?: string];
type GoogleWords = readonly [status: number, error: string, text: string, subtype?: string];

const ENTRA: Readonly<Record<RefusalCause, EntraWords>> = {
  revoked: [
    400,
    'invalid_grant',
    50173,
    'The grant was revoked; a fresh token is needed. The user may have changed or reset their password.',
    'bad_token',
  ],
  inactive: [400, 'invalid_grant', 700082, 'The refresh token has expired because nobody used it for 90 days.'],
  replaced: [400, 'invalid_grant', 50173, 'The grant was revoked.'],
  disabled: [400, 'invalid_grant', 50057, 'The user account is disabled.'],
  'mfa-required': [400, 'interaction_required', 50076, 'Multi-factor authentication is required to reach the resource.', 'basic_action'],
  'conditional-access': [
    400,
    'interaction_required',
    53003,
    'Conditional Access policies of the tenant block this sign-in.',
    'message_only',
  ],
  'consent-missing': [
    400,
    'invalid_grant',
    65001,
    'The user or an administrator has not consented to the application.',
    'consent_required',
  ],
  'session-expired': [
    400,
    'invalid_grant',
    70043,
    'The refresh token has expired because of the sign-in frequency checks.',
    'token_expired',
  ],
  'admin-consent': [400, 'invalid_grant', 90094, 'An administrator has to grant this permission.'],
  'secret-expired': [401, 'invalid_client', 7000222, 'The client secret keys provided for the app are expired.'],
  'secret-invalid': [401, 'invalid_client', 7000215, 'An invalid client secret was provided.'],
  'app-unknown': [400, 'unauthorized_client', 700016, 'The application was not found in the directory.'],
  'app-disabled': [401, 'unauthorized_client', 7000112, 'The application is disabled.'],
  'tenant-unknown': [400, 'invalid_request', 90002, 'The tenant was not found. Check that the tenant id is correct.'],
};

const DEAD = 'Token has been expired or revoked.';
const GOOGLE: Readonly<Record<RefusalCause, GoogleWords>> = {
  revoked: [400, 'invalid_grant', DEAD],
  inactive: [400, 'invalid_grant', DEAD],
  replaced: [400, 'invalid_grant', DEAD],
  disabled: [400, 'invalid_grant', 'Account has been disabled'],
  'mfa-required': [400, 'invalid_grant', 'reauth related error (invalid_rapt)', 'invalid_rapt'],
  'conditional-access': [400, 'admin_policy_enforced', 'The policy of the organization blocks this app.'],
  'consent-missing': [400, 'invalid_grant', DEAD],
  'session-expired': [400, 'invalid_grant', 'reauth related error (invalid_rapt)', 'invalid_rapt'],
  'admin-consent': [400, 'admin_policy_enforced', 'The policy of the organization blocks this app.'],
  'secret-expired': [401, 'invalid_client', 'Unauthorized'],
  'secret-invalid': [401, 'invalid_client', 'Unauthorized'],
  'app-unknown': [401, 'invalid_client', 'The OAuth client was not found.'],
  'app-disabled': [401, 'disabled_client', 'The OAuth client was disabled.'],
  'tenant-unknown': [401, 'invalid_client', 'The OAuth client was not found.'],
};

function entra(status: number, error: string, code: number, text: string, suberror?: string): OauthRefusal {
  const [trace, correlation] = [randomUUID(), randomUUID()];
  const timestamp = new Date()
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z$/, 'Z');
  return {
    status,
    body: {
      error,
      error_description: `AADSTS${code}: ${text} Trace ID: ${trace} Correlation ID: ${correlation} Timestamp: ${timestamp}`,
      error_codes: [code],
      timestamp,
      trace_id: trace,
      correlation_id: correlation,
      ...(suberror === undefined ? {} : { suberror }),
    },
  };
}

function google(status: number, error: string, text: string, subtype?: string): OauthRefusal {
  return { status, body: { error, error_description: text, ...(subtype === undefined ? {} : { error_subtype: subtype }) } };
}
