import { openAuthorizationOf, audited } from '../../credentials/repair-state.ts';
import { sealCandidate } from '../../credentials/seal-candidate.ts';
import { replacing, untilCommitted, type Decision } from '../../credentials/until-committed.ts';
import { authorizationEvent, endAuthorization, openAuthorization } from '../../domain/authorization-changes.ts';
import type { SetupTarget } from '../../domain/authorization.ts';
import type { Credential } from '../../domain/credential.ts';
import { invalidInput, mailboxAlreadyExists, providerNotConfigured, rateLimited, type InputIssue } from '../../domain/errors.ts';
import type { AuthorizationId, MailboxId } from '../../domain/ids.ts';
import { addressKey, type LegDirection, type MailServer, type Provider } from '../../domain/mail.ts';
import type { Mailbox } from '../../domain/mailbox.ts';
import { closeRepair, pendingMailbox } from '../../domain/mailbox-changes.ts';
import type { Viewer } from '../../domain/viewer.ts';
import type { Change } from '../../store/store.ts';
import { afterOutcome } from '../begin-repair.ts';
import { failed, ok, type Gateway, type Outcome } from '../gateway.ts';
import {
  addressIssues,
  given,
  nameIssues,
  passwordIssues,
  returnToIssues,
  serverIssues,
  unwantedIssues,
  usernameIssues,
} from '../input.ts';
import { chooseServers, isOwnHost, missingServerIssues, newHostProblem } from '../mail-servers.ts';
import type { AuthorizationPayload, ConnectMailboxInput } from '../mutation-types.ts';
import { mutation } from '../mutation.ts';
import { deletionIssues } from '../repair-plan.ts';
import { authorizationReplay } from '../replay.ts';

/**
 * Adds a support address. It is pending until its first credential is proven; a password is proven at once, a sign-in
 * waits for its user. Connecting an address that is pending already takes the place of the earlier attempt.
 */
export const connectMailbox = mutation<ConnectMailboxInput, AuthorizationPayload>({
  operation: 'connectMailbox',
  role: 'ADMIN',
  replay: authorizationReplay,
  saysRateLimited: true,
  run: connect,
});

async function connect(gateway: Gateway, viewer: Viewer, input: ConnectMailboxInput): Promise<Outcome<AuthorizationPayload>> {
  const issues = inputIssues(gateway, input);
  if (issues.length > 0) return failed(invalidInput(issues));
  const { address, provider, direction, authMethod } = input;
  if (authMethod === 'OAUTH2' && !gateway.signIn.configured(provider)) return failed(providerNotConfigured(provider));
  if ((await gateway.store.mailboxByAddress(viewer.workspaceId, address)) !== null) return failed(mailboxAlreadyExists(address));

  const typed = { incoming: given(input.incoming), outgoing: given(input.outgoing) };
  const wait =
    gateway.limits.take('LOGIN', `${viewer.workspaceId} ${addressKey(address)}`) ??
    newHostProblem(gateway, viewer.workspaceId, typed, { incoming: null, outgoing: null });
  if (wait !== null) return failed(rateLimited(wait));
  const servers = await chooseServers(gateway, { provider, address, direction, typed });
  if (servers.missing.length > 0) return failed(invalidInput(missingServerIssues(servers.missing)));

  const target: SetupTarget = {
    provider,
    address,
    signInAddress: given(input.signInAddress) ?? address,
    direction,
    deleteAfterFetch: input.deleteAfterFetch,
    incomingServer: servers.incoming,
    outgoingServer: servers.outgoing,
  };
  return insertPending(gateway, viewer, input, target);
}

async function insertPending(
  gateway: Gateway,
  viewer: Viewer,
  input: ConnectMailboxInput,
  target: SetupTarget,
): Promise<Outcome<AuthorizationPayload>> {
  const mailboxId = gateway.newId() as MailboxId;
  const candidate = candidateOf(gateway, viewer, mailboxId, input);
  const now = gateway.clock.now();
  const authorization = openAuthorization({
    id: gateway.newId() as AuthorizationId,
    workspaceId: viewer.workspaceId,
    mailboxId,
    purpose: 'CONNECT',
    target,
    kind: input.authMethod,
    candidate,
    expectedPin: null,
    mayReplacePin: false,
    returnTo: given(input.returnTo),
    startedBy: viewer.name,
    startedAtVersion: 1,
    replaces: null,
    now,
    ttlMs: gateway.settings.authorizationTtlMs,
  });
  const mailbox = pendingMailbox({
    id: mailboxId,
    workspaceId: viewer.workspaceId,
    displayName: given(input.displayName),
    requested: { ...target, authMethod: input.authMethod, username: given(input.username) ?? target.signInAddress },
    authorizationId: authorization.id,
    now,
  });
  const opened = await untilCommitted(gateway.store, async (): Promise<Decision<Outcome<AuthorizationPayload>>> => {
    if ((await gateway.store.mailboxByAddress(viewer.workspaceId, input.address)) !== null) {
      return { change: null, result: failed(mailboxAlreadyExists(input.address)) };
    }
    const superseded = await supersedePending(gateway, await gateway.store.pendingByAddress(viewer.workspaceId, input.address), now);
    const change: Change = {
      workspaceId: viewer.workspaceId,
      at: now,
      mailboxes: [{ kind: 'insert', doc: mailbox }, ...superseded.mailboxes],
      authorizations: [{ kind: 'insert', doc: authorization }, ...superseded.authorizations],
      events: [...superseded.events, authorizationEvent(authorization)],
      audit: [
        audited(viewer.name, 'mailbox.connect', mailboxId, {
          authorizationId: authorization.id,
          provider: target.provider,
          kind: authorization.kind,
        }),
      ],
    };
    return { change, result: ok({ mailbox, authorization }) };
  });
  return opened.kind === 'error' ? opened : ok(await afterOutcome(gateway, opened.payload));
}

