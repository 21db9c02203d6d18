import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { on, once } from 'node:events';
import { join } from 'node:path';
import type { OauthServerOptions } from '../../sandbox/oauth/oauth-server.ts';
import type { MailboxId } from '../../src/domain/ids.ts';
import { migrateStore, openStore } from '../../src/store/open.ts';
import type { Store } from '../../src/store/store.ts';
import { createKeyRing, readKeyRing } from '../../src/vault/keyring-file.ts';
import { dropDatabase } from '../support/drop-database.ts';
import { databaseUrl } from '../support/mongo-server.ts';
import { startTestOauth, type TestOauth } from '../support/oauth-server.ts';
import { createShiftedClock, newId, silentLog, temporaryFolder } from '../support/store.ts';
import { compiledRefresher } from './compiled-refresher.ts';
import { createRefreshWorld, type RefreshWorld } from './refresh-world.ts';
import type { RefresherOrders, RefresherReport, RefresherWord } from './refresher-orders.ts';

/** Who renews: what differs between the processes of an experiment. */
export type Refreshing = Pick<RefresherOrders, 'mailboxIds' | 'atOnce' | 'rounds' | 'without' | 'pause'>;

/** A real process that renews grants. */
export interface Refresher {
  readonly holder: string;
  readonly process: ChildProcess;
  /** By how much its clock is wrong. */
  readonly ready: Promise<{ readonly skewMs: number }>;
  readonly ended: Promise<void>;
  begin(): void;
  /** Lets it finish what is under way and end. */
  letGo(): void;
  /** Everything it tells from now on, until it has ended. */
  reports(): AsyncIterable<RefresherReport>;
  kill(): Promise<void>;
}

/** What became of one grant, by the word of a process that had no part in it and by the word of the provider. */
export interface Fate {
  readonly mailboxId: MailboxId;
  /** TOKEN, or the reason why there is none. */
  readonly outcome: string;
  /** That a token was about to be sent stood in the database before it was asked. */
  readonly hadIntent: boolean;
  /** Whether the provider still honours any refresh token of it. */
  readonly lives: boolean;
}

/** One sign-in server and one database, for real processes that renew the grants in it. */
export interface RefreshLab {
  readonly store: Store;
  /** What points a gateway at the database. */
  readonly environment: { readonly DATABASE_URL: string; readonly KEYRING_FILE: string };
  /** Goes with the lab. */
  readonly folder: string;
  readonly oauth: TestOauth;
  readonly world: RefreshWorld;
  /** Signs as many people in who have had no part in any experiment yet. */
  addMailboxes(count: number): Promise<readonly MailboxId[]>;
  start(refreshing: Refreshing, environment?: Readonly<Record<string, string>>): Refresher;
  lives(mailboxId: MailboxId): boolean;
  /** As if the time of every lease that this process has left behind were over. */
  expireLeases(holder: string, mailboxIds: readonly MailboxId[]): Promise<void>;
  /** Requests for a renewal that reached the sign-in server. */
  requests(): number;
  fates(mailboxIds: readonly MailboxId[]): Promise<readonly Fate[]>;
  close(): Promise<void>;
}

export interface LabOptions {
  readonly engine: 'sqlite' | 'mongodb';
  /** Of the server; only for mongodb. */
  readonly mongoUrl: string | null;
  readonly flavour: OauthServerOptions['flavour'];
  readonly rotate: NonNullable<OauthServerOptions['rotate']>;
  readonly accessTokenSeconds?: number;
  /** How many mailboxes there can be at most. */
  readonly people: number;
}

