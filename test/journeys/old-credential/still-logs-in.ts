import { expect } from 'vitest';
import type { Authorization } from '../../../src/domain/authorization.ts';
import type { AuthorizationId, CredentialId, MailboxId, WorkspaceId } from '../../../src/domain/ids.ts';
import type { Store } from '../../../src/store/store.ts';
import type { Json } from '../../http/json.ts';
import { fetchesWith, sendsWith } from '../../support/mail-worker.ts';
import type { OauthWorld } from '../../support/oauth-world.ts';

/** What the check needs of a world: a gateway, its mail servers' counters, its database. */
export interface Witness {
  readonly url: string;
  readonly caPem: string;
  readonly workerToken: string;
  mailbox(id: string): Promise<Json>;
  /** Logs in by the gateway; how often IMAP and SMTP let the mailbox in. */
  logsIn(id: string, address: string): Promise<{ readonly imap: number; readonly smtp: number }>;
  /** How often they did so far, whoever it was. */
  loginsAccepted(address: string): { readonly imap: number; readonly smtp: number };
  withStore<T>(work: (store: Store) => Promise<T>): Promise<T>;
}

export function witnessOf(world: OauthWorld): Witness {
  return {
    url: world.url,
    caPem: world.caPem,
    workerToken: world.workerToken,
    mailbox: (id) => world.mailbox(id),
    logsIn: (id, address) => world.logsIn(id, address),
    loginsAccepted: (address) =>
      world.sandbox.state().accounts.find((account) => account.address === address)?.loginsAccepted ?? { imap: 0, smtp: 0 },
    withStore: (work) => world.database.withStore(work),
  };
}

/** The credential that was in use before a repair began: what has to log in after each fault. */
export interface OldCredential {
  readonly id: CredentialId;
  readonly mailboxId: string;
  readonly address: string;
  readonly mailbox: Json;
  /** Null for a grant: its tokens change as they are renewed. */
  readonly password: string | null;
}

async function stored(
  witness: Witness,
  mailboxId: string,
): Promise<{ readonly workspaceId: WorkspaceId; readonly id: CredentialId | undefined }> {
  return witness.withStore(async (store) => {
    const workspace = (await store.workspaces())[0];
    if (workspace === undefined) throw new Error('There is no help desk.');
    const mailbox = await store.mailbox(workspace.id, mailboxId as MailboxId);
    return { workspaceId: workspace.id, id: mailbox?.active?.credential.id };
  });
}

export async function oldCredentialOf(
  witness: Witness,
  mailboxId: string,
  person: { readonly address: string; readonly password: string },
): Promise<OldCredential> {
  const mailbox = await witness.mailbox(mailboxId);
  const { id } = await stored(witness, mailboxId);
  if (id === undefined) throw new Error('The mailbox has no credential.');
  const password = mailbox.authMethod.kind === 'BASIC' ? person.password : null;
  return { id, mailboxId, address: person.address, mailbox, password };
}

/**
 * The one check after every fault. The old credential lets the gateway and a worker in on both legs, counted by the mail
 * servers; nothing of the new one is in use, and nothing is left of it once its authorization is over.
 */
export async function expectOldCredential(witness: Witness, old: OldCredential, authorization: Json): Promise<void> {
  expect(await witness.logsIn(old.mailboxId, old.address), 'what the gateway uses logs in').toEqual({ imap: 1, smtp: 1 });

  const access = await fetch(`${witness.url}/v1/mailboxes/${old.mailboxId}/access`, {
    method: 'POST',
    headers: { authorization: `Bearer ${witness.workerToken}` },
  });
  const login: Json = await access.json();
  expect({ status: access.status, diagnosis: login.diagnosis }).toEqual({ status: 200, diagnosis: undefined });
  if (old.password !== null) expect([login.incoming.password, login.outgoing.password]).toEqual([old.password, old.password]);
  const before = witness.loginsAccepted(old.address);
  await fetchesWith(login.incoming, witness.caPem);
  await sendsWith(login.outgoing, witness.caPem);
  const after = witness.loginsAccepted(old.address);
  expect({ imap: after.imap - before.imap, smtp: after.smtp - before.smtp }, 'what a worker gets logs in').toEqual({ imap: 1, smtp: 1 });

  const { authMethod, isPrimary, previousAuthMethod } = old.mailbox;
  expect(await witness.mailbox(old.mailboxId)).toMatchObject({
    authMethod: { kind: authMethod.kind, username: authMethod.username },
    status: { health: 'HEALTHY', reason: null },
    incoming: { status: { health: 'HEALTHY' } },
    outgoing: { status: { health: 'HEALTHY' } },
    previousAuthMethod,
    isPrimary,
  });
  const { workspaceId, id } = await stored(witness, old.mailboxId);
  expect(id, 'the credential in use is the old one').toBe(old.id);
  const document = await witness.withStore((store) => store.authorization(workspaceId, authorization.id as AuthorizationId));
  if (document !== null && document.completedAt !== null) expect(secretsOf(document), 'nothing is left of the new one').toEqual([]);
}

function secretsOf({ candidate, flow, redemption }: Authorization): readonly string[] {
  return Object.entries({ candidate, flow, redemption }).flatMap(([name, secret]) => (secret == null ? [] : [name]));
}
