import type { Logger } from 'imapflow';

/** What the server said beside its answers, and what the library keeps to itself: heard through its log. */
export interface ServerTalk {
  readonly logger: Logger & { isLevelEnabled(level: string): boolean };
  /**
   * The last failure that the library noted and went on from. It does so when CAPABILITY or STARTTLS fails, also when
   * they fail because the connection is gone, and then concludes that the server cannot do STARTTLS or login.
   */
  lastSwallowed(): Error | null;
  /** The last untagged NO, e.g. Gmail's `* NO [WEBALERT …]`: the library puts only the tagged answer on its error. */
  lastUntaggedNo(): string | null;
}

/** Log text is kept only up to here: it is a server's. */
const MAX_KEPT_LENGTH = 1000;

/** How other services greet: SMTP and FTP, POP3, HTTP, SSH. No line of IMAP begins like these (RFC 3501 section 7). */
const GREETING_OF_ANOTHER = /^(?:\d{3}[ -]|\+OK\b|-ERR\b|HTTP\/\d|SSH-\d)/;

/**
 * A logger for imapflow that writes nothing and listens for what its errors do not tell (in time): untagged refusals,
 * failures it goes on from, a throttle, whose error connect() holds back for minutes while it waits, and a service that
 * does not speak IMAP, for whose greeting it waits all the same. The last two end the attempt.
 * Must have every level: imapflow sends the levels that are missing to the console.
 */
export function listenToServer(end: (error: unknown) => void, isLoggedIn: () => boolean): ServerTalk {
  let untaggedNo: string | null = null;
  let swallowed: Error | null = null;
  let isFirst = true;
  const ignore = (): void => undefined;
  const hear = (entry: unknown): void => {
    const line = fieldOf(entry, 'src') === 's' ? fieldOf(entry, 'msg') : null;
    if (typeof line !== 'string') return;
    if (isFirst && GREETING_OF_ANOTHER.test(line)) end(anotherService(line.slice(0, MAX_KEPT_LENGTH)));
    isFirst = false;
    if (/^\* NO /iu.test(line)) untaggedNo = line.slice(0, MAX_KEPT_LENGTH);
  };
  return {
    logger: {
      trace: ignore,
      info: ignore,
      // A line that cannot be parsed.
      error: hear,
      fatal: ignore,
      debug: hear,
      warn(entry: unknown) {
        const error = fieldOf(entry, 'err');
        if (fieldOf(error, 'code') === 'ETHROTTLE') end(error);
        else if (error instanceof Error) swallowed = error;
      },
      // Nothing is refused by an untagged NO once logged in; the library need not write out the list of mailboxes.
      isLevelEnabled: (level) => (level === 'debug' && !isLoggedIn()) || level === 'warn',
    },
    lastSwallowed: () => swallowed,
    lastUntaggedNo: () => untaggedNo,
  };
}

/** The code is nodemailer's for the same. */
function anotherService(greeting: string): Error {
  return Object.assign(new Error(`Invalid greeting: ${greeting}`), { code: 'EPROTOCOL' });
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}
