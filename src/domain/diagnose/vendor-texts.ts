import type { Confidence } from '../diagnosis.ts';
import type { Reason } from '../reason.ts';
import { finding } from './finding.ts';
import type { Departures, Finding } from './finding.ts';
import type { Reading } from './reading.ts';
import type { Vendor } from './vendor.ts';

/**
 * Step 6: sentences that one provider writes and that cannot mean anything else. They go before the vocabulary of
 * passing faults because some of them hold such words. Source: provider-facts sections 4, 5.3 and 6.3.
 */
export function vendorTexts(reading: Reading): Finding | null {
  const found = SENTENCES.find(
    ({ pattern, vendors }) =>
      pattern.test(reading.text) && (vendors === null || (reading.vendor !== null && vendors.includes(reading.vendor))),
  );
  return found === undefined ? null : found.found;
}

interface Sentence {
  readonly pattern: RegExp;
  readonly vendors: readonly Vendor[] | null;
  readonly found: Finding;
}

function says(
  pattern: RegExp,
  reason: Reason,
  confidence: Confidence = 'CERTAIN',
  departures: Departures = {},
  vendors: readonly Vendor[] | null = null,
): Sentence {
  return { pattern, vendors, found: finding(reason, confidence, departures) };
}

const SENTENCES: readonly Sentence[] = [
  // Exchange
  says(/smtpclientauthentication is disabled|smtp_auth_disabled/, 'SMTP_AUTH_DISABLED'),
  says(
    /basic auth(?:entication)? (?:is |has been |was )?(?:disabled|not supported|no longer supported|turned off|deprecated|not allowed)|basic_auth_disabled/,
    'BASIC_AUTH_DISABLED',
  ),
  says(/did not meet the criteria to be authenticated|security defaults policy|blocked by security defaults/, 'CONDITIONAL_ACCESS_BLOCKED'),
  says(/authenticated but not connected/, 'MAILBOX_NOT_ACCESSIBLE', 'LIKELY'),
  says(/sendasdenied|not allowed to send as|does not have permissions? to send (?:as|on behalf)|permission to send as/, 'SEND_AS_DENIED'),
  says(/the user credentials were incorrect/, 'BAD_CREDENTIALS', 'LIKELY', { alternatives: ['BASIC_AUTH_DISABLED'] }),
  says(/(?:client was )?not authenticated to send (?:anonymous )?mail/, 'SMTP_AUTH_DISABLED', 'LIKELY', {
    alternatives: ['STARTTLS_UNAVAILABLE', 'BAD_CREDENTIALS'],
  }),
  says(/\/common or \/consumers endpoints?/, 'APP_MISCONFIGURED', 'CERTAIN', { action: 'FIX_TENANT' }),
  says(/mailbox is either inactive|mailbox ?not ?enabled ?for|hosted on-premise/, 'MAILBOX_NOT_ACCESSIBLE'),
  // Gmail and Google sign-in
  says(
    /application-specific password (?:is )?required|invalidsecondfactor|app(?:lication)?[- ]specific password (?:is )?(?:required|needed|necessary)/,
    'APP_PASSWORD_REQUIRED',
  ),
  says(
    /log ?in (?:via|with|through|using) your web browser|webloginrequired|accounts\.google\.com\/signin\/continue/,
    'WEB_LOGIN_REQUIRED',
  ),
  says(/not enabled for imap|imap access is disabled for your domain|full imap support is not enabled/, 'IMAP_DISABLED'),
  says(/access not configured|has not been used in project|accessnotconfigured|service_disabled/, 'APP_MISCONFIGURED'),
  says(
    /insufficient permission|insufficientpermissions|insufficient (?:\w+ )?scopes?\b|\bscopes? (?:is |are )?(?:insufficient|missing)|\bmissing (?:the )?(?:required )?scopes?\b|access_token_scope_insufficient|insufficient_scope/,
    'SCOPE_OR_AUDIENCE_WRONG',
  ),
  says(/mail service not enabled|gmail (?:service )?(?:is )?not enabled/, 'MAILBOX_NOT_ACCESSIBLE'),
  says(/delegation denied/, 'MAILBOX_NOT_ACCESSIBLE'),
  says(/invalid_rapt|rapt_required|reauth related error/, 'REAUTH_POLICY'),
  says(
    /currently being tested|app is (?:currently )?(?:being tested|in testing)|developer-approved testers|has not completed the google verification/,
    'APP_IN_TESTING',
  ),
  says(/robot is disabled/, 'APP_DISABLED'),
  // Gmail's words for an account that it has closed for up to a day.
  says(/lockdown in sector/, 'ACCOUNT_LOCKED', 'LIKELY', { retryable: true, action: 'WAIT_AND_RETRY', actor: 'NOBODY' }, ['GOOGLE']),
  // Yahoo and AOL count attempts with a normal password as bad ones; an app password ends it.
  says(/#auth005/, 'APP_PASSWORD_REQUIRED', 'LIKELY', { alternatives: ['RATE_LIMITED', 'BAD_CREDENTIALS'] }),
  says(/too many bad auth attempts/, 'APP_PASSWORD_REQUIRED', 'LIKELY', { alternatives: ['RATE_LIMITED', 'BAD_CREDENTIALS'] }, ['YAHOO']),
  // mail.ru, QQ, NetEase, Yandex
  says(/parol(?:['’])? prilozheniya|пароль (?:для )?(?:внешнего )?приложени|ap+l?lication password is required/, 'APP_PASSWORD_REQUIRED'),
  says(/(?:using|use|enter) (?:your |the |an )?(?:client )?authori[sz](?:ed|ation) code|授权码|授權碼/, 'APP_PASSWORD_REQUIRED'),
  says(/unsafe login/, 'WEB_LOGIN_REQUIRED'),
  says(/accept (?:the )?eula/, 'WEB_LOGIN_REQUIRED'),
  says(
    /this user does not have access rights to this service/,
    'IMAP_DISABLED',
    'LIKELY',
    { alternatives: ['SMTP_AUTH_DISABLED', 'APP_PASSWORD_REQUIRED'] },
    ['YANDEX'],
  ),
  // Postfix and the block lists: "Service unavailable" is the heading, not the fault.
  says(
    /service unavailable[;:.,] (?:client|sender|helo|unverified).{0,120}block|client host .{0,80}blocked using|blocked (?:using|by) \S*(?:spamhaus|barracuda|spamcop|sorbs|uceprotect|rbl|dnsbl)/,
    'CLIENT_IP_BLOCKED',
    'LIKELY',
  ),
];
