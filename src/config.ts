import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { DEFAULT_ADVISORIES, parseAdvisories, type Advisories } from './domain/advisories.ts';
import type { MailServer } from './domain/mail.ts';
import type { GatewaySettings } from './domain/settings.ts';
import { ownOrigins } from './network/own-origins.ts';
import { parseNetworkAllow, type NetworkAllow } from './network/network-allow.ts';
import { readProxy, type HttpsProxy } from './network/proxy.ts';
import { parseServerPlace } from './network/server-place.ts';
import { certificateProblem } from './providers/microsoft/app-credential.ts';
import { Secret } from './vault/secret.ts';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** The OAuth application at Microsoft. The secret's text is read again whenever it is needed, so a changed file counts at once. */
export interface MicrosoftApp {
  readonly clientId: string;
  readonly authority: string;
  readonly knownAuthorities: readonly string[];
  readonly secret: () => Secret;
  readonly secretExpiresAt: number | null;
}

export interface GoogleApp {
  readonly clientId: string;
  readonly secret: () => Secret;
  readonly issuer: string;
  readonly authUrl: string;
  readonly tokenUrl: string;
  readonly revokeUrl: string;
  readonly certsUrl: string;
  readonly gmailApiUrl: string;
}

export interface JwtConfig {
  readonly jwksUrl: string;
  readonly issuer: string;
  readonly audience: string;
  readonly workspaceClaim: string;
  readonly roleClaim: string;
}

/** Everything the operator configures, checked once. Nobody else reads the environment. */
export interface Config {
  readonly databaseUrl: string;
  readonly keyringFile: string;
  readonly host: string;
  readonly port: number;
  readonly trustProxyHops: number;
  readonly settings: GatewaySettings;
  /** PEM certificates trusted besides the usual roots. */
  readonly ca: readonly string[] | null;
  readonly networkAllow: readonly NetworkAllow[];
  /** How sign-in with Microsoft and Google leaves; mail connections never do. */
  readonly httpsProxy: HttpsProxy | null;
  readonly microsoft: MicrosoftApp | null;
  readonly google: GoogleApp | null;
  readonly jwt: JwtConfig | null;
  readonly metricsToken: Secret | null;
  readonly logLevel: LogLevel;
  readonly advisories: Advisories;
}

export type LoadedConfig =
  { readonly kind: 'ok'; readonly config: Config } | { readonly kind: 'problems'; readonly problems: readonly string[] };

const wholeSeconds = (fallback: number, least: number, most: number) =>
  z
    .string()
    .refine(
      (text) => /^\d+$/.test(text) && Number(text) >= least && Number(text) <= most,
      `must be a whole number between ${least} and ${most}`,
    )
    .transform(Number)
    .default(fallback);

const url = (schemes: readonly string[]) =>
  z.string().refine(
    (text) => {
      try {
        return schemes.includes(new URL(text).protocol);
      } catch {
        return false;
      }
    },
    `must be a URL that begins with ${schemes.map((scheme) => `${scheme}//`).join(' or ')}`,
  );

const origins = z.string().transform((text, context) =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map((part) => {
      try {
        const parsed = new URL(part);
        if (parsed.origin !== 'null' && ['http:', 'https:'].includes(parsed.protocol)) return parsed.origin;
      } catch {
        // Reported below, like an origin of another scheme.
      }
      context.addIssue({ code: 'custom', message: `"${part}" is not an origin such as https://desk.example.com` });
      return z.NEVER;
    }),
);

const server = (host: string, port: number, security: MailServer['security']) =>
  z
    .string()
    .transform((text, context) => {
      const parsed = parseServerPlace(text);
      if (parsed !== null) return parsed;
      context.addIssue({ code: 'custom', message: 'must look like imap.example.com:993:tls or smtp.example.com:587:starttls' });
      return z.NEVER;
    })
    .default({ host, port, security });

const instant = z
  .string()
  .transform((text) => Date.parse(text))
  .refine((at) => Number.isFinite(at), 'must be a date such as 2027-03-31');

