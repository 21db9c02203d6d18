import type { Evidence } from '../evidence.ts';

/** Who answered: finer than the three providers of a mailbox, because the same words mean different things. */
export type Vendor = 'MICROSOFT' | 'GOOGLE' | 'YAHOO' | 'ICLOUD' | 'FASTMAIL' | 'YANDEX' | 'MAIL_RU' | 'ZOHO' | 'TENCENT' | 'NETEASE';

const HOSTS: readonly (readonly [RegExp, Vendor])[] = [
  [
    /(?:^|\.)(?:office365|outlook|hotmail|live|msn|microsoft|microsoftonline|office)\.(?:com|us|cn|de|fr|net)$|partner\.outlook\.cn$/,
    'MICROSOFT',
  ],
  [/(?:^|\.)(?:gmail|google|googlemail|googleapis|gsuite)\.com$/, 'GOOGLE'],
  [/(?:^|\.)(?!yahoo\.co\.jp$)(?:yahoo|ymail|rocketmail|aol|yahoodns|att|verizon)\.(?:com|net|co\.[a-z]{2}|[a-z]{2})$/, 'YAHOO'],
  [/(?:^|\.)(?:icloud|me|mac|apple)\.com$/, 'ICLOUD'],
  [/(?:^|\.)(?:fastmail|messagingengine)\.(?:com|fm)$/, 'FASTMAIL'],
  [/(?:^|\.)yandex\.(?:ru|com|net|by|kz|com\.tr)$|(?:^|\.)ya\.ru$/, 'YANDEX'],
  [/(?:^|\.)(?:mail|bk|inbox|list|internet)\.ru$/, 'MAIL_RU'],
  [/(?:^|\.)(?:zoho|zohomail)\.(?:com|eu|in|com\.au|jp)$/, 'ZOHO'],
  [/(?:^|\.)(?:qq|foxmail|exmail\.qq)\.com$/, 'TENCENT'],
  [/(?:^|\.)(?:163|126|188|netease)\.(?:com|net)$|(?:^|\.)yeah\.net$/, 'NETEASE'],
];

const SIGNATURES: readonly (readonly [RegExp, Vendor])[] = [
  [/\baadsts\d|prod\.outlook\.com|smtpclientauthentication|aka\.ms\//, 'MICROSOFT'],
  [/\bgsmtp\b|support\.google\.com|accounts\.google\.com|mail\.google\.com/, 'GOOGLE'],
  [/#(?:mbr|auth)\d{3,5}\b|\bwbl\]|yahoo/, 'YAHOO'],
  [/e?\.mail\.ru|neobhodim/, 'MAIL_RU'],
  [/yandex/, 'YANDEX'],
  [/mail\.qq\.com/, 'TENCENT'],
  [/@188\.com|mail\.163\.com/, 'NETEASE'],
];

/** The vendor behind a failure: by host, else by the mailbox's provider, else by what only that vendor writes. `text` is normalized. */
export function vendorOf(evidence: Evidence, text: string): Vendor | null {
  const host = evidence.context.host?.toLowerCase() ?? '';
  const byHost = HOSTS.find(([pattern]) => pattern.test(host))?.[1];
  if (byHost !== undefined) return byHost;
  if (evidence.aadsts.length > 0 || evidence.library === 'msal') return 'MICROSOFT';
  switch (evidence.context.provider) {
    case 'MICROSOFT_365':
      return 'MICROSOFT';
    case 'GMAIL':
      return 'GOOGLE';
    case 'OTHER':
    case null:
      return SIGNATURES.find(([pattern]) => pattern.test(text))?.[1] ?? null;
  }
}
