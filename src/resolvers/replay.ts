import type { Authorization } from '../domain/authorization.ts';
import type { Diagnosis } from '../domain/diagnosis.ts';
import type { AuthorizationId, MailboxId } from '../domain/ids.ts';
import type { Mailbox } from '../domain/mailbox.ts';
import type { Viewer } from '../domain/viewer.ts';
import type { Gateway } from './gateway.ts';
import type {
  AuthorizationPayload,
  HandOverPrimaryPayload,
  MailboxPayload,
  RemoveMailboxPayload,
  ReportCredentialFailurePayload,
  SetPrimaryPayload,
} from './mutation-types.ts';

/**
 * How a payload is kept under an idempotency key and given again: entities by id, read anew, so that the answer is the
 * first result in its present state and no credential is copied. `restore` gives null when an entity is gone.
 */
export interface Replay<Payload> {
  keep(payload: Payload): unknown;
  /** `kept` is what `keep` gave, through JSON. */
  restore(gateway: Gateway, viewer: Viewer, kept: unknown): Promise<Payload | null>;
}

interface KeptIds {
  readonly mailboxId: MailboxId;
  readonly authorizationId: AuthorizationId;
}

export const mailboxReplay: Replay<MailboxPayload> = {
  keep: ({ mailbox }) => ({ mailboxId: mailbox.id }),
  restore: async (gateway, viewer, kept) => {
    const mailbox = await readMailbox(gateway, viewer, (kept as KeptIds).mailboxId);
    return mailbox === null ? null : { mailbox };
  },
};

export const authorizationReplay: Replay<AuthorizationPayload> = {
  keep: ({ mailbox, authorization }) => ({ mailboxId: mailbox.id, authorizationId: authorization.id }),
  restore: readAuthorizationPayload,
};

/** cancelAuthorization has no mailbox in its payload. */
export const onlyAuthorizationReplay: Replay<{ readonly authorization: Authorization }> = {
  keep: ({ authorization }) => ({ authorizationId: authorization.id }),
  restore: async (gateway, viewer, kept) => {
    const authorization = await gateway.store.authorization(viewer.workspaceId, (kept as KeptIds).authorizationId);
    return authorization === null ? null : { authorization };
  },
};

export const handOverReplay: Replay<HandOverPrimaryPayload> = {
  keep: ({ mailbox, authorization }) => ({ mailboxId: mailbox.id, authorizationId: authorization.id }),
  restore: async (gateway, viewer, kept) => {
    const workspace = await gateway.store.workspace(viewer.workspaceId);
    const payload = await readAuthorizationPayload(gateway, viewer, kept);
    return workspace === null || payload === null ? null : { ...payload, workspace };
  },
};

export const primaryReplay: Replay<SetPrimaryPayload> = {
  keep: ({ previousPrimary }) => ({ mailboxId: previousPrimary?.id ?? null }),
  restore: async (gateway, viewer, kept) => {
    const { mailboxId } = kept as { readonly mailboxId: MailboxId | null };
    const workspace = await gateway.store.workspace(viewer.workspaceId);
    if (workspace === null) return null;
    return { workspace, previousPrimary: mailboxId === null ? null : await readMailbox(gateway, viewer, mailboxId) };
  },
};

export const removalReplay: Replay<RemoveMailboxPayload> = {
  keep: (payload) => payload,
  restore: (_gateway, _viewer, kept) => Promise.resolve(kept as RemoveMailboxPayload),
};

export const reportReplay: Replay<ReportCredentialFailurePayload> = {
  keep: ({ mailbox, diagnosis }) => ({ mailboxId: mailbox.id, diagnosis }),
  restore: async (gateway, viewer, kept) => {
    const { mailboxId, diagnosis } = kept as { readonly mailboxId: MailboxId; readonly diagnosis: Diagnosis };
    const mailbox = await readMailbox(gateway, viewer, mailboxId);
    return mailbox === null ? null : { mailbox, diagnosis };
  },
};

function readMailbox(gateway: Gateway, viewer: Viewer, id: MailboxId): Promise<Mailbox | null> {
  return gateway.store.mailbox(viewer.workspaceId, id);
}

async function readAuthorizationPayload(gateway: Gateway, viewer: Viewer, kept: unknown): Promise<AuthorizationPayload | null> {
  const { mailboxId, authorizationId } = kept as KeptIds;
  const [mailbox, authorization] = await Promise.all([
    readMailbox(gateway, viewer, mailboxId),
    gateway.store.authorization(viewer.workspaceId, authorizationId),
  ]);
  return mailbox === null || authorization === null ? null : { mailbox, authorization };
}