const Environment = z.object({
  DATABASE_URL: z
    .string()
    .regex(/^(sqlite:.+|mongodb(\+srv)?:\/\/.+)$/, 'must begin with sqlite: or mongodb://, e.g. sqlite:./data/gateway.db')
    .default('sqlite:./data/gateway.db'),
  KEYRING_FILE: z.string().default('./data/keyring.json'),
  HOST: z.string().default('127.0.0.1'),
  PORT: wholeSeconds(4000, 0, 65_535),
  PUBLIC_URL: url(['http:', 'https:']).optional(),
  TRUST_PROXY: wholeSeconds(0, 0, 10),
  ALLOWED_ORIGINS: origins.optional(),
  RETURN_TO_ORIGINS: origins.optional(),
  HELP_URL: url(['http:', 'https:']).optional(),
  MICROSOFT_CLIENT_ID: z.string().optional(),
  MICROSOFT_CLIENT_SECRET: z.string().optional(),
  MICROSOFT_CLIENT_SECRET_FILE: z.string().optional(),
  MICROSOFT_CERTIFICATE_FILE: z.string().optional(),
  MICROSOFT_SECRET_EXPIRES_AT: instant.optional(),
  MICROSOFT_AUTHORITY: url(['https:']).default('https://login.microsoftonline.com/common'),
  MICROSOFT_KNOWN_AUTHORITIES: z.string().default(''),
  GOOGLE_CLIENT_ID: z.string().optional(),
  GOOGLE_CLIENT_SECRET: z.string().optional(),
  GOOGLE_CLIENT_SECRET_FILE: z.string().optional(),
  GOOGLE_ISSUER: url(['https:', 'http:']).default('https://accounts.google.com'),
  GOOGLE_AUTH_URL: url(['https:', 'http:']).default('https://accounts.google.com/o/oauth2/v2/auth'),
  GOOGLE_TOKEN_URL: url(['https:', 'http:']).default('https://oauth2.googleapis.com/token'),
  GOOGLE_REVOKE_URL: url(['https:', 'http:']).default('https://oauth2.googleapis.com/revoke'),
  GOOGLE_CERTS_URL: url(['https:', 'http:']).default('https://www.googleapis.com/oauth2/v1/certs'),
  GMAIL_API_URL: url(['https:', 'http:']).default('https://gmail.googleapis.com/'),
  MICROSOFT_IMAP: server('outlook.office365.com', 993, 'TLS'),
  MICROSOFT_SMTP: server('smtp.office365.com', 587, 'STARTTLS'),
  MICROSOFT_PERSONAL_SMTP: server('smtp-mail.outlook.com', 587, 'STARTTLS'),
  GMAIL_IMAP: server('imap.gmail.com', 993, 'TLS'),
  GMAIL_SMTP: server('smtp.gmail.com', 465, 'TLS'),
  CA_FILE: z.string().optional(),
  NETWORK_ALLOW: z.string().default(''),
  HTTPS_PROXY: z.string().optional(),
  https_proxy: z.string().optional(),
  NO_PROXY: z.string().optional(),
  no_proxy: z.string().optional(),
  CHECK_INTERVAL_SECONDS: wholeSeconds(600, 1, 86_400),
  CONFIRM_AFTER_SECONDS: wholeSeconds(60, 0, 3_600),
  CHECK_TIMEOUT_SECONDS: wholeSeconds(30, 1, 120),
  CHECK_CONCURRENCY: wholeSeconds(50, 1, 500),
  ROLLBACK_DAYS: wholeSeconds(7, 0, 365),
  LOG_RETENTION_DAYS: wholeSeconds(30, 1, 3_650),
  AUTHORIZATION_TTL_SECONDS: wholeSeconds(86_400, 60, 604_800),
  SOCKETS_PER_TOKEN: wholeSeconds(1000, 1, 1_000_000),
  JWT_JWKS_URL: url(['http:', 'https:']).optional(),
  JWT_ISSUER: z.string().optional(),
  JWT_AUDIENCE: z.string().optional(),
  JWT_WORKSPACE_CLAIM: z.string().optional(),
  JWT_ROLE_CLAIM: z.string().optional(),
  METRICS_TOKEN: z.string().min(16, 'must have at least 16 characters').optional(),
  LOG_LEVEL: z.enum(LOG_LEVELS, { error: `must be one of ${LOG_LEVELS.join(', ')}` }).default('info'),
  ADVISORIES_FILE: z.string().optional(),
});

const DAY_MS = 86_400_000;

