import type { MailServer } from './mail.ts';

/** What the operator decides. Parsed and checked once, by config.ts. */
export interface GatewaySettings {
  readonly checkIntervalMs: number;
  readonly confirmAfterMs: number;
  readonly checkTimeoutMs: number;
  readonly checkConcurrency: number;
  /** How long a replaced credential is kept for a roll-back. */
  readonly rollbackKeptMs: number;
  readonly logRetentionMs: number;
  /** How long an authorization waits for its user. */
  readonly authorizationTtlMs: number;
  readonly socketsPerToken: number;
  readonly publicUrl: URL;
  readonly allowedOrigins: readonly string[];
  readonly returnToOrigins: readonly string[];
  readonly helpUrl: string;
  /** When the secret of the Microsoft application runs out, epoch milliseconds; null or absent when nobody said. */
  readonly appSecretExpiresAt?: number | null;
  readonly servers: ProviderServers;
}

/** Where the big providers' servers are; tests and national clouds point them elsewhere. */
export interface ProviderServers {
  readonly microsoftImap: MailServer;
  readonly microsoftSmtp: MailServer;
  readonly microsoftPersonalSmtp: MailServer;
  readonly gmailImap: MailServer;
  readonly gmailSmtp: MailServer;
}
