import type { Clock } from '../domain/clock.ts';
import type { BasicCredential, LoginSetup, OAuth2Credential } from '../domain/credential.ts';
import { diagnose } from '../domain/diagnose/diagnose.ts';
import { gatewayEvidence } from '../domain/diagnose/evidence-of.ts';
import type { EvidenceContext } from '../domain/evidence.ts';
import type { Log } from '../domain/log.ts';
import type { LegDirection, MailServer } from '../domain/mail.ts';
import { placeOf, type SecretPlace } from '../domain/sealed-secrets.ts';
import type { Sealed } from '../domain/sealed.ts';
import type { LegLogin } from '../providers/probe.ts';
import type { Secret } from '../vault/secret.ts';
import { SecretUnavailable, type Vault } from '../vault/vault.ts';
import type { OpenedLogin, OpenLogin, SecretOwner } from './credentials.ts';
import type { RefreshGrant } from './refresh-grant.ts';

/** A stored access token is used as long as it lives at least this much longer. */
const TOKEN_MARGIN_MS = 5 * 60_000;
/** And when it cannot be renewed just now, as long as a login needs. */
const LAST_USE_MS = 60_000;

interface UsableToken {
  readonly token: Secret;
  readonly fresh: boolean;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
}

export interface OpenLoginParts {
  readonly vault: Vault;
  readonly clock: Clock;
  readonly log: Log;
  /** Absent while no OAuth application is configured: then grants whose access token ran out cannot log in. */
  readonly refreshGrant?: RefreshGrant;
}

/** The OpenLogin of the gateway. Concurrent calls are independent; nothing is cached. */
export function createOpenLogin(parts: OpenLoginParts): OpenLogin {
  const { vault, clock, log, refreshGrant } = parts;

  function openSealed(sealed: Sealed, place: SecretPlace): Secret | null {
    try {
      return vault.open(sealed, place);
    } catch (error) {
      if (!(error instanceof SecretUnavailable)) throw error;
      log.error('A stored secret cannot be opened with the keys at hand.', { mailboxId: place.mailboxId, field: place.field });
      return null;
    }
  }

  function withPassword(
    owner: SecretOwner,
    setup: LoginSetup,
    credential: BasicCredential,
    leg: LegDirection,
    server: MailServer,
  ): OpenedLogin {
    const own = leg === 'OUTGOING' ? credential.outgoingLogin : null;
    const { username, password: sealed } = own ?? credential.login;
    const password = openSealed(sealed, placeOf(owner, credential, own === null ? 'password' : 'outgoingPassword'));
    if (password === null) return failed(gatewayEvidence('SECRET_UNAVAILABLE', contextOf(setup, leg)));
    return ready({ direction: leg, provider: setup.provider, server, username, proof: { kind: 'PASSWORD', password } }, true);
  }

  async function accessToken(
    owner: SecretOwner,
    setup: LoginSetup,
    credential: OAuth2Credential,
    leg: LegDirection,
    force: boolean,
  ): Promise<UsableToken | OpenedLogin> {
    const { accessToken: sealed, accessTokenExpiresAt } = credential.grant;
    const place = placeOf(owner, credential, 'accessToken');
    const lives = accessTokenExpiresAt !== null && accessTokenExpiresAt - clock.now() > TOKEN_MARGIN_MS;
    if (sealed !== null && lives && !force) {
      const token = openSealed(sealed, place);
      return token === null
        ? failed(gatewayEvidence('SECRET_UNAVAILABLE', contextOf(setup, leg)))
        : { token, fresh: false, expiresAt: accessTokenExpiresAt };
    }
    if (refreshGrant === undefined) {
      const text = 'The gateway has no OAuth application configured that could renew this sign-in.';
      return failed(gatewayEvidence('APP_MISCONFIGURED', contextOf(setup, leg), text));
    }
    const refreshed = await refreshGrant(owner, credential, { force });
    if (refreshed.kind === 'TOKEN') return { token: refreshed.accessToken, fresh: refreshed.fresh, expiresAt: refreshed.expiresAt };
    const stillLives = sealed !== null && accessTokenExpiresAt !== null && accessTokenExpiresAt - clock.now() > LAST_USE_MS;
    // Tokens are renewed early for just this: a token endpoint that is away for a moment keeps no mail back.
    const token = stillLives && !force && diagnose(refreshed.evidence).retryable ? openSealed(sealed, place) : null;
    return token === null || !stillLives ? refreshed : { token, fresh: false, expiresAt: accessTokenExpiresAt };
  }

  return async (owner, setup, leg, options) => {
    const server = leg === 'INCOMING' ? setup.incomingServer : setup.outgoingServer;
    if (server === null) throw new TypeError(`The setup has no ${leg} server.`);
    const { credential } = setup;
    if (credential.kind === 'BASIC') return withPassword(owner, setup, credential, leg, server);
    const opened = await accessToken(owner, setup, credential, leg, options.forceRefresh);
    if ('kind' in opened) return opened;
    const username = oauthUsername(setup, credential, leg);
    return ready(
      { direction: leg, provider: setup.provider, server, username, proof: { kind: 'ACCESS_TOKEN', accessToken: opened.token } },
      opened.fresh,
      opened.expiresAt,
    );
  };
}

/** What the gateway knows of a login before it is tried. */
export function contextOf(setup: LoginSetup, leg: LegDirection): EvidenceContext {
  const server = leg === 'INCOMING' ? setup.incomingServer : setup.outgoingServer;
  return {
    protocol: leg === 'INCOMING' ? 'IMAP' : 'SMTP',
    provider: setup.provider,
    host: server?.host ?? null,
    authMethod: setup.credential.kind,
  };
}

/**
 * Who logs in as whom. Microsoft opens a shared mailbox over IMAP by the mailbox's own address, but sends as the account
 * that signed in (learn.microsoft.com, "Authenticate an IMAP, POP or SMTP connection using OAuth"); Google knows only
 * the account. The account is called as it named itself when it signed in: a renamed one logs in by its new name.
 */
function oauthUsername(setup: LoginSetup, credential: OAuth2Credential, leg: LegDirection): string {
  if (setup.provider !== 'MICROSOFT_365') return credential.username;
  return leg === 'INCOMING' ? setup.address : credential.username;
}

function ready(login: LegLogin, fresh: boolean, expiresAt?: number): OpenedLogin {
  return { kind: 'READY', login, fresh, ...(expiresAt === undefined ? {} : { expiresAt }) };
}

function failed(evidence: Extract<OpenedLogin, { kind: 'FAILED' }>['evidence']): OpenedLogin {
  return { kind: 'FAILED', evidence };
}
