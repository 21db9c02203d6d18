import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Json } from '../http/json.ts';
import { startOauthWorld, type OauthWorld } from '../support/oauth-world.ts';
import { tell } from '../support/telling.ts';

const account = (address: string) => ({ address, password: `password of ${address}` });
const SUPPORT = account('support@contoso.test');
const BILLING = account('billing@contoso.test');
const NEWS = account('news@contoso.test');
const OFFICE = account('office@contoso.test');

tell('Scenario 4: Accounts with Multiple Support Emails, where the primary signs in with Microsoft', (telling) => {
  let world: OauthWorld;
  let support: Json;
  let billing: Json;

  beforeAll(async () => {
    const people = [SUPPORT, BILLING, NEWS, OFFICE];
    world = await startOauthWorld({ ...telling, accounts: people, microsoft: people, server: { accessTokenSeconds: 50 } });
    support = await world.connect({ provider: 'MICROSOFT_365', address: SUPPORT.address }, SUPPORT);
    billing = await world.connect({ provider: 'MICROSOFT_365', address: BILLING.address }, BILLING);
    await world.admin.act('ChoosePrimary', { mailboxId: support.id, expectedPrimaryId: null });
  });
  afterAll(() => world.end());
  beforeEach(() => world.waitOutLimits());

  const workspace = async (): Promise<{ primary: string | null; handOver: Json }> => {
    const { workspace: seen } = await world.admin.ask(
      '{ workspace { primaryMailbox { address } handOver { mailbox { address } interim { address } authorization { id status } } } }',
    );
    return { primary: seen.primaryMailbox?.address ?? null, handOver: seen.handOver };
  };
  const handOver = async (input: Record<string, unknown> = {}): Promise<Json> => {
    const answer = await world.admin.act('HandOverPrimary', { input: { mailboxId: support.id, interimMailboxId: billing.id, ...input } });
    if (answer.authorization === undefined) throw new Error(JSON.stringify(answer));
    expect(await workspace()).toMatchObject({ primary: BILLING.address, handOver: { mailbox: { address: SUPPORT.address } } });
    return answer.authorization;
  };
  const isAsItBegan = async (): Promise<void> => expect(await workspace()).toEqual({ primary: SUPPORT.address, handOver: null });

  test('it needs no juggling: signing in again repairs the primary in place', async () => {
    world.microsoft.endGrants(SUPPORT.address, 'revoked');
    await world.checkUntil(support.id, ({ status }) => status.health === 'ACTION_REQUIRED');
    expect((await world.signInAgain(support.id, SUPPORT)).rejection).toBeNull();
    expect((await world.mailbox(support.id)).status.health).toBe('HEALTHY');
    await isAsItBegan();
  });

  test('if the issue persists: after a rejected repair the hand-over is what is proposed', async () => {
    world.microsoft.endGrants(SUPPORT.address, 'revoked');
    await world.checkUntil(support.id, ({ status }) => status.health === 'ACTION_REQUIRED');
    expect((await world.mailbox(support.id)).scenario.kind).toBe('SIGN_IN_AGAIN');
    expect((await world.signInAgain(support.id, NEWS)).status).toBe('REJECTED');
    const { kind, steps } = (await world.mailbox(support.id)).scenario;
    expect(kind).toBe('PRIMARY_HANDOVER');
    expect(steps.map(({ title }: Json) => title)).toEqual(
      expect.arrayContaining([
        expect.stringContaining('non-primary'),
        expect.stringMatching(/eauthorize the email/),
        expect.stringContaining('primary again'),
      ]),
    );
  });

  test('make the primary email non-primary, reauthorize the email, make the email primary again: one operation', async () => {
    const authorization = await handOver();
    await world.signIn(authorization, SUPPORT);
    expect((await world.settled(authorization)).rejection).toBeNull();
    await isAsItBegan();
    expect((await world.mailbox(support.id)).status.health).toBe('HEALTHY');
  });

  test('a rejected sign-in ends where it began', async () => {
    const authorization = await handOver();
    await world.signIn(authorization, NEWS);
    expect(await world.settled(authorization)).toMatchObject({ status: 'REJECTED', rejection: { reason: 'ACCOUNT_MISMATCH' } });
    await isAsItBegan();
    expect(await world.logsIn(support.id, SUPPORT.address)).toEqual({ imap: 1, smtp: 1 });
  });

  test('a declined consent too', async () => {
    const authorization = await handOver();
    await world.signIn(authorization, SUPPORT, { consent: 'CANCEL' });
    expect((await world.settled(authorization)).status).toBe('REJECTED');
    await isAsItBegan();
  });

  test('cancelling it too', async () => {
    const authorization = await handOver();
    await world.admin.act('CancelSignIn', { authorizationId: authorization.id });
    await isAsItBegan();
  });

  test('removing the interim mailbox gives the role back at once, and the sign-in goes on', async () => {
    const news = await world.connect({ provider: 'MICROSOFT_365', address: NEWS.address }, NEWS);
    const answer = await world.admin.act('HandOverPrimary', { input: { mailboxId: support.id, interimMailboxId: news.id } });
    expect((await workspace()).primary).toBe(NEWS.address);
    await world.admin.act('RemoveMailbox', { mailboxId: news.id });
    await isAsItBegan();
    await world.signIn(answer.authorization, SUPPORT);
    expect((await world.settled(answer.authorization)).rejection).toBeNull();
    await isAsItBegan();
  });

  test('a restart of the gateway in the middle changes nothing', async () => {
    const authorization = await handOver();
    await world.stopGateway();
    await world.startGateway();
    expect(await workspace()).toMatchObject({ primary: BILLING.address, handOver: { authorization: { id: authorization.id } } });
    await world.signIn(authorization, SUPPORT);
    expect((await world.settled(authorization)).rejection).toBeNull();
    await isAsItBegan();
  });

  test('whoever chooses a primary meanwhile has the last word', async () => {
    const authorization = await handOver();
    await world.admin.act('ChoosePrimary', { mailboxId: billing.id, expectedPrimaryId: billing.id });
    await world.signIn(authorization, SUPPORT);
    await world.settled(authorization);
    expect(await workspace()).toEqual({ primary: BILLING.address, handOver: null });
    await world.admin.act('ChoosePrimary', { mailboxId: support.id, expectedPrimaryId: billing.id });
  });

  test('a primary with a password moves to OAuth on the way', async () => {
    const office = await world.connectWithPassword({ provider: 'MICROSOFT_365', ...OFFICE });
    await world.admin.act('ChoosePrimary', { mailboxId: office.id, expectedPrimaryId: support.id });
    const answer = await world.admin.act('HandOverPrimary', {
      input: { mailboxId: office.id, interimMailboxId: billing.id, migrateTo: 'MICROSOFT_365' },
    });
    expect(answer.authorization).toMatchObject({ purpose: 'MIGRATE', status: 'AWAITING_USER' });
    await world.signIn(answer.authorization, OFFICE);
    expect((await world.settled(answer.authorization)).rejection).toBeNull();
    expect(await workspace()).toEqual({ primary: OFFICE.address, handOver: null });
    expect((await world.mailbox(office.id)).authMethod.kind).toBe('OAUTH2');
    await world.admin.act('ChoosePrimary', { mailboxId: support.id, expectedPrimaryId: office.id });
  });

  test('nobody signs in for a day: it ends where it began', async () => {
    const authorization = await handOver();
    world.clock.shift(24 * 3_600_000 + 1_000);
    expect((await world.reaches(authorization, 'EXPIRED')).status).toBe('EXPIRED');
    await isAsItBegan();
  });
});
