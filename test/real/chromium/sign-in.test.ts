import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Json } from '../../http/json.ts';
import { startOauthWorld, type OauthWorld } from '../../support/oauth-world.ts';
import { describeInChromium, launchChromium } from '../../web/chromium.ts';
import { openWatchedPage, signInAt, type WatchedPage } from './watched-page.ts';

const SALES = { address: 'sales@contoso.test', password: 'password of sales' };
const ORDERS = { address: 'orders@gmail.test', password: 'password of orders' };
/** Where to leave pictures of the pages, for people who look at them. */
const PICTURES = process.env['SIGN_IN_PICTURES'];

describeInChromium('signing in with a real browser', () => {
  let world: OauthWorld;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let sales: Json;
  let orders: Json;
  let watched: WatchedPage;
  let visited: readonly string[];
  let complaints: readonly string[];

  beforeAll(async () => {
    world = await startOauthWorld({
      accounts: [SALES, ORDERS],
      microsoft: [SALES],
      google: [ORDERS],
      server: { accessTokenSeconds: 50 },
    });
    sales = await world.connect({ provider: 'MICROSOFT_365', address: SALES.address }, SALES);
    orders = await world.connect({ provider: 'GMAIL', address: ORDERS.address }, ORDERS);
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser.close();
    await world.end();
  });
  beforeEach(async () => {
    world.waitOutLimits();
    watched = await openWatchedPage(browser);
    ({ context, page, visited, complaints } = watched);
  });
  afterEach(() => context.close());

  async function picture(name: string): Promise<void> {
    if (PICTURES !== undefined) await page.screenshot({ path: join(PICTURES, `${name}.png`) });
  }

  const heading = (text: string) => page.getByRole('heading', { name: text });

  async function begin(mailbox: Json, provider: 'Microsoft' | 'Google'): Promise<Json> {
    const { authorization } = await world.admin.act('SignInAgain', { mailboxId: mailbox.id });
    await page.goto(authorization.authorizationUrl);
    await picture(`1-start-${provider}`);
    await page.getByRole('button', { name: `Sign in with ${provider}` }).click();
    await page.getByLabel('Password').waitFor();
    return authorization;
  }

  async function enter({ address, password }: typeof SALES, provider: string): Promise<void> {
    expect(await page.getByLabel('Email').inputValue()).toBe(address);
    expect(await page.evaluate('document.referrer')).toBe('');
    await page.getByLabel('Password').fill(password);
    await picture(`2-sign-in-${provider}`);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.getByRole('button', { name: 'Accept' }).waitFor();
    await picture(`3-consent-${provider}`);
  }

  function leftNoTrace(): void {
    const own = visited.filter((url) => url.startsWith(world.url));
    expect(own.length).toBeGreaterThan(1);
    for (const url of own) expect(url).not.toMatch(/[?&](code|state|error|error_description)=/);
    expect(complaints).toEqual([]);
  }

  test.each([
    ['Microsoft', SALES, () => sales],
    ['Google', ORDERS, () => orders],
  ] as const)('a whole re-authorization at %s: from the link to "Done", and mail can log in again', async (provider, person, mailboxOf) => {
    const mailbox = mailboxOf();
    (provider === 'Microsoft' ? world.microsoft : world.google).endGrants(person.address, 'revoked');
    await world.checkUntil(mailbox.id, ({ status }) => status.health === 'ACTION_REQUIRED');
    const authorization = await begin(mailbox, provider);
    await enter(person, provider);
    await page.getByRole('button', { name: 'Accept' }).click();
    await heading('Done').waitFor();
    await picture(`4-result-${provider}`);
    expect(await page.getByRole('status').textContent()).toContain('Signed in and verified.');
    expect(await page.evaluate('document.referrer')).toBe('');
    expect((await world.settled(authorization)).rejection).toBeNull();
    expect((await world.mailbox(mailbox.id)).status.health).toBe('HEALTHY');
    expect(await world.logsIn(mailbox.id, person.address)).toEqual({ imap: 1, smtp: 1 });
    leftNoTrace();
  });

  test('a refused consent: the page says so, the mailbox goes on with what it has', async () => {
    const authorization = await begin(sales, 'Microsoft');
    await enter(SALES, 'Microsoft');
    await page.getByRole('button', { name: 'Cancel' }).click();
    await heading('The sign-in was not taken over').waitFor();
    await picture('5-refused-Microsoft');
    expect(await page.getByRole('status').textContent()).toContain('The credential in use was not touched.');
    expect(await world.settled(authorization)).toMatchObject({ status: 'REJECTED', rejection: { reason: 'CONSENT_DENIED' } });
    expect(await world.logsIn(sales.id, SALES.address)).toEqual({ imap: 1, smtp: 1 });
    leftNoTrace();
  });

  test('the back button and a second tab: the first that comes back wins, the other is told', async () => {
    const authorization = await begin(sales, 'Microsoft');
    const second = await context.newPage();
    await second.goto(authorization.authorizationUrl);
    await second.getByRole('button', { name: 'Sign in with Microsoft' }).click();
    await second.getByLabel('Password').fill(SALES.password);
    await second.getByRole('button', { name: 'Sign in', exact: true }).click();
    await second.getByRole('button', { name: 'Accept' }).click();
    await second.getByRole('heading', { name: 'Done' }).waitFor();
    await page.getByLabel('Password').fill(SALES.password);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.getByRole('button', { name: 'Accept' }).click();
    await heading('This sign-in cannot be used').waitFor();
    await picture('6-second-tab');
    await page.goto(authorization.authorizationUrl);
    await heading('Done').waitFor();
  });

  test('the back button after the end, and a reload: nothing begins anew, and the page says how it ended', async () => {
    const authorization = await begin(sales, 'Microsoft');
    await signInAt(page, SALES);
    await heading('Done').waitFor();
    await page.reload();
    await heading('Done').waitFor();
    const exchanges = world.microsoft.tokenRequests()['authorization_code'];
    const link = new URL(authorization.authorizationUrl);
    for (let back = 0; back < 8 && new URL(page.url()).pathname !== link.pathname; back += 1) await page.goBack();
    expect(page.url()).toBe(link.href);
    await heading('Done').waitFor();
    expect(await page.getByRole('button').count()).toBe(0);
    expect(world.microsoft.tokenRequests()['authorization_code']).toBe(exchanges);
    expect((await world.settled(authorization)).status).toMatch(/^CO(MMITT|NFIRM)ED$/);
  });
});
