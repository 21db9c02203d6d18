import type { Authorization, Rejection } from '../domain/authorization.ts';
import { rejectionOf } from '../domain/authorization-changes.ts';
import { diagnose } from '../domain/diagnose/diagnose.ts';
import { gatewayEvidence } from '../domain/diagnose/evidence-of.ts';
import type { EvidenceContext } from '../domain/evidence.ts';
import { addressKey } from '../domain/mail.ts';
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
    return diagnosis.retryable && inTime ? { kind: 'LATER' } : { kind: 'REJECTED', rejection: rejectionOf(diagnosis, null, null) };
  }
  const { account, tokens } = outcome;
  if (!isExpected(authorization, account)) return { kind: 'REJECTED', rejection: mismatch(authorization, account, context) };
  const reject = (reason: 'CONSENT_REQUIRED' | 'OAUTH_GRANT_INVALID', text: string): Judgement => ({
    kind: 'REJECTED',
    rejection: rejectionOf(diagnose(gatewayEvidence(reason, context, text)), null, null),
  });
  const missing = provider.missingScopes(authorization.target.direction, tokens.grantedScopes);
  if (missing.length > 0) return reject('CONSENT_REQUIRED', `Not granted: ${missing.join(' ')}`);
  if (tokens.refreshToken === null) return reject('OAUTH_GRANT_INVALID', 'The provider gave no refresh token.');
  return { kind: 'ACCEPTED', granted: outcome };
}

/**
 * The pin decides where there is one: names and addresses change, and what a person may write into a claim proves nothing
 * (Microsoft, "Migrate away from using email claims"). A name is compared only where there is no pin, or where it may be
 * replaced; the login as the mailbox follows in any case.
 */
function isExpected({ expectedPin, mayReplacePin, target }: Authorization, account: SignedInAccount): boolean {
  if (expectedPin !== null && pinKey(expectedPin) === pinKey(account.pin)) return true;
  if (expectedPin !== null && !mayReplacePin) return false;
  return account.username !== '' && addressKey(account.username) === addressKey(target.signInAddress);
}

function mismatch({ target }: Authorization, { username }: SignedInAccount, context: EvidenceContext): Rejection {
  const accounts = { expectedAddress: target.signInAddress, actualAddress: username };
  const rejection = rejectionOf(diagnose(gatewayEvidence('ACCOUNT_MISMATCH', context)), null, accounts);
  const again =
    addressKey(username) === addressKey(target.signInAddress)
      ? `An account that is called ${username} now signed in, but it is not the one that this mailbox was linked to. To use it, migrate the mailbox to it.`
      : `You signed in as ${username}, but ${target.signInAddress} was expected. Sign in with that account, or start again as ${username}.`;
  return { ...rejection, message: again };
}
