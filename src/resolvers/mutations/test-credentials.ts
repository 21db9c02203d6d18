import { tryLogin } from '../../credentials/prove.ts';
import { audited } from '../../credentials/repair-state.ts';
import { invalidInput, rateLimited, type InputIssue } from '../../domain/errors.ts';
import type { LegDirection, MailServer, Provider } from '../../domain/mail.ts';
import type { Viewer } from '../../domain/viewer.ts';
import { Secret } from '../../vault/secret.ts';
import { failed, ok, type Gateway, type Outcome } from '../gateway.ts';
import { addressIssues, given, passwordIssues, serverIssues, usernameIssues } from '../input.ts';
import { chooseServers, newHostProblem, type ServerPair } from '../mail-servers.ts';
import type { LegTestResult, Mutation, TestCredentialsInput, TestCredentialsPayload } from '../mutation-types.ts';
import { roleProblem } from '../mutation.ts';

/** Tries settings and a password on the servers, both legs at the same time. Nothing is saved but that somebody tried. */
export const testCredentials: Mutation<TestCredentialsInput, TestCredentialsPayload> = async (gateway, viewer, input) => {
  const denied = roleProblem(viewer, 'ADMIN');
  if (denied !== null) return failed(denied);
  const issues = inputIssues(input);
  if (issues.length > 0) return failed(invalidInput(issues));

  const typed = { incoming: given(input.incoming), outgoing: given(input.outgoing) };
  const wait =
    gateway.limits.take('TEST', viewer.workspaceId) ??
    newHostProblem(gateway, viewer.workspaceId, typed, { incoming: null, outgoing: null });
  if (wait !== null) return failed(rateLimited(wait));
  const provider = given(input.provider) ?? 'OTHER';
  const servers = await serversToTry(gateway, input, provider, typed);
  if (servers.incoming === null && servers.outgoing === null) {
    const message = 'No mail servers were found. Give incoming, outgoing, or both.';
    return failed(
      invalidInput([
        { path: ['incoming'], message },
        { path: ['outgoing'], message },
      ]),
    );
  }
  return tryBoth(gateway, viewer, input, provider, servers);
};

async function tryBoth(
  gateway: Gateway,
  viewer: Viewer,
  input: TestCredentialsInput,
  provider: Provider,
  servers: ServerPair,
): Promise<Outcome<TestCredentialsPayload>> {
  const password = new Secret(input.password);
  const outgoingPassword = given(input.outgoingPassword);
  const own = {
    username: given(input.outgoingUsername) ?? input.username,
    password: outgoingPassword === null ? password : new Secret(outgoingPassword),
  };
  const [incoming, outgoing] = await Promise.all([
    tryLeg(gateway, provider, 'INCOMING', servers.incoming, { username: input.username, password }),
    tryLeg(gateway, provider, 'OUTGOING', servers.outgoing, own),
  ]);
  const facts = { incoming: incoming?.diagnosis?.reason ?? null, outgoing: outgoing?.diagnosis?.reason ?? null };
  await gateway.store.commit([
    { workspaceId: viewer.workspaceId, at: gateway.clock.now(), audit: [audited(viewer.name, 'credential.test', null, facts)] },
  ]);
  return ok({ incoming, outgoing });
}

async function tryLeg(
  gateway: Gateway,
  provider: Provider,
  direction: LegDirection,
  server: MailServer | null,
  login: { readonly username: string; readonly password: Secret },
): Promise<LegTestResult | null> {
  if (server === null) return null;
  const parts = { probe: gateway.probe, timeoutMs: gateway.settings.checkTimeoutMs };
  const diagnosis = await tryLogin(parts, {
    direction,
    provider,
    server,
    username: login.username,
    proof: { kind: 'PASSWORD', password: login.password },
  });
  return { succeeded: diagnosis === null, diagnosis };
}

/** For OTHER exactly the servers that were typed, and discovered ones when none was; a known provider fills in its own. */
async function serversToTry(gateway: Gateway, input: TestCredentialsInput, provider: Provider, typed: ServerPair): Promise<ServerPair> {
  if (provider === 'OTHER' && (typed.incoming !== null || typed.outgoing !== null)) return typed;
  const address = given(input.address) ?? input.username;
  if (provider === 'OTHER' && addressIssues([], address).length > 0) return typed;
  return chooseServers(gateway, { provider, address, direction: 'BOTH', typed });
}

function inputIssues(input: TestCredentialsInput): readonly InputIssue[] {
  const address = given(input.address);
  return [
    ...(address === null ? [] : addressIssues(['address'], address)),
    ...usernameIssues(['username'], input.username),
    ...passwordIssues(['password'], input.password),
    ...usernameIssues(['outgoingUsername'], given(input.outgoingUsername)),
    ...passwordIssues(['outgoingPassword'], given(input.outgoingPassword)),
    ...serverIssues(['incoming'], given(input.incoming)),
    ...serverIssues(['outgoing'], given(input.outgoing)),
  ];
}
