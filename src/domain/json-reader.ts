/** Reads parsed JSON of unknown shape and collects every problem, each with its path and what to do, instead of stopping at the first. */
export interface JsonReader {
  readonly problems: string[];
  object(value: unknown, path: string): Readonly<Record<string, unknown>>;
  list(value: unknown, path: string): readonly unknown[];
  text(value: unknown, path: string): string;
  /** A whole number that is greater than zero. */
  count(value: unknown, path: string): number;
  truth(value: unknown, path: string): boolean;
  oneOf<Choice extends string>(choices: readonly Choice[], value: unknown, path: string): Choice;
  /** An https address. */
  url(value: unknown, path: string): string;
  /** A day as YYYY-MM-DD (UTC), as epoch milliseconds. */
  day(value: unknown, path: string): number;
}

const DAY_PATTERN = /^\d{4}-\d{2}-\d{2}$/;

/** What it answers after a problem is a stand-in; whoever reads has to look at `problems` before using anything. */
export function createJsonReader(): JsonReader {
  const problems: string[] = [];
  function refuse<T>(path: string, wanted: string, standIn: T): T {
    problems.push(`${path === '' ? 'The file' : path} must be ${wanted}`);
    return standIn;
  }
  function text(value: unknown, path: string): string {
    return typeof value === 'string' && value.trim() !== '' ? value : refuse(path, 'a text that is not empty', '');
  }
  return {
    problems,
    text,
    object(value, path) {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return refuse(path, 'an object', {});
      return value as Readonly<Record<string, unknown>>;
    },
    list: (value, path) => (Array.isArray(value) ? (value as readonly unknown[]) : refuse(path, 'a list', [])),
    count: (value, path) => (Number.isSafeInteger(value) && Number(value) > 0 ? Number(value) : refuse(path, 'a whole number above 0', 1)),
    truth: (value, path) => (typeof value === 'boolean' ? value : refuse(path, 'true or false', false)),
    oneOf<Choice extends string>(choices: readonly Choice[], value: unknown, path: string): Choice {
      const found = choices.find((choice) => choice === value);
      // An empty list of choices could be answered by nothing; there is none.
      return found ?? refuse(path, `one of ${choices.join(', ')}`, choices[0] as Choice);
    },
    url(value, path) {
      const given = typeof value === 'string' ? value : '';
      return URL.canParse(given) && new URL(given).protocol === 'https:' ? given : refuse(path, 'an https address', '');
    },
    day(value, path) {
      const at = typeof value === 'string' && DAY_PATTERN.test(value) ? Date.parse(`${value}T00:00:00.000Z`) : Number.NaN;
      // Date.parse takes 31 February for 3 March in some engines; the day has to read back as it was written.
      const isDay = !Number.isNaN(at) && new Date(at).toISOString().startsWith(String(value));
      return isDay ? at : refuse(path, 'a day such as 2026-12-31', 0);
    },
  };
}
