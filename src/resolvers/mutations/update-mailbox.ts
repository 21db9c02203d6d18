import { audited, workspaceOf, workspacePart } from '../../credentials/repair-state.ts';
import { replacing, untilCommitted, type Decision } from '../../credentials/until-committed.ts';
import { invalidInput, mailboxNotFound, type InputIssue } from '../../domain/errors.ts';
import { isOrBecomesPrimary } from '../../domain/hand-over.ts';
import { legsOf } from '../../domain/mail.ts';
import { changeSettings, type MailboxSettings } from '../../domain/mailbox-changes.ts';
import type { Viewer } from '../../domain/viewer.ts';
import type { Workspace } from '../../domain/workspace.ts';
import { findLive, type LiveMailbox } from '../find-mailbox.ts';
import { failed, ok, type Gateway, type Outcome } from '../gateway.ts';
import { given, nameIssues, serverIssues } from '../input.ts';
import { chooseServers, isOwnHost, missingServerIssues, newHostProblem } from '../mail-servers.ts';
import type { MailboxPayload, UpdateMailboxInput } from '../mutation-types.ts';
import { mutation } from '../mutation.ts';
import { deletionIssues, primaryMustSend } from '../repair-plan.ts';
import { mailboxReplay } from '../replay.ts';

/** A name server that is slower says nothing here: the check of the mailbox will. */
const RESOLVE_MS = 5_000;

/** Changes settings. A leg that dials elsewhere or is new is UNVERIFIED and checked at once; an update that changes nothing writes nothing. */
export const updateMailbox = mutation<UpdateMailboxInput, MailboxPayload>({
  operation: 'updateMailbox',
  role: 'ADMIN',
  replay: mailboxReplay,
  saysRateLimited: false,
  run: update,
});

async function update(gateway: Gateway, viewer: Viewer, input: UpdateMailboxInput): Promise<Outcome<MailboxPayload>> {
  const issues = [
    ...nameIssues(['displayName'], given(input.displayName)),
    ...serverIssues(['incoming'], given(input.incoming)),
    ...serverIssues(['outgoing'], given(input.outgoing)),
  ];
  if (issues.length > 0) return failed(invalidInput(issues));
  // Hosts are counted and resolved once, however often the mailbox changes under this.
  let hostsJudged = false;
  const updated = await untilCommitted(gateway.store, async (): Promise<Decision<Outcome<null>>> => {
    const found = await findLive(gateway, viewer, input.mailboxId, { pending: 'MailboxNotFound', expectedVersion: input.expectedVersion });
    if (found.kind === 'error') return { change: null, result: found };
    const { mailbox } = found;
    const workspace = await workspaceOf(gateway.store, viewer.workspaceId);
    const problems = [...settingIssues(mailbox, workspace, input), ...foreignHosts(gateway, mailbox, input)];
    if (problems.length === 0 && !hostsJudged) problems.push(...hostIssues(gateway, viewer, mailbox, input));
    if (problems.length === 0 && !hostsJudged) problems.push(...(await refusedHosts(gateway, mailbox, input)));
    if (problems.length > 0) return { change: null, result: failed(invalidInput(problems)) };
    hostsJudged = true;

    const wanted = await wantedSettings(gateway, mailbox, input);
    if ('issues' in wanted) return { change: null, result: failed(invalidInput(wanted.issues)) };
    const now = gateway.clock.now();
    const step = changeSettings(mailbox, mailbox.active, wanted, viewer.name, now);
    if (step === null) return { change: null, result: ok(null) };
    const stopsSending = wanted.direction === 'INCOMING' && mailbox.active.direction !== 'INCOMING';
    const change = {
      workspaceId: mailbox.workspaceId,
      at: now,
      mailboxes: [replacing(mailbox, step.mailbox)],
      // Nobody may make it primary in the same moment: the workspace as it was read is part of the decision.
      ...(stopsSending ? workspacePart(workspace, { workspace, events: [] }) : {}),
      events: step.events,
      audit: [
        audited(viewer.name, 'mailbox.update', mailbox.id, { version: step.mailbox.version, loginVersion: step.mailbox.loginVersion }),
      ],
    };
    return { change, result: ok(null) };
  });
  if (updated.kind === 'error') return updated;
  gateway.checks.wake();
  const mailbox = await gateway.store.mailbox(viewer.workspaceId, input.mailboxId as LiveMailbox['id']);
  return mailbox === null ? failed(mailboxNotFound(input.mailboxId)) : ok({ mailbox });
}

