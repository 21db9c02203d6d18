/**
 * The dates that are known as of 23 November 2026, in the shape of advisories.json (which starts as the same content and
 * is the operator's to change). A day is the first on which the rule holds, UTC.
 */
export const DEFAULT_ADVISORIES_DATA = {
  basicAuthRetirements: [
    {
      provider: 'MICROSOFT_365',
      leg: 'INCOMING',
      accounts: 'WORK',
      effectiveAt: '2023-01-31',
      appPasswordsWork: false,
      before: 'Microsoft is retiring basic authentication for fetching mail. Move this mailbox to OAuth.',
      after: 'Microsoft has retired basic authentication for fetching mail. Move this mailbox to OAuth.',
      learnMoreUrl:
        'https://learn.microsoft.com/exchange/clients-and-mobile-in-exchange-online/deprecation-of-basic-authentication-exchange-online',
    },
    {
      provider: 'MICROSOFT_365',
      leg: 'OUTGOING',
      accounts: 'WORK',
      effectiveAt: '2026-12-31',
      appPasswordsWork: false,
      before:
        'At the end of December 2026 Microsoft switches basic authentication for sending mail off by default. Move this mailbox to OAuth before that.',
      after:
        'Microsoft has switched basic authentication for sending mail off by default; where it still works, an administrator has allowed it for the time being. Move this mailbox to OAuth.',
      learnMoreUrl: 'https://learn.microsoft.com/exchange/clients-and-mobile-in-exchange-online/authenticated-client-smtp-submission',
    },
    {
      provider: 'MICROSOFT_365',
      leg: 'BOTH',
      accounts: 'PERSONAL',
      effectiveAt: '2024-09-16',
      appPasswordsWork: false,
      before:
        'Microsoft is retiring passwords for mail programs with personal accounts such as Outlook.com and Hotmail.com. Move this mailbox to OAuth.',
      after:
        'Microsoft has retired passwords for mail programs with personal accounts such as Outlook.com and Hotmail.com. Move this mailbox to OAuth.',
      learnMoreUrl:
        'https://learn.microsoft.com/exchange/client-developer/legacy-protocols/how-to-authenticate-an-imap-pop-smtp-application-by-using-oauth',
    },
    {
      provider: 'GMAIL',
      leg: 'BOTH',
      accounts: 'PERSONAL',
      effectiveAt: '2022-05-30',
      appPasswordsWork: true,
      before: 'Google is going to accept app passwords only. Sign in with Google, or create an app password.',
      after: 'Google accepts app passwords only. Sign in with Google, or create an app password.',
      learnMoreUrl: 'https://support.google.com/accounts/answer/185833',
    },
    {
      provider: 'GMAIL',
      leg: 'BOTH',
      accounts: 'WORK',
      effectiveAt: '2024-09-30',
      appPasswordsWork: true,
      before: 'Google Workspace is going to accept app passwords only. Sign in with Google, or create an app password.',
      after: 'Google Workspace has announced to accept app passwords only. Sign in with Google, or create an app password.',
      learnMoreUrl: 'https://support.google.com/a/answer/14114704',
    },
  ],
  personalDomains: [
    'outlook.com',
    'outlook.de',
    'outlook.es',
    'outlook.fr',
    'outlook.it',
    'hotmail.com',
    'hotmail.co.uk',
    'hotmail.de',
    'hotmail.es',
    'hotmail.fr',
    'hotmail.it',
    'live.com',
    'live.co.uk',
    'live.de',
    'live.fr',
    'live.it',
    'live.nl',
    'msn.com',
    'gmail.com',
    'googlemail.com',
  ],
  grants: [
    {
      provider: 'MICROSOFT_365',
      idleDays: 90,
      testAppDays: null,
      learnMoreUrl: 'https://learn.microsoft.com/entra/identity-platform/refresh-tokens',
    },
    {
      provider: 'GMAIL',
      idleDays: 180,
      testAppDays: 7,
      learnMoreUrl: 'https://developers.google.com/identity/protocols/oauth2#expiration',
    },
  ],
  appSecretLearnMoreUrl: 'https://learn.microsoft.com/entra/identity-platform/how-to-add-credentials',
  warnBeforeDays: { grant: 14, appSecret: 30 },
} as const;
