import type { LoginSetup } from '../domain/credential.ts';
import { mailboxNotFound, notApplicable, versionConflict, type UserError } from '../domain/errors.ts';
import type { MailboxId } from '../domain/ids.ts';
import type { Mailbox } from '../domain/mailbox.ts';
import type { Viewer } from '../domain/viewer.ts';
import { given } from './input.ts';
import type { Gateway } from './gateway.ts';

/** A mailbox that is in use: it has an active setup. */
export type LiveMailbox = Mailbox & { readonly active: LoginSetup };

/** What the caller named is there and in the version that the caller saw, or what to answer instead. */
export type Found<Entity> = { readonly kind: 'found'; readonly mailbox: Entity } | { readonly kind: 'error'; readonly error: UserError };

/** Any mailbox of the viewer's workspace, pending ones too. */
export async function findMailbox(gateway: Gateway, viewer: Viewer, id: string, expectedVersion?: number | null): Promise<Found<Mailbox>> {
  const mailbox = await gateway.store.mailbox(viewer.workspaceId, id as MailboxId);
  if (mailbox === null) return { kind: 'error', error: mailboxNotFound(id) };
  const expected = given(expectedVersion);
  if (expected !== null && expected !== mailbox.version) return { kind: 'error', error: versionConflict(mailbox.version) };
  return { kind: 'found', mailbox };
}

/**
 * A mailbox that is in use. One that is still pending answers NotApplicable where the mutation's union has it
 * (`pending: 'NotApplicable'`), else it is not found, as in every list.
 */
export async function findLive(
  gateway: Gateway,
  viewer: Viewer,
  id: string,
  rules: { readonly pending: 'NotApplicable' | 'MailboxNotFound'; readonly expectedVersion?: number | null | undefined },
): Promise<Found<LiveMailbox>> {
  const found = await findMailbox(gateway, viewer, id, rules.expectedVersion ?? null);
  if (found.kind === 'error') return found;
  const { active, live } = found.mailbox;
  if (live && active !== null) return { kind: 'found', mailbox: { ...found.mailbox, active } };
  const error =
    rules.pending === 'NotApplicable'
      ? notApplicable(`${found.mailbox.address} is not connected yet. Connect the address again with connectMailbox.`)
      : mailboxNotFound(id);
  return { kind: 'error', error };
}
