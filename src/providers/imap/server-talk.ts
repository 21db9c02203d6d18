import type { Logger } from 'imapflow';

/** What the server said beside its answers, heard through the library's log. */
export interface ServerTalk {
  readonly logger: Logger & { isLevelEnabled(level: string): boolean };
  /** The last untagged NO, e.g. Gmail's `* NO [WEBALERT …]`: the library puts only the tagged answer on its error. */
  lastUntaggedNo(): string | null;
}

/** Log text is kept only up to here: it is a server's. */
const MAX_KEPT_LENGTH = 1000;

/**
 * A logger for imapflow that writes nothing and listens for two things that its errors do not tell (in time):
 * untagged refusals, and a throttle, whose error connect() holds back for minutes while it waits.
 * Must have every level: imapflow sends the levels that are missing to the console.
 */
export function listenToServer(onThrottle: (error: unknown) => void): ServerTalk {
  let untaggedNo: string | null = null;
  const ignore = (): void => undefined;
  return {
    logger: {
      trace: ignore,
      info: ignore,
      error: ignore,
      fatal: ignore,
      debug(entry: unknown) {
        const line = fieldOf(entry, 'src') === 's' ? fieldOf(entry, 'msg') : null;
        if (typeof line === 'string' && /^\* NO /iu.test(line)) untaggedNo = line.slice(0, MAX_KEPT_LENGTH);
      },
      warn(entry: unknown) {
        const error = fieldOf(entry, 'err');
        if (fieldOf(error, 'code') === 'ETHROTTLE') onThrottle(error);
      },
      isLevelEnabled: (level) => level === 'debug' || level === 'warn',
    },
    lastUntaggedNo: () => untaggedNo,
  };
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}
