import type { OauthServer } from '../../sandbox/oauth/oauth-server.ts';
import type { OauthFlavour } from '../../sandbox/oauth/refusals.ts';
import type { MailboxId, WorkspaceId } from '../../src/domain/ids.ts';

/** Each takes one defence away from the process, never from the product: the experiments have to fail without it. */
export type MissingDefence =
  /** Everybody gets every lease. */
  | 'lease'
  /** Leases go by the clock of the process instead of the database's. */
  | 'lease-by-the-database'
  /** What is about to be sent is not noted in the database. */
  | 'intent'
  /** No clock of the process sees how long it was paused. */
  | 'look-at-the-clock'
  /** The token is noted as about to be sent without looking whether it is still the stored one. */
  | 'look-at-the-token';

/** Where the process stops itself, as SIGSTOP from outside would, and what its clocks say when it goes on. */
export interface Pause {
  /** `read`: the token was read under the lease. `intent`: that it is about to be sent was noted. */
  readonly after: 'read' | 'intent';
  /** Beside the time that really passed. `monotonic`: as after a long pause. `wall`: as after a sleep of the machine. */
  readonly jump?: { readonly of: 'monotonic' | 'wall'; readonly ms: number };
}

export interface RefresherOrders {
  readonly databaseUrl: string;
  readonly folder: string;
  readonly keyringFile: string;
  readonly flavour: OauthFlavour;
  readonly origin: string;
  readonly endpoints: OauthServer['endpoints'];
  readonly ca: string;
  readonly workspaceId: WorkspaceId;
  readonly mailboxIds: readonly MailboxId[];
  /** Leases are taken in this name. */
  readonly holder: string;
  /** How many mailboxes at a time. */
  readonly atOnce: number;
  /** Passes over all mailboxes; without it until the starter says `end`. */
  readonly rounds?: number;
  readonly without?: MissingDefence;
  readonly pause?: Pause;
}

/** What the starter says. */
export type RefresherWord = 'begin' | 'end';

export type RefresherReport =
  /** `at`: the time of day by its clock. */
  | { readonly kind: 'ready'; readonly at: number }
  /** RENEWED: by this process. SAVED: another process had just done it, so that no token was sent twice. Else the reason. */
  | { readonly kind: 'outcome'; readonly mailboxId: MailboxId; readonly outcome: string }
  /** The process stops itself now. */
  | { readonly kind: 'stopping'; readonly mailboxId: MailboxId; readonly lease: string };
