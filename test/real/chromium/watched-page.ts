import type { Browser, BrowserContext, Page } from 'playwright-core';

/** One browser window of its own, and everything about it that should never happen. */
export interface WatchedPage {
  readonly context: BrowserContext;
  readonly page: Page;
  /** Addresses that any frame of any window came to. */
  readonly visited: readonly string[];
  /** Dialogs, errors in the console, violations of a policy, requests that leave this machine. A test takes out what it expects. */
  readonly complaints: string[];
}

export async function openWatchedPage(browser: Browser): Promise<WatchedPage> {
  const visited: string[] = [];
  const complaints: string[] = [];
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  context.on('page', (page) => {
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
  return { context, page: await context.newPage(), visited, complaints };
}

/** Takes out what a browser says of a page that answers with an error: a sign-in page of long ago does, when somebody goes back to it. */
export function forgiveErrorPages({ complaints }: WatchedPage): void {
  complaints.splice(0, Infinity, ...complaints.filter((line) => !line.startsWith('Failed to load resource')));
}

/** What the person does at the sandbox's sign-in pages. */
export async function signInAt(page: Page, { password }: { readonly password: string }): Promise<void> {
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByRole('button', { name: 'Accept' }).click();
}
