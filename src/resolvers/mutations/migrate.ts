import { beginRepair } from '../begin-repair.ts';
import type { AuthorizationPayload, MigrateInput } from '../mutation-types.ts';
import { mutation } from '../mutation.ts';
import { planMigration } from '../repair-plan.ts';
import { authorizationReplay } from '../replay.ts';

/** Moves a mailbox to OAuth, or to another account or provider. Mail keeps flowing on the credential in use until the new one is proven. */
export const migrate = mutation<MigrateInput, AuthorizationPayload>({
  operation: 'migrate',
  role: 'ADMIN',
  replay: authorizationReplay,
  saysRateLimited: true,
  run: (gateway, viewer, input) =>
    beginRepair(gateway, viewer, {
      mailboxId: input.mailboxId,
      expectedVersion: input.expectedVersion,
      returnTo: input.returnTo,
      what: 'mailbox.migrate',
      plan: (mailbox, workspace) => planMigration(gateway, viewer, workspace, mailbox, input),
    }),
});