function candidateOf(gateway: Gateway, viewer: Viewer, mailboxId: MailboxId, input: ConnectMailboxInput): Credential | null {
  if (input.authMethod === 'OAUTH2') return null;
  const login = {
    username: given(input.username) ?? input.address,
    password: given(input.password),
    outgoingUsername: given(input.outgoingUsername),
    outgoingPassword: given(input.outgoingPassword),
  };
  const sealed = sealCandidate(gateway, { workspaceId: viewer.workspaceId, mailboxId }, login, null);
  if (sealed.kind === 'MISSING') throw new TypeError('The password was checked to be there.');
  return sealed.credential;
}

/** What the earlier attempts to connect the address turn into; their mailboxes are erased in their time. */
async function supersedePending(gateway: Gateway, pending: readonly Mailbox[], now: number) {
  const open = await Promise.all(
    pending.map(async (mailbox) => ({ mailbox, authorization: await openAuthorizationOf(gateway.store, mailbox) })),
  );
  const ended = open.flatMap(({ mailbox, authorization }) =>
    authorization === null ? [] : [{ mailbox, before: authorization, after: endAuthorization(authorization, 'SUPERSEDED', now) }],
  );
  return {
    mailboxes: ended.map(({ mailbox, after }) => replacing(mailbox, closeRepair(mailbox, after.id, { rejected: false, now }))),
    authorizations: ended.map(({ before, after }) => replacing(before, after)),
    events: ended.map(({ after }) => authorizationEvent(after)),
  };
}

function inputIssues(gateway: Gateway, input: ConnectMailboxInput): readonly InputIssue[] {
  const { direction } = input;
  const signInAddress = given(input.signInAddress);
  const [incoming, outgoing] = [given(input.incoming), given(input.outgoing)];
  return [
    ...addressIssues(['address'], input.address),
    ...nameIssues(['displayName'], given(input.displayName)),
    ...(signInAddress === null ? [] : addressIssues(['signInAddress'], signInAddress)),
    ...deletionIssues(input.deleteAfterFetch, direction),
    ...serverIssues(['incoming'], incoming),
    ...serverIssues(['outgoing'], outgoing),
    ...outsideIssues('INCOMING', direction === 'OUTGOING' && incoming !== null),
    ...outsideIssues('OUTGOING', direction === 'INCOMING' && outgoing !== null),
    ...returnToIssues(['returnTo'], given(input.returnTo), gateway.settings.returnToOrigins),
    ...(input.authMethod === 'BASIC' ? passwordLoginIssues(input) : signInIssues(gateway, input)),
  ];
}

function passwordLoginIssues(input: ConnectMailboxInput): readonly InputIssue[] {
  const password = given(input.password);
  const own = (['outgoingUsername', 'outgoingPassword'] as const).filter(() => input.direction !== 'BOTH');
  return [
    ...(password === null
      ? [{ path: ['password'], message: 'Enter the password of this mailbox.' }]
      : passwordIssues(['password'], password)),
    ...usernameIssues(['username'], given(input.username)),
    ...usernameIssues(['outgoingUsername'], given(input.outgoingUsername)),
    ...passwordIssues(['outgoingPassword'], given(input.outgoingPassword)),
    ...own.flatMap((field) =>
      unwantedIssues([field], given(input[field]), 'Only a mailbox that fetches and sends has a login of its own for sending.'),
    ),
  ];
}

function signInIssues(gateway: Gateway, input: ConnectMailboxInput): readonly InputIssue[] {
  const unwanted = (['password', 'username', 'outgoingUsername', 'outgoingPassword'] as const).flatMap((field) =>
    unwantedIssues([field], given(input[field]), 'A sign-in needs none. Leave this out; the answer says where to sign in.'),
  );
  return [
    ...(input.provider === 'OTHER'
      ? [{ path: ['authMethod'], message: 'Only Microsoft and Google have a sign-in. Choose BASIC for other providers.' }]
      : []),
    ...unwanted,
    ...(['incoming', 'outgoing'] as const).flatMap((path) => foreignHostIssues(gateway, input.provider, path, given(input[path]))),
  ];
}

/** A token of a provider goes to that provider, or where the operator says: to any other host it would only be given away. */
function foreignHostIssues(
  gateway: Gateway,
  provider: Provider,
  path: 'incoming' | 'outgoing',
  server: MailServer | null,
): readonly InputIssue[] {
  if (server === null || isOwnHost(gateway.settings.servers, provider, server.host) || gateway.isListedHost(server.host, server.port))
    return [];
  return [
    {
      path: [path, 'host'],
      message:
        "A sign-in is good at the provider's own servers only. Leave this out, or ask the gateway's operator to list the server (NETWORK_ALLOW).",
    },
  ];
}

function outsideIssues(leg: LegDirection, outside: boolean): readonly InputIssue[] {
  const path = leg === 'INCOMING' ? 'incoming' : 'outgoing';
  return outside ? [{ path: [path], message: `The direction does not include ${path} mail. Leave this out.` }] : [];
}
