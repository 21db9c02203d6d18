import { DEFAULT_ADVISORIES_DATA } from './advisories-data.ts';
import type { BasicCredential, Grant, LoginSetup, OAuth2Credential } from './credential.ts';
import { createJsonReader, type JsonReader } from './json-reader.ts';
import { MAIL_DIRECTIONS, PROVIDERS, type LegDirection, type MailDirection, type Provider } from './mail.ts';
import type { Mailbox } from './mailbox.ts';
import { legsOfMailbox } from './mailbox-status.ts';

const DAY_MS = 24 * 60 * 60_000;

export const ADVISORY_KINDS = ['AUTH_RETIRING', 'GRANT_EXPIRES', 'APP_SECRET_EXPIRES', 'TEST_APP', 'REAUTH_SUGGESTED'] as const;
export type AdvisoryKind = (typeof ADVISORY_KINDS)[number];

/** A date that is coming. It never turns a working mailbox red. */
export interface Advisory {
  readonly kind: AdvisoryKind;
  readonly message: string;
  /** Epoch milliseconds; null when it holds already and has no date. */
  readonly effectiveAt: number | null;
  /** Null when it is about the whole mailbox. */
  readonly leg: LegDirection | null;
  readonly learnMoreUrl: string;
}

const ACCOUNTS = ['WORK', 'PERSONAL'] as const;

/** When a provider stops taking passwords from mail programs. */
export interface BasicAuthRetirement {
  readonly provider: Provider;
  readonly leg: MailDirection;
  readonly accounts: (typeof ACCOUNTS)[number];
  readonly effectiveAt: number;
  /** A password that logs in after the date is an app password, and those go on working. */
  readonly appPasswordsWork: boolean;
  /** The sentence before the date, and from the date on. */
  readonly before: string;
  readonly after: string;
  readonly learnMoreUrl: string;
}

/** How long a provider's OAuth grant lives. */
export interface GrantLifetime {
  readonly provider: Provider;
  /** It dies when nobody uses it for this long. */
  readonly idleMs: number;
  /** With an app that is still in testing it dies this long after the sign-in; null where there is no such thing. */
  readonly testAppMs: number | null;
  readonly learnMoreUrl: string;
}

/** Everything about dates that the operator can change without a new version. */
export interface Advisories {
  readonly basicAuthRetirements: readonly BasicAuthRetirement[];
  /** Domains of personal accounts, lower case; any other domain is a work account. */
  readonly personalDomains: ReadonlySet<string>;
  readonly grants: readonly GrantLifetime[];
  readonly appSecretLearnMoreUrl: string;
  readonly warnBeforeMs: { readonly grant: number; readonly appSecret: number };
}

/** The file does not say what it has to; `problems` names every place. */
export class AdvisoriesInvalid extends Error {
  override readonly name = 'AdvisoriesInvalid';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('; '));
    this.problems = problems;
  }
}

/** From the parsed content of advisories.json. Throws AdvisoriesInvalid naming every problem with its path. */
export function parseAdvisories(json: unknown): Advisories {
  const read = createJsonReader();
  const file = read.object(json, '');
  const warnBeforeDays = read.object(file['warnBeforeDays'], 'warnBeforeDays');
  const advisories: Advisories = {
    basicAuthRetirements: read
      .list(file['basicAuthRetirements'], 'basicAuthRetirements')
      .map((entry, index) => retirementOf(read, entry, `basicAuthRetirements[${index}]`)),
    personalDomains: new Set(
      read
        .list(file['personalDomains'], 'personalDomains')
        .map((entry, index) => read.text(entry, `personalDomains[${index}]`).toLowerCase()),
    ),
    grants: read.list(file['grants'], 'grants').map((entry, index) => lifetimeOf(read, entry, `grants[${index}]`)),
    appSecretLearnMoreUrl: read.url(file['appSecretLearnMoreUrl'], 'appSecretLearnMoreUrl'),
    warnBeforeMs: {
      grant: read.count(warnBeforeDays['grant'], 'warnBeforeDays.grant') * DAY_MS,
      appSecret: read.count(warnBeforeDays['appSecret'], 'warnBeforeDays.appSecret') * DAY_MS,
    },
  };
  if (read.problems.length > 0) throw new AdvisoriesInvalid(read.problems);
  return advisories;
}

