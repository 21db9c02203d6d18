const SKIPPED_BEFORE_CHECKPOINT = 100;

export interface Checkpoints {
  /** The subscriber has this cursor now. */
  sent(cursor: string): void;
  /** Nothing of this event concerns the subscriber: true when it is time to say how far the log is. */
  skipped(cursor: string): boolean;
  /** True when a checkpoint of the feed says something that the subscriber does not know. */
  isNew(cursor: string): boolean;
}

/** Keeps the cursor of a subscriber fresh whose filter lets little through, without repeating what it has seen. */
export function createCheckpoints(): Checkpoints {
  let known = '';
  let skipped = 0;
  return {
    sent(cursor) {
      known = cursor;
      skipped = 0;
    },
    skipped() {
      skipped += 1;
      return skipped >= SKIPPED_BEFORE_CHECKPOINT;
    },
    isNew: (cursor) => cursor !== known,
  };
}
