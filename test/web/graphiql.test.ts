import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createCertificates } from '../../sandbox/certificates.ts';
import { createDemoApi } from '../../sandbox/demo/api.ts';
import { sandboxEnvironment } from '../../sandbox/demo/gateway-environment.ts';
import { startSandbox, type Sandbox } from '../../sandbox/sandbox.ts';
import { createTestDatabase, freePlace, startTestGateway, type TestDatabase, type TestGateway } from '../support/gateway.ts';
import { describeInChromium, launchChromium } from './chromium.ts';

const ROOT = join(import.meta.dirname, '../..');
const ADDRESS = 'support@acme.test';

/** The page as it is in the sources; `npm ci` has built it already, unless somebody changed it since. */
function buildPage(): void {
  const built = join(ROOT, 'dist/web/graphiql/index.html');
  const sources = join(ROOT, 'web/graphiql');
  const newest = Math.max(
    ...readdirSync(sources, { recursive: true, encoding: 'utf8' }).map((name) => statSync(join(sources, name)).mtimeMs),
  );
  if (existsSync(built) && statSync(built).mtimeMs > newest) return;
  execFileSync('npm', ['run', '--silent', 'build:web'], { cwd: ROOT });
}

describeInChromium('GraphiQL, opened by the link with a token', () => {
  let database: TestDatabase;
  let sandbox: Sandbox;
  let gateway: TestGateway;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let token: string;
  const stops: (() => Promise<void>)[] = [];
  const requested: string[] = [];
  const violations: string[] = [];

  beforeAll(async () => {
    buildPage();
    const certificates = await createCertificates();
    database = await createTestDatabase('sqlite');
    stops.push(() => database.remove());
    const caFile = join(database.folder, 'ca.pem');
    writeFileSync(caFile, certificates.caPem);
    sandbox = await startSandbox({ accounts: [{ address: ADDRESS, password: 'old' }], certificates });
    stops.push(() => sandbox.stop());
    token = await database.createToken({ role: 'admin' });
    gateway = await startTestGateway({
      ...database.environment,
      ...sandboxEnvironment(sandbox, caFile, null),
      ...(await freePlace()),
      CHECK_INTERVAL_SECONDS: '1',
      CONFIRM_AFTER_SECONDS: '1',
    });
    stops.push(() => gateway.stop());
    const server = (name: 'imap' | 'smtp') => ({
      host: 'localhost',
      port: sandbox.servers[name].port,
      security: sandbox.servers[name].security.toUpperCase(),
    });
    await createDemoApi(gateway.url, token, certificates.caPem).connect({
      address: ADDRESS,
      provider: 'OTHER',
      authMethod: 'BASIC',
      password: 'old',
      incoming: server('imap'),
      outgoing: server('smtp'),
    });
    browser = await launchChromium();
    stops.push(() => browser.close());
    context = await browser.newContext({ viewport: { width: 1400, height: 2400 } });
    await context.exposeFunction('reportViolation', (text: string) => void violations.push(text));
    await context.addInitScript(
      "document.addEventListener('securitypolicyviolation', (event) => window.reportViolation(event.violatedDirective + ' ' + event.blockedURI))",
    );
    page = await open();
  });
  afterAll(async () => {
    for (const stop of stops.reverse()) await stop();
  });

  async function open(): Promise<Page> {
    const opened = await context.newPage();
    opened.on('request', (request) => void requested.push(request.url()));
    opened.on('websocket', (socket) => void requested.push(socket.url()));
    await opened.goto(`${gateway.url}/graphiql#token=${token}`);
    // The button runs once the schema has arrived: then the page knows the operations of its editor.
    await opened.locator('.graphiql-execute-button').waitFor();
    return opened;
  }

  async function run(on: Page, tab: string): Promise<void> {
    await on.locator('.graphiql-tab-button', { hasText: tab }).click();
    await on.locator('.graphiql-execute-button').click();
  }

  async function shows(on: Page, text: string | RegExp): Promise<void> {
    await on.locator('.graphiql-response .view-line', { hasText: text }).first().waitFor({ timeout: 30_000 });
  }

  test('the token leaves the address bar and was in no address that was asked for', () => {
    expect(page.url()).toBe(`${gateway.url}/graphiql`);
    expect(requested.filter((url) => new URL(url).hash === '' && url.includes(token))).toEqual([]);
  });

  test('the first tab runs as it is: its variables are in their editor', async () => {
    await run(page, 'ListMailboxes');
    await shows(page, `"${ADDRESS}"`);
    await shows(page, '"HEALTHY"');
  });

  test('a password changed at the server arrives in the live tab, and so does its repair in a second window', async () => {
    await run(page, 'LiveStatus');
    await shows(page, '"StreamOpened"');
    sandbox.setPassword(ADDRESS, 'new');
    await shows(page, /"to":\s"ACTION_REQUIRED"/);
    await shows(page, '"BAD_CREDENTIALS"');

    const second = await open();
    await run(second, 'ReenterPassword');
    await shows(second, '"COMMITTED"');
    await second.close();
    await shows(page, /"to":\s"HEALTHY"/);
    // What came before is still on the screen.
    await shows(page, /"to":\s"ACTION_REQUIRED"/);
  });

  test.each([
    ['CheckMailbox', '"CheckMailboxPayload"'],
    ['WorkspaceBanner', '"acme"'],
    ['ExplainError', '"SMTP_AUTH_DISABLED"'],
  ])('the tab %s runs as it is', async (tab, expected) => {
    await run(page, tab);
    await shows(page, expected);
    expect(await page.locator('.graphiql-response .view-line', { hasText: '"errors"' }).count()).toBe(0);
  });

  test('a reload keeps the token and the tabs; another window of the browser has neither', async () => {
    await page.reload();
    await run(page, 'ListMailboxes');
    await shows(page, `"${ADDRESS}"`);
    const stranger = await context.newPage();
    await stranger.goto(`${gateway.url}/graphiql`);
    expect(await stranger.evaluate('JSON.stringify([Object.keys(localStorage), Object.entries(sessionStorage)])')).not.toContain(token);
    await stranger.close();
  });

  test('nothing was asked of any other host', () => {
    const hosts = new Set(requested.filter((url) => !/^(blob|data):/.test(url)).map((url) => new URL(url).host));
    expect([...hosts]).toEqual([new URL(gateway.url).host]);
  });

  test('the served policy allows the page everything that it does, and no inline script', async () => {
    const policy = (await fetch(`${gateway.url}/graphiql`)).headers.get('content-security-policy') ?? '';
    expect(policy).toContain("script-src 'self';");
    expect(violations).toEqual([]);
    // The watch works: what the policy forbids is seen.
    await page.evaluate("document.body.append(Object.assign(document.createElement('script'), { textContent: '1' }))");
    await expect.poll(() => violations).toEqual([expect.stringContaining('script-src')]);
  });

  test('the manual opens from the banner’s link under its own policy', async () => {
    violations.length = 0;
    const help = await context.newPage();
    await help.goto(`${gateway.url}/help`);
    await help.getByRole('link', { name: /credentials have expired/ }).click();
    expect(help.url()).toBe(`${gateway.url}/help#sign-in-again`);
    expect(await help.locator('section ol li').count()).toBeGreaterThan(10);
    expect(violations).toEqual([]);
    await help.close();
  });
});
