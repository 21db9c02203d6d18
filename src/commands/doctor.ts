import { StoreRefused, StoreUnavailable } from '../store/errors.ts';
import type { Store } from '../store/store.ts';
import { KeyRingRefused } from '../vault/keyring-refused.ts';
import { readKeyRing } from '../vault/keyring-file.ts';
import { checkKeyRing, missingKeyRingProblem } from './check-keyring.ts';

export interface DoctorParts {
  readonly openStore: () => Promise<Store>;
  readonly keyringFile: string;
  readonly publicUrl: URL;
  /** Each of the big providers, and whether sign-in with it is configured and answers. */
  readonly apps: readonly {
    readonly name: string;
    readonly ask: (() => Promise<string | null>) | null;
    readonly variable: string;
    readonly redirectUri: string;
    readonly expiresAt: number | null;
  }[];
  /** The proxy through which sign-in leaves, as its operator may read it; null without one. */
  readonly proxy: string | null;
  /** Resolves a public name, and opens a connection to a mail server; each says what went wrong, null when nothing did. */
  readonly network: readonly { readonly name: string; readonly ask: () => Promise<string | null> }[];
  readonly now: number;
}

export interface Finding {
  readonly state: 'ok' | 'note' | 'problem';
  readonly line: string;
}

const DAY_MS = 86_400_000;
const SKEW_MS = 30_000;

/** Looks at everything the gateway stands on. Changes nothing. Yields a line a finding, as soon as it is known. */
export async function* doctor(parts: DoctorParts): AsyncIterable<Finding> {
  yield { state: 'ok', line: 'Configuration: every variable can be read.' };
  const store = await openOrNull(parts);
  yield store.finding;
  yield* keyFindings(parts, store.store);
  if (store.store !== null) yield* processFindings(store.store, parts.now);
  if (parts.proxy !== null)
    yield { state: 'note', line: `Proxy: sign-in leaves through ${parts.proxy} (HTTPS_PROXY). Mail connections do not.` };
  for (const app of parts.apps) yield await appFinding(app, parts.now);
  yield parts.publicUrl.protocol === 'https:' || ['localhost', '127.0.0.1'].includes(parts.publicUrl.hostname)
    ? { state: 'ok', line: `Public address: ${parts.publicUrl.origin}.` }
    : {
        state: 'problem',
        line: `Public address: ${parts.publicUrl.origin} is not https. Sign-in cookies and tokens would travel in clear text: set PUBLIC_URL to the https address.`,
      };
  for (const { name, ask } of parts.network) {
    const problem = await ask();
    yield problem === null ? { state: 'ok', line: `Network: ${name} works.` } : { state: 'problem', line: `Network: ${name}: ${problem}` };
  }
  await store.store?.close();
}

async function openOrNull(parts: DoctorParts): Promise<{ readonly store: Store | null; readonly finding: Finding }> {
  try {
    const store = await parts.openStore();
    await store.ping(5_000);
    return { store, finding: { state: 'ok', line: `Database: ${store.engine} answers.` } };
  } catch (error) {
    const known = error instanceof StoreRefused || error instanceof StoreUnavailable;
    return {
      store: null,
      finding: { state: 'problem', line: `Database: ${known ? error.message : 'cannot be opened. Check DATABASE_URL.'}` },
    };
  }
}

async function* keyFindings(parts: DoctorParts, store: Store | null): AsyncIterable<Finding> {
  try {
    const ring = readKeyRing(parts.keyringFile);
    const check = store === null ? null : await checkKeyRing(store, ring);
    if (check?.kind === 'problem') yield { state: 'problem', line: `Keys: ${check.message}` };
    else
      yield {
        state: 'ok',
        line: `Keys: ${ring.keys.size} in the ring, "${ring.activeKeyId}" is active${check === null ? '' : ', and they belong to this database'}.`,
      };
  } catch (error) {
    if (!(error instanceof KeyRingRefused)) throw error;
    const problem = error.problem === 'MISSING' && store !== null ? await missingKeyRingProblem(store, parts.keyringFile) : error.message;
    yield problem === null
      ? { state: 'note', line: `Keys: ${parts.keyringFile} does not exist yet; the first start makes it.` }
      : { state: 'problem', line: `Keys: ${problem}` };
  }
}

async function* processFindings(store: Store, now: number): AsyncIterable<Finding> {
  const instances = await store.instances(now - 60_000);
  yield {
    state: 'ok',
    line: `Processes: ${instances.length === 0 ? 'none is serving now' : `${instances.length} serving (${[...new Set(instances.map((one) => one.version))].join(', ')})`}.`,
  };
  const ahead = instances.filter((one) => one.seenAt - now > SKEW_MS);
  yield ahead.length === 0
    ? { state: 'ok', line: 'Clock: agrees with the other processes.' }
    : {
        state: 'problem',
        line: `Clock: ${ahead.length} serving processes are more than 30 s ahead of this machine. Switch on time synchronisation (NTP).`,
      };
}

async function appFinding(app: DoctorParts['apps'][number], now: number): Promise<Finding> {
  if (app.ask === null) return { state: 'note', line: `${app.name} sign-in: not configured. Set ${app.variable} to offer it.` };
  const problem = await app.ask();
  if (problem !== null) return { state: 'problem', line: `${app.name} sign-in: ${problem}` };
  if (app.expiresAt !== null && app.expiresAt - now < 30 * DAY_MS) {
    const days = Math.max(0, Math.floor((app.expiresAt - now) / DAY_MS));
    return {
      state: 'problem',
      line: `${app.name} sign-in: the client secret ends in ${days} days. Make a new one at the app registration and set it before then.`,
    };
  }
  return { state: 'ok', line: `${app.name} sign-in: configured. Its redirect URI has to be registered as ${app.redirectUri}` };
}
