import type { Authorization, SetupTarget } from '../../src/domain/authorization.ts';
import { openAuthorization } from '../../src/domain/authorization-changes.ts';
import type { BasicCredential, LoginSetup } from '../../src/domain/credential.ts';
import type { AuthorizationId, CredentialId, MailboxId, WorkspaceId } from '../../src/domain/ids.ts';
import type { Mailbox } from '../../src/domain/mailbox.ts';
import { pendingMailbox, swapSetup } from '../../src/domain/mailbox-changes.ts';
import type { Sealed } from '../../src/domain/sealed.ts';

export const NOW = 1_000_000;
export const KEPT_MS = 7 * 86_400_000;

export function password(id: string): BasicCredential {
  return {
    kind: 'BASIC',
    id: id as CredentialId,
    secretVersion: 1,
    login: { username: 'support@acme.test', password: `sealed-${id}` as Sealed },
    outgoingLogin: null,
    passwordSetAt: NOW,
  };
}

export const TARGET: SetupTarget = {
  provider: 'OTHER',
  address: 'support@acme.test',
  signInAddress: 'support@acme.test',
  direction: 'BOTH',
  deleteAfterFetch: false,
  incomingServer: { host: 'imap.acme.test', port: 993, security: 'TLS' },
  outgoingServer: { host: 'smtp.acme.test', port: 465, security: 'TLS' },
};

export function setup(credentialId: string, over: Partial<LoginSetup> = {}): LoginSetup {
  return { ...TARGET, credential: password(credentialId), ...over };
}

export const pending: Mailbox = pendingMailbox({
  id: 'm1' as MailboxId,
  workspaceId: 'w1' as WorkspaceId,
  displayName: 'Support',
  requested: { ...TARGET, authMethod: 'BASIC', username: 'support@acme.test' },
  authorizationId: 'a1' as AuthorizationId,
  now: NOW,
});

export function swapped(mailbox: Mailbox, of: LoginSetup, now: number, authorizationId = 'a1') {
  return swapSetup(mailbox, {
    setup: of,
    trigger: 'AUTHORIZATION',
    triggeredBy: 'Ann',
    authorizationId: authorizationId as AuthorizationId,
    rollbackKeptMs: KEPT_MS,
    checkAfterMs: 60_000,
    now,
  });
}

export function authorization(over: Partial<Authorization> = {}): Authorization {
  return {
    ...openAuthorization({
      id: 'a1' as AuthorizationId,
      workspaceId: 'w1' as WorkspaceId,
      mailboxId: 'm1' as MailboxId,
      purpose: 'REAUTHORIZE',
      target: TARGET,
      kind: 'BASIC',
      candidate: password('c2'),
      expectedPin: null,
      mayReplacePin: false,
      returnTo: null,
      startedBy: 'Ann',
      startedAtVersion: 1,
      replaces: 'c1' as CredentialId,
      now: NOW,
      ttlMs: 86_400_000,
    }),
    ...over,
  };
}
