import type { Authorization, Rejection } from '../domain/authorization.ts';
import { rejectionOf } from '../domain/authorization-changes.ts';
import { diagnose } from '../domain/diagnose/diagnose.ts';
import { gatewayEvidence } from '../domain/diagnose/evidence-of.ts';
import type { Diagnosis } from '../domain/diagnosis.ts';
import type { EvidenceContext } from '../domain/evidence.ts';
import { isSameAccount } from '../domain/mail.ts';
import { pinKey } from '../domain/mailbox-index.ts';
import type { RedeemOutcome, SignedInAccount, SignInProvider } from '../providers/provider.ts';

export type Granted = Extract<RedeemOutcome, { kind: 'GRANTED' }>;

export type Judgement =
  | { readonly kind: 'ACCEPTED'; readonly granted: Granted }
  | { readonly kind: 'REJECTED'; readonly rejection: Rejection }
  /** Nothing was said about the sign-in; `afterMs` from now it may be tried again. */
  | { readonly kind: 'LATER' };

const LEAST_WAIT_MS = 5_000;

/** Whether a sign-in is the one that was asked for: the account first, then what it granted. Pure. */
export function judgeSignIn(authorization: Authorization, provider: SignInProvider, outcome: RedeemOutcome, now: number): Judgement {
  const context: EvidenceContext = { protocol: 'OAUTH', provider: authorization.provider, host: null, authMethod: 'OAUTH2' };
  if (outcome.kind === 'FAILED') {
    const diagnosis = diagnose(outcome.evidence);
    const inTime = now + LEAST_WAIT_MS < (authorization.verifyUntil ?? 0);
    return diagnosis.retryable && inTime ? { kind: 'LATER' } : { kind: 'REJECTED', rejection: unfinished(diagnosis) };
  }
  const { account, tokens } = outcome;
  if (!isExpected(authorization, account)) return { kind: 'REJECTED', rejection: mismatch(authorization, account, context) };
  const rejection = (reason: 'CONSENT_REQUIRED' | 'OAUTH_GRANT_INVALID', text: string): Rejection =>
    rejectionOf(diagnose(gatewayEvidence(reason, context, text)), null, null);
  const missing = provider.missingScopes(authorization.target.direction, tokens.grantedScopes);
  if (missing.length > 0) return { kind: 'REJECTED', rejection: rejection('CONSENT_REQUIRED', `Not granted: ${missing.join(' ')}`) };
  if (tokens.refreshToken === null) {
    const message = 'The sign-in worked, but only for about an hour. Start again, and accept everything that the application asks for.';
    return { kind: 'REJECTED', rejection: { ...rejection('OAUTH_GRANT_INVALID', 'The provider gave no refresh token.'), message } };
  }
  return { kind: 'ACCEPTED', granted: outcome };
}

/**
 * The pin decides where there is one: names and addresses change, and what a person may write into a claim proves nothing
 * (Microsoft, "Migrate away from using email claims"). A name is compared only where there is no pin, or where it may be
 * replaced; the login as the mailbox follows in any case.
 */
function isExpected({ expectedPin, mayReplacePin, provider, target }: Authorization, account: SignedInAccount): boolean {
  if (expectedPin !== null && pinKey(expectedPin) === pinKey(account.pin)) return true;
  if (expectedPin !== null && !mayReplacePin) return false;
  return account.username !== '' && isSameAccount(provider, account.username, target.signInAddress);
}

/** The browser and its state were checked before the code was used: that is not what a refused code is about. */
function unfinished(diagnosis: Diagnosis): Rejection {
  const rejection = rejectionOf(diagnosis, null, null);
  if (diagnosis.reason !== 'CLIENT_STATE_ERROR') return rejection;
  return {
    ...rejection,
    message: 'The sign-in could not be finished: its answer got lost or was not the right one. Start the sign-in again.',
  };
}

function mismatch({ provider, target }: Authorization, { username }: SignedInAccount, context: EvidenceContext): Rejection {
  const { signInAddress } = target;
  const accounts = { expectedAddress: signInAddress, actualAddress: username === '' ? null : username };
  const rejection = rejectionOf(diagnose(gatewayEvidence('ACCOUNT_MISMATCH', context)), null, accounts);
  return { ...rejection, message: whoSignedIn(username, signInAddress, isSameAccount(provider, username, signInAddress)) };
}

function whoSignedIn(username: string, expected: string, isNamesake: boolean): string {
  if (username === '') return `The account that signed in gave no name, and ${expected} was expected. Sign in with that account.`;
  return isNamesake
    ? `An account that is called ${username} now signed in, but it is not the one that this mailbox was linked to. To use it, migrate the mailbox to it.`
    : `You signed in as ${username}, but ${expected} was expected. Sign in with that account, or start again as ${username}.`;
}
