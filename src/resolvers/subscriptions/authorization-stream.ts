import { isOpen, type Authorization } from '../../domain/authorization.ts';
import type { AuthorizationId } from '../../domain/ids.ts';
import type { Viewer } from '../../domain/viewer.ts';
import type { FeedItem } from '../../feed/feed.ts';
import type { Gateway } from '../gateway.ts';
import { FeedStream, END, SKIP, type Step } from './feed-stream.ts';

const AFTER_COMMIT_MS = 60 * 60_000;

/**
 * The progress of one authorization: first its present state, then each new one; several changes that happened before the
 * subscriber took the last one arrive as the newest. Ends after a final state, or 1 h after COMMITTED. Null when there is none.
 */
export async function authorizationStream(
  gateway: Gateway,
  viewer: Viewer,
  id: AuthorizationId,
  onSlow: () => void,
): Promise<AsyncIterableIterator<Authorization> | null> {
  const { clock, feed } = gateway;
  if ((await readable(gateway, viewer, id)) === null) return null;

  let sentRevision: number | null = null;
  let wait: { cancel(): void } | null = null;

  const items = feed.read(viewer.workspaceId, null, { onSlow });
  // The state is read after the log is opened, so a change in between is an event that follows.
  const stream = new FeedStream<Authorization>(
    releasing(items, () => wait?.cancel()),
    async (item) => {
      if (!concerns(item, id)) return SKIP;
      const authorization = await readable(gateway, viewer, id);
      if (authorization === null) return END;
      if (authorization.revision === sentRevision) return SKIP;
      sentRevision = authorization.revision;
      return step(authorization);
    },
  );

  function step(value: Authorization): Step<Authorization> {
    if (isOpen(value.status)) return { kind: 'emit', value };
    if (value.status !== 'COMMITTED') return { kind: 'emit-last', value };
    const endsAt = (value.completedAt ?? clock.now()) + AFTER_COMMIT_MS;
    if (endsAt <= clock.now()) return { kind: 'emit-last', value };
    wait ??= clock.schedule(endsAt - clock.now(), () => void stream.return());
    return { kind: 'emit', value };
  }

  return stream;
}

/** Null also when its mailbox is gone: then nothing of it can be shown. */
async function readable({ store }: Gateway, viewer: Viewer, id: AuthorizationId): Promise<Authorization | null> {
  const authorization = await store.authorization(viewer.workspaceId, id);
  if (authorization === null) return null;
  return (await store.mailbox(viewer.workspaceId, authorization.mailboxId)) === null ? null : authorization;
}

function concerns(item: FeedItem, id: AuthorizationId): boolean {
  if (item.kind === 'opened') return true;
  if (item.kind === 'checkpoint') return false;
  const { facts } = item.event;
  return (facts.kind === 'AUTHORIZATION' && facts.authorizationId === id) || (facts.kind === 'MAILBOX' && facts.change === 'REMOVED');
}

/** The same items; `onReturn` runs when the reading is given up. */
function releasing<Item>(items: AsyncIterableIterator<Item>, onReturn: () => void): AsyncIterableIterator<Item> {
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    next: () => items.next(),
    async return() {
      onReturn();
      await items.return?.();
      return { done: true, value: undefined };
    },
  };
}
