import type { Authorization, Rejection } from '../domain/authorization.ts';
import {
  authorizationEvent,
  rejectAuthorization,
  rejectionOf,
  retryAuthorization,
  withCandidate,
} from '../domain/authorization-changes.ts';
import type { Clock, NewId } from '../domain/clock.ts';
import type { OAuth2Credential } from '../domain/credential.ts';
import { diagnose } from '../domain/diagnose/diagnose.ts';
import { gatewayEvidence } from '../domain/diagnose/evidence-of.ts';
import type { Diagnosis } from '../domain/diagnosis.ts';
import type { EvidenceContext } from '../domain/evidence.ts';
import type { CredentialId } from '../domain/ids.ts';
import { addressKey, type Provider } from '../domain/mail.ts';
import { grantKey, pinKey } from '../domain/mailbox-index.ts';
import { flowPlaceOf, placeOf } from '../domain/sealed-secrets.ts';
import type { GatewaySettings } from '../domain/settings.ts';
import type { RedeemOutcome, SignedInAccount, SignInProvider } from '../providers/provider.ts';
import type { Store } from '../store/store.ts';
import type { Secret } from '../vault/secret.ts';
import { SecretUnavailable, type Vault } from '../vault/vault.ts';
import { audited, continueChange, endChange, readRepair } from './repair-state.ts';
import { untilCommitted } from './until-committed.ts';

const HTTP_TIMEOUT_MS = 20_000;
const FIRST_RETRY_MS = 5_000;

export interface RedeemParts {
  readonly store: Store;
  readonly vault: Vault;
  readonly clock: Clock;
  readonly newId: NewId;
  readonly settings: Pick<GatewaySettings, 'servers'>;
  readonly providerOf: (provider: Provider) => SignInProvider | null;
}

type Granted = Extract<RedeemOutcome, { kind: 'GRANTED' }>;
type Judgement =
  | { readonly kind: 'ACCEPTED'; readonly granted: Granted }
  | { readonly kind: 'REJECTED'; readonly rejection: Rejection }
  | { readonly kind: 'LATER' };

/**
 * The first proof of a sign-in: its code is redeemed, once, and the account and the scopes are the expected ones. Stores
 * what follows: a sealed candidate (still VERIFYING), REJECTED, or a later attempt. The caller holds the authorization's
 * lease. An account that nobody asked for is not kept: its grant is revoked where that harms no other mailbox.
 */
export async function redeemCode(parts: RedeemParts, authorization: Authorization): Promise<void> {
  const { redemption } = authorization;
  if (redemption === undefined || authorization.status !== 'VERIFYING') return;
  const provider = parts.providerOf(authorization.provider);
  const context: EvidenceContext = { protocol: 'OAUTH', provider: authorization.provider, host: null, authMethod: 'OAUTH2' };
  if (provider === null) return settle(parts, authorization, rejected(diagnose(gatewayEvidence('APP_MISCONFIGURED', context))));
  const secrets = openSecrets(parts.vault, authorization);
  if (secrets === null) return settle(parts, authorization, rejected(diagnose(gatewayEvidence('SECRET_UNAVAILABLE', context))));
  const outcome = await provider.redeem(
    { ...secrets, nonce: redemption.nonce, redirectUri: redemption.redirectUri, direction: authorization.target.direction },
    HTTP_TIMEOUT_MS,
  );
  const judgement = judge(parts, authorization, provider, outcome, context);
  if (judgement.kind === 'REJECTED' && outcome.kind === 'GRANTED') await discard(parts, authorization, provider, outcome);
  return settle(parts, authorization, judgement);
}

function openSecrets(vault: Vault, authorization: Authorization): { readonly code: Secret; readonly verifier: Secret } | null {
  const { redemption } = authorization;
  if (redemption === undefined) return null;
  try {
    return {
      code: vault.open(redemption.code, flowPlaceOf(authorization, 'code')),
      verifier: vault.open(redemption.verifier, flowPlaceOf(authorization, 'verifier')),
    };
  } catch (error) {
    if (error instanceof SecretUnavailable) return null;
    throw error;
  }
}

function judge(
  parts: RedeemParts,
  authorization: Authorization,
  provider: SignInProvider,
  outcome: RedeemOutcome,
  context: EvidenceContext,
): Judgement {
  if (outcome.kind === 'FAILED') {
    const diagnosis = diagnose(outcome.evidence);
    const until = authorization.verifyUntil ?? 0;
    return diagnosis.retryable && parts.clock.now() + FIRST_RETRY_MS < until ? { kind: 'LATER' } : rejected(diagnosis);
  }
  const { account, tokens } = outcome;
  if (!isExpected(authorization, account)) {
    const accounts = { expectedAddress: authorization.target.signInAddress, actualAddress: account.username };
    const diagnosis = diagnose(gatewayEvidence('ACCOUNT_MISMATCH', context));
    const message = `You signed in as ${account.username}, but ${accounts.expectedAddress} was expected. Sign in with that account, or start again as ${account.username}.`;
    return { kind: 'REJECTED', rejection: { ...rejectionOf(diagnosis, null, accounts), message } };
  }
  const missing = provider.missingScopes(authorization.target.direction, tokens.grantedScopes);
  if (missing.length > 0) return rejected(diagnose(gatewayEvidence('CONSENT_REQUIRED', context, `Not granted: ${missing.join(' ')}`)));
  if (tokens.refreshToken === null)
    return rejected(diagnose(gatewayEvidence('OAUTH_GRANT_INVALID', context, 'The provider gave no refresh token.')));
  return { kind: 'ACCEPTED', granted: outcome };
}

