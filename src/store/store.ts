import type { Authorization } from '../domain/authorization.ts';
import type { EventFacts, EventKind, LogEvent } from '../domain/event.ts';
import type { AuthorizationId, IncidentId, MailboxId, TokenId, WorkspaceId } from '../domain/ids.ts';
import type { Incident } from '../domain/incident.ts';
import type { Health } from '../domain/leg.ts';
import type { AuthMethodKind, Provider } from '../domain/mail.ts';
import type { Mailbox } from '../domain/mailbox.ts';
import type { Reason } from '../domain/reason.ts';
import type { ScenarioKind } from '../domain/scenario-kind.ts';
import type { ApiToken } from '../domain/viewer.ts';
import type { Workspace } from '../domain/workspace.ts';

/**
 * The store port. Two engines implement it: SQLite (embedded, one serving process) and MongoDB (many processes).
 * Both hold the same documents and pass the same contract suite.
 *
 * Every read of a workspace's data takes the WorkspaceId first: what belongs to another workspace is not found.
 * Every time is epoch milliseconds. Every method rejects with StoreUnavailable when the database cannot answer;
 * then nothing was acknowledged and the caller may repeat it.
 */
export interface Store {
  readonly engine: 'sqlite' | 'mongodb';

  /**
   * Applies each change whole or not at all, together with its events, durably (SQLite synchronous=FULL, MongoDB
   * majority). The changes of one call share as few transactions as their workspaces allow (group commit), but each
   * succeeds or conflicts alone. Results are in the order of the changes.
   *
   * A change conflicts when a guard fails: a `replace` or `remove` whose expectedRevision is no longer the stored one,
   * an `insert` whose id exists, a live address that another live mailbox of the workspace has, a scope that another open
   * incident of the workspace has, or a document whose workspaceId is not the change's. Exactly one of two
   * racing changes with the same guard commits.
   *
   * The head of the log is written last. `position` and `sequence` are gap-free and equal to the order in which
   * followers see the events, also under concurrent writers in several processes. The store stamps the sequence of a
   * STATUS event into the leg it names, if the same change writes that mailbox.
   */
  commit(changes: readonly Change[]): Promise<readonly CommitResult[]>;

  // ------------------------------------------------------------ workspaces and tokens

  /** Makes the workspace if there is none of that name (compared exactly); idempotent under races. */
  ensureWorkspace(name: string, now: number): Promise<Workspace>;
  workspace(id: WorkspaceId): Promise<Workspace | null>;
  workspaces(): Promise<readonly Workspace[]>;
  /** Appends a TOKEN event to the token's workspace. */
  createToken(token: ApiToken): Promise<void>;
  /** Appends a TOKEN event; false when there is no such token or it is revoked already. */
  revokeToken(id: TokenId, now: number): Promise<boolean>;
  token(id: TokenId): Promise<ApiToken | null>;
  tokens(): Promise<readonly ApiToken[]>;

  // ------------------------------------------------------------ reading a workspace

