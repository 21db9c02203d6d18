import type { Authorization } from './authorization.ts';
import type { Provider } from './mail.ts';

const ACCOUNT_AT: Readonly<Record<Provider, string>> = {
  MICROSOFT_365: 'Microsoft',
  GMAIL: 'Google',
  OTHER: 'the mail provider',
};

/** One plain sentence or two on where an authorization stands, for the person who started it. Holds no secret. */
export function authorizationMessage(authorization: Authorization): string {
  const oauth = authorization.kind === 'OAUTH2';
  const connecting = authorization.purpose === 'CONNECT';
  switch (authorization.status) {
    case 'AWAITING_USER':
      return `Waiting for the sign-in with ${ACCOUNT_AT[authorization.provider]}. ${untouched(authorization)}`;
    case 'VERIFYING':
      return verifying(authorization);
    case 'COMMITTED':
      return oauth ? 'Signed in and verified. The mailbox now uses OAuth.' : 'The password was verified. The mailbox now uses it.';
    case 'CONFIRMED':
      return oauth
        ? 'Signed in and verified. The mailbox uses OAuth, and a later check succeeded too.'
        : 'The password was verified. The mailbox uses it, and a later check succeeded too.';
    case 'REJECTED':
      return `${authorization.rejection?.message ?? 'The new login was refused.'} ${untouched(authorization)}`;
    case 'EXPIRED':
      return `Nobody finished this in time. ${untouched(authorization)}`;
    case 'CANCELLED':
      return `This was cancelled. ${untouched(authorization)}`;
    case 'SUPERSEDED':
      return connecting
        ? 'Another attempt to connect this address took the place of this one.'
        : 'Another repair of this mailbox took the place of this one.';
    case 'ROLLED_BACK':
      return oauth
        ? 'This sign-in was taken back: the mailbox uses the credential it had before.'
        : 'This password was taken back: the mailbox uses the credential it had before.';
  }
}

function verifying(authorization: Authorization): string {
  const subject = authorization.kind === 'OAUTH2' ? 'the new sign-in' : 'the new password';
  const failure = authorization.proofs.find((proof) => !proof.succeeded);
  if (failure === undefined) return `Trying ${subject} on the mail servers. ${untouched(authorization)}`;
  const leg = failure.leg === 'INCOMING' ? 'incoming' : 'outgoing';
  return `The ${leg} mail server could not be asked yet; trying ${subject} again by itself. ${untouched(authorization)}`;
}

function untouched(authorization: Authorization): string {
  return authorization.purpose === 'CONNECT' ? 'The mailbox is not connected yet.' : 'The credential in use was not touched.';
}
