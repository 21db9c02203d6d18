import type { Clock } from '../domain/clock.ts';
import type { TokenId } from '../domain/ids.ts';
import type { Log } from '../domain/log.ts';
import type { Viewer } from '../domain/viewer.ts';
import type { Feed } from '../feed/feed.ts';
import type { Store } from '../store/store.ts';
import { isUsable } from './authenticate.ts';

const RECHECK_MS = 1_000;

export type EndReason = 'expired' | 'revoked';

/** Sockets and event streams that live on after their token was checked. Each ends when its token does. */
export interface LiveStreams {
  /** Registers one; `end` is called at most once, when the token expires or is revoked. Call the result when the stream closes by itself. */
  open(viewer: Viewer, end: (reason: EndReason) => void): () => void;
  /** How many the viewer has open. */
  count(viewer: Viewer): number;
  /** Stops following tokens; ends nothing. */
  stop(): void;
}

interface Entry {
  readonly viewer: Viewer;
  readonly end: (reason: EndReason) => void;
  readonly cancelExpiry: () => void;
}

export function createLiveStreams(parts: {
  readonly store: Store;
  readonly feed: Feed;
  readonly clock: Clock;
  readonly log: Log;
}): LiveStreams {
  const { store, feed, clock, log } = parts;
  const byViewer = new Map<string, Set<Entry>>();
  let stopped = false;

  function close(entry: Entry): void {
    entry.cancelExpiry();
    const entries = byViewer.get(entry.viewer.id);
    entries?.delete(entry);
    if (entries?.size === 0) byViewer.delete(entry.viewer.id);
  }

  function endAll(tokenId: TokenId, reason: EndReason): void {
    for (const entry of [...(byViewer.get(tokenId) ?? [])]) {
      close(entry);
      entry.end(reason);
    }
  }

  /** After a gap the revocation of a token may have been missed: each open one is looked up. */
  async function recheck(): Promise<void> {
    const tokenIds = new Set([...byViewer.values()].flatMap((entries) => [...entries].map(({ viewer }) => viewer.tokenId)));
    for (const tokenId of tokenIds) {
      if (tokenId === null) continue;
      const token = await store.token(tokenId);
      if (token === null || !isUsable(token, clock.now())) endAll(tokenId, 'revoked');
    }
  }

  function recheckUntilAnswered(): void {
    recheck().catch((error: unknown) => {
      log.warn('Tokens could not be looked up; they are looked up again shortly.', {
        error: error instanceof Error ? error.name : 'unknown',
      });
      if (!stopped) clock.schedule(RECHECK_MS, recheckUntilAnswered);
    });
  }

  const stopEvents = feed.onEvent(({ facts }) => {
    if (facts.kind === 'TOKEN' && facts.change === 'REVOKED') endAll(facts.tokenId, 'revoked');
  });
  const stopGaps = feed.onGap(recheckUntilAnswered);

  return {
    open(viewer, end) {
      const timer =
        viewer.expiresAt === null
          ? null
          : clock.schedule(Math.max(0, viewer.expiresAt - clock.now()), () => {
              close(entry);
              end('expired');
            });
      const entry: Entry = { viewer, end, cancelExpiry: () => timer?.cancel() };
      const entries = byViewer.get(viewer.id) ?? new Set();
      byViewer.set(viewer.id, entries.add(entry));
      return () => close(entry);
    },
    count: (viewer) => byViewer.get(viewer.id)?.size ?? 0,
    stop() {
      stopped = true;
      stopEvents();
      stopGaps();
    },
  };
}