function retirementOf(read: JsonReader, json: unknown, path: string): BasicAuthRetirement {
  const entry = read.object(json, path);
  return {
    provider: read.oneOf(PROVIDERS, entry['provider'], `${path}.provider`),
    leg: read.oneOf(MAIL_DIRECTIONS, entry['leg'], `${path}.leg`),
    accounts: read.oneOf(ACCOUNTS, entry['accounts'], `${path}.accounts`),
    effectiveAt: read.day(entry['effectiveAt'], `${path}.effectiveAt`),
    appPasswordsWork: read.truth(entry['appPasswordsWork'], `${path}.appPasswordsWork`),
    before: read.text(entry['before'], `${path}.before`),
    after: read.text(entry['after'], `${path}.after`),
    learnMoreUrl: read.url(entry['learnMoreUrl'], `${path}.learnMoreUrl`),
  };
}

function lifetimeOf(read: JsonReader, json: unknown, path: string): GrantLifetime {
  const entry = read.object(json, path);
  const testAppDays = entry['testAppDays'];
  return {
    provider: read.oneOf(PROVIDERS, entry['provider'], `${path}.provider`),
    idleMs: read.count(entry['idleDays'], `${path}.idleDays`) * DAY_MS,
    testAppMs: testAppDays === null || testAppDays === undefined ? null : read.count(testAppDays, `${path}.testAppDays`) * DAY_MS,
    learnMoreUrl: read.url(entry['learnMoreUrl'], `${path}.learnMoreUrl`),
  };
}

export const DEFAULT_ADVISORIES: Advisories = parseAdvisories(DEFAULT_ADVISORIES_DATA);

/** What the operator knows about the OAuth application; null where it was not told. */
export interface OperatorDates {
  /** End of the Microsoft application's secret or certificate, epoch milliseconds. */
  readonly appSecretExpiresAt: number | null;
}

/**
 * The dates that concern a mailbox, soonest first, undated ones last. None for a pending or paused mailbox. A retirement is told
 * however far away it is; the end of a grant or a secret only within the operator's warning time.
 */
export function advisoriesOf(mailbox: Mailbox, advisories: Advisories, now: number, operator: OperatorDates): readonly Advisory[] {
  const setup = mailbox.active;
  if (!mailbox.live || mailbox.paused || setup === null) return [];
  const { credential } = setup;
  const found =
    credential.kind === 'BASIC'
      ? retirements(mailbox, setup, credential, advisories, now)
      : [
          ...grantEnd(setup, credential, advisories, now),
          ...appSecretEnd(setup, advisories, now, operator),
          ...missingScopes(credential, advisories, setup),
        ];
  return found.toSorted((a, b) => (a.effectiveAt ?? Number.MAX_SAFE_INTEGER) - (b.effectiveAt ?? Number.MAX_SAFE_INTEGER));
}

function retirements(
  mailbox: Mailbox,
  setup: LoginSetup,
  credential: BasicCredential,
  advisories: Advisories,
  now: number,
): readonly Advisory[] {
  return advisories.basicAuthRetirements.flatMap((retirement) => {
    const legs = legsOfMailbox(mailbox).filter((leg) => {
      const { username } = leg.direction === 'OUTGOING' ? (credential.outgoingLogin ?? credential.login) : credential.login;
      const concerned = retirement.leg === 'BOTH' || retirement.leg === leg.direction;
      const isAppPassword = retirement.appPasswordsWork && leg.lastProvenAt !== null && leg.lastProvenAt >= retirement.effectiveAt;
      return concerned && !isAppPassword && accountsOf(setup, username, advisories) === retirement.accounts;
    });
    const [only] = legs;
    if (only === undefined || retirement.provider !== setup.provider) return [];
    const { effectiveAt, learnMoreUrl } = retirement;
    const message = now < effectiveAt ? retirement.before : retirement.after;
    return [{ kind: 'AUTH_RETIRING', message, effectiveAt, leg: legs.length === 1 ? only.direction : null, learnMoreUrl }];
  });
}

