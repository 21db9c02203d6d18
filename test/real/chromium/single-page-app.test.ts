import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Json } from '../../http/json.ts';
import { startOauthWorld, type OauthWorld } from '../../support/oauth-world.ts';
import { describeInChromium, launchChromium } from '../../web/chromium.ts';
import { startHelpDesk, type HelpDesk, type HelpDeskWindow } from './help-desk.ts';
import { forgiveErrorPages, openWatchedPage, signInAt, type WatchedPage } from './watched-page.ts';

const SALES = { address: 'sales@contoso.test', password: 'password of sales' };

describeInChromium('a single-page app on an origin of its own', () => {
  let desk: HelpDesk;
  let world: OauthWorld;
  let browser: Browser;
  let watched: WatchedPage;
  let sales: Json;

  beforeAll(async () => {
    desk = await startHelpDesk();
    world = await startOauthWorld({
      accounts: [SALES],
      microsoft: [SALES],
      environment: { ALLOWED_ORIGINS: desk.origin, RETURN_TO_ORIGINS: desk.origin },
    });
    sales = await world.connect({ provider: 'MICROSOFT_365', address: SALES.address }, SALES);
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser.close();
    await world.end();
    await desk.stop();
  });
  beforeEach(async () => {
    world.waitOutLimits();
    watched = await openWatchedPage(browser);
    await watched.page.goto(`${desk.origin}/settings`);
    await watched.page.waitForSelector('body[data-ready]');
  });
  afterEach(async () => {
    expect(watched.complaints).toEqual([]);
    for (const url of watched.visited) if (!url.includes('/interaction/')) expect(url).not.toMatch(/[?&](code|error|error_description)=/);
    await watched.context.close();
  });

  async function begin(returnTo?: string): Promise<Json> {
    const { authorization } = await world.admin.act('SignInAgain', { mailboxId: sales.id, returnTo });
    return authorization;
  }

  /** In the page: what the app itself can do. */
  const inPage = <T>(work: (desk: HelpDeskWindow, argument: Json) => T, argument: Json = null): Promise<T> =>
    watched.page.evaluate(`(${work.toString()})(window.desk, ${JSON.stringify(argument)})`);
  const follow = ({ id }: Json): Promise<void> =>
    inPage((app, { url, token, of }) => app.follow(url, token, of), { url: world.url, token: world.adminToken, of: id });
  const reaches = (status: string): Promise<unknown> =>
    watched.page.waitForFunction(`window.desk.progress.some((seen) => seen.status === ${JSON.stringify(status)})`);

  async function popUp({ authorizationUrl }: Json) {
    const [popup] = await Promise.all([watched.context.waitForEvent('page'), inPage((app, url) => app.popUp(url), authorizationUrl)]);
    await popup.getByRole('button', { name: 'Sign in with Microsoft' }).click();
    await popup.getByLabel('Password').waitFor();
    return popup;
  }

  test('a popup signs in; the page that opened it learns the outcome from authorizationUpdated alone', async () => {
    const authorization = await begin();
    await follow(authorization);
    await reaches('AWAITING_USER');
    const popup = await popUp(authorization);
    await signInAt(popup, SALES);
    await reaches('COMMITTED');
    await popup.getByRole('heading', { name: 'Done' }).waitFor();
    expect(await popup.evaluate('window.opener')).toBeNull();
    // What else an opener could go by says nothing: the policy of our pages cut the two windows apart.
    expect(await inPage((app) => app.messages)).toEqual([]);
    expect(await watched.page.evaluate('window.desk.popup.closed')).toBe(true);
    const [last] = (await inPage((app) => app.progress)).slice(-1);
    expect(last).toMatchObject({ rejection: null, mailbox: { status: { health: 'HEALTHY' } } });
  });

  test('a popup that is closed early does no harm: the mailbox goes on, and the same link signs in later', async () => {
    const authorization = await begin();
    await follow(authorization);
    const popup = await popUp(authorization);
    await popup.close();
    expect(await world.logsIn(sales.id, SALES.address)).toEqual({ imap: 1, smtp: 1 });
    expect((await world.mailbox(sales.id)).openAuthorization).toMatchObject({ id: authorization.id, status: 'AWAITING_USER' });
    await signInAt(await popUp(authorization), SALES);
    await reaches('COMMITTED');
  });

  test('a page of the help desk gets the browser back with the id alone (O8)', async () => {
    const { page } = watched;
    const authorization = await begin(`${desk.origin}/settings?tab=email`);
    await page.goto(authorization.authorizationUrl);
    await page.getByRole('button', { name: 'Sign in with Microsoft' }).click();
    await signInAt(page, SALES);
    await page.waitForURL(`${desk.origin}/**`);
    await page.waitForSelector('body[data-ready]');
    expect(page.url()).toBe(`${desk.origin}/settings?tab=email&authorization=${authorization.id}`);
    expect(await page.evaluate('document.referrer')).toBe('');
    await follow({ id: new URL(page.url()).searchParams.get('authorization') });
    await reaches('COMMITTED');

    expect(watched.complaints).toEqual([]);
    // Nor does it stand in the history: no way back leads to a code.
    for (let back = 0; back < 8 && (await page.goBack()) !== null; back += 1) expect(page.url()).not.toMatch(/[?&]code=/);
    forgiveErrorPages(watched);
  });

  test('a refused consent comes back the same way, and the app is told why', async () => {
    const { page } = watched;
    const authorization = await begin(`${desk.origin}/settings`);
    await page.goto(authorization.authorizationUrl);
    await page.getByRole('button', { name: 'Sign in with Microsoft' }).click();
    await page.getByLabel('Password').fill(SALES.password);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.waitForURL(`${desk.origin}/**`);
    await page.waitForSelector('body[data-ready]');
    await follow(authorization);
    await reaches('REJECTED');
    const [last] = (await inPage((app) => app.progress)).slice(-1);
    expect(last).toMatchObject({ rejection: { reason: 'CONSENT_DENIED' }, mailbox: { status: { health: 'HEALTHY' } } });
  });
});
