import type { DiagnoseProtocol, EvidenceContext } from '../domain/evidence.ts';
import type { AuthMethodKind, Provider } from '../domain/mail.ts';

/** What a person knows beside the error. Names as in error-corpus.json; case and spelling are forgiven, the unknown is ignored. */
export interface ExplainHints {
  /** microsoft, google, outlook.com, yahoo, generic, any …, or MICROSOFT_365, GMAIL, OTHER. */
  readonly provider?: unknown;
  /** imap, smtp, oauth, network. */
  readonly protocol?: unknown;
  /** oauth or password. */
  readonly authType?: unknown;
  readonly host?: unknown;
}

export function contextOfHints(hints: ExplainHints): EvidenceContext {
  const name = word(hints.provider);
  return {
    provider: name === null ? null : providerOf(name),
    host: text(hints.host) ?? (name === null ? null : hostOf(name)),
    protocol: protocolOf(word(hints.protocol)),
    authMethod: authMethodOf(word(hints.authType)),
  };
}

const MICROSOFT = [
  'microsoft',
  'microsoft_365',
  'microsoft365',
  'microsoft 365',
  'm365',
  'office365',
  'office 365',
  'o365',
  'exchange',
  'exchange online',
  'outlook',
  'outlook.com',
  'hotmail',
  'hotmail.com',
  'live',
  'live.com',
];
const GOOGLE = ['google', 'gmail', 'gmail.com', 'googlemail', 'google workspace', 'gsuite'];
/** No provider in particular: says nothing about who answered. */
const NOBODY = ['any', 'unknown', 'none', 'null'];

function providerOf(name: string): Provider | null {
  if (MICROSOFT.includes(name)) return 'MICROSOFT_365';
  if (GOOGLE.includes(name)) return 'GMAIL';
  return NOBODY.includes(name) ? null : 'OTHER';
}

/** A provider outside of the two with a sign-in is known by its domain. */
const DOMAINS: Readonly<Record<string, string>> = {
  yahoo: 'yahoo.com',
  aol: 'aol.com',
  icloud: 'icloud.com',
  apple: 'icloud.com',
  zoho: 'zoho.com',
  yandex: 'yandex.ru',
  mailru: 'mail.ru',
  qq: 'qq.com',
  tencent: 'qq.com',
  netease: '163.com',
  fastmail: 'fastmail.com',
};

function hostOf(name: string): string | null {
  return DOMAINS[name] ?? (/^[a-z0-9-]+(?:\.[a-z0-9-]+)+$/.test(name) ? name : null);
}

function protocolOf(name: string | null): DiagnoseProtocol | null {
  switch (name ?? '') {
    case 'imap':
    case 'imaps':
    case 'pop':
    case 'pop3':
      return 'IMAP';
    case 'smtp':
    case 'smtps':
    case 'submission':
      return 'SMTP';
    case 'oauth':
    case 'oauth2':
    case 'oidc':
      return 'OAUTH';
    case 'network':
    case 'tls':
    case 'dns':
    case 'tcp':
      return 'NETWORK';
    default:
      return null;
  }
}

function authMethodOf(name: string | null): AuthMethodKind | null {
  switch (name ?? '') {
    case 'oauth':
    case 'oauth2':
    case 'xoauth2':
    case 'oauthbearer':
    case 'token':
      return 'OAUTH2';
    case 'password':
    case 'basic':
    case 'plain':
    case 'login':
    case 'app_password':
      return 'BASIC';
    default:
      return null;
  }
}

function text(value: unknown): string | null {
  return typeof value === 'string' && value.trim() !== '' ? value.trim().slice(0, 253) : null;
}

function word(value: unknown): string | null {
  return text(value)?.toLowerCase() ?? null;
}