  /** Also pending ones (not live). */
  mailbox(workspace: WorkspaceId, id: MailboxId): Promise<Mailbox | null>;
  /** In the order of `ids`; null where not found. */
  mailboxes(workspace: WorkspaceId, ids: readonly MailboxId[]): Promise<readonly (Mailbox | null)[]>;
  /** Live mailbox with this address, compared case-insensitively. */
  mailboxByAddress(workspace: WorkspaceId, address: string): Promise<Mailbox | null>;
  /** Pending mailboxes with this address. */
  pendingByAddress(workspace: WorkspaceId, address: string): Promise<readonly Mailbox[]>;
  /** One page of live mailboxes. */
  mailboxPage(workspace: WorkspaceId, request: MailboxPageRequest): Promise<Page<Mailbox>>;
  /** Live mailboxes that match; same filter as the page. */
  countMailboxes(workspace: WorkspaceId, filter: MailboxFilter): Promise<number>;
  /** Live mailboxes by mailbox health (the worst leg); healths without any are 0. */
  healthCounts(workspace: WorkspaceId): Promise<Readonly<Record<Health, number>>>;
  /** The position of the newest event (0 = none) and of the oldest kept one. Read this before a list to get a cursor for it. */
  head(workspace: WorkspaceId): Promise<LogHead>;
  /** Events with position > after, ascending, at most `limit`. */
  eventsAfter(workspace: WorkspaceId, after: number, limit: number): Promise<readonly LogEvent[]>;
  eventAt(workspace: WorkspaceId, position: number): Promise<LogEvent | null>;
  /** A page of one kind of event, ascending, optionally of one mailbox. Without after and before: the newest `limit` if fromEnd, else the oldest. */
  eventPage(workspace: WorkspaceId, request: EventPageRequest): Promise<Page<LogEvent>>;
  eventById(workspace: WorkspaceId, id: string): Promise<LogEvent | null>;
  incident(workspace: WorkspaceId, id: IncidentId): Promise<Incident | null>;
  /** Newest first. */
  incidentPage(workspace: WorkspaceId, request: IncidentPageRequest): Promise<Page<Incident>>;
  openIncident(workspace: WorkspaceId, scope: string): Promise<Incident | null>;
  authorization(workspace: WorkspaceId, id: AuthorizationId): Promise<Authorization | null>;

  // ------------------------------------------------------------ work over all workspaces

  /**
   * Hands out live, unpaused mailboxes whose nextCheckAt (of either leg) has come, oldest first, each to one caller
   * only: one atomic batch with a lease on the database's clock. A claim ends by a commit with `releaseClaim`, by
   * `releaseClaims`, or when it expires.
   */
  claimDue(request: ClaimRequest): Promise<readonly Mailbox[]>;
  releaseClaims(holder: string): Promise<void>;
  /** The oldest due time of any unclaimed mailbox, for the monitor's sleep and for the lag metric; null when there is none. */
  nextDueAt(): Promise<number | null>;
  /** Authorizations that are VERIFYING with nextVerifyAt <= now, or open with expiresAt <= now. Not claimed: take the lease `verify:<id>`. */
  authorizationsDue(now: number, limit: number): Promise<readonly Authorization[]>;
  /** By the hash of its state, whatever the workspace: the callback knows no workspace yet. */
  authorizationByState(stateHash: string): Promise<Authorization | null>;
  /** For the start page, which knows no workspace either; the caller has verified the HMAC of the id. */
  authorizationForStart(id: AuthorizationId): Promise<Authorization | null>;
  /** Mailboxes with a replaced setup whose keptUntil has come and whose secret is not erased. */
  rollbacksExpired(now: number, limit: number): Promise<readonly Mailbox[]>;
  /** Pending mailboxes last updated before `before` without an open authorization. */
  pendingExpired(before: number, limit: number): Promise<readonly Mailbox[]>;
  /** Live OAuth mailboxes whose grant was last refreshed before `before`; for keep-alive. */
  grantsIdle(before: number, limit: number): Promise<readonly Mailbox[]>;
  /** Live, unpaused mailboxes over all workspaces with a leg at this incident scope's incident; for release and canary. */
  mailboxesAtIncidents(incidents: readonly IncidentId[], limit: number): Promise<readonly Mailbox[]>;
  openIncidents(scope: string | null): Promise<readonly Incident[]>;
  /** How many live mailboxes use the same OAuth client and account, other than `except`. */
  grantUsers(clientId: string, pinKey: string, except: MailboxId): Promise<number>;
  workspacesWithHandOver(): Promise<readonly Workspace[]>;

  /** Counts a suspicion of a mailbox in the cohort's window; one mailbox counts once a minute. */
  addSuspicion(cohort: string, mailbox: MailboxId, at: number): Promise<void>;
  /** Distinct mailboxes suspected since `since`, over all workspaces. */
  suspicionsSince(cohort: string, since: number): Promise<number>;
  /** Live, unpaused mailboxes of the cohort over all workspaces. */
  cohortSize(cohort: string): Promise<number>;

  // ------------------------------------------------------------ coordination