function readable(problems: string[], variable: string, path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    problems.push(`${variable}: the file ${path} cannot be read. Create it, or correct the path.`);
    return null;
  }
}

function certificates(problems: string[], path: string | undefined): readonly string[] | null {
  if (path === undefined) return null;
  const text = readable(problems, 'CA_FILE', path);
  if (text === null) return null;
  const found = text.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g);
  if (found === null) problems.push(`CA_FILE: ${path} holds no PEM certificate (a block that begins with -----BEGIN CERTIFICATE-----).`);
  return found;
}

/** The secret of an OAuth app: from a variable, or from a file that is read again at each use. Undefined when neither is given. */
function appSecret(problems: string[], name: string, value: string | undefined, path: string | undefined): (() => Secret) | undefined {
  if (path !== undefined) {
    if (readable(problems, `${name}_FILE`, path) === null) return undefined;
    return () => new Secret(readFileSync(path, 'utf8').trim());
  }
  if (value === undefined || value === '') return undefined;
  const secret = new Secret(value);
  return () => secret;
}

function microsoftApp(problems: string[], env: z.infer<typeof Environment>): MicrosoftApp | null {
  const secret = appSecret(
    problems,
    'MICROSOFT_CLIENT_SECRET',
    env.MICROSOFT_CLIENT_SECRET,
    env.MICROSOFT_CLIENT_SECRET_FILE ?? env.MICROSOFT_CERTIFICATE_FILE,
  );
  if (env.MICROSOFT_CLIENT_ID === undefined) return null;
  if (secret === undefined) {
    problems.push(
      'MICROSOFT_CLIENT_SECRET: is needed with MICROSOFT_CLIENT_ID (or MICROSOFT_CLIENT_SECRET_FILE, or MICROSOFT_CERTIFICATE_FILE).',
    );
    return null;
  }
  const certificate = env.MICROSOFT_CLIENT_SECRET_FILE === undefined ? env.MICROSOFT_CERTIFICATE_FILE : undefined;
  const flaw = certificate === undefined ? null : certificateProblem(secret());
  if (flaw !== null) problems.push(`MICROSOFT_CERTIFICATE_FILE: ${certificate} ${flaw}.`);
  return {
    clientId: env.MICROSOFT_CLIENT_ID,
    authority: env.MICROSOFT_AUTHORITY,
    knownAuthorities: env.MICROSOFT_KNOWN_AUTHORITIES.split(',')
      .map((part) => part.trim())
      .filter((part) => part !== ''),
    secret,
    secretExpiresAt: env.MICROSOFT_SECRET_EXPIRES_AT ?? null,
  };
}

function googleApp(problems: string[], env: z.infer<typeof Environment>): GoogleApp | null {
  const secret = appSecret(problems, 'GOOGLE_CLIENT_SECRET', env.GOOGLE_CLIENT_SECRET, env.GOOGLE_CLIENT_SECRET_FILE);
  if (env.GOOGLE_CLIENT_ID === undefined) return null;
  if (secret === undefined) {
    problems.push('GOOGLE_CLIENT_SECRET: is needed with GOOGLE_CLIENT_ID (or GOOGLE_CLIENT_SECRET_FILE).');
    return null;
  }
  return {
    clientId: env.GOOGLE_CLIENT_ID,
    secret,
    issuer: env.GOOGLE_ISSUER,
    authUrl: env.GOOGLE_AUTH_URL,
    tokenUrl: env.GOOGLE_TOKEN_URL,
    revokeUrl: env.GOOGLE_REVOKE_URL,
    certsUrl: env.GOOGLE_CERTS_URL,
    gmailApiUrl: env.GMAIL_API_URL,
  };
}

function jwtConfig(problems: string[], env: z.infer<typeof Environment>): JwtConfig | null {
  if (env.JWT_JWKS_URL === undefined) return null;
  const { JWT_ISSUER: issuer, JWT_AUDIENCE: audience } = env;
  if (issuer === undefined || audience === undefined) {
    problems.push('JWT_ISSUER, JWT_AUDIENCE: both are needed with JWT_JWKS_URL, so that tokens made for somebody else are refused.');
    return null;
  }
  return {
    jwksUrl: env.JWT_JWKS_URL,
    issuer,
    audience,
    workspaceClaim: env.JWT_WORKSPACE_CLAIM ?? 'workspace',
    roleClaim: env.JWT_ROLE_CLAIM ?? 'role',
  };
}

