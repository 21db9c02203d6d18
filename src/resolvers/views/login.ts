import type { GrantLife } from '../../domain/advisories.ts';
import type { LoginSetup, ReplacedSetup } from '../../domain/credential.ts';
import {
  addressKey,
  type AuthMethodKind,
  type LegDirection,
  type MailDirection,
  type MailServer,
  type Provider,
} from '../../domain/mail.ts';
import type { Mailbox } from '../../domain/mailbox.ts';

/** How a mailbox logs in, without any secret. */
export type AuthMethodView =
  | { readonly kind: 'BASIC'; readonly username: string; readonly passwordSetAt: number | null }
  | {
      readonly kind: 'OAUTH2';
      readonly username: string;
      readonly issuer: string;
      readonly grantedScopes: readonly string[];
      readonly missingScopes: readonly string[];
      readonly consentedAt: number | null;
      readonly accessTokenExpiresAt: number | null;
      /** What decides when the grant ends, with the operator's dates; null without a grant. */
      readonly life: GrantLife | null;
    };

/** What a mailbox is set to: what is in use, or while pending what was asked for. */
export interface LoginView {
  readonly provider: Provider;
  readonly signInAddress: string;
  readonly direction: MailDirection;
  readonly deleteAfterFetch: boolean;
  readonly incomingServer: MailServer | null;
  readonly outgoingServer: MailServer | null;
  readonly authMethod: AuthMethodView;
}

export function loginOf(mailbox: Mailbox): LoginView {
  const setup = mailbox.active;
  if (setup !== null) return { ...shownSetup(setup), authMethod: authMethodOf(setup) };
  if (mailbox.requested !== undefined) {
    return { ...shownSetup(mailbox.requested), authMethod: unproven(mailbox.requested.authMethod, mailbox.requested.username) };
  }
  throw new Error('A pending mailbox does not say what was asked for.');
}

function shownSetup(setup: Omit<LoginSetup, 'credential'>): Omit<LoginView, 'authMethod'> {
  const { provider, signInAddress, direction, deleteAfterFetch, incomingServer, outgoingServer } = setup;
  return { provider, signInAddress, direction, deleteAfterFetch, incomingServer, outgoingServer };
}

export function isShared(mailbox: Mailbox): boolean {
  return addressKey(loginOf(mailbox).signInAddress) !== addressKey(mailbox.address);
}

export function authMethodOf({ provider, credential }: Pick<LoginSetup, 'provider' | 'credential'>): AuthMethodView {
  if (credential.kind === 'BASIC') return { kind: 'BASIC', username: credential.login.username, passwordSetAt: credential.passwordSetAt };
  const { grant } = credential;
  const granted = new Set(grant.grantedScopes);
  return {
    kind: 'OAUTH2',
    username: credential.username,
    issuer: grant.issuer,
    grantedScopes: grant.grantedScopes,
    missingScopes: grant.requiredScopes.filter((scope) => !granted.has(scope)),
    consentedAt: grant.consentedAt,
    accessTokenExpiresAt: grant.accessTokenExpiresAt,
    life: { provider, consentedAt: grant.consentedAt, lastRefreshedAt: grant.lastRefreshedAt, expiresAt: grant.expiresAt },
  };
}

/** Asked for, not proven: no password is kept and no grant exists yet. */
function unproven(kind: AuthMethodKind, username: string): AuthMethodView {
  if (kind === 'BASIC') return { kind, username, passwordSetAt: null };
  return {
    kind,
    username,
    issuer: '',
    grantedScopes: [],
    missingScopes: [],
    consentedAt: null,
    accessTokenExpiresAt: null,
    life: null,
  };
}

/**
 * How one leg logs in: the outgoing login is the incoming one unless it was given its own. Microsoft's IMAP logs in as the
 * mailbox's address, whoever signed in; everything else as the account that signed in (design, "who logs in as whom").
 */
export function legAuthMethod(mailbox: Mailbox, leg: LegDirection): AuthMethodView {
  const shown = loginOf(mailbox).authMethod;
  const setup = mailbox.active;
  if (setup === null) return shown;
  if (setup.credential.kind === 'BASIC') {
    const own = leg === 'OUTGOING' ? setup.credential.outgoingLogin : null;
    return own === null ? shown : { ...shown, username: own.username };
  }
  return setup.provider === 'MICROSOFT_365' && leg === 'INCOMING' ? { ...shown, username: setup.address } : shown;
}

/** The replaced credential can still be put back to work. */
export function canRollBack(previous: ReplacedSetup, now: number): boolean {
  return !previous.secretErased && previous.keptUntil > now;
}