/** The pin decides where there is one; a name is compared only at the first link, and the login as the mailbox follows. */
function isExpected(authorization: Authorization, account: SignedInAccount): boolean {
  const { expectedPin, mayReplacePin, target } = authorization;
  if (expectedPin !== null && !mayReplacePin) return pinKey(expectedPin) === pinKey(account.pin);
  return addressKey(account.username) === addressKey(target.signInAddress);
}

async function settle(parts: RedeemParts, authorization: Authorization, judgement: Judgement): Promise<void> {
  const { store, clock } = parts;
  await untilCommitted(store, async () => {
    const state = await readRepair(store, authorization.workspaceId, authorization.id);
    const present = state?.authorization;
    if (state === null || present?.status !== 'VERIFYING' || present.redemption?.code !== authorization.redemption?.code)
      return { change: null, result: undefined };
    const now = clock.now();
    switch (judgement.kind) {
      case 'LATER':
        return {
          change: continueChange(state, retryAuthorization(present, [], now + FIRST_RETRY_MS * (present.verifyAttempts + 1)), now),
          result: undefined,
        };
      case 'REJECTED': {
        const ended = rejectAuthorization(withoutRedemption(present), judgement.rejection, [], now);
        const audit = [
          audited(present.startedBy, 'authorization.rejected', present.mailboxId, {
            authorizationId: ended.id,
            reason: judgement.rejection.reason,
          }),
        ];
        return { change: endChange(state, ended, now, audit), result: undefined };
      }
      case 'ACCEPTED': {
        const next = accepted(parts, present, judgement.granted, now);
        return {
          change: {
            workspaceId: next.workspaceId,
            at: now,
            authorizations: [{ kind: 'replace', doc: next, expectedRevision: present.revision }],
            events: [authorizationEvent(next)],
          },
          result: undefined,
        };
      }
    }
  });
}

/** The authorization with its sealed candidate. A renamed account keeps its pin and brings its new name along. */
function accepted(parts: RedeemParts, authorization: Authorization, granted: Granted, now: number): Authorization {
  const { vault, settings } = parts;
  const { account, tokens } = granted;
  const provider = parts.providerOf(authorization.provider);
  const identity = { id: parts.newId() as CredentialId, secretVersion: 1 };
  const credential: OAuth2Credential = {
    kind: 'OAUTH2',
    ...identity,
    username: account.username,
    grant: {
      issuer: account.pin.issuer,
      clientId: provider?.clientId ?? '',
      pin: account.pin,
      refreshToken: tokens.refreshToken === null ? null : vault.seal(tokens.refreshToken, placeOf(authorization, identity, 'refreshToken')),
      accessToken: vault.seal(tokens.accessToken, placeOf(authorization, identity, 'accessToken')),
      accessTokenExpiresAt: tokens.accessTokenExpiresAt,
      grantedScopes: tokens.grantedScopes,
      requiredScopes: provider?.requiredScopes(authorization.target.direction) ?? [],
      consentedAt: now,
      lastRefreshedAt: now,
      expiresAt: tokens.grantExpiresAt,
    },
  };
  const { target } = authorization;
  const sendsElsewhere = account.personal && account.pin.kind === 'MICROSOFT' && target.outgoingServer !== null;
  const isShared = addressKey(target.address) !== addressKey(target.signInAddress);
  return {
    ...withCandidate(withoutRedemption(authorization), credential, now),
    target: {
      ...target,
      signInAddress: isShared || addressKey(account.username) !== addressKey(target.address) ? account.username : target.signInAddress,
      outgoingServer: sendsElsewhere ? settings.servers.microsoftPersonalSmtp : target.outgoingServer,
    },
  };
}

function withoutRedemption(authorization: Authorization): Authorization {
  const { redemption, ...kept } = authorization;
  void redemption;
  return kept;
}

function rejected(diagnosis: Diagnosis): Judgement {
  return { kind: 'REJECTED', rejection: rejectionOf(diagnosis, null, null) };
}

/** Some providers end all grants of an account and application together, so a stray one is revoked only if nobody else lives on it. */
async function discard(parts: RedeemParts, authorization: Authorization, provider: SignInProvider, granted: Granted): Promise<void> {
  const { refreshToken } = granted.tokens;
  if (refreshToken === null) return;
  const key = pinKey(granted.account.pin);
  const mailbox = await parts.store.mailbox(authorization.workspaceId, authorization.mailboxId);
  const credentials = [mailbox?.active?.credential, mailbox?.previous?.setup.credential];
  const inUseHere = credentials.some(
    (credential) =>
      credential?.kind === 'OAUTH2' &&
      grantKey(credential.grant.clientId, pinKey(credential.grant.pin)) === grantKey(provider.clientId, key),
  );
  if (inUseHere || (await parts.store.grantUsers(provider.clientId, key, authorization.mailboxId)) > 0) return;
  await provider.revoke(refreshToken, HTTP_TIMEOUT_MS);
}
