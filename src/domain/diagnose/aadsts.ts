import type { Confidence } from '../diagnosis.ts';
import type { Reason } from '../reason.ts';
import { finding, passing } from './finding.ts';
import type { Departures, Finding } from './finding.ts';
import type { Reading } from './reading.ts';

/**
 * Step 4: the number that Entra gives. The last known one is the cause ("AADSTS70002 … AADSTS50012").
 * Source: learn.microsoft.com/entra/identity-platform/reference-error-codes; provider-facts section 3.
 */
export function knownAadsts(reading: Reading): Finding | null {
  const number = reading.evidence.aadsts.findLast((candidate) => TABLE.has(candidate));
  if (number === undefined) return null;
  const special = bySentence(number, reading);
  return special ?? TABLE.get(number) ?? null;
}

/** Numbers that stand for more than one thing. */
function bySentence(number: number, reading: Reading): Finding | null {
  switch (number) {
    case 70000:
      return /\bscopes?\b/.test(reading.words) ? finding('CONSENT_REQUIRED', 'LIKELY') : null;
    case 530035:
      return reading.evidence.context.authMethod === 'BASIC'
        ? finding('CONDITIONAL_ACCESS_BLOCKED', 'CERTAIN', { action: 'MIGRATE_TO_OAUTH' })
        : null;
    case 70008:
      return /authorization code|auth code/.test(reading.words) && !/refresh token/.test(reading.words)
        ? finding('CLIENT_STATE_ERROR', 'CERTAIN')
        : null;
    default:
      return null;
  }
}

type Row = readonly [numbers: readonly number[], found: Finding];

function row(numbers: readonly number[], reason: Reason, departures: Departures = {}, confidence: Confidence = 'CERTAIN'): Row {
  return [numbers, finding(reason, confidence, departures)];
}

const FIX_TENANT: Departures = { action: 'FIX_TENANT' };
const FIX_APP: Departures = { action: 'FIX_APP_REGISTRATION', actor: 'GATEWAY_OPERATOR' };

const ROWS: readonly Row[] = [
  // The grant
  row([50173, 50132, 50133, 50139, 70044], 'OAUTH_GRANT_REVOKED'),
  row([700082, 70008, 700084], 'OAUTH_TOKEN_EXPIRED_INACTIVE'),
  row([70000, 50085, 40009, 9002313, 50027, 50013, 500133], 'OAUTH_GRANT_INVALID', {}, 'LIKELY'),
  row([70043, 70046], 'OAUTH_SIGNIN_FREQUENCY'),
  row([50076, 50079, 50072, 50074, 50078, 50158, 53004, 53010, 50125, 51006], 'MFA_REQUIRED'),
  row(
    [
      53000, 53001, 53002, 53003, 53005, 53008, 53009, 53011, 50005, 50097, 50127, 50129, 50131, 50155, 50187, 530001, 530002, 530003,
      530004, 530021, 530031, 530032, 530033, 530034, 530035, 135011, 700003,
    ],
    'CONDITIONAL_ACCESS_BLOCKED',
  ),
  // The account
  row([50055, 50144, 50135, 50142], 'PASSWORD_EXPIRED'),
  row([50126, 50064, 50056, 120000], 'BAD_CREDENTIALS'),
  row([50053], 'ACCOUNT_LOCKED', {}, 'LIKELY'),
  row([50057, 500571], 'ACCOUNT_DISABLED'),
  row([50034, 51004, 50014, 500341], 'ACCOUNT_NOT_FOUND'),
  row([50020, 16000, 16003, 90072, 500200, 500207, 500208, 9002332], 'WRONG_ACCOUNT_TYPE'),
  row([50105, 501051, 50002, 500021, 500022, 500212, 500213, 54000, 90123, 1000031, 80012], 'ADMIN_POLICY_BLOCKED'),
  // Consent
  row([65001, 9002341], 'CONSENT_REQUIRED'),
  row([65004], 'CONSENT_DENIED'),
  row([90094, 90095, 650056], 'ADMIN_CONSENT_REQUIRED'),
  row([650052], 'MAILBOX_NOT_ACCESSIBLE'),
  row([500014], 'APP_DISABLED', { action: 'CONTACT_ADMIN_POLICY', actor: 'TENANT_ADMIN' }),
  // The application
  row([7000222], 'APP_SECRET_EXPIRED'),
  row([7000215, 70002, 50012, 700027, 700030, 7000214, 7000216], 'APP_SECRET_INVALID'),
  row(
    [
      7000218, 700025, 70003, 70005, 70007, 700054, 65002, 65005, 650053, 650054, 650057, 50001, 500011, 50003, 900144, 9002326, 9002327,
      700051,
    ],
    'APP_MISCONFIGURED',
  ),
  row([700016, 700011, 7000229, 7000116], 'APP_NOT_FOUND'),
  row([70001, 7000112], 'APP_DISABLED'),
  row([50011, 500112, 500113, 500117, 70004], 'REDIRECT_URI_MISMATCH'),
  row([50194, 90130, 9001023, 90124, 900971, 50049], 'APP_MISCONFIGURED', FIX_TENANT),
  row([70011, 28002, 28003, 700022], 'SCOPE_OR_AUDIENCE_WRONG', FIX_APP),
  row([90002, 900023, 50059, 90019, 50128, 90051], 'TENANT_NOT_FOUND', {}, 'LIKELY'),
  row([90038, 90043, 900382, 900432], 'WRONG_CLOUD'),
  // One attempt
  row(
    [50089, 54005, 501481, 50147, 700005, 700009, 7000012, 50058, 16001, 16002, 50140, 50143, 50199, 70018, 70019, 70016],
    'CLIENT_STATE_ERROR',
  ),
  // Passes by itself
  [
    [
      50000, 50033, 50087, 40010, 50166, 70012, 90006, 90012, 90020, 90024, 90033, 90090, 80001, 80002, 80005, 80007, 80010, 80013, 80014,
      20033,
    ],
    passing('PROVIDER_UNAVAILABLE'),
  ],
  [[50196, 90055, 50088, 90025], passing('RATE_LIMITED')],
  row([90036, 40008], 'UNKNOWN', { action: 'CONTACT_PROVIDER_SUPPORT' }, 'UNKNOWN'),
];

const TABLE: ReadonlyMap<number, Finding> = new Map(ROWS.flatMap(([numbers, found]) => numbers.map((number) => [number, found] as const)));

/** An unknown number still tells its family: conditional access is 53xxx and 530xxx, on-premises agents are 800xx. */
export function aadstsFamily(reading: Reading): Finding | null {
  const number = reading.evidence.aadsts.at(-1);
  if (number === undefined) return null;
  const digits = String(number);
  if (/^80\d{3}$/.test(digits)) return passing('PROVIDER_UNAVAILABLE');
  if (/^53\d{3,4}$/.test(digits)) return finding('CONDITIONAL_ACCESS_BLOCKED', 'LIKELY', { alternatives: ['MFA_REQUIRED'] });
  return null;
}
