import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Json } from '../../http/json.ts';
import { createGraphqlClient } from '../../support/graphql-client.ts';
import { startOauthWorld, type OauthWorld } from '../../support/oauth-world.ts';
import { describeInChromium, launchChromium } from '../../web/chromium.ts';
import { forgiveErrorPages, openWatchedPage, signInAt, type WatchedPage } from './watched-page.ts';

const SALES = { address: 'sales@contoso.test', password: 'password of sales' };
/** Somebody whose account is called this. */
const NAMED = { address: '"<img/src=x/onerror=alert(1)>"@contoso.test', password: 'password of nobody' };

const PAYLOADS = [
  '<script>alert(1)</script>',
  '<img src=x onerror=alert(1)>',
  '<svg onload=alert(1)>',
  '<svg><script>alert(1)</script></svg>',
  '"><script>alert(1)</script>',
  "'><script>alert(1)</script>",
  '</p></main></body><script>alert(1)</script>',
  '</title><script>alert(1)</script>',
  '</style><script>alert(1)</script>',
  '<style>*{display:none}</style>',
  '<iframe src="javascript:alert(1)"></iframe>',
  '<iframe srcdoc="<script>alert(1)</script>"></iframe>',
  '<object data="javascript:alert(1)"></object>',
  '<embed src="javascript:alert(1)">',
  '<a href="javascript:alert(1)">click</a>',
  '<form action="javascript:alert(1)"><button>Sign in with Microsoft</button></form>',
  '<base href="https://evil.example/">',
  '<meta http-equiv="refresh" content="0;url=javascript:alert(1)">',
  '<link rel="stylesheet" href="https://evil.example/x.css">',
  '<input autofocus onfocus=alert(1)>',
  '<details open ontoggle=alert(1)>',
  '<video><source onerror=alert(1)></video>',
  '<body onload=alert(1)>',
  '<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>',
  '&lt;script&gt;alert(1)&lt;/script&gt;',
  '&#60;script&#62;alert(1)&#60;/script&#62;',
  '\u003cscript\u003ealert(1)\u003c/script\u003e',
  '<!--><script>alert(1)</script>-->',
  '" onmouseover="alert(1)" x="',
  '{{constructor.constructor("alert(1)")()}}${alert(1)}',
];

describeInChromium('whatever stands in a text, our pages show it as text', () => {
  let world: OauthWorld;
  let browser: Browser;
  let watched: WatchedPage;
  let sales: Json;

  beforeAll(async () => {
    world = await startOauthWorld({ accounts: [SALES], microsoft: [SALES, NAMED] });
    sales = await world.connect({ provider: 'MICROSOFT_365', address: SALES.address }, SALES);
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser.close();
    await world.end();
  });
  beforeEach(async () => {
    world.waitOutLimits();
    watched = await openWatchedPage(browser);
  });
  afterEach(async () => {
    expect(watched.complaints).toEqual([]);
    await watched.context.close();
  });

  /** What a text could bring in; our pages have none of it themselves. */
  const foreign = (): Promise<number> =>
    watched.page.locator('img, script, svg, iframe, object, embed, base, video, input, details, math, main a, main style').count();
  const text = async (): Promise<string> => (await watched.page.locator('main').textContent()) ?? '';

  test('thirty payloads as names, banners and errors are text on every page (O10)', { timeout: 300_000 }, async () => {
    const { page } = watched;
    expect(PAYLOADS).toHaveLength(30);
    for (const payload of PAYLOADS) {
      world.waitOutLimits();
      const attacker = createGraphqlClient(world.url, await world.database.createToken({ role: 'admin', name: payload }));
      await world.admin.act('EditMailbox', { input: { mailboxId: sales.id, displayName: payload } });
      const { authorization } = await attacker.act('SignInAgain', { mailboxId: sales.id });
      await page.goto(authorization.authorizationUrl);
      expect(await text()).toContain(payload);
      expect(await foreign(), payload).toBe(0);
      expect(await page.locator('form').count()).toBe(1);
      await attacker.close();
    }
    const [script, image] = ['<script>alert(1)</script>', '<img src=x onerror=alert(1)>'].map(encodeURIComponent);
    for (const path of ['/', '/help', '/graphiql', '/oauth/start/', '/oauth/result/', '/oauth/callback/microsoft']) {
      await page.goto(`${world.url}${path}${image!}?key=${script!}&error=${image!}`);
      expect(await page.content()).not.toContain('<img src=x');
    }
    // A page that is not there says so in the console of a browser; nothing else may stand there.
    forgiveErrorPages(watched);
  });

  test('so is what a mail server says of the new sign-in, and what the account is called that signed in (O10)', async () => {
    const { page } = watched;
    const said = PAYLOADS.slice(0, 6).join(' ');
    world.sandbox.setFault(SALES.address, { kind: 'reply', imap: `NO [AUTHENTICATIONFAILED] ${said}`, smtp: `535 5.7.8 ${said}` });
    const refused = (await world.admin.act('SignInAgain', { mailboxId: sales.id })).authorization;
    await page.goto(refused.authorizationUrl);
    await page.getByRole('button', { name: 'Sign in with Microsoft' }).click();
    await signInAt(page, SALES);
    await page.getByRole('heading', { name: 'The sign-in was not taken over' }).waitFor();
    expect((await world.settled(refused)).rejection.providerMessage).toContain('<script>');
    expect(await foreign()).toBe(0);
    world.sandbox.setFault(SALES.address, null);

    const mistaken = (await world.admin.act('SignInAgain', { mailboxId: sales.id })).authorization;
    await world.signIn(mistaken, NAMED);
    expect((await world.settled(mistaken)).rejection.actualAddress).toBe(NAMED.address);
    await page.goto(mistaken.authorizationUrl);
    expect(await text()).toContain(`You signed in as ${NAMED.address}`);
    expect(await foreign()).toBe(0);
  });

  test('what stands in an error of the provider runs nowhere (O9)', { timeout: 120_000 }, async () => {
    const { page } = watched;
    for (const payload of PAYLOADS.slice(0, 4)) {
      world.waitOutLimits();
      const { authorization } = await world.admin.act('SignInAgain', { mailboxId: sales.id });
      await page.goto(authorization.authorizationUrl);
      const [asked] = await Promise.all([
        page.waitForRequest((request) => request.url().includes('/authorize?')),
        page.getByRole('button', { name: 'Sign in with Microsoft' }).click(),
      ]);
      await page.getByLabel('Password').waitFor();
      const callback = new URL(`${world.url}/oauth/callback/microsoft`);
      callback.search = String(
        new URLSearchParams({ state: new URL(asked.url()).searchParams.get('state') ?? '', error: payload, error_description: payload }),
      );
      const answer = await page.goto(callback.href);
      expect(answer?.request().redirectedFrom()?.url()).toBe(callback.href);
      await page.locator('h1').waitFor();
      expect(await text()).not.toContain('alert(1)');
      expect(await foreign()).toBe(0);
      expect(page.url()).not.toMatch(/error|state/);
    }
  });

  test('and a page without our defences would be seen to run them (the control)', async () => {
    await watched.page.setContent(PAYLOADS.slice(0, 4).join(''));
    await expect.poll(() => watched.complaints.filter((line) => line.startsWith('dialog')).length).toBeGreaterThan(0);
    watched.complaints.length = 0;
  });
});
