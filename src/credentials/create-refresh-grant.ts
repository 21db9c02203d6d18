import type { Clock } from '../domain/clock.ts';
import type { OAuth2Credential, Pin, RefreshIntent } from '../domain/credential.ts';
import { diagnose } from '../domain/diagnose/diagnose.ts';
import { gatewayEvidence } from '../domain/diagnose/evidence-of.ts';
import type { Evidence, EvidenceContext } from '../domain/evidence.ts';
import type { Log } from '../domain/log.ts';
import type { Reason } from '../domain/reason.ts';
import { placeOf } from '../domain/sealed-secrets.ts';
import type { Sealed } from '../domain/sealed.ts';
import type { SignInProvider, TokenSet } from '../providers/provider.ts';
import { StoreUnavailable } from '../store/errors.ts';
import type { Store } from '../store/store.ts';
import type { Secret } from '../vault/secret.ts';
import { SecretUnavailable, type Vault } from '../vault/vault.ts';
import { isCertainlyUnused } from './certainly-unused.ts';
import type { SecretOwner } from './credentials.ts';
import { findGrant, type GrantPlace } from './grant-place.ts';
import type { RefreshedToken, RefreshGrant } from './refresh-grant.ts';
import { tokenHash, withIntent, withoutIntent, withTokens } from './seal-tokens.ts';
import { untilCommitted } from './until-committed.ts';

const LEASE_MS = 60_000;
/** A holder that was paused longer than this may have lost its lease: it does not send the token any more. */
const SEND_WITHIN_MS = 20_000;
const HTTP_TIMEOUT_MS = 20_000;
const WAIT_FOR_OTHER_MS = 25_000;
const LOOK_AGAIN_MS = 250;
const TOKEN_MARGIN_MS = 5 * 60_000;
/** A token that was rotated exists nowhere else: its storing is tried again while the lease lasts. */
const STORE_TRIES = 6;
const STORE_AGAIN_MS = 1_500;
/** Deaths that an answer lost after the provider rotated the token would look like. */
const DEAD_GRANT: readonly Reason[] = ['OAUTH_GRANT_INVALID', 'OAUTH_GRANT_REVOKED', 'OAUTH_TOKEN_EXPIRED_INACTIVE'];

interface Moment {
  readonly monotonicMs: number;
  /** Epoch milliseconds. */
  readonly at: number;
}

export interface RefreshParts {
  readonly store: Store;
  readonly vault: Vault;
  readonly clock: Clock;
  readonly log: Log;
  /** Unique to this process and start. */
  readonly holder: string;
  readonly providerOf: (pin: Pin['kind']) => SignInProvider | null;
}

/**
 * The refresh protocol. One refresh at a time per credential: in this process by joining, across processes by a lease on
 * the database's clock. What is about to be sent is noted durably first, and what came back is stored by compare-and-set
 * on the token that was used, so a late but only valid token is never thrown away and a rotated one is stored before use.
 */
