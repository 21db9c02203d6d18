import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Json } from '../../http/json.ts';
import { createGraphqlClient } from '../../support/graphql-client.ts';
import { startOauthWorld, type OauthWorld } from '../../support/oauth-world.ts';
import { describeInChromium, launchChromium } from '../../web/chromium.ts';

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
  let visited: string[];
  let complaints: string[];

  beforeAll(async () => {
    world = await startOauthWorld({
      accounts: [SALES, ORDERS],
      microsoft: [SALES],
      google: [ORDERS],
      server: { accessTokenSeconds: 60 },
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
    visited = [];
    complaints = [];
    context = await browser.newContext({ ignoreHTTPSErrors: true });
    page = await context.newPage();
    page.on('framenavigated', (frame) => visited.push(frame.url()));
    page.on('dialog', (dialog) => {
      complaints.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on('console', (message) => {
      if (message.type() === 'error' || /Content Security Policy|Refused/.test(message.text())) complaints.push(message.text());
    });
    page.on('request', (request) => {
      if (!['localhost', ''].includes(new URL(request.url()).hostname)) complaints.push(`request: ${request.url()}`);
    });
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

  test('whatever stands in a name is text on these pages', async () => {
    const token = await world.database.createToken({ role: 'admin', name: '<img src=x onerror=alert(1)>"\'><script>alert(2)</script>' });
    const attacker = createGraphqlClient(world.url, token);
    const { authorization } = await attacker.act('SignInAgain', { mailboxId: sales.id });
    await page.goto(authorization.authorizationUrl);
    expect(await page.locator('main').textContent()).toContain('<img src=x onerror=alert(1)>');
    expect(await page.locator('img, script').count()).toBe(0);
    expect(complaints).toEqual([]);
    await attacker.close();
  });

  test('a popup says nothing to whom opened it, and needs not to: the opener learns from its subscription', async () => {
    const { authorization } = await world.admin.act('SignInAgain', { mailboxId: sales.id });
    const progress = world.admin.subscribe('SignInProgress', { id: authorization.id });
    await page.goto(`${world.url}/healthz`);
    const [popup] = await Promise.all([
      context.waitForEvent('page'),
      page.evaluate(`void window.open(${JSON.stringify(authorization.authorizationUrl)}, 'sign-in', 'popup')`),
    ]);
    await popup.getByRole('button', { name: 'Sign in with Microsoft' }).click();
    await popup.getByLabel('Password').fill(SALES.password);
    await popup.getByRole('button', { name: 'Sign in', exact: true }).click();
    await popup.getByRole('button', { name: 'Accept' }).click();
    expect(await progress.until(({ status }) => status === 'COMMITTED' || status === 'REJECTED')).toMatchObject({ status: 'COMMITTED' });
    await popup.getByRole('heading', { name: 'Done' }).waitFor();
    expect(await popup.evaluate('window.opener')).toBeNull();
    progress.stop();
  });
});