export async function createRefreshLab(options: LabOptions): Promise<RefreshLab> {
  const { engine, mongoUrl, flavour, rotate, accessTokenSeconds = 3_600 } = options;
  const script = await compiledRefresher();
  const folder = temporaryFolder();
  const people = Array.from({ length: options.people }, (_, index) => ({ address: `person-${index}@contoso.test`, password: 'secret' }));
  const oauth = await startTestOauth({ flavour, people, rotate, accessTokenSeconds });
  const url =
    engine === 'sqlite' ? `sqlite:${join(folder.path, 'gateway.db')}` : databaseUrl(mongoUrl ?? '', `refresh_${newId().slice(0, 8)}`);
  const keyringFile = join(folder.path, 'keyring.json');
  createKeyRing(keyringFile);
  if (engine === 'mongodb') await migrateStore(url, silentLog);
  const clock = createShiftedClock();
  const store = await openStore(url, { clock, newId, random: Math.random, log: silentLog, serve: false, holder: newId() });
  const world = await createRefreshWorld(store, oauth, readKeyRing(keyringFile));
  const addresses = new Map<MailboxId, string>();
  const running = new Set<Refresher>();
  const free = [...people];

  const lives = (id: MailboxId): boolean => oauth.server.livingGrants(addresses.get(id) ?? '') > 0;

  function start(refreshing: Refreshing, environment: Readonly<Record<string, string>> = {}): Refresher {
    const holder = randomUUID();
    const orders: RefresherOrders = {
      ...refreshing,
      databaseUrl: url,
      folder: folder.path,
      keyringFile,
      flavour,
      origin: oauth.server.origin,
      endpoints: oauth.server.endpoints,
      ca: oauth.caPem,
      workspaceId: world.workspaceId,
      holder,
    };
    const child = spawn(process.execPath, [script, JSON.stringify(orders)], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      env: { ...process.env, ...environment },
    });
    const over = new AbortController();
    // What it told before its end is read by the time the channel closes.
    const ended = Promise.all([once(child, 'exit'), once(child, 'disconnect')]).then(() => {
      running.delete(refresher);
      over.abort();
    });
    const say = (word: RefresherWord): void => {
      // Whoever is ending already does not hear it.
      if (child.connected) child.send(word, () => undefined);
    };
    const refresher: Refresher = {
      holder,
      process: child,
      ready: Promise.race([skewOf(child), ended.then(() => Promise.reject(new Error('The refresher did not start.')))]),
      ended,
      begin: () => say('begin'),
      letGo: () => say('end'),
      async *reports() {
        try {
          for await (const [report] of on(child, 'message', { signal: over.signal })) yield report as RefresherReport;
        } catch (error) {
          if (!over.signal.aborted) throw error;
        }
      },
      async kill() {
        child.kill('SIGKILL');
        await ended;
      },
    };
    running.add(refresher);
    return refresher;
  }

  return {
    store,
    environment: { DATABASE_URL: url, KEYRING_FILE: keyringFile },
    folder: folder.path,
    oauth,
    world,
    async addMailboxes(count) {
      const ids: MailboxId[] = [];
      for (const person of free.splice(0, count)) {
        const { id } = await world.addMailbox(person);
        addresses.set(id, person.address);
        ids.push(id);
      }
      if (ids.length < count) throw new Error(`Only ${options.people} people can sign in.`);
      return ids;
    },
    start,
    lives,
    async expireLeases(holder, mailboxIds) {
      for (const id of mailboxIds) await store.releaseLease(`refresh:${(await world.credential(id)).id}`, holder);
    },
    requests: () => oauth.server.tokenRequests()['refresh_token'] ?? 0,
    async fates(mailboxIds) {
      const judge = world.process();
      const fates: Fate[] = [];
      for (const mailboxId of mailboxIds) {
        const hadIntent = (await world.credential(mailboxId)).grant.refreshIntent !== undefined;
        // A machine that has much else to do may miss a deadline; that says nothing about the grant.
        let outcome = 'CONNECTION_TIMEOUT';
        for (let tries = 0; tries < 5 && outcome === 'CONNECTION_TIMEOUT'; tries += 1) outcome = await world.refresh(judge, mailboxId);
        fates.push({ mailboxId, outcome, hadIntent, lives: lives(mailboxId) });
      }
      return fates;
    },
    async close() {
      await Promise.all([...running].map((each) => each.kill()));
      await store.close();
      await oauth.server.stop();
      if (engine === 'mongodb') await dropDatabase(url);
      folder.remove();
    },
  };
}

async function skewOf(child: ChildProcess): Promise<{ readonly skewMs: number }> {
  const [report] = (await once(child, 'message')) as [RefresherReport];
  return { skewMs: report.kind === 'ready' ? report.at - Date.now() : Number.NaN };
}