export function createRefreshGrant(parts: RefreshParts): RefreshGrant {
  const { store, vault, clock, log } = parts;
  const running = new Map<string, { readonly forced: boolean; readonly token: Promise<RefreshedToken> }>();

  function open(owner: SecretOwner, credential: OAuth2Credential, sealed: Sealed, field: 'refreshToken' | 'accessToken'): Secret | null {
    try {
      return vault.open(sealed, placeOf(owner, credential, field));
    } catch (error) {
      if (error instanceof SecretUnavailable) return null;
      throw error;
    }
  }

  function storedToken(owner: SecretOwner, credential: OAuth2Credential): RefreshedToken | null {
    const { accessToken, accessTokenExpiresAt } = credential.grant;
    if (accessToken === null || accessTokenExpiresAt === null || accessTokenExpiresAt - clock.now() <= TOKEN_MARGIN_MS) return null;
    const token = open(owner, credential, accessToken, 'accessToken');
    return token === null ? null : { kind: 'TOKEN', accessToken: token, expiresAt: accessTokenExpiresAt, fresh: false };
  }

  /** What another caller has stored since this one looked; null when nothing has changed. */
  function newerToken(owner: SecretOwner, seen: OAuth2Credential, present: OAuth2Credential): RefreshedToken | null {
    return present.secretVersion === seen.secretVersion ? null : storedToken(owner, present);
  }

  /** False, and nothing written, when the grant is gone or no longer has the token that was used. */
  function writeGrant(
    owner: SecretOwner,
    seen: OAuth2Credential,
    used: string,
    change: (present: OAuth2Credential) => OAuth2Credential,
  ): Promise<boolean> {
    return untilCommitted(store, async () => {
      const place = await findGrant(store, owner, seen.id);
      if (place === null || !stillUses(owner, place, used)) return { change: null, result: false };
      return { change: place.write(change(place.credential), clock.now()), result: true };
    });
  }

  /** Rejects with StoreUnavailable at last; then the intent on disk tells why the token that was used is dead. */
  async function storeTokens(owner: SecretOwner, seen: OAuth2Credential, used: string, token: Secret, tokens: TokenSet): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await writeGrant(owner, seen, used, (present) => withTokens(vault, owner, present, token, tokens, clock.now()));
        return;
      } catch (error) {
        if (!(error instanceof StoreUnavailable) || attempt === STORE_TRIES) throw error;
        await new Promise<void>((resolve) => clock.schedule(STORE_AGAIN_MS, resolve));
      }
    }
  }

  function stillUses(owner: SecretOwner, place: GrantPlace, used: string): boolean {
    const { refreshToken } = place.credential.grant;
    const token = refreshToken === null ? null : open(owner, place.credential, refreshToken, 'refreshToken');
    return token !== null && tokenHash(token) === used;
  }

  async function underLease(owner: SecretOwner, seen: OAuth2Credential, force: boolean, leased: Moment): Promise<RefreshedToken> {
    const place = await findGrant(store, owner, seen.id);
    const context = contextOf(seen);
    if (place === null) return failed(gatewayEvidence('CLIENT_STATE_ERROR', context, 'The credential was replaced meanwhile.'));
    const present = place.credential;
    const newer = newerToken(owner, seen, present) ?? (force ? null : storedToken(owner, present));
    if (newer !== null) return newer;
    const provider = parts.providerOf(present.grant.pin.kind);
    if (provider === null)
      return failed(
        gatewayEvidence('APP_MISCONFIGURED', context, 'The gateway has no OAuth application configured that could renew this sign-in.'),
      );
    const { refreshToken } = present.grant;
    if (refreshToken === null) return failed(gatewayEvidence('TOKEN_CACHE_EMPTY', context));
    const token = open(owner, present, refreshToken, 'refreshToken');
    if (token === null) return failed(gatewayEvidence('SECRET_UNAVAILABLE', context));

    const used = tokenHash(token);
    const wasInterrupted = present.grant.refreshIntent?.tokenHash === used;
    const intent: RefreshIntent = { tokenHash: used, startedAt: clock.now() };
    const stillOurs = await writeGrant(owner, seen, used, (grantNow) => withIntent(grantNow, intent));
    if (!stillOurs) {
      // The lease ran out during a pause that no clock saw, and another process has replaced the token since it was read.
      const message = 'Another process has renewed this sign-in meanwhile.';
      return (await storedMeanwhile(owner, present)) ?? failed(gatewayEvidence('CONNECTION_TIMEOUT', context, message));
    }
    if (since(leased) > SEND_WITHIN_MS) {
      if (!wasInterrupted) await writeGrant(owner, seen, used, (grantNow) => withoutIntent(grantNow, intent));
      return failed(gatewayEvidence('CONNECTION_TIMEOUT', context, 'The refresh was not sent in time.'));
    }
    const outcome = await provider.refresh(token, present.grant.requiredScopes, HTTP_TIMEOUT_MS);
    if (outcome.kind === 'GRANTED') {
      await storeTokens(owner, seen, used, token, outcome.tokens);
      const { accessToken, accessTokenExpiresAt: expiresAt } = outcome.tokens;
      return { kind: 'TOKEN', accessToken, expiresAt, fresh: true };
    }
    return afterRefusal(owner, present, intent, outcome.evidence, wasInterrupted);
  }

  async function storedMeanwhile(owner: SecretOwner, seen: OAuth2Credential): Promise<RefreshedToken | null> {
    const place = await findGrant(store, owner, seen.id);
    return place === null ? null : newerToken(owner, seen, place.credential);
  }

  function thisMoment(): Moment {
    return { monotonicMs: clock.monotonicMs(), at: clock.now() };
  }

  /** The monotonic clock stands still while a machine sleeps, and the other one can be set: whichever saw more time pass. */
  function since(moment: Moment): number {
    const { monotonicMs, at } = thisMoment();
    return Math.max(monotonicMs - moment.monotonicMs, at - moment.at);
  }

  async function afterRefusal(
    owner: SecretOwner,
    seen: OAuth2Credential,
    intent: RefreshIntent,
    evidence: Evidence,
    wasInterrupted: boolean,
  ): Promise<RefreshedToken> {
    const diagnosis = diagnose(evidence);
    const forget = async (): Promise<void> => {
      if (!wasInterrupted) await writeGrant(owner, seen, intent.tokenHash, (present) => withoutIntent(present, intent));
    };
    if (diagnosis.retryable) {
      // Without an answer nobody knows whether the token was used up: the intent stays and will explain a later death.
      if (isCertainlyUnused(evidence)) await forget();
      return failed(evidence);
    }
    const newer = await storedMeanwhile(owner, seen);
    if (newer !== null) return newer;
    if (wasInterrupted && DEAD_GRANT.includes(diagnosis.reason)) return failed(gatewayEvidence('REFRESH_INTERRUPTED', contextOf(seen)));
    await forget();
    return failed(evidence);
  }

  async function refresh(owner: SecretOwner, seen: OAuth2Credential, force: boolean): Promise<RefreshedToken> {
    const lease = `refresh:${seen.id}`;
    const until = clock.monotonicMs() + WAIT_FOR_OTHER_MS;
    for (;;) {
      const asked = thisMoment();
      const { acquired } = await store.acquireLease(lease, parts.holder, LEASE_MS);
      if (acquired) {
        try {
          return await underLease(owner, seen, force, asked);
        } finally {
          await store.releaseLease(lease, parts.holder).catch((error: unknown) => {
            log.warn('A refresh lease could not be released; it ends by itself.', {
              error: error instanceof Error ? error.name : 'unknown',
            });
          });
        }
      }
      const newer = await storedMeanwhile(owner, seen);
      if (newer !== null) return newer;
      if (clock.monotonicMs() >= until)
        return failed(gatewayEvidence('CONNECTION_TIMEOUT', contextOf(seen), 'Another process is refreshing this sign-in.'));
      await new Promise<void>((resolve) => clock.schedule(LOOK_AGAIN_MS, resolve));
    }
  }

  return async function refreshGrant(owner, credential, options): Promise<RefreshedToken> {
    const known = running.get(credential.id);
    if (known !== undefined) {
      const joined = await known.token;
      // Who insists on a new token is not served with a stored one that somebody else was content with.
      const wantsMore = options.force && !known.forced && joined.kind === 'TOKEN' && !joined.fresh;
      return wantsMore ? refreshGrant(owner, credential, options) : joined;
    }
    const token = refresh(owner, credential, options.force).finally(() => running.delete(credential.id));
    running.set(credential.id, { forced: options.force, token });
    return token;
  };
}

function contextOf(credential: OAuth2Credential): EvidenceContext {
  return {
    protocol: 'OAUTH',
    provider: credential.grant.pin.kind === 'MICROSOFT' ? 'MICROSOFT_365' : 'GMAIL',
    host: URL.canParse(credential.grant.issuer) ? new URL(credential.grant.issuer).host : null,
    authMethod: 'OAUTH2',
  };
}

function failed(evidence: Evidence): RefreshedToken {
  return { kind: 'FAILED', evidence };
}
