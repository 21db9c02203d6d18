import type { LogEvent } from '../domain/event.ts';
import type { WorkspaceId } from '../domain/ids.ts';

export const RESUME_OUTCOMES = ['LIVE', 'UP_TO_DATE', 'REPLAYING', 'RESET_REQUIRED'] as const;
export type ResumeOutcome = (typeof RESUME_OUTCOMES)[number];

/** What a reader of a workspace's log gets, in order: one `opened`, then events without gap or repetition, with checkpoints between. */
export type FeedItem =
  | { readonly kind: 'opened'; readonly cursor: string; readonly resume: ResumeOutcome }
  | { readonly kind: 'event'; readonly cursor: string; readonly event: LogEvent }
  /** Nothing is missing up to here. */
  | { readonly kind: 'checkpoint'; readonly cursor: string };

/** The workspace's log, followed. Knows no GraphQL. */
export interface Feed {
  /**
   * Reads the log from `after` (null: from now). Pulled: a slow reader keeps no memory here, it reads on from the store.
   * `return()` releases at once, also while a `next()` is pending. When nothing was pulled for 60 s although events
   * waited, `onSlow` is called once (close the socket: its reader resumes from the log) and the next pull ends the iteration.
   * A checkpoint may repeat the cursor of the item before it: pass it on only if the subscriber has not seen that cursor.
   */
  read(workspaceId: WorkspaceId, after: string | null, options?: { readonly onSlow?: () => void }): AsyncIterableIterator<FeedItem>;
  /** A cursor of the newest event. Take it before reading a list, and nothing falls between list and stream. */
  cursorNow(workspaceId: WorkspaceId): Promise<string>;
  /** Every event of every workspace that this process sees, for the gateway's own reactions (token revocation). Not replayed. */
  onEvent(listener: (event: LogEvent) => void): () => void;
  /** Events may have been missed by `onEvent` listeners: check anew whatever depends on them. */
  onGap(listener: () => void): () => void;
  start(): void;
  stop(): Promise<void>;
}