function settingIssues(mailbox: LiveMailbox, workspace: Workspace, input: UpdateMailboxInput): InputIssue[] {
  const direction = given(input.direction) ?? mailbox.active.direction;
  const legs = legsOf(direction);
  const outside = (leg: 'INCOMING' | 'OUTGOING', path: 'incoming' | 'outgoing'): readonly InputIssue[] =>
    given(input[path]) !== null && !legs.includes(leg)
      ? [{ path: [path], message: `The direction does not include ${path} mail. Leave this out.` }]
      : [];
  const losesPrimary = direction === 'INCOMING' && mailbox.active.direction !== 'INCOMING' && isOrBecomesPrimary(workspace, mailbox.id);
  return [
    ...deletionIssues(given(input.deleteAfterFetch), direction),
    ...outside('INCOMING', 'incoming'),
    ...outside('OUTGOING', 'outgoing'),
    ...(losesPrimary ? [primaryMustSend] : []),
  ];
}

/** This mutation's union has no RateLimited: too many new hosts are said at the host. */
function hostIssues(gateway: Gateway, viewer: Viewer, mailbox: LiveMailbox, input: UpdateMailboxInput): readonly InputIssue[] {
  const typed = { incoming: given(input.incoming), outgoing: given(input.outgoing) };
  const dialled = { incoming: mailbox.active.incomingServer, outgoing: mailbox.active.outgoingServer };
  const wait = newHostProblem(gateway, viewer.workspaceId, typed, dialled);
  if (wait === null) return [];
  return [
    {
      path: [typed.incoming === null ? 'outgoing' : 'incoming', 'host'],
      message: `Too many new servers at once. Try again in ${wait} seconds.`,
    },
  ];
}

/** The servers that were typed, each beside the one that the mailbox dials now. */
function typedServers({ active }: LiveMailbox, input: UpdateMailboxInput) {
  return [
    { path: 'incoming', server: given(input.incoming), now: active.incomingServer },
    { path: 'outgoing', server: given(input.outgoing), now: active.outgoingServer },
  ].flatMap(({ server, ...rest }) => (server === null ? [] : [{ ...rest, server }]));
}

/** A token of a provider goes to that provider: to any other host that an admin types it would only be given away. */
function foreignHosts(gateway: Gateway, mailbox: LiveMailbox, input: UpdateMailboxInput): readonly InputIssue[] {
  const { provider, credential } = mailbox.active;
  if (credential.kind !== 'OAUTH2') return [];
  return typedServers(mailbox, input).flatMap(({ path, server, now }) =>
    server.host.toLowerCase() === now?.host.toLowerCase() || isOwnHost(gateway.settings.servers, provider, server.host)
      ? []
      : [
          {
            path: [path, 'host'],
            message: "This mailbox signs in with its provider, and that is good at the provider's own servers only.",
          },
        ],
  );
}

/** A host that can never be dialled is refused here: behind it the mailbox would stop at its next check. */
async function refusedHosts(gateway: Gateway, mailbox: LiveMailbox, input: UpdateMailboxInput): Promise<readonly InputIssue[]> {
  const stopped = new AbortController();
  const timer = gateway.clock.schedule(RESOLVE_MS, () => stopped.abort());
  try {
    const issues = await Promise.all(
      typedServers(mailbox, input).map(async ({ path, server, now }): Promise<InputIssue[]> => {
        if (server.host === now?.host && server.port === now.port) return [];
        const refusal = await gateway.refusalOfHost(server.host, server.port, stopped.signal);
        return refusal === null ? [] : [{ path: [path, 'host'], message: refusal }];
      }),
    );
    return issues.flat();
  } finally {
    timer.cancel();
  }
}

/** What is not given stays. A leg that is new gets the provider's server or a discovered one. */
async function wantedSettings(
  gateway: Gateway,
  mailbox: LiveMailbox,
  input: UpdateMailboxInput,
): Promise<MailboxSettings | { readonly issues: readonly InputIssue[] }> {
  const { active } = mailbox;
  const direction = given(input.direction) ?? active.direction;
  const typed = { incoming: given(input.incoming) ?? active.incomingServer, outgoing: given(input.outgoing) ?? active.outgoingServer };
  const servers = await chooseServers(gateway, { provider: active.provider, address: active.address, direction, typed });
  if (servers.missing.length > 0) return { issues: missingServerIssues(servers.missing) };
  return {
    displayName: input.displayName === undefined ? mailbox.displayName : input.displayName,
    direction,
    deleteAfterFetch: direction !== 'OUTGOING' && (given(input.deleteAfterFetch) ?? active.deleteAfterFetch),
    incomingServer: servers.incoming,
    outgoingServer: servers.outgoing,
  };
}
