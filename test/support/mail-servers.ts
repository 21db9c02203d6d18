import type { Certificates } from '../../sandbox/certificates.ts';
import type { AccountInput } from '../../sandbox/accounts.ts';
import type { GatewayEnvironment } from '../../sandbox/demo/gateway-process.ts';
import type { Introspection } from '../../sandbox/introspection.ts';
import type { Sandbox } from '../../sandbox/sandbox.ts';
import type { LegDirection, MailServer } from '../../src/domain/mail.ts';
import type { Reason } from '../../src/domain/reason.ts';

/** What the journeys are told against. */
export const MAIL_KINDS = ['sandbox', 'dovecot'] as const;
export type MailKind = (typeof MAIL_KINDS)[number];

export const MAIL_NAMES: Readonly<Record<MailKind, string>> = { sandbox: "the sandbox's mail servers", dovecot: 'Dovecot' };

/** What a real Dovecot cannot do, and so only the sandbox is asked for. Everything else in the journeys is told against both. */
export const SANDBOX_ALONE = {
  EXCHANGE_WORDS: 'only Exchange says this, and only the sandbox says it after it',
  GMAIL_WORDS: 'only Gmail says this, and only the sandbox says it after it',
  PASSWORD_AGE: "Dovecot's password file knows no age of passwords",
  TOKEN_OF_ANOTHER: 'Dovecot lets nobody into a mailbox with the token of another account',
} as const;
export type SandboxAlone = keyof typeof SANDBOX_ALONE;

/** The two servers that a mailbox uses. */
export interface ServerPair {
  readonly incoming: MailServer;
  readonly outgoing: MailServer;
}

export interface MailServersOptions {
  readonly accounts: readonly AccountInput[];
  readonly certificates?: Certificates;
  /** Where access tokens are verified, asked in turn; without any, none is good. */
  readonly introspection?: readonly Introspection[];
}

/** Mail servers somewhere, and what their owner does there. Every change resolves once the next login meets it. */
export interface MailServers {
  readonly kind: MailKind;
  readonly caPem: string;
  /** For mailboxes of the Other option. */
  readonly incoming: MailServer;
  readonly outgoing: MailServer;
  /** Which servers a gateway takes for the providers'. Each provider has a server of its own, as in reality. */
  readonly providers: { readonly microsoft: ServerPair & { readonly personalOutgoing: MailServer }; readonly gmail: ServerPair };
  /** What points a gateway at them. */
  environment(caFile: string): GatewayEnvironment;
  setPassword(address: string, password: string): Promise<void>;
  addAccount(account: { readonly address: string; readonly password: string }): Promise<void>;
  removeAccount(address: string): Promise<void>;
  /** The account is closed: no password and no token lets it in. */
  setDisabled(address: string, disabled: boolean): Promise<void>;
  /** One leg refuses the account's password and tokens as it refuses wrong ones; null: none does. */
  setRefusal(address: string, leg: LegDirection | null): Promise<void>;
  /** No server works until they come back; `outage` is what a login meets then. */
  goAway(): Promise<void>;
  comeBack(): Promise<void>;
  readonly outage: Reason;
  /** How often each of the two has let the account in; from some moment before, so only differences mean anything. */
  acceptedLogins(address: string): Promise<{ readonly imap: number; readonly smtp: number }>;
  /** Nobody is disabled or refused any more; passwords and accounts stay. */
  reset(): Promise<void>;
  readonly stop: () => Promise<void>;
}

export interface SandboxServers extends MailServers {
  readonly kind: 'sandbox';
  readonly sandbox: Sandbox;
}

/** The switches that only the sandbox has. Throws where the mail servers are real: see SANDBOX_ALONE. */
export function sandboxOf(servers: MailServers): Sandbox {
  if (!isSandbox(servers)) throw new Error(`${MAIL_NAMES[servers.kind]} has no such switch: see SANDBOX_ALONE.`);
  return servers.sandbox;
}

function isSandbox(servers: MailServers): servers is SandboxServers {
  return servers.kind === 'sandbox';
}

/** The settings that name a provider's servers. */
export function providerEnvironment({ microsoft, gmail }: MailServers['providers'], caFile: string): GatewayEnvironment {
  return {
    CA_FILE: caFile,
    NETWORK_ALLOW: 'localhost:*;127.0.0.0/8:*',
    MICROSOFT_IMAP: setting(microsoft.incoming),
    MICROSOFT_SMTP: setting(microsoft.outgoing),
    MICROSOFT_PERSONAL_SMTP: setting(microsoft.personalOutgoing),
    GMAIL_IMAP: setting(gmail.incoming),
    GMAIL_SMTP: setting(gmail.outgoing),
  };
}

function setting({ host, port, security }: MailServer): string {
  return `${host}:${port}:${security === 'TLS' ? 'tls' : 'starttls'}`;
}