  /** True for exactly one holder at a time, by the database's clock. A holder may renew by acquiring again. `fence` goes up with each change of holder. */
  acquireLease(name: string, holder: string, ttlMs: number): Promise<{ readonly acquired: boolean; readonly fence: number }>;
  /** No effect when another holds it. */
  releaseLease(name: string, holder: string): Promise<void>;

  /**
   * Idempotency. `begin` answers 'started' to exactly one caller of a key; the others get the stored result, or
   * 'in-progress' while there is none yet (a started one that did not finish within 60 s may be started again).
   */
  beginIdempotent(record: IdempotencyKey, now: number): Promise<IdempotencyState>;
  finishIdempotent(record: IdempotencyKey, result: string): Promise<void>;
  /** Forgets a started key so that the same key can be tried again (the attempt threw). */
  abandonIdempotent(record: IdempotencyKey): Promise<void>;

  /** Serving processes; used by key activation and by doctor. */
  heartbeat(instance: Instance): Promise<void>;
  instances(aliveSince: number): Promise<readonly Instance[]>;
  removeInstance(id: string): Promise<void>;

  /** Small facts of the installation, e.g. key check values. `setMeta` with `ifAbsent` returns the value that stands afterwards. */
  meta(key: string): Promise<string | null>;
  setMeta(key: string, value: string, options?: { readonly ifAbsent?: boolean }): Promise<string>;

  /** For key rotation and counting: pages over every document that holds sealed secrets. */
  sealedHolders(
    after: string | null,
    limit: number,
  ): Promise<{ readonly mailboxes: readonly Mailbox[]; readonly authorizations: readonly Authorization[]; readonly next: string | null }>;

  /** Deletes events older than `before` (never a workspace's newest), idempotency records and suspicions; raises the floor. Returns how many events went. */
  prune(before: number): Promise<number>;

  // ------------------------------------------------------------ following

  /**
   * Wakes the feed: one item for each group of newly committed events, from any process, in log order per workspace.
   * The first item is always a `gap`: from then on nothing that is committed goes unnoticed.
   * Items may repeat and may be missing after a fault: then `{kind: 'gap'}` says that every log has to be read again.
   * The log is the truth. Ends when `signal` aborts. MongoDB: ONE supervised change stream on a connection of its own,
   * re-opened by itself for ever; SQLite: the committed write itself and, for other processes, PRAGMA data_version.
   */
  follow(signal: AbortSignal): AsyncIterable<Wake>;

  /** Resolves when the database answers; rejects with StoreUnavailable within `timeoutMs`. For /readyz and doctor. */
  ping(timeoutMs: number): Promise<void>;
  /** Idempotent. Pending operations finish first. */
  close(): Promise<void>;
}

/** A document with its guard. The store sets the new revision itself: whatever `doc.revision` says is ignored. */
export type Guarded<T, Key> =
  | { readonly kind: 'insert'; readonly doc: T }
  | { readonly kind: 'replace'; readonly doc: T; readonly expectedRevision: number }
  | { readonly kind: 'remove'; readonly id: Key; readonly expectedRevision: number };

/** One atomic step of a use-case in one workspace. */
export interface Change {
  readonly workspaceId: WorkspaceId;
  readonly at: number;
  readonly mailboxes?: readonly Guarded<Mailbox, MailboxId>[];
  readonly authorizations?: readonly Guarded<Authorization, AuthorizationId>[];
  readonly incidents?: readonly Guarded<Incident, IncidentId>[];
  readonly workspace?: { readonly doc: Workspace; readonly expectedRevision: number };
  /** Appended in this order. None: nothing is logged and the head is not touched. */
  readonly events?: readonly EventFacts[];
  readonly audit?: readonly AuditEntry[];
  /** Ends the claim that this holder has on the mailboxes written; no effect when somebody else has it by now. */
  readonly releaseClaim?: string;
}

export type CommitResult =
  | { readonly kind: 'committed'; readonly events: readonly LogEvent[] }
  /** A guard failed; nothing of this change was written. Read again and decide anew. */
  | { readonly kind: 'conflict'; readonly on: 'mailbox' | 'address' | 'authorization' | 'incident' | 'workspace' };

