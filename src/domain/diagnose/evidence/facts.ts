import type { Evidence } from '../../evidence.ts';

/** What one node of an error says; merged into Evidence. */
export interface Facts {
  readonly library?: Evidence['library'];
  readonly codes?: readonly (string | null)[];
  readonly names?: readonly (string | null)[];
  readonly responseCode?: string | null;
  readonly responseStatus?: string | null;
  readonly replyCode?: number | null;
  readonly enhancedCode?: string | null;
  readonly httpStatus?: number | null;
  readonly aadsts?: readonly number[];
  readonly oauthError?: string | null;
  readonly oauthSuberror?: string | null;
  readonly saslError?: Evidence['saslError'];
  readonly tlsFailed?: boolean;
  readonly authenticationFailed?: boolean;
  readonly command?: string | null;
  readonly retryAfterMs?: number | null;
  /** Sentences, most telling first, still unredacted. */
  readonly texts?: readonly (string | null)[];
}

/** The first value that is there. */
export function firstOf<Key extends keyof Facts>(all: readonly Facts[], key: Key): NonNullable<Facts[Key]> | null {
  for (const facts of all) {
    const value = facts[key] ?? null;
    if (value !== null) return value;
  }
  return null;
}
