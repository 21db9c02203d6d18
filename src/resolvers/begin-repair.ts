import { openingChange, openAuthorizationOf, audited, workspaceOf } from '../credentials/repair-state.ts';
import { untilCommitted, type Decision } from '../credentials/until-committed.ts';
import type { Authorization } from '../domain/authorization.ts';
import { openAuthorization } from '../domain/authorization-changes.ts';
import { rateLimited, type UserError } from '../domain/errors.ts';
import type { WorkspaceStep } from '../domain/hand-over.ts';
import type { AuthorizationId, WorkspaceId } from '../domain/ids.ts';
import type { Mailbox } from '../domain/mailbox.ts';
import type { Viewer } from '../domain/viewer.ts';
import type { Workspace } from '../domain/workspace.ts';
import { findLive, type LiveMailbox } from './find-mailbox.ts';
import { failed, ok, type Gateway, type Outcome } from './gateway.ts';
import { given } from './input.ts';
import type { AuthorizationPayload } from './mutation-types.ts';
import type { RepairPlan } from './repair-plan.ts';

/** How long a mutation waits for servers before it answers VERIFYING. */
const ANSWER_AFTER_MS = 8_000;

export interface RepairRequest {
  readonly mailboxId: string;
  readonly expectedVersion: number | null | undefined;
  readonly returnTo: string | null | undefined;
  /** For the audit, e.g. "mailbox.reauth". */
  readonly what: string;
  readonly plan: (mailbox: LiveMailbox, workspace: Workspace) => RepairPlan | Promise<RepairPlan>;
  /** A hand-over that begins with the repair, or why it cannot. */
  readonly handOver?: (mailbox: LiveMailbox, workspace: Workspace, authorization: Authorization) => Promise<HandOverStart>;
}

export type HandOverStart =
  { readonly kind: 'begin'; readonly step: WorkspaceStep } | { readonly kind: 'error'; readonly error: UserError };

/** Opens an authorization for a live mailbox, waits up to 8 s for what comes of it, and answers with both as they are then. */
export async function beginRepair(gateway: Gateway, viewer: Viewer, request: RepairRequest): Promise<Outcome<AuthorizationPayload>> {
  let counted = false;
  const opened = await untilCommitted(gateway.store, async (): Promise<Decision<Outcome<AuthorizationPayload>>> => {
    const found = await findLive(gateway, viewer, request.mailboxId, {
      pending: 'NotApplicable',
      expectedVersion: request.expectedVersion,
    });
    if (found.kind === 'error') return refuse(found.error);
    const { mailbox } = found;
    const workspace = await workspaceOf(gateway.store, viewer.workspaceId);
    const plan = await request.plan(mailbox, workspace);
    if (plan.kind === 'error') return refuse(plan.error);
    const wait = counted ? null : gateway.limits.take('LOGIN', mailbox.id);
    if (wait !== null) return refuse(rateLimited(wait));
    counted = true;

    const now = gateway.clock.now();
    const authorization = openAuthorization({
      id: gateway.newId() as AuthorizationId,
      workspaceId: viewer.workspaceId,
      mailboxId: mailbox.id,
      ...plan.attempt,
      returnTo: given(request.returnTo),
      startedBy: viewer.name,
      startedAtVersion: mailbox.version,
      replaces: mailbox.active.credential.id,
      now,
      ttlMs: gateway.settings.authorizationTtlMs,
    });
    const handOver = (await request.handOver?.(mailbox, workspace, authorization)) ?? null;
    if (handOver?.kind === 'error') return refuse(handOver.error);
    const change = openingChange({
      mailbox,
      workspace,
      authorization,
      older: await openAuthorizationOf(gateway.store, mailbox),
      workspaceStep: handOver?.step ?? null,
      now,
      audit: [
        audited(viewer.name, request.what, mailbox.id, {
          authorizationId: authorization.id,
          purpose: authorization.purpose,
          kind: authorization.kind,
        }),
      ],
    });
    return { change, result: ok({ mailbox, authorization }) };
  });
  return opened.kind === 'error' ? opened : ok(await afterOutcome(gateway, opened.payload));
}

/**
 * Proves a candidate for at most 8 s, then answers with the documents as they are: COMMITTED, REJECTED, or VERIFYING and
 * going on by itself. An authorization that awaits its user is answered at once.
 */
export async function afterOutcome(gateway: Gateway, opened: AuthorizationPayload): Promise<AuthorizationPayload> {
  const { workspaceId, id } = opened.authorization;
  if (opened.authorization.status === 'VERIFYING') await verifyBriefly(gateway, workspaceId, id);
  const [mailbox, authorization] = await Promise.all([
    gateway.store.mailbox(workspaceId, opened.mailbox.id),
    gateway.store.authorization(workspaceId, id),
  ]);
  return { mailbox: mailbox ?? removed(opened.mailbox), authorization: authorization ?? opened.authorization };
}

async function verifyBriefly(gateway: Gateway, workspaceId: WorkspaceId, id: AuthorizationId): Promise<void> {
  let answered = false;
  const verification = gateway.repair.verify(workspaceId, id).then(
    () => undefined,
    (error: unknown) => {
      if (!answered) throw error;
      gateway.log.warn('A verification goes on later: the store did not answer.', { authorizationId: id });
    },
  );
  await new Promise<void>((resolve, reject) => {
    const timer = gateway.clock.schedule(ANSWER_AFTER_MS, resolve);
    verification.then(resolve, reject).finally(() => timer.cancel());
  });
  answered = true;
}

/** Somebody removed it while its candidate was proven; the caller still learns how its own authorization ended. */
function removed(mailbox: Mailbox): Mailbox {
  return { ...mailbox, openAuthorizationId: null };
}

function refuse(error: UserError): Decision<Outcome<never>> {
  return { change: null, result: failed(error) };
}
