import type { OAuth2Credential } from '../domain/credential.ts';
import type { CredentialId } from '../domain/ids.ts';
import type { Change, Store } from '../store/store.ts';
import type { SecretOwner } from './credentials.ts';
import { replacing } from './until-committed.ts';

/** Where a stored grant was found, and how to write it back there. */
export interface GrantPlace {
  readonly credential: OAuth2Credential;
  /** The guarded change that puts `next` in its place; nothing visible changes, so it has no event. */
  readonly write: (next: OAuth2Credential, now: number) => Change;
}

/** A credential by its id: in use, kept for a roll-back, or the candidate of the mailbox's open authorization. Null once it is gone. */
export async function findGrant(store: Store, owner: SecretOwner, id: CredentialId): Promise<GrantPlace | null> {
  const { workspaceId, mailboxId } = owner;
  const mailbox = await store.mailbox(workspaceId, mailboxId);
  if (mailbox === null) return null;
  const { active, previous } = mailbox;
  if (active?.credential.kind === 'OAUTH2' && active.credential.id === id) {
    return {
      credential: active.credential,
      write: (next, at) => ({ workspaceId, at, mailboxes: [replacing(mailbox, { ...mailbox, active: { ...active, credential: next } })] }),
    };
  }
  if (previous?.setup.credential.kind === 'OAUTH2' && previous.setup.credential.id === id) {
    return {
      credential: previous.setup.credential,
      write: (next, at) => ({
        workspaceId,
        at,
        mailboxes: [replacing(mailbox, { ...mailbox, previous: { ...previous, setup: { ...previous.setup, credential: next } } })],
      }),
    };
  }
  const open = mailbox.openAuthorizationId === null ? null : await store.authorization(workspaceId, mailbox.openAuthorizationId);
  if (open?.candidate?.kind !== 'OAUTH2' || open.candidate.id !== id) return null;
  return {
    credential: open.candidate,
    write: (next, at) => ({ workspaceId, at, authorizations: [replacing(open, { ...open, candidate: next })] }),
  };
}
