import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Json } from '../http/json.ts';
import { startOauthWorld, type OauthWorld } from '../support/oauth-world.ts';

const account = (address: string) => ({ address, password: `password of ${address}` });
const ANN = account('ann@gmail.test');
const BOB = account('bob@gmail.test');
const EVE = account('eve@gmail.test');
const DAN = account('dan@gmail.test');
const TEAM = 'team@acme.test';

describe('a grant that is given up ends at the provider, unless somebody lives on it', () => {
  let world: OauthWorld;
  let ann: Json;

  beforeAll(async () => {
    const people = [ANN, BOB, EVE, DAN];
    world = await startOauthWorld({
      accounts: [...people, { address: TEAM, delegates: [ANN.address] }],
      google: people,
      server: { accessTokenSeconds: 50 },
      environment: { ROLLBACK_DAYS: '1' },
    });
    ann = await world.connect({ provider: 'GMAIL', address: ANN.address }, ANN);
  });
  afterAll(() => world.end());
  beforeEach(() => {
    world.sandbox.reset();
    world.waitOutLimits();
  });

  const living = ({ address }: typeof ANN): number => world.google.livingGrants(address);
  /** The provider is asked once the change is committed, a moment after everybody can see it. */
  const ends = (person: typeof ANN) => expect.poll(() => living(person), { timeout: 10_000 }).toBe(0);
  const remove = async ({ id }: Json): Promise<boolean> => (await world.admin.act('RemoveMailbox', { mailboxId: id })).grantRevoked;

  test('of a mailbox that is removed, when no other mailbox signs in with the account', async () => {
    const bob = await world.connect({ provider: 'GMAIL', address: BOB.address }, BOB);
    expect(await remove(bob)).toBe(true);
    expect(living(BOB)).toBe(0);
  });

  test('not of one whose account another mailbox uses, in any workspace: that one goes on', async () => {
    const team = await world.connect({ provider: 'GMAIL', address: TEAM, signInAddress: ANN.address }, ANN);
    expect(await remove(team)).toBe(false);
    expect(await world.logsIn(ann.id, ANN.address)).toEqual({ imap: 1, smtp: 1 });
  });

  test('of somebody who signed in and was not expected', async () => {
    expect((await world.signInAgain(ann.id, EVE)).rejection.reason).toBe('ACCOUNT_MISMATCH');
    await ends(EVE);
  });

  test('but not when that account has a mailbox here', async () => {
    const bob = await world.connect({ provider: 'GMAIL', address: BOB.address }, BOB);
    expect((await world.signInAgain(ann.id, BOB)).rejection.reason).toBe('ACCOUNT_MISMATCH');
    expect(await world.logsIn(bob.id, BOB.address)).toEqual({ imap: 1, smtp: 1 });
    expect(await remove(bob)).toBe(true);
  });

  test('of a sign-in that the mail servers refused', async () => {
    world.sandbox.setFault(DAN.address, { kind: 'imap-disabled' });
    const { authorization } = await world.admin.act('ConnectMailbox', {
      input: { provider: 'GMAIL', address: DAN.address, authMethod: 'OAUTH2' },
    });
    await world.signIn(authorization, DAN);
    expect((await world.settled(authorization)).status).toBe('REJECTED');
    await ends(DAN);
  });

  test('but not when the mailbox itself lives on the same account', async () => {
    world.sandbox.setFault(ANN.address, { kind: 'imap-disabled' });
    expect((await world.signInAgain(ann.id, ANN)).status).toBe('REJECTED');
    world.sandbox.reset();
    expect(await world.logsIn(ann.id, ANN.address)).toEqual({ imap: 1, smtp: 1 });
  });

  test('of what was kept for a roll-back, once its time is over', async () => {
    const bob = await world.connect({ provider: 'GMAIL', address: BOB.address }, BOB);
    expect((await world.migrate({ mailboxId: bob.id, provider: 'GMAIL', address: DAN.address }, DAN)).rejection).toBeNull();
    expect((await world.mailbox(bob.id)).previousAuthMethod.canRollBack).toBe(true);
    expect(living(BOB)).toBeGreaterThan(0);
    const erased = world.admin.subscribe('LiveList');
    await erased.until(({ __typename }) => __typename === 'StreamOpened');
    world.clock.shift(25 * 3_600_000);
    await erased.until((event) => event.__typename === 'MailboxChanged' && event.mailbox.id === bob.id);
    erased.stop();
    expect((await world.mailbox(bob.id)).previousAuthMethod).toMatchObject({ canRollBack: false, authMethod: { username: BOB.address } });
    await ends(BOB);
    expect(await world.logsIn(bob.id, DAN.address)).toEqual({ imap: 1, smtp: 1 });
  });
});