function advisories(problems: string[], path: string | undefined): Advisories {
  if (path === undefined) return DEFAULT_ADVISORIES;
  const text = readable(problems, 'ADVISORIES_FILE', path);
  if (text === null) return DEFAULT_ADVISORIES;
  try {
    return parseAdvisories(JSON.parse(text));
  } catch (error) {
    problems.push(`ADVISORIES_FILE: ${path}: ${error instanceof Error ? error.message : 'is not valid'}`);
    return DEFAULT_ADVISORIES;
  }
}

/** What a variable means; one that cannot be read becomes a problem and counts as not set, so that the others are checked too. */
function readEnvironment(problems: string[], given: Readonly<Record<string, string | undefined>>): z.infer<typeof Environment> {
  const parsed = Environment.safeParse(given);
  if (parsed.success) return parsed.data;
  problems.push(...parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}.`));
  const unreadable = new Set(parsed.error.issues.map((issue) => String(issue.path[0])));
  return Environment.parse(Object.fromEntries(Object.entries(given).filter(([name]) => !unreadable.has(name))));
}

/** Reads and checks the environment. Every problem is reported, one line each, saying what to do; no value of a secret is repeated. */
export function loadConfig(environment: Readonly<Record<string, string | undefined>>): LoadedConfig {
  // An empty variable is what `FOO= npm start` and most compose files mean by "not set".
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''));
  const problems: string[] = [];
  const env = readEnvironment(problems, given);
  const publicUrl = new URL(env.PUBLIC_URL ?? `http://localhost:${env.PORT}`);
  const allowed = parseNetworkAllow(env.NETWORK_ALLOW);
  if ('problems' in allowed) problems.push(...allowed.problems.map((problem) => `NETWORK_ALLOW: ${problem}`));
  const proxy = readProxy(env);
  problems.push(...proxy.problems);
  const config: Config = {
    databaseUrl: env.DATABASE_URL,
    keyringFile: env.KEYRING_FILE,
    host: env.HOST,
    port: env.PORT,
    trustProxyHops: env.TRUST_PROXY,
    ca: certificates(problems, env.CA_FILE),
    networkAllow: 'ok' in allowed ? allowed.ok : [],
    httpsProxy: proxy.proxy,
    microsoft: microsoftApp(problems, env),
    google: googleApp(problems, env),
    jwt: jwtConfig(problems, env),
    metricsToken: env.METRICS_TOKEN === undefined ? null : new Secret(env.METRICS_TOKEN),
    logLevel: env.LOG_LEVEL,
    advisories: advisories(problems, env.ADVISORIES_FILE),
    settings: {
      checkIntervalMs: env.CHECK_INTERVAL_SECONDS * 1_000,
      confirmAfterMs: env.CONFIRM_AFTER_SECONDS * 1_000,
      checkTimeoutMs: env.CHECK_TIMEOUT_SECONDS * 1_000,
      checkConcurrency: env.CHECK_CONCURRENCY,
      rollbackKeptMs: env.ROLLBACK_DAYS * DAY_MS,
      logRetentionMs: env.LOG_RETENTION_DAYS * DAY_MS,
      authorizationTtlMs: env.AUTHORIZATION_TTL_SECONDS * 1_000,
      socketsPerToken: env.SOCKETS_PER_TOKEN,
      publicUrl,
      allowedOrigins: env.ALLOWED_ORIGINS ?? ownOrigins(publicUrl),
      returnToOrigins: env.RETURN_TO_ORIGINS ?? ownOrigins(publicUrl),
      appSecretExpiresAt: env.MICROSOFT_SECRET_EXPIRES_AT ?? null,
      helpUrl: env.HELP_URL ?? new URL('/help', publicUrl).href,
      servers: {
        microsoftImap: env.MICROSOFT_IMAP,
        microsoftSmtp: env.MICROSOFT_SMTP,
        microsoftPersonalSmtp: env.MICROSOFT_PERSONAL_SMTP,
        gmailImap: env.GMAIL_IMAP,
        gmailSmtp: env.GMAIL_SMTP,
      },
    },
  };
  return problems.length === 0 ? { kind: 'ok', config } : { kind: 'problems', problems };
}
