/**
 * What a mail server may cost one login, in time and in bytes. A hostile or broken server is bounded by these
 * and by the deadline of the attempt, whatever the library would allow.
 */

/** Longest response line, in bytes. Capability lists and mailbox names stay far below. */
export const MAX_LINE_BYTES = 64 * 1024;
/** Largest announced literal, in bytes. */
export const MAX_LITERAL_BYTES = 256 * 1024;
/** Largest single response, lines and literals together, in bytes. Above the literal limit, or none would fit. */
export const MAX_RESPONSE_BYTES = 512 * 1024;
/** Most tokens in one response: parsing costs about a hundred bytes each. */
export const MAX_RESPONSE_TOKENS = 50_000;

/** How long a proven login may wait for the server's answer to QUIT. */
export const FAREWELL_MS = 1_000;

/** The library's own limits, in milliseconds, all of them inside the attempt's deadline. */
export interface LoginTimeouts {
  readonly connectMs: number;
  readonly greetingMs: number;
  readonly silenceMs: number;
}

/**
 * Splits what is left of the deadline so that the library speaks first and names the phase that stalled:
 * a connection that is never accepted, a greeting that never comes (often the wrong TLS mode) and silence later
 * mean different things. The deadline itself stays the last word.
 */
export function loginTimeouts(remainingMs: number): LoginTimeouts {
  return {
    connectMs: atLeastOne(remainingMs * 0.9),
    greetingMs: atLeastOne(remainingMs * 0.6),
    silenceMs: atLeastOne(remainingMs * 0.9),
  };
}

/** Both libraries read 0 as "use the default of minutes". */
function atLeastOne(ms: number): number {
  return Math.max(1, Math.floor(ms));
}
