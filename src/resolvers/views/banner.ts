import { bannerOf, type Banner } from '../../domain/banner.ts';
import type { MailboxId } from '../../domain/ids.ts';
import type { Mailbox } from '../../domain/mailbox.ts';
import type { Viewer } from '../../domain/viewer.ts';
import type { PagePosition } from '../../store/store.ts';
import type { Gateway } from '../gateway.ts';
import { checkedPageSize, formatPosition, parsePosition, type PageArguments } from '../queries/page.ts';
import type { MailboxConnection } from '../queries/mailbox-list.ts';
import type { Loaders } from './loaders.ts';

const READ_BATCH = 500;
const LIST = 'banner';

/** What to show on top of the help desk; null when nothing needs anybody. Reads every mailbox that could be spoken of, and no other. */
export async function readBanner(gateway: Gateway, viewer: Viewer, loaders: Loaders): Promise<Banner | null> {
  const [mailboxes, workspace] = await Promise.all([mailboxesWithAttention(gateway, viewer), loaders.workspace()]);
  return bannerOf(mailboxes, {
    primaryMailboxId: workspace.primaryMailboxId,
    now: gateway.clock.now(),
    advisories: gateway.advisories,
    helpUrl: gateway.settings.helpUrl,
  });
}

async function mailboxesWithAttention(gateway: Gateway, viewer: Viewer): Promise<readonly Mailbox[]> {
  const found: Mailbox[] = [];
  let after: PagePosition | undefined;
  for (;;) {
    const page = await gateway.store.mailboxPage(viewer.workspaceId, {
      filter: { attention: true },
      orderBy: 'SEVERITY_DESC',
      limit: READ_BATCH,
      fromEnd: false,
      ...(after === undefined ? {} : { after }),
    });
    found.push(...page.items.map(({ item }) => item));
    after = page.items.at(-1)?.position;
    if (!page.hasNext || after === undefined) return found;
  }
}

/** A page of the mailboxes that the banner speaks of, worst first. One that was removed meanwhile is left out. Throws PageRefused. */
export async function listBannerMailboxes(
  gateway: Gateway,
  viewer: Viewer,
  loaders: Loaders,
  mailboxIds: readonly MailboxId[],
  request: Pick<PageArguments, 'first' | 'after'>,
): Promise<MailboxConnection> {
  const limit = checkedPageSize(request);
  const seen = request.after == null ? null : parsePosition(LIST, request.after).id;
  const asOf = await gateway.feed.cursorNow(viewer.workspaceId);
  // A mailbox that left the banner since the last page leaves no place to go on from: the page starts over.
  const start = seen === null ? 0 : mailboxIds.findIndex((id) => id === seen) + 1;
  const ids = mailboxIds.slice(start, start + limit);
  const mailboxes = (await Promise.all(ids.map((id) => loaders.mailbox(id)))).filter((mailbox) => mailbox !== null);
  const edges = mailboxes.map((mailbox) => ({ cursor: formatPosition(LIST, { key: '', id: mailbox.id }), node: mailbox }));
  return {
    edges,
    pageInfo: {
      hasNextPage: start + limit < mailboxIds.length,
      hasPreviousPage: start > 0,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
    totalCount: async () => mailboxIds.length,
    asOf,
  };
}
