import { beginRepair } from '../begin-repair.ts';
import type { AuthorizationPayload, ReauthInput } from '../mutation-types.ts';
import { mutation } from '../mutation.ts';
import { planReauth } from '../repair-plan.ts';
import { authorizationReplay } from '../replay.ts';

/** Renews the credential in place: a password is proven and swapped in, a sign-in waits for its user. The one in use stays until then. */
export const reauth = mutation<ReauthInput, AuthorizationPayload>({
  operation: 'reauth',
  role: 'ADMIN',
  replay: authorizationReplay,
  saysRateLimited: true,
  run: (gateway, viewer, input) =>
    beginRepair(gateway, viewer, {
      mailboxId: input.mailboxId,
      expectedVersion: input.expectedVersion,
      returnTo: input.returnTo,
      what: 'mailbox.reauth',
      plan: (mailbox) => planReauth(gateway, viewer, mailbox, input),
    }),
});
