import type { Authorization } from '../domain/authorization.ts';
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
import { isSameAccount, type Provider } from '../domain/mail.ts';
import { flowPlaceOf, placeOf } from '../domain/sealed-secrets.ts';
import type { GatewaySettings } from '../domain/settings.ts';
import type { SignInProvider } from '../providers/provider.ts';
import type { Store } from '../store/store.ts';
import type { Secret } from '../vault/secret.ts';
import { SecretUnavailable, type Vault } from '../vault/vault.ts';
import { judgeSignIn, type Granted, type Judgement } from './judge-sign-in.ts';
import { audited, continueChange, endChange, readRepair } from './repair-state.ts';
import type { Revocation } from './revocation.ts';
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
  readonly revocation?: Revocation;
}

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
  const secrets = openSecrets(parts.vault, authorization);
  if (provider === null || secrets === null) {
    const reason = provider === null ? 'APP_MISCONFIGURED' : 'SECRET_UNAVAILABLE';
    await settle(parts, authorization, rejected(diagnose(gatewayEvidence(reason, context))));
    return;
  }
  const outcome = await provider.redeem(
    { ...secrets, nonce: redemption.nonce, redirectUri: redemption.redirectUri, direction: authorization.target.direction },
    HTTP_TIMEOUT_MS,
  );
  const judgement = judgeSignIn(authorization, provider, outcome, parts.clock.now());
  const isStored = await settle(parts, authorization, judgement);
  const isKept = judgement.kind === 'ACCEPTED' && isStored;
  if (outcome.kind === 'GRANTED' && !isKept) await discard(parts, authorization, provider, outcome);
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

/** False when somebody ended the authorization meanwhile: then nothing is stored. */
async function settle(parts: RedeemParts, authorization: Authorization, judgement: Judgement): Promise<boolean> {
  const { store, clock } = parts;
  return untilCommitted(store, async () => {
    const state = await readRepair(store, authorization.workspaceId, authorization.id);
    const present = state?.authorization;
    if (state === null || present?.status !== 'VERIFYING' || present.redemption?.code !== authorization.redemption?.code)
      return { change: null, result: false };
    const now = clock.now();
    switch (judgement.kind) {
      case 'LATER':
        return {
          change: continueChange(state, retryAuthorization(present, [], now + FIRST_RETRY_MS * (present.verifyAttempts + 1)), now),
          result: true,
        };
      case 'REJECTED': {
        const ended = rejectAuthorization(withoutRedemption(present), judgement.rejection, [], now);
        const audit = [
          audited(present.startedBy, 'authorization.rejected', present.mailboxId, {
            authorizationId: ended.id,
            reason: judgement.rejection.reason,
          }),
        ];
        return { change: endChange(state, ended, now, audit), result: true };
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
          result: true,
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
  const { target } = authorization;
  // An account without a name of its own is known by its pin; it goes on being called what it was.
  const username = account.username === '' ? target.signInAddress : account.username;
  const credential: OAuth2Credential = {
    kind: 'OAUTH2',
    ...identity,
    username,
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
  const sendsElsewhere = account.personal && account.pin.kind === 'MICROSOFT' && target.outgoingServer !== null;
  return {
    ...withCandidate(withoutRedemption(authorization), credential, now),
    target: {
      ...target,
      signInAddress: isSameAccount(authorization.provider, username, target.signInAddress) ? target.signInAddress : username,
      outgoingServer: sendsElsewhere ? settings.servers.microsoftPersonalSmtp : target.outgoingServer,
    },
  };
}

function withoutRedemption(authorization: Authorization): Authorization {
  const { redemption, ...kept } = authorization;
  return kept;
}

function rejected(diagnosis: Diagnosis): Judgement {
  return { kind: 'REJECTED', rejection: rejectionOf(diagnosis, null, null) };
}

/** What was granted and is not kept. */
async function discard(
  parts: RedeemParts,
  authorization: Authorization,
  provider: SignInProvider,
  { account, tokens }: Granted,
): Promise<void> {
  if (tokens.refreshToken === null) return;
  await parts.revocation?.ofGrant(authorization, { clientId: provider.clientId, pin: account.pin, refreshToken: tokens.refreshToken });
}
