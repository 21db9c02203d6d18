import { endAuthorization, rollBackAuthorization } from '../domain/authorization-changes.ts';
import type { Authorization } from '../domain/authorization.ts';
import type { Diagnosis } from '../domain/diagnosis.ts';
import { isOrBecomesPrimary } from '../domain/hand-over.ts';
import type { MailboxId, WorkspaceId } from '../domain/ids.ts';
import type { Mailbox } from '../domain/mailbox.ts';
import { swapSetup } from '../domain/mailbox-changes.ts';
import type { GatewaySettings } from '../domain/settings.ts';
import type { Workspace } from '../domain/workspace.ts';
import type { Store } from '../store/store.ts';
import { decidingFailure, proveSetup, type ProveParts } from './prove.ts';
import { audited, openAuthorizationOf, swapChange, workspaceOf } from './repair-state.ts';
import { untilCommitted, type Decision } from './until-committed.ts';

export interface RollBackParts extends ProveParts {
  readonly store: Store;
  readonly settings: Pick<GatewaySettings, 'rollbackKeptMs' | 'confirmAfterMs'>;
}

export type RolledBack =
  | { readonly kind: 'ROLLED_BACK' }
  | { readonly kind: 'NOT_FOUND' }
  | { readonly kind: 'VERSION_CONFLICT'; readonly currentVersion: number }
  /** Said in one sentence to the admin. */
  | { readonly kind: 'NOT_APPLICABLE'; readonly why: string }
  /** The replaced credential did not log in: nothing was changed. */
  | { readonly kind: 'REFUSED'; readonly diagnosis: Diagnosis };

/**
 * Puts the replaced setup back to work, after it has logged in on every leg. The one in use takes its place and can be
 * rolled back to in turn. Only what was proven is swapped in: when anybody changes the credential or the settings
 * meanwhile, it answers VERSION_CONFLICT. Rejects with StoreUnavailable only.
 */
export async function rollBack(
  parts: RollBackParts,
  asked: { readonly workspaceId: WorkspaceId; readonly mailboxId: MailboxId; readonly by: string },
): Promise<RolledBack> {
  const { store, clock, settings } = parts;
  const { workspaceId, mailboxId, by } = asked;
  const seen = await readSwap(store, workspaceId, mailboxId);
  if (seen.kind !== 'POSSIBLE') return seen;
  const failure = decidingFailure(await proveSetup(parts, { workspaceId, mailboxId }, seen.previous.setup));
  if (failure !== null) return { kind: 'REFUSED', diagnosis: failure.diagnosis };

  return untilCommitted(store, async (lost): Promise<Decision<RolledBack>> => {
    const now = clock.now();
    const present = await readSwap(store, workspaceId, mailboxId);
    if (present.kind !== 'POSSIBLE') return { change: null, result: present };
    const { mailbox, workspace, previous } = present;
    if (mailbox.version !== seen.mailbox.version)
      return { change: null, result: { kind: 'VERSION_CONFLICT', currentVersion: mailbox.version } };
    if (lost === 'address')
      return { change: null, result: { kind: 'NOT_APPLICABLE', why: `${previous.setup.address} belongs to another mailbox by now.` } };
    const step = swapSetup(mailbox, {
      setup: previous.setup,
      trigger: 'ROLL_BACK',
      triggeredBy: by,
      authorizationId: null,
      rollbackKeptMs: settings.rollbackKeptMs,
      checkAfterMs: settings.confirmAfterMs,
      now,
    });
    const change = swapChange({
      workspace,
      before: mailbox,
      step,
      authorizations: await settledBy(store, mailbox, previous.replacedBy, now),
      now,
      audit: [audited(by, 'credential.rolled_back', mailboxId, { loginVersion: step.mailbox.loginVersion })],
    });
    return { change, result: { kind: 'ROLLED_BACK' } };
  });
}

type PossibleSwap =
  | Exclude<RolledBack, { kind: 'ROLLED_BACK' }>
  | {
      readonly kind: 'POSSIBLE';
      readonly mailbox: Mailbox;
      readonly workspace: Workspace;
      readonly previous: NonNullable<Mailbox['previous']>;
    };

async function readSwap(store: Store, workspaceId: WorkspaceId, mailboxId: MailboxId): Promise<PossibleSwap> {
  const [mailbox, workspace] = await Promise.all([store.mailbox(workspaceId, mailboxId), workspaceOf(store, workspaceId)]);
  if (mailbox === null) return { kind: 'NOT_FOUND' };
  const { previous } = mailbox;
  if (previous === null) return notPossible('This mailbox has no earlier credential to go back to.');
  if (previous.secretErased) return notPossible('The earlier credential was kept for its time and is erased now. Use reauth or migrate.');
  if (mailbox.paused) return notPossible('This mailbox is paused. Resume it first.');
  if (previous.setup.direction === 'INCOMING' && isOrBecomesPrimary(workspace, mailboxId)) {
    return notPossible('The earlier setup cannot send, and this mailbox is the primary. Choose another primary first.');
  }
  return { kind: 'POSSIBLE', mailbox, workspace, previous };
}

function notPossible(why: string): PossibleSwap {
  return { kind: 'NOT_APPLICABLE', why };
}

/** The authorization that brought what is taken out of use, and one that is open: it aimed at replacing something else. */
async function settledBy(store: Store, mailbox: Mailbox, replacedBy: Authorization['id'] | null, now: number) {
  const open = await openAuthorizationOf(store, mailbox);
  const brought = replacedBy === null ? null : await store.authorization(mailbox.workspaceId, replacedBy);
  const taken = brought?.status === 'COMMITTED' || brought?.status === 'CONFIRMED' ? brought : null;
  return [
    ...(taken === null ? [] : [{ before: taken, after: rollBackAuthorization(taken) }]),
    ...(open === null ? [] : [{ before: open, after: endAuthorization(open, 'SUPERSEDED', now) }]),
  ];
}
