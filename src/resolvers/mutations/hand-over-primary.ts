import { restoresAt, workspaceOf } from '../../credentials/repair-state.ts';
import type { Authorization } from '../../domain/authorization.ts';
import { invalidInput, mailboxNotFound, notApplicable, primaryConflict, type UserError } from '../../domain/errors.ts';
import { beginHandOver, canBePrimary } from '../../domain/hand-over.ts';
import type { MailboxId } from '../../domain/ids.ts';
import type { Health } from '../../domain/leg.ts';
import type { Mailbox } from '../../domain/mailbox.ts';
import type { Viewer } from '../../domain/viewer.ts';
import type { Workspace } from '../../domain/workspace.ts';
import type { PagePosition } from '../../store/store.ts';
import { beginRepair, type HandOverStart } from '../begin-repair.ts';
import type { LiveMailbox } from '../find-mailbox.ts';
import { ok, type Gateway } from '../gateway.ts';
import { given } from '../input.ts';
import type { HandOverPrimaryInput, HandOverPrimaryPayload } from '../mutation-types.ts';
import { mutation } from '../mutation.ts';
import { planMigration, planReauth } from '../repair-plan.ts';
import { handOverReplay } from '../replay.ts';

/**
 * Scenario 4 as one operation: another address is primary while this one is repaired, and this one is primary again when
 * its repair ends, well or badly. Calling it again while it runs goes on with a new attempt.
 */
export const handOverPrimary = mutation<HandOverPrimaryInput, HandOverPrimaryPayload>({
  operation: 'handOverPrimary',
  role: 'ADMIN',
  replay: handOverReplay,
  saysRateLimited: true,
  run: async (gateway, viewer, input) => {
    const begun = await beginRepair(gateway, viewer, {
      mailboxId: input.mailboxId,
      expectedVersion: input.expectedVersion,
      returnTo: input.returnTo,
      what: 'primary.hand_over',
      plan: (mailbox, workspace) => {
        const provider = given(input.migrateTo);
        if (provider === null) return planReauth(gateway, viewer, mailbox, input);
        const issues = [
          ...(provider === 'OTHER'
            ? [{ path: ['migrateTo'], message: 'Choose MICROSOFT_365 or GMAIL, or leave this out to enter the password again.' }]
            : []),
          ...(['password', 'username', 'outgoingUsername', 'outgoingPassword'] as const)
            .filter((field) => given(input[field]) !== null)
            .map((field) => ({ path: [field], message: 'A migration signs in with the provider. Leave this out.' })),
        ];
        if (issues.length > 0) return { kind: 'error', error: invalidInput(issues) };
        return planMigration(gateway, viewer, workspace, mailbox, {
          provider,
          signInAddress: input.signInAddress,
          returnTo: input.returnTo,
        });
      },
      handOver: (mailbox, workspace, authorization) => start(gateway, viewer, input, mailbox, workspace, authorization),
    });
    if (begun.kind === 'error') return begun;
    return ok({ ...begun.payload, workspace: await workspaceOf(gateway.store, viewer.workspaceId) });
  },
});

async function start(
  gateway: Gateway,
  viewer: Viewer,
  input: HandOverPrimaryInput,
  mailbox: LiveMailbox,
  workspace: Workspace,
  authorization: Authorization,
): Promise<HandOverStart> {
  const running = workspace.handOver;
  const resumes = running?.mailboxId === mailbox.id;
  if (!resumes && (running !== null || workspace.primaryMailboxId !== mailbox.id))
    return refuse(primaryConflict(workspace.primaryMailboxId));
  if (!canBePrimary(mailbox)) return refuse(notApplicable('This mailbox only fetches mail: it cannot be the primary again.'));
  const interim = await chooseInterim(
    gateway,
    viewer,
    mailbox.id,
    given(input.interimMailboxId) ?? (resumes ? running.interimMailboxId : null),
  );
  if ('kind' in interim) return refuse(interim);
  const step = beginHandOver(workspace, {
    mailboxId: mailbox.id,
    interimMailboxId: interim.id,
    startedBy: resumes ? running.startedBy : viewer.name,
    startedAt: resumes ? running.startedAt : gateway.clock.now(),
    restoresAt: restoresAt(authorization),
    authorizationId: authorization.id,
  });
  return { kind: 'begin', step };
}

async function chooseInterim(gateway: Gateway, viewer: Viewer, repaired: MailboxId, wanted: string | null): Promise<Mailbox | UserError> {
  if (wanted === null) {
    return (
      (await bestSender(gateway, viewer, repaired)) ??
      notApplicable('There is no other mailbox that sends. Use reauth: it repairs a primary in place.')
    );
  }
  if (wanted === repaired)
    return invalidInput([{ path: ['interimMailboxId'], message: 'Choose another mailbox than the one that is repaired.' }]);
  const interim = await gateway.store.mailbox(viewer.workspaceId, wanted as MailboxId);
  if (interim?.live !== true) return mailboxNotFound(wanted);
  if (!canBePrimary(interim)) return notApplicable(`${interim.address} only fetches mail and cannot be the primary meanwhile.`);
  return interim.paused ? notApplicable(`${interim.address} is paused and cannot be the primary meanwhile.`) : interim;
}

/** Best first: a working one, one that may work, at last one that is broken too. A paused one never. */
const PREFERENCE: readonly (readonly Health[])[] = [['HEALTHY'], ['UNVERIFIED', 'DEGRADED'], ['BLOCKED', 'ACTION_REQUIRED']];
const PAGE = 100;

async function bestSender(gateway: Gateway, viewer: Viewer, except: MailboxId): Promise<Mailbox | null> {
  for (const health of PREFERENCE) {
    let after: PagePosition | null = null;
    for (let more = true; more;) {
      const request = { filter: { health, exceptIds: [except] }, orderBy: 'ADDRESS_ASC', limit: PAGE, fromEnd: false } as const;
      const page = await gateway.store.mailboxPage(viewer.workspaceId, after === null ? request : { ...request, after });
      const sender = page.items.find(({ item }) => canBePrimary(item));
      if (sender !== undefined) return sender.item;
      after = page.items.at(-1)?.position ?? null;
      more = page.hasNext && after !== null;
    }
  }
  return null;
}

function refuse(error: UserError): HandOverStart {
  return { kind: 'error', error };
}
