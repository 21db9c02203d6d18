import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Json } from './json.ts';
import { fetchesWith, sendsWith } from '../support/mail-worker.ts';
import { startOauthWorld, type OauthWorld } from '../support/oauth-world.ts';

const account = (address: string) => ({ address, password: `password of ${address}` });
const SALES = account('sales@contoso.test');
const ORDERS = account('orders@gmail.test');
const DESK = account('desk@acme.test');

describe('POST /v1/mailboxes/:id/access', () => {
  let world: OauthWorld;
  let sales: Json;
  let orders: Json;
  let desk: Json;

  beforeAll(async () => {
    world = await startOauthWorld({
      accounts: [SALES, ORDERS, DESK],
      microsoft: [SALES],
      google: [ORDERS],
      server: { accessTokenSeconds: 200 },
    });
    sales = await world.connect({ provider: 'MICROSOFT_365', address: SALES.address }, SALES);
    orders = await world.connect({ provider: 'GMAIL', address: ORDERS.address }, ORDERS);
    const { imap, smtp } = world.sandbox.servers;
    const server = ({ port, security }: typeof imap) => ({ host: 'localhost', port, security: security.toUpperCase() });
    desk = await world.connectWithPassword({ provider: 'OTHER', ...DESK, incoming: server(imap), outgoing: server(smtp) });
  });
  afterAll(() => world.end());
  beforeEach(() => {
    world.sandbox.reset();
    world.waitOutLimits();
  });

  async function access(
    id: string,
    token: string | null = world.workerToken,
    method = 'POST',
  ): Promise<{ status: number; headers: Headers; body: Json }> {
    const headers = token === null ? {} : { authorization: `Bearer ${token}` };
    const response = await fetch(`${world.url}/v1/mailboxes/${id}/access`, { method, headers });
    return { status: response.status, headers: response.headers, body: await response.json() };
  }

  test('gives what really logs in, by IMAP and by SMTP, for passwords, Microsoft and Google', async () => {
    for (const mailbox of [desk, sales, orders]) {
      const { status, body } = await access(mailbox.id);
      expect(status).toBe(200);
      expect(body.mailboxId).toBe(mailbox.id);
      await fetchesWith(body.incoming, world.caPem);
      await sendsWith(body.outgoing, world.caPem);
    }
    expect((await access(desk.id)).body.incoming).toMatchObject({ username: DESK.address, password: DESK.password });
  });

  test('a token that it gives is good for a while, renewed under the lease of everybody else', async () => {
    const before = world.microsoft.tokenRequests()['refresh_token'] ?? 0;
    const answers = await Promise.all(Array.from({ length: 5 }, () => access(sales.id)));
    const { incoming } = answers[0]!.body;
    expect(incoming.password).toBeUndefined();
    expect(Date.parse(incoming.expiresAt)).toBeGreaterThan(Date.now());
    // The tokens of this server live 200 s: every question renews, but those that come together share one.
    expect((world.microsoft.tokenRequests()['refresh_token'] ?? 0) - before).toBeLessThan(5);
  });

  test('is for workers only', async () => {
    expect((await access(desk.id, null)).status).toBe(401);
    const viewer = await world.database.createToken({ role: 'viewer' });
    for (const token of [viewer, world.adminToken]) {
      const { status, body } = await access(desk.id, token);
      expect({ status, code: body.errors[0].extensions.code }).toEqual({ status: 403, code: 'PERMISSION_DENIED' });
      expect(JSON.stringify(body)).not.toContain(DESK.password);
    }
    expect((await access(desk.id, world.workerToken, 'GET')).status).toBe(405);
  });

  test('knows no mailbox of another help desk, and none that does not exist', async () => {
    const foreign = await world.database.createToken({ role: 'worker', workspace: 'globex' });
    const answers = [await access(desk.id, foreign), await access('00000000-0000-4000-8000-000000000000')];
    expect(answers.map(({ status }) => status)).toEqual([404, 404]);
    expect(answers[0]!.body).toEqual(answers[1]!.body);
  });

  test('answers 409 with the diagnosis when the mailbox cannot log in, and does not try again what was refused', async () => {
    world.sandbox.setPassword(DESK.address, 'changed');
    await world.checkUntil(desk.id, ({ status }) => status.health === 'ACTION_REQUIRED');
    world.sandbox.reset();
    const { status, body } = await access(desk.id);
    expect(status).toBe(409);
    expect(body).toMatchObject({
      errors: [{ extensions: { code: 'CANNOT_LOG_IN' } }],
      diagnosis: { reason: 'BAD_CREDENTIALS', actor: 'MAILBOX_OWNER', action: 'UPDATE_PASSWORD', scenario: 'REENTER_PASSWORD' },
    });
    expect(JSON.stringify(body)).not.toContain(DESK.password);
    world.sandbox.setPassword(DESK.address, DESK.password);
    await world.checkUntil(desk.id, ({ status: { health } }) => health === 'HEALTHY');
    expect((await access(desk.id)).status).toBe(200);
  });

  test('answers 409 when the grant is dead, also before anybody has checked', async () => {
    world.microsoft.endGrants(SALES.address, 'revoked');
    const { status, body } = await access(sales.id);
    expect(status).toBe(409);
    expect(body.diagnosis).toMatchObject({ reason: 'OAUTH_GRANT_REVOKED', action: 'REAUTHORIZE', scenario: 'SIGN_IN_AGAIN' });
    expect((await world.signInAgain(sales.id, SALES)).rejection).toBeNull();
    expect((await access(sales.id)).status).toBe(200);
  });

  test('one leg that is broken does not keep the other from working', async () => {
    world.sandbox.setFault(SALES.address, { kind: 'smtp-auth-disabled' });
    await world.checkUntil(sales.id, ({ status }) => status.health === 'ACTION_REQUIRED');
    const { status, body } = await access(sales.id);
    expect(status).toBe(200);
    await fetchesWith(body.incoming, world.caPem);
    expect(body.outgoing).toEqual({ diagnosis: expect.objectContaining({ reason: 'SMTP_AUTH_DISABLED' }) });
  });

  test('a paused mailbox is not used', async () => {
    await world.admin.act('PauseMailbox', { mailboxId: orders.id });
    const { status, body } = await access(orders.id);
    expect({ status, code: body.errors[0].extensions.code }).toEqual({ status: 409, code: 'NOT_APPLICABLE' });
    await world.admin.act('ResumeMailbox', { mailboxId: orders.id });
  });

  test('is kept by nobody on the way, and who got a secret is written down', async () => {
    const { headers } = await access(desk.id);
    expect(headers.get('cache-control')).toBe('no-store');
    const database = new Database(join(world.database.folder, 'gateway.db'), { readonly: true });
    const audit = database.prepare('SELECT who, what, mailbox_id AS mailboxId, facts FROM audit').all();
    database.close();
    expect(audit).toContainEqual(expect.objectContaining({ who: 'Mail worker', what: 'mailbox.access', mailboxId: desk.id }));
    expect(JSON.stringify(audit)).not.toContain(DESK.password);
  });
});
