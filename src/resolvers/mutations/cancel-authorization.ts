import { audited, endChange, readRepair } from '../../credentials/repair-state.ts';
import { untilCommitted, type Decision } from '../../credentials/until-committed.ts';
import { isOpen, type Authorization } from '../../domain/authorization.ts';
import { endAuthorization } from '../../domain/authorization-changes.ts';
import type { Credential } from '../../domain/credential.ts';
import { authorizationNotFound, notApplicable } from '../../domain/errors.ts';
import type { AuthorizationId } from '../../domain/ids.ts';
import { failed, ok, type Outcome } from '../gateway.ts';
import type { CancelAuthorizationInput } from '../mutation-types.ts';
import { mutation } from '../mutation.ts';
import { onlyAuthorizationReplay } from '../replay.ts';

/** Ends an open authorization and erases its candidate. Cancelling a cancelled one again is fine. */
export const cancelAuthorization = mutation<CancelAuthorizationInput, { readonly authorization: Authorization }>({
  operation: 'cancelAuthorization',
  role: 'ADMIN',
  replay: onlyAuthorizationReplay,
  saysRateLimited: false,
  run: async (gateway, viewer, input) => {
    let obtained: Credential | null = null;
    const outcome = await untilCommitted(gateway.store, async (): Promise<Decision<Outcome<{ readonly authorization: Authorization }>>> => {
      obtained = null;
      const now = gateway.clock.now();
      const state = await readRepair(gateway.store, viewer.workspaceId, input.authorizationId as AuthorizationId);
      if (state === null) return { change: null, result: failed(authorizationNotFound(input.authorizationId)) };
      const { authorization } = state;
      if (authorization.status === 'CANCELLED') return { change: null, result: ok({ authorization }) };
      if (!isOpen(authorization.status)) return { change: null, result: failed(notApplicable(overMessage(authorization))) };
      const cancelled = endAuthorization(authorization, 'CANCELLED', now);
      obtained = authorization.candidate;
      const audit = [audited(viewer.name, 'authorization.cancel', authorization.mailboxId, { authorizationId: authorization.id })];
      return { change: endChange(state, cancelled, now, audit), result: ok({ authorization: cancelled }) };
    });
    if (outcome.kind === 'ok') await gateway.revocation?.ofCredentials(outcome.payload.authorization, [obtained]);
    return outcome;
  },
});

function overMessage({ status }: Authorization): string {
  return status === 'COMMITTED' || status === 'CONFIRMED'
    ? 'This authorization is completed already. Use rollBackCredential to go back to the earlier credential.'
    : 'This authorization has ended already.';
}
