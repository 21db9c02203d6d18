import type { MailboxId } from '../../domain/ids.ts';
import type { Health } from '../../domain/leg.ts';
import type { AuthMethodKind, Provider } from '../../domain/mail.ts';
import type { Mailbox } from '../../domain/mailbox.ts';
import type { Reason } from '../../domain/reason.ts';
import type { ScenarioKind } from '../../domain/scenario-kind.ts';
import type { Viewer } from '../../domain/viewer.ts';
import type { MailboxFilter, MailboxOrder } from '../../store/store.ts';
import type { Gateway } from '../gateway.ts';
import type { Loaders } from '../views/loaders.ts';
import { scenarioOfMailbox } from '../views/scenario.ts';
import { checkedPageSize, connectionOf, formatPosition, parsePosition, type Connection, type PageArguments } from './page.ts';

/** A filter as a person gives it: null and absent both mean "any". */
export interface MailboxListFilter {
  readonly health?: readonly Health[] | null | undefined;
  readonly reason?: readonly Reason[] | null | undefined;
  readonly provider?: readonly Provider[] | null | undefined;
  readonly authMethod?: readonly AuthMethodKind[] | null | undefined;
  readonly scenario?: readonly ScenarioKind[] | null | undefined;
  readonly isPrimary?: boolean | null | undefined;
  readonly addressContains?: string | null | undefined;
}

export interface MailboxConnection extends Connection<Mailbox> {
  /** Counted when asked for. */
  readonly totalCount: () => Promise<number>;
  /** A cursor of the log taken before the list was read. */
  readonly asOf: string;
}

/** A page of the workspace's live mailboxes, by address unless ordered otherwise. Throws PageRefused. */
export async function listMailboxes(
  gateway: Gateway,
  viewer: Viewer,
  loaders: Loaders,
  request: PageArguments & { readonly filter?: MailboxListFilter | null | undefined; readonly orderBy?: MailboxOrder | null | undefined },
): Promise<MailboxConnection> {
  const limit = checkedPageSize(request);
  const orderBy = request.orderBy ?? 'ADDRESS_ASC';
  const list = `mailboxes:${orderBy}`;
  const after = request.after == null ? null : parsePosition(list, request.after);
  const before = request.before == null ? null : parsePosition(list, request.before);
  const asOf = await gateway.feed.cursorNow(viewer.workspaceId);
  const filter = await storeFilter(gateway, viewer, loaders, request.filter ?? {});
  const page = await gateway.store.mailboxPage(viewer.workspaceId, {
    filter,
    orderBy,
    limit,
    fromEnd: request.last != null,
    ...(after === null ? {} : { after }),
    ...(before === null ? {} : { before }),
  });
  return {
    ...connectionOf(page, (_, position) => formatPosition(list, position)),
    totalCount: () => gateway.store.countMailboxes(viewer.workspaceId, filter),
    asOf,
  };
}

/** Matches no mailbox: no id is empty. */
const NOBODY: readonly MailboxId[] = [];

/**
 * The store knows each mailbox by itself; what depends on the workspace (which one is primary, whether its scenario is the
 * hand-over) is said to it as ids.
 */
async function storeFilter(gateway: Gateway, viewer: Viewer, loaders: Loaders, given: MailboxListFilter): Promise<MailboxFilter> {
  const own: MailboxFilter = {
    ...(given.health == null ? {} : { health: given.health }),
    ...(given.reason == null ? {} : { reason: given.reason }),
    ...(given.provider == null ? {} : { provider: given.provider }),
    ...(given.authMethod == null ? {} : { authMethod: given.authMethod }),
    ...(given.addressContains == null || given.addressContains === '' ? {} : { addressContains: given.addressContains }),
  };
  if (given.isPrimary == null && given.scenario == null) return own;
  const { primaryMailboxId } = await loaders.workspace();
  const byPrimary = primaryFilter(given.isPrimary ?? null, primaryMailboxId);
  if (given.scenario == null) return { ...own, ...byPrimary };
  return scenarioFilter({ ...own, ...byPrimary }, given.scenario, await handedOver(gateway, viewer, loaders));
}

function primaryFilter(isPrimary: boolean | null, primary: MailboxId | null): Pick<MailboxFilter, 'ids' | 'exceptIds'> {
  if (isPrimary === null) return {};
  if (isPrimary) return { ids: primary === null ? NOBODY : [primary] };
  return primary === null ? {} : { exceptIds: [primary] };
}

/** The one mailbox whose scenario is PRIMARY_HANDOVER, if any. */
async function handedOver(gateway: Gateway, viewer: Viewer, loaders: Loaders): Promise<MailboxId | null> {
  const workspace = await loaders.workspace();
  const candidate = workspace.handOver?.mailboxId ?? workspace.primaryMailboxId;
  if (candidate === null) return null;
  const mailbox = await loaders.mailbox(candidate);
  if (mailbox === null) return null;
  const scenario = await scenarioOfMailbox(gateway, viewer, loaders, mailbox);
  return scenario?.kind === 'PRIMARY_HANDOVER' ? mailbox.id : null;
}

function scenarioFilter(filter: MailboxFilter, kinds: readonly ScenarioKind[], handedOverId: MailboxId | null): MailboxFilter {
  const withHandOver = kinds.includes('PRIMARY_HANDOVER');
  const ownKinds = kinds.filter((kind) => kind !== 'PRIMARY_HANDOVER');
  if (!withHandOver) {
    const exceptIds = [...(filter.exceptIds ?? []), ...(handedOverId === null ? [] : [handedOverId])];
    return { ...filter, scenario: ownKinds, ...(exceptIds.length === 0 ? {} : { exceptIds }) };
  }
  if (ownKinds.length === 0) {
    const allowed = filter.ids === undefined || (handedOverId !== null && filter.ids.includes(handedOverId));
    return { ...filter, ids: handedOverId !== null && allowed ? [handedOverId] : NOBODY };
  }
  return { ...filter, scenario: ownKinds, ...(handedOverId === null ? {} : { scenarioAlsoIds: [handedOverId] }) };
}