export interface AuditEntry {
  readonly who: string;
  readonly what: string;
  readonly mailboxId: MailboxId | null;
  readonly facts: Readonly<Record<string, string | number | boolean | null>>;
}

export const MAILBOX_ORDERS = ['ADDRESS_ASC', 'SEVERITY_DESC', 'CHANGED_DESC'] as const;
export type MailboxOrder = (typeof MAILBOX_ORDERS)[number];

/** All given parts must match; within a part any. Pending mailboxes never match. */
export interface MailboxFilter {
  readonly health?: readonly Health[];
  /** Of either leg. */
  readonly reason?: readonly Reason[];
  readonly provider?: readonly Provider[];
  readonly authMethod?: readonly AuthMethodKind[];
  /** The mailbox's own scenario (domain/scenario without the hand-over, which depends on the workspace). */
  readonly scenario?: readonly ScenarioKind[];
  /** Only with `scenario`: these mailboxes pass that part too, whatever their own scenario is (the hand-over's). */
  readonly scenarioAlsoIds?: readonly MailboxId[];
  /** Case-insensitive, literal. */
  readonly addressContains?: string;
  readonly ids?: readonly MailboxId[];
  readonly exceptIds?: readonly MailboxId[];
  /** Only mailboxes that a banner or scenario may speak of (domain/mailbox-index). */
  readonly attention?: true;
}

/** A page position: the sort key of the last item seen. Opaque to everybody but the engines. */
export interface PagePosition {
  readonly key: string | number;
  readonly id: string;
}

export interface MailboxPageRequest {
  readonly filter: MailboxFilter;
  readonly orderBy: MailboxOrder;
  readonly limit: number;
  readonly after?: PagePosition;
  readonly before?: PagePosition;
  /** Take the last `limit` of the range instead of the first. */
  readonly fromEnd: boolean;
}

export interface EventPageRequest {
  readonly kind: EventKind;
  readonly mailboxId?: MailboxId;
  readonly limit: number;
  /** Positions, exclusive. */
  readonly after?: number;
  readonly before?: number;
  readonly fromEnd: boolean;
}

export interface IncidentPageRequest {
  /** True: open ones; false: closed ones; null: all. */
  readonly open: boolean | null;
  readonly limit: number;
  readonly after?: PagePosition;
}

/** Items always in list order, whatever end they were taken from. */
export interface Page<T> {
  readonly items: readonly { readonly item: T; readonly position: PagePosition }[];
  readonly hasPrevious: boolean;
  readonly hasNext: boolean;
}

export interface LogHead {
  readonly position: number;
  readonly sequence: number;
  /** Events with a position below this were pruned; 1 when none was. */
  readonly floor: number;
}

export interface ClaimRequest {
  readonly holder: string;
  readonly limit: number;
  readonly leaseMs: number;
  /** Hosts whose budget is used up now: a mailbox with a leg there is left for later. */
  readonly exceptHosts: readonly string[];
}

export interface IdempotencyKey {
  readonly workspaceId: WorkspaceId;
  readonly key: string;
  readonly operation: string;
  /** HMAC of the canonical input; passwords are part of it. */
  readonly fingerprint: string;
  readonly holder: string;
}

export type IdempotencyState =
  | { readonly kind: 'started' }
  | { readonly kind: 'in-progress' }
  | { readonly kind: 'finished'; readonly result: string }
  | { readonly kind: 'mismatch' };

export interface Instance {
  readonly id: string;
  readonly startedAt: number;
  readonly seenAt: number;
  readonly version: string;
  /** Ids of the keys in its ring. */
  readonly keyIds: readonly string[];
}

export type Wake =
  /** Newly committed events of one workspace, ascending, as many as the engine has at hand. */
  | { readonly kind: 'events'; readonly workspaceId: WorkspaceId; readonly events: readonly LogEvent[] }
  /** Something may have been missed (re-opened stream, another process wrote): read every log whose head is ahead. */
  | { readonly kind: 'gap' };
