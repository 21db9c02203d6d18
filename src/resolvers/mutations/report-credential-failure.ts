import { contextOf } from '../../credentials/open-login.ts';
import { audited } from '../../credentials/repair-state.ts';
import { replacing, untilCommitted, type Decision } from '../../credentials/until-committed.ts';
import { diagnose } from '../../domain/diagnose/diagnose.ts';
import { evidenceOfText } from '../../domain/diagnose/evidence-of.ts';
import type { Diagnosis } from '../../domain/diagnosis.ts';
import { invalidInput } from '../../domain/errors.ts';
import type { StatusFacts } from '../../domain/event.ts';
import type { Leg } from '../../domain/leg.ts';
import type { Mailbox } from '../../domain/mailbox.ts';
import { legOf, withLeg } from '../../domain/mailbox-status.ts';
import type { Viewer } from '../../domain/viewer.ts';
import { findLive, type LiveMailbox } from '../find-mailbox.ts';
import { failed, ok, type Gateway, type Outcome } from '../gateway.ts';
import type { ReportCredentialFailureInput, ReportCredentialFailurePayload } from '../mutation-types.ts';
import { mutation } from '../mutation.ts';
import { reportReplay } from '../replay.ts';

const LONGEST_REPORT = 20_000;

/**
 * A mail worker saw a login fail. The report is explained and makes the leg due for a check of its own; only what that
 * check sees changes its health.
 *
 * SEND_AS_DENIED is the one thing that a login cannot show: it is written into the history as one STATUS event with
 * trigger REPORT whose health stays the same, so dashboards hear of it and nothing turns red. Repeated reports add
 * nothing while it is the newest entry of the mailbox.
 */
export const reportCredentialFailure = mutation<ReportCredentialFailureInput, ReportCredentialFailurePayload>({
  operation: 'reportCredentialFailure',
  role: 'WORKER',
  replay: reportReplay,
  saysRateLimited: false,
  run: report,
});

async function report(
  gateway: Gateway,
  viewer: Viewer,
  input: ReportCredentialFailureInput,
): Promise<Outcome<ReportCredentialFailurePayload>> {
  if (input.error.trim() === '' || input.error.length > LONGEST_REPORT) {
    return failed(
      invalidInput([{ path: ['error'], message: `Give the error as the mail library gave it, at most ${LONGEST_REPORT} characters.` }]),
    );
  }
  let counted = false;
  const reported = await untilCommitted(gateway.store, async (): Promise<Decision<Outcome<ReportCredentialFailurePayload>>> => {
    const found = await findLive(gateway, viewer, input.mailboxId, { pending: 'MailboxNotFound' });
    if (found.kind === 'error') return { change: null, result: found };
    const { mailbox } = found;
    const leg = legOf(mailbox, input.leg);
    if (leg === null)
      return {
        change: null,
        result: failed(invalidInput([{ path: ['leg'], message: 'The direction of this mailbox does not include this leg.' }])),
      };
    const diagnosis = diagnose(evidenceOfText(input.error, contextOf(mailbox.active, input.leg)));
    // Beyond the limit a report is still explained, but it moves nothing: a worker in a loop must not cause a login a second.
    if (!counted && gateway.limits.take('REPORT', mailbox.id) !== null) return { change: null, result: ok({ mailbox, diagnosis }) };
    counted = true;

    const now = gateway.clock.now();
    const event = await sendAsEvent(gateway, viewer, mailbox, leg, diagnosis);
    const due = dueAfterReport(leg, now, gateway.settings.confirmAfterMs);
    const moved: Mailbox | null = due === leg.nextCheckAt && event === null ? null : withLeg(mailbox, { ...leg, nextCheckAt: due });
    const change = {
      workspaceId: viewer.workspaceId,
      at: now,
      ...(moved === null ? {} : { mailboxes: [replacing(mailbox, moved)] }),
      ...(event === null ? {} : { events: [event] }),
      audit: [audited(viewer.name, 'credential.report', mailbox.id, { leg: input.leg, reason: diagnosis.reason })],
    };
    return { change, result: ok({ mailbox: moved ?? mailbox, diagnosis }) };
  });
  if (reported.kind === 'error') return reported;
  gateway.checks.wake();
  const { mailbox, diagnosis } = reported.payload;
  return ok({ mailbox: (await gateway.store.mailbox(viewer.workspaceId, mailbox.id)) ?? mailbox, diagnosis });
}

/**
 * A report makes a leg that is believed to work due now, but no sooner than the confirmation time after its last login
 * (login budget). A leg that fails already keeps its own pace: its back-off and its confirmation say when to try again.
 */
function dueAfterReport(leg: Leg, now: number, confirmAfterMs: number): number | null {
  if (leg.nextCheckAt === null || (leg.health !== 'HEALTHY' && leg.health !== 'UNVERIFIED')) return leg.nextCheckAt;
  const earliest = leg.lastCheckedAt === null ? now : Math.max(now, leg.lastCheckedAt + confirmAfterMs);
  return Math.min(leg.nextCheckAt, earliest);
}

async function sendAsEvent(
  gateway: Gateway,
  viewer: Viewer,
  mailbox: LiveMailbox,
  leg: Leg,
  diagnosis: Diagnosis,
): Promise<StatusFacts | null> {
  if (diagnosis.reason !== 'SEND_AS_DENIED' || mailbox.paused) return null;
  const page = await gateway.store.eventPage(viewer.workspaceId, { kind: 'STATUS', mailboxId: mailbox.id, limit: 1, fromEnd: true });
  const newest = page.items[0]?.item.facts;
  if (newest?.kind === 'STATUS' && newest.trigger === 'REPORT' && newest.leg === leg.direction && newest.reason === diagnosis.reason)
    return null;
  return {
    kind: 'STATUS',
    mailboxId: mailbox.id,
    leg: leg.direction,
    from: leg.health,
    to: leg.health,
    reason: diagnosis.reason,
    actor: diagnosis.actor,
    action: diagnosis.action,
    message: diagnosis.message,
    trigger: 'REPORT',
    credentialVersion: mailbox.loginVersion,
    triggeredBy: viewer.name,
  };
}
