import type { Authorization } from '../../domain/authorization.ts';
import type { AuthorizationId, MailboxId, WorkspaceId } from '../../domain/ids.ts';
import type { Mailbox } from '../../domain/mailbox.ts';
import type { Workspace } from '../../domain/workspace.ts';
import type { Store } from '../../store/store.ts';
import { createBatchLoader } from './batch.ts';

/** Reads of one workspace that many fields of one answer share. Made per operation; keeps nothing between turns. */
export interface Loaders {
  mailbox(id: MailboxId): Promise<Mailbox | null>;
  authorization(id: AuthorizationId): Promise<Authorization | null>;
  /** Rejects when the workspace of the token is gone. */
  workspace(): Promise<Workspace>;
}

export function createLoaders(store: Store, workspaceId: WorkspaceId): Loaders {
  const mailbox = createBatchLoader((ids: readonly MailboxId[]) => store.mailboxes(workspaceId, ids));
  const authorization = createBatchLoader((ids: readonly AuthorizationId[]) =>
    Promise.all(ids.map((id) => store.authorization(workspaceId, id))),
  );
  const workspace = createBatchLoader((ids: readonly WorkspaceId[]) => Promise.all(ids.map((id) => store.workspace(id))));
  return {
    mailbox,
    authorization,
    async workspace() {
      const found = await workspace(workspaceId);
      if (found === null) throw new Error('The workspace of the token does not exist.');
      return found;
    },
  };
}
