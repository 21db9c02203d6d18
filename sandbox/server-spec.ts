import type { Flavour } from './flavours.ts';
import type { MailProtocol } from './verdict.ts';

export type Mechanism = 'PLAIN' | 'LOGIN' | 'XOAUTH2' | 'OAUTHBEARER';

export interface ServerSpec {
  readonly protocol: MailProtocol;
  readonly security: 'tls' | 'starttls';
  readonly flavour: Flavour;
  readonly mechanisms: readonly Mechanism[];
}

const ALL: readonly Mechanism[] = ['PLAIN', 'LOGIN', 'XOAUTH2', 'OAUTHBEARER'];
/** The npm smtp-server knows no OAUTHBEARER. */
const SMTP: readonly Mechanism[] = ['PLAIN', 'LOGIN', 'XOAUTH2'];

/** The servers of a sandbox. The provider pairs speak in their provider's words and use its ports' security. */
export const SERVER_SPECS = {
  imap: { protocol: 'imap', security: 'tls', flavour: 'generic', mechanisms: ALL },
  'imap-starttls': { protocol: 'imap', security: 'starttls', flavour: 'generic', mechanisms: ALL },
  'imap-xoauth2': { protocol: 'imap', security: 'tls', flavour: 'generic', mechanisms: ['PLAIN', 'LOGIN', 'XOAUTH2'] },
  smtp: { protocol: 'smtp', security: 'tls', flavour: 'generic', mechanisms: SMTP },
  'smtp-starttls': { protocol: 'smtp', security: 'starttls', flavour: 'generic', mechanisms: SMTP },
  'microsoft-imap': { protocol: 'imap', security: 'tls', flavour: 'microsoft', mechanisms: ['PLAIN', 'XOAUTH2'] },
  'microsoft-smtp': { protocol: 'smtp', security: 'starttls', flavour: 'microsoft', mechanisms: ['LOGIN', 'XOAUTH2'] },
  'gmail-imap': { protocol: 'imap', security: 'tls', flavour: 'gmail', mechanisms: ['PLAIN', 'XOAUTH2', 'OAUTHBEARER'] },
  'gmail-smtp': { protocol: 'smtp', security: 'tls', flavour: 'gmail', mechanisms: SMTP },
} as const satisfies Record<string, ServerSpec>;

export type ServerName = keyof typeof SERVER_SPECS;
export const SERVER_NAMES = Object.keys(SERVER_SPECS) as readonly ServerName[];

export function isServerName(name: string): name is ServerName {
  return Object.hasOwn(SERVER_SPECS, name);
}
