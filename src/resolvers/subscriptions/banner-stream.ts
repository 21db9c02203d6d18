import type { Banner } from '../../domain/banner.ts';
import type { Viewer } from '../../domain/viewer.ts';
import type { FeedItem } from '../../feed/feed.ts';
import type { Gateway } from '../gateway.ts';
import { readBanner } from '../views/banner.ts';
import { createLoaders } from '../views/loaders.ts';
import { FeedStream, SKIP } from './feed-stream.ts';

export interface BannerEvent {
  readonly cursor: string;
  readonly banner: Banner | null;
}

/**
 * The banner: first as it is, then whenever it has become another one. Several changes that happened before the subscriber
 * took the last arrive as the newest. Also read anew at checkpoints, because some of it depends on time alone.
 */
export function bannerStream(gateway: Gateway, viewer: Viewer, onSlow: () => void): AsyncIterableIterator<BannerEvent> {
  const loaders = createLoaders(gateway.store, viewer.workspaceId);
  let shown: string | null = null;
  return new FeedStream<BannerEvent>(gateway.feed.read(viewer.workspaceId, null, { onSlow }), async (item) => {
    if (!mayChangeBanner(item)) return SKIP;
    const banner = await readBanner(gateway, viewer, loaders);
    const text = JSON.stringify(banner);
    if (text === shown) return SKIP;
    shown = text;
    return { kind: 'emit', value: { cursor: item.cursor, banner } };
  });
}

function mayChangeBanner(item: FeedItem): boolean {
  if (item.kind !== 'event') return true;
  switch (item.event.facts.kind) {
    case 'STATUS':
    case 'MAILBOX':
    case 'WORKSPACE':
      return true;
    case 'AUTHORIZATION':
    case 'INCIDENT':
    case 'TOKEN':
      return false;
  }
}
