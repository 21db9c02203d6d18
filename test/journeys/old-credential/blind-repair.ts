import { createOpenLogin } from '../../../src/credentials/open-login.ts';
import { verifyOnce } from '../../../src/credentials/verify.ts';
import type { AuthorizationId } from '../../../src/domain/ids.ts';
import type { ProbeOutcome } from '../../../src/providers/probe.ts';
import { readKeyRing } from '../../../src/vault/keyring-file.ts';
import { createVault } from '../../../src/vault/open-vault.ts';
import type { OauthWorld } from '../../support/oauth-world.ts';
import { silentLog } from '../../support/store.ts';

/** The repair of the gateway, but for its probe, which calls every login proven: what "swap first" would be. The gateway has to be stopped. */
export async function verifyBlindly(world: Pick<OauthWorld, 'database' | 'clock'>, id: string): Promise<void> {
  const { database, clock } = world;
  const vault = createVault(() => readKeyRing(database.environment.KEYRING_FILE));
  await database.withStore(async (store) => {
    const workspace = (await store.workspaces())[0];
    if (workspace === undefined) throw new Error('There is no help desk.');
    const parts = {
      store,
      clock,
      random: Math.random,
      settings: { rollbackKeptMs: 86_400_000, confirmAfterMs: 1_000 },
      openLogin: createOpenLogin({ vault, clock, log: silentLog }),
      probe: (): Promise<ProbeOutcome> => Promise.resolve({ kind: 'PROVEN' }),
      timeoutMs: 1_000,
    };
    await verifyOnce(parts, workspace.id, id as AuthorizationId, new AbortController().signal);
  });
}
