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
  row([700082, 70008, 700081, 700083, 700084], 'OAUTH_TOKEN_EXPIRED_INACTIVE'),
  row([70000, 50085, 40009, 40015, 9002313, 50027, 50013, 500133, 700007, 700036, 90086, 135010], 'OAUTH_GRANT_INVALID', {}, 'LIKELY'),
  row([70043, 70046], 'OAUTH_SIGNIN_FREQUENCY'),
  row([81004, 81005, 81006, 81007, 81009, 81010, 81011, 81012], 'CLIENT_STATE_ERROR', { alternatives: ['OAUTH_GRANT_INVALID'] }, 'LIKELY'),
  row([50076, 50079, 50072, 50074, 50078, 50158, 50086, 50161, 50180, 53004, 53010, 50125, 51006], 'MFA_REQUIRED'),
  row(
    [
      53000, 53001, 53002, 53003, 53005, 53008, 53009, 53011, 50005, 50097, 50127, 50129, 50131, 50155, 50187, 530001, 530002, 530003,
      530004, 530021, 530031, 530032, 530033, 530034, 530035, 130007, 130008, 135011, 399218, 700003,
    ],
    'CONDITIONAL_ACCESS_BLOCKED',
  ),
  // The account
  row([50055, 50144, 50135, 50142, 120002, 120003, 120004, 120012, 120018], 'PASSWORD_EXPIRED'),
  row([50126, 50054, 50064, 50056, 120000], 'BAD_CREDENTIALS'),
  row([50053, 120014], 'ACCOUNT_LOCKED', {}, 'LIKELY'),
  row([50057, 500571], 'ACCOUNT_DISABLED'),
  row([50034, 51004, 50014, 500341, 120016], 'ACCOUNT_NOT_FOUND'),
  row([50197, 90101, 90125], 'ACCOUNT_NOT_FOUND', {}, 'LIKELY'),
  row([50020, 16000, 16003, 50177, 90072, 90084, 90126, 500200, 500207, 500208, 9002331, 9002332, 9002346], 'WRONG_ACCOUNT_TYPE'),
  row([50105, 501051, 54000, 80012], 'ADMIN_POLICY_BLOCKED', { onlyThisAccount: true }),
  row([50002, 500021, 500022, 500212, 500213, 90123, 1000031], 'ADMIN_POLICY_BLOCKED'),
  // Consent
  row([65001, 9002341], 'CONSENT_REQUIRED'),
  row([65003, 90008], 'CONSENT_REQUIRED', {}, 'LIKELY'),
  row([65004], 'CONSENT_DENIED'),
  row([90093, 90094, 90095, 90099, 650056], 'ADMIN_CONSENT_REQUIRED'),
  row([650052], 'MAILBOX_NOT_ACCESSIBLE'),
  row([500014], 'APP_DISABLED', { action: 'CONTACT_ADMIN_POLICY', actor: 'TENANT_ADMIN' }),
  // The application
  row([7000222], 'APP_SECRET_EXPIRED'),
  row(
    [7000215, 7000217, 70002, 70021, 50012, 50048, 700021, 700024, 700027, 700030, 700212, 700213, 7000214, 7000216],
    'APP_SECRET_INVALID',
  ),
  row(
    [
      7000218, 700025, 70003, 70005, 70007, 700054, 65002, 65005, 650053, 650054, 650057, 50001, 500011, 50003, 900144, 9002326, 9002327,
      700051, 650051, 50010, 50146, 501461, 700229, 7000113, 7000114, 90004, 90009, 90014, 90015, 90023, 90027, 90056, 90100, 90121, 901002,
      9002325, 1003031,
    ],
    'APP_MISCONFIGURED',
  ),
  row([700016, 700011, 7000229, 7000116], 'APP_NOT_FOUND'),
  row([70001, 7000112], 'APP_DISABLED'),
  row([50011, 500112, 500113, 500117, 70004, 90102], 'REDIRECT_URI_MISMATCH'),
  row([50194, 90130, 9001023, 90124, 900971, 50049], 'APP_MISCONFIGURED', FIX_TENANT),
  row([70011, 28002, 28003, 700022, 700023], 'SCOPE_OR_AUDIENCE_WRONG', FIX_APP),
  row([90002, 900023, 50059, 90019, 50128, 90051], 'TENANT_NOT_FOUND', {}, 'LIKELY'),
  row([90038, 90043, 900382, 900432, 1000104], 'WRONG_CLOUD'),
  // One attempt
  row(
    [
      50089, 54005, 501481, 501491, 50147, 700005, 700009, 7000012, 50058, 16001, 16002, 160021, 50134, 50136, 50140, 50143, 50168, 50192,
      50199, 70009, 70018, 70019, 70016, 90007, 90013, 90119, 90120, 900561, 140000, 140001,
    ],
    'CLIENT_STATE_ERROR',
  ),
  // Passes by itself
  [
    [
      50000, 50033, 50087, 40010, 50166, 70012, 90006, 90012, 90020, 90024, 90033, 90090, 80001, 80002, 80005, 80007, 80010, 80013, 80014,
      20001, 20033, 90085, 90091, 120013, 120021, 220501, 230109, 501621,
    ],
    passing('PROVIDER_UNAVAILABLE'),
  ],
  [[50196, 90055, 50088, 90025], passing('RATE_LIMITED')],
  row([90036, 40008, 17003, 90092, 399284], 'UNKNOWN', { action: 'CONTACT_PROVIDER_SUPPORT' }, 'UNKNOWN'),
];

const TABLE: ReadonlyMap<number, Finding> = new Map(ROWS.flatMap(([numbers, found]) => numbers.map((number) => [number, found] as const)));

/**
 * An unknown number still tells its family: conditional access is 53xxx and 530xxx, on-premises agents are 800xx, seamless
 * single sign-on 810xx, permissions of the application 6500xx, SAML 75xxx and 76xxx, a change of password 1200xx, keys of devices 130xxx and 135xxx.
 */
export function aadstsFamily(reading: Reading): Finding | null {
  const number = reading.evidence.aadsts.at(-1);
  if (number === undefined) return null;
  const digits = String(number);
  if (/^80\d{3}$/.test(digits)) return passing('PROVIDER_UNAVAILABLE');
  if (/^53\d{3,4}$/.test(digits)) return finding('CONDITIONAL_ACCESS_BLOCKED', 'LIKELY', { alternatives: ['MFA_REQUIRED'] });
  if (/^81\d{3}$/.test(digits))
    return finding('CLIENT_STATE_ERROR', 'LIKELY', { alternatives: ['OAUTH_GRANT_INVALID', 'ACCOUNT_MISMATCH'] });
  if (/^6500\d\d$/.test(digits)) return finding('APP_MISCONFIGURED', 'LIKELY', { alternatives: ['ADMIN_CONSENT_REQUIRED'] });
  if (/^7[56]\d{3,5}$/.test(digits)) return finding('APP_MISCONFIGURED', 'LIKELY');
  if (/^1200\d\d$/.test(digits)) return finding('PASSWORD_EXPIRED', 'LIKELY', { alternatives: ['BAD_CREDENTIALS'] });
  if (/^13[05]\d{3}$/.test(digits)) return finding('CONDITIONAL_ACCESS_BLOCKED', 'LIKELY', { alternatives: ['OAUTH_GRANT_INVALID'] });
  return null;
}