/** A user name need not be an address; then the account is the one that signs in. */
function accountsOf(setup: LoginSetup, username: string, advisories: Advisories): BasicAuthRetirement['accounts'] {
  const account = username.includes('@') ? username : setup.signInAddress;
  return advisories.personalDomains.has(account.slice(account.lastIndexOf('@') + 1).toLowerCase()) ? 'PERSONAL' : 'WORK';
}

/** What decides when a grant dies. */
export interface GrantLife extends Pick<Grant, 'consentedAt' | 'lastRefreshedAt' | 'expiresAt'> {
  readonly provider: Provider;
}

/**
 * When this grant dies: what the provider said, else the last use plus the provider's idle time; the earlier of both.
 * Null when neither is known. Epoch milliseconds.
 */
export function grantExpiresAt(grant: GrantLife, advisories: Advisories): number | null {
  const lifetime = advisories.grants.find((candidate) => candidate.provider === grant.provider);
  const idleUntil = lifetime === undefined ? null : (grant.lastRefreshedAt ?? grant.consentedAt) + lifetime.idleMs;
  if (grant.expiresAt === null || idleUntil === null) return grant.expiresAt ?? idleUntil;
  return Math.min(grant.expiresAt, idleUntil);
}

function grantEnd(setup: LoginSetup, credential: OAuth2Credential, advisories: Advisories, now: number): readonly Advisory[] {
  const { grant } = credential;
  const effectiveAt = grantExpiresAt({ ...grant, provider: setup.provider }, advisories);
  const lifetime = advisories.grants.find((candidate) => candidate.provider === setup.provider);
  if (effectiveAt === null || lifetime === undefined) return [];
  const { learnMoreUrl } = lifetime;
  const day = dayOf(effectiveAt);
  if (lifetime.testAppMs !== null && grant.expiresAt !== null && grant.expiresAt - grant.consentedAt <= lifetime.testAppMs) {
    const message = `The OAuth application is still in testing, so this sign-in ends on ${day} whatever happens. The operator of the gateway should publish the application.`;
    return [{ kind: 'TEST_APP', message, effectiveAt, leg: null, learnMoreUrl }];
  }
  if (now < effectiveAt - advisories.warnBeforeMs.grant) return [];
  const message =
    now < effectiveAt
      ? `This sign-in ends on ${day} unless it is used or renewed before. Sign in again to renew it.`
      : `This sign-in was good until ${day}. Sign in again to renew it.`;
  return [{ kind: 'GRANT_EXPIRES', message, effectiveAt, leg: null, learnMoreUrl }];
}

function appSecretEnd(setup: LoginSetup, advisories: Advisories, now: number, operator: OperatorDates): readonly Advisory[] {
  const effectiveAt = operator.appSecretExpiresAt;
  if (setup.provider !== 'MICROSOFT_365' || effectiveAt === null || now < effectiveAt - advisories.warnBeforeMs.appSecret) return [];
  const verb = now < effectiveAt ? 'ends' : 'ended';
  const message = `The secret of the gateway's Microsoft application ${verb} on ${dayOf(effectiveAt)}. The operator of the gateway has to renew it; no mailbox owner has to do anything.`;
  return [{ kind: 'APP_SECRET_EXPIRES', message, effectiveAt, leg: null, learnMoreUrl: advisories.appSecretLearnMoreUrl }];
}

/** A sign-in that was granted less than the gateway asked for works until the missing part is needed. */
function missingScopes(credential: OAuth2Credential, advisories: Advisories, setup: LoginSetup): readonly Advisory[] {
  const granted = new Set(credential.grant.grantedScopes);
  const isComplete = credential.grant.requiredScopes.every((scope) => granted.has(scope));
  const lifetime = advisories.grants.find((candidate) => candidate.provider === setup.provider);
  if (isComplete || lifetime === undefined) return [];
  const message = 'The sign-in did not allow everything that fetching and sending mail needs. Sign in again and allow all of it.';
  return [{ kind: 'REAUTH_SUGGESTED', message, effectiveAt: null, leg: null, learnMoreUrl: lifetime.learnMoreUrl }];
}

function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}
