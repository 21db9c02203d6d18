import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestOauth, type TestOauth } from '../../support/oauth-server.ts';

const ORDERS = { address: 'orders@gmail.test', password: 'a password' };

let oauth: TestOauth;
beforeAll(async () => {
  // The library renews by itself what has less than five minutes left, and would do so for the profile.
  oauth = await startTestOauth({ flavour: 'google', people: [ORDERS], accessTokenSeconds: 50, rotate: true });
});
afterAll(() => oauth.server.stop());

test('a sign-in whose access token is nearly over gives a refresh token that nobody has used behind the gateway’s back', async () => {
  const { account } = await oauth.signIn(ORDERS);
  expect(account.username).toBe(ORDERS.address);
  expect(oauth.server.tokenRequests()['refresh_token'] ?? 0).toBe(0);
});

test('a refresh token that is replaced by its use is answered with, and is good for the next use', async () => {
  const { tokens } = await oauth.signIn(ORDERS);
  let refreshToken = tokens.refreshToken!;
  for (let uses = 0; uses < 3; uses += 1) {
    const renewed = await oauth.provider().refresh(refreshToken, [], 10_000);
    if (renewed.kind === 'FAILED') throw new Error(renewed.evidence.text);
    expect(renewed.tokens.refreshToken).not.toBeNull();
    refreshToken = renewed.tokens.refreshToken!;
  }
});
