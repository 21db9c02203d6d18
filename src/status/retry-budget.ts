/**
 * How many early retries this process may make: one for every ten checks, and a few to begin with. A single hiccup heals
 * within seconds; when everything fails at once, retries stay a tenth of the load instead of multiplying it
 * (Google SRE book, chapter 22, "retry budget").
 */
export interface RetryBudget {
  /** A regular check was made. */
  earn(): void;
  /** Takes an early retry if there is one. */
  spend(): boolean;
}

const EARNED_BY_A_CHECK = 0.1;
const MOST = 20;

export function createRetryBudget(): RetryBudget {
  let retries = MOST;
  return {
    earn() {
      retries = Math.min(MOST, retries + EARNED_BY_A_CHECK);
    },
    spend() {
      if (retries < 1) return false;
      retries -= 1;
      return true;
    },
  };
}
