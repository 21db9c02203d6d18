import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import { startGatewayProcess, type GatewayProcess } from '../../sandbox/demo/gateway-process.ts';
import { createTokenCommand } from '../../src/commands/tokens.ts';
import type { MailboxId } from '../../src/domain/ids.ts';
import { describeOnEngine, ENGINES, freePlace, type EngineName } from '../support/gateway.ts';
import { createRefreshLab, type RefreshLab } from './refresh-lab.ts';

const IN_FLIGHT = 20;
const ANSWER_AFTER_MS = 3_000;
const TIMEOUT_MS = 300_000;

describe.each(ENGINES)('a gateway that ends while it renews grants', (engine) => {
  describeOnEngine(engine, 'at a provider that ends a grant whose used token comes again', () => ending(engine));
});

function ending(engine: EngineName): void {
  let lab: RefreshLab;
  let token: string;
  const gateways: GatewayProcess[] = [];

  beforeAll(async () => {
    // Tokens that are always about to run out: whoever wants to log in has them renewed first.
    const provider = { flavour: 'microsoft', rotate: true, accessTokenSeconds: 200 } as const;
    lab = await createRefreshLab({ engine, mongoUrl: inject('mongoUrl'), ...provider, people: 2 * IN_FLIGHT });
    const workspace = await lab.store.workspace(lab.world.workspaceId);
    const wish = { workspace: workspace?.name ?? '', role: 'worker', name: undefined, expires: undefined };
    const made = await createTokenCommand(lab.store, wish, Date.now());
    if (made.kind === 'refused') throw new Error(made.problems.join('\n'));
    token = made.lines[0] ?? '';
  }, TIMEOUT_MS);
  afterAll(async () => {
    for (const each of gateways) await each.kill();
    await lab.close();
  });

  async function startGateway(onExit: (code: number | null) => void): Promise<GatewayProcess> {
    const caFile = join(lab.folder, 'ca.pem');
    writeFileSync(caFile, lab.oauth.caPem);
    const { authority } = lab.oauth.server.endpoints;
    const gateway = await startGatewayProcess(
      {
        ...lab.environment,
        ...(await freePlace()),
        CA_FILE: caFile,
        MICROSOFT_CLIENT_ID: 'gateway',
        MICROSOFT_CLIENT_SECRET: 'app-secret',
        MICROSOFT_AUTHORITY: authority,
        MICROSOFT_KNOWN_AUTHORITIES: new URL(authority).host,
        CHECK_INTERVAL_SECONDS: '3600',
      },
      onExit,
    );
    gateways.push(gateway);
    return gateway;
  }

  /** Workers ask for access to every mailbox; resolves when each has its renewal at the provider, or has its answer already. */
  async function renewalsUnderWay(gateway: GatewayProcess, ids: readonly MailboxId[]): Promise<{ readonly answers: Promise<unknown>[] }> {
    lab.oauth.server.setTokenFault({ kind: 'slow', ms: ANSWER_AFTER_MS });
    const before = lab.requests();
    const headers = { authorization: `Bearer ${token}` };
    let answered = 0;
    const answers = ids.map((id) =>
      fetch(`${gateway.url}/v1/mailboxes/${id}/access`, { method: 'POST', headers })
        .then(
          ({ status }) => status,
          () => 'cut off',
        )
        .finally(() => (answered += 1)),
    );
    await vi.waitUntil(() => lab.requests() - before + answered >= ids.length, { timeout: TIMEOUT_MS, interval: 20 });
    return { answers };
  }

  async function openIntents(ids: readonly MailboxId[]): Promise<number> {
    const credentials = await Promise.all(ids.map((id) => lab.world.credential(id)));
    return credentials.filter(({ grant }) => grant.refreshIntent !== undefined).length;
  }

  test(
    'SIGTERM lets every renewal finish: no intent stays open, everybody is answered, the exit code is 0 (R17)',
    { timeout: TIMEOUT_MS },
    async () => {
      const ids = await lab.addMailboxes(IN_FLIGHT);
      const codes: (number | null)[] = [];
      const gateway = await startGateway((code) => codes.push(code));
      const { answers } = await renewalsUnderWay(gateway, ids);
      const stopped = gateway.stop();
      const statuses = await Promise.all(answers);
      await stopped;
      lab.oauth.server.setTokenFault(null);
      expect(codes).toEqual([0]);
      expect(statuses).not.toContain('cut off');
      expect(statuses).toContain(200);
      expect(await openIntents(ids)).toBe(0);
      const dead = (await lab.fates(ids)).filter(({ outcome }) => outcome !== 'TOKEN');
      console.log(
        `R17 ${engine}: SIGTERM with ${ids.length} renewals under way, 0 intents left open, ${dead.length} grants destroyed, exit code ${codes[0] ?? 'none'}`,
      );
      expect(dead).toEqual([]);
    },
  );

  test('negative control: killed instead, it leaves its intents behind', { timeout: TIMEOUT_MS }, async () => {
    const ids = await lab.addMailboxes(IN_FLIGHT);
    const gateway = await startGateway(() => undefined);
    const { answers } = await renewalsUnderWay(gateway, ids);
    await gateway.kill();
    expect(await Promise.all(answers)).toContain('cut off');
    lab.oauth.server.setTokenFault(null);
    const open = await openIntents(ids);
    console.log(`R17 ${engine}, kill -9 instead: ${open} of ${ids.length} intents left open`);
    expect(open).toBeGreaterThan(0);
  });
}
