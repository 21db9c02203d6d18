import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Config } from './config.ts';
import { checkKeyRing, missingKeyRingProblem } from './commands/check-keyring.ts';
import { createKeepAlive } from './credentials/keep-alive.ts';
import { createOpenLogin } from './credentials/open-login.ts';
import { createRefreshGrant } from './credentials/create-refresh-grant.ts';
import { createRepair } from './credentials/create-repair.ts';
import { redeemCode } from './credentials/redeem.ts';
import { createRevocation } from './credentials/revocation.ts';
import { createSignInFlow } from './credentials/sign-in-flow.ts';
import type { Clock, Random } from './domain/clock.ts';
import type { Log } from './domain/log.ts';
import { createFeed } from './feed/create-feed.ts';
import { createMetrics } from './http/metrics.ts';
import { oauthRoutes } from './http/oauth/routes.ts';
import { createHttpServer } from './http/server.ts';
import { registerStatusMetrics } from './http/status-metrics.ts';
import { createNetwork } from './network.ts';
import { createProviders } from './sign-in-providers.ts';
import { createProbe } from './providers/login-probe.ts';
import { createRateLimits } from './resolvers/create-rate-limits.ts';
import type { Gateway } from './resolvers/gateway.ts';
import { createStatus } from './status/create-status.ts';
import { openStore } from './store/open.ts';
import type { Store } from './store/store.ts';
import { createVault } from './vault/open-vault.ts';
import { createKeyRing } from './vault/keyring-file.ts';
import { KeyRingRefused } from './vault/keyring-refused.ts';
import { watchKeyRing, type KeyRingWatch } from './vault/watch-keyring.ts';

const HEARTBEAT_MS = 10_000;
const PRUNE_EVERY_MS = 3_600_000;
const READY_WITHIN_MS = 2_000;
const STOP_WITHIN_MS = 25_000;
const WEB_BUILD = fileURLToPath(new URL('../dist/web', import.meta.url));
export const VERSION = '0.1.0';

export interface AppParts {
  readonly log: Log;
  readonly clock: Clock;
  readonly random: Random;
}

/** A gateway that serves. */
export interface RunningGateway {
  readonly host: string;
  readonly port: number;
  /** Stops accepting, lets checks and requests finish, gives leases back, closes the store. Idempotent. */
  stop(): Promise<void>;
}

/** The start is refused; the message says what to do. */
export class StartRefused extends Error {
  readonly code = 'START_REFUSED';
  constructor(message: string) {
    super(message);
    this.name = 'StartRefused';
  }
}

/**
 * The key ring of this database. A new SQLite database gets a new one; anywhere else a missing ring is a ring to restore,
 * because making another would leave every stored secret unreadable.
 */
export async function openKeyRing(config: Config, store: Store, log: Log): Promise<KeyRingWatch> {
  if (!existsSync(config.keyringFile)) {
    const problem = await missingKeyRingProblem(store, config.keyringFile);
    if (problem !== null) throw new StartRefused(problem);
    createKeyRing(config.keyringFile);
    log.info('A new key ring was made. Back it up, apart from the database.', { file: config.keyringFile });
  }
  const watch = watchKeyRing(config.keyringFile, (change) => {
    if (change.kind === 'ring') log.info('The key ring changed.', { activeKeyId: change.ring.activeKeyId });
    else log.error(change.message);
  });
  const check = await checkKeyRing(store, watch.ring());
  if (check.kind === 'ok') return watch;
  watch.close();
  throw new StartRefused(check.message);
}

/**
 * Composes the gateway and starts it: configuration, adapters, HTTP. Rejects with StartRefused, StoreRefused,
 * StoreUnavailable or KeyRingRefused, and with the system's error when the port is taken; then nothing is left running.
 */
export async function startGateway(config: Config, parts: AppParts): Promise<RunningGateway> {
  const { log, clock, random } = parts;
  const holder = randomUUID();
  const closers: (() => Promise<void> | void)[] = [];
  const stop = async (): Promise<void> => {
    for (const close of closers.splice(0).reverse()) {
      await Promise.resolve(close()).catch((error: unknown) => log.warn('A part did not stop cleanly.', { error }));
    }
  };

  try {
    const store = await openStore(config.databaseUrl, { clock, newId: randomUUID, random, log, serve: true, holder });
    closers.push(() => store.close());
    const ring = await openKeyRing(config, store, log);
    closers.push(() => ring.close());
    const vault = createVault(ring.ring);

    const { settings } = config;
    const network = createNetwork(config, log);
    const providers = await createProviders(config, clock);
    const refreshGrant = createRefreshGrant({ store, vault, clock, log, holder, providerOf: providers.ofPin });
    const revocation = createRevocation({ store, vault, log, providerOf: providers.ofPin });
    const openLogin = createOpenLogin({ vault, clock, log, refreshGrant });
    const probe = createProbe({ pinHost: network.pinHost, ca: config.ca });
    const metrics = createMetrics();
    const statusMetrics = registerStatusMetrics(metrics.registry);
    const status = createStatus({
      store,
      probe,
      openLogin,
      clock,
      random,
      newId: randomUUID,
      log,
      settings,
      holder,
      metrics: statusMetrics,
    });
    const repair = createRepair({
      store,
      probe,
      openLogin,
      clock,
      random,
      newId: randomUUID,
      log,
      settings,
      checks: status.checks,
      revocation,
      redeem: (authorization) =>
        redeemCode({ store, vault, clock, newId: randomUUID, settings, providerOf: providers.of, revocation }, authorization),
    });
    const signInFlow = createSignInFlow({
      store,
      vault,
      clock,
      publicUrl: settings.publicUrl,
      providerOf: providers.of,
      verifySoon: ({ workspaceId, id }) => {
        repair.verify(workspaceId, id).catch((error: unknown) => log.warn('A verification is tried again.', { error }));
      },
    });
    const feed = createFeed({ store, clock, log });
    const gateway: Gateway = {
      store,
      vault,
      feed,
      repair,
      openLogin,
      checks: status.checks,
      probe,
      discover: network.discover,
      refusalOfHost: network.refusalOfHost,
      isListedHost: network.isListedHost,
      signIn: { configured: (provider) => providers.of(provider) !== null },
      revocation,
      limits: createRateLimits(clock),
      settings,
      advisories: config.advisories,
      clock,
      random,
      newId: randomUUID,
      log,
    };

    feed.start();
    closers.push(() => feed.stop());
    repair.start();
    closers.push(() => repair.stop());
    status.start();
    closers.push(() => status.stop());
    const keepAlive = createKeepAlive({ store, refreshGrant, clock, log, holder });
    keepAlive.start();
    closers.push(() => keepAlive.stop());
    closers.push(
      keepHouse({ store, clock, log, holder, keyIds: () => [...ring.ring().keys.keys()], retentionMs: settings.logRetentionMs }),
    );

    const http = createHttpServer({
      gateway,
      staticDir: WEB_BUILD,
      readiness: [{ name: 'database', check: () => store.ping(READY_WITHIN_MS) }],
      metrics,
      metricsToken: config.metricsToken,
      jwt: config.jwt,
      trustProxyHops: config.trustProxyHops,
      routes: oauthRoutes({ gateway, signInFlow }),
    });
    const address = await http.listen(config.host, config.port);
    closers.push(() => http.close(STOP_WITHIN_MS));
    log.info('The gateway serves.', { address: `http://${address.host}:${address.port}`, engine: store.engine });
    return { ...address, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Tells the other processes that this one serves, and prunes what has outlived its time. Returns how to stop it. */
function keepHouse(parts: {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly holder: string;
  readonly keyIds: () => readonly string[];
  readonly retentionMs: number;
}): () => Promise<void> {
  const { store, clock, log, holder, keyIds, retentionMs } = parts;
  const startedAt = clock.now();
  let prunedAt = 0;
  let stopped = false;
  let timer = clock.schedule(0, beat);

  function beat(): void {
    void work()
      .catch((error: unknown) => log.warn('Housekeeping is tried again.', { error }))
      .finally(() => {
        if (!stopped) timer = clock.schedule(HEARTBEAT_MS, beat);
      });
  }

  async function work(): Promise<void> {
    await store.heartbeat({ id: holder, startedAt, seenAt: clock.now(), version: VERSION, keyIds: keyIds() });
    if (clock.now() - prunedAt < PRUNE_EVERY_MS) return;
    prunedAt = clock.now();
    const pruned = await store.prune(clock.now() - retentionMs);
    if (pruned > 0) log.info('Old events were pruned.', { pruned });
  }

  return async () => {
    stopped = true;
    timer.cancel();
    await store.removeInstance(holder);
  };
}

/** Errors that end the start with exit code 78 and one line: the operator can mend them. */
export function isRefusal(error: unknown): error is Error {
  return (
    (error instanceof Error && ['START_REFUSED', 'STORE_REFUSED', 'KEYRING_REFUSED'].includes(String('code' in error ? error.code : ''))) ||
    error instanceof KeyRingRefused
  );
}
