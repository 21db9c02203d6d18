import { signInAs, type SigningPerson } from '../../sandbox/browser.ts';
import type { Json } from '../http/json.ts';
import type { OauthWorld } from './oauth-world.ts';

type Choice = Parameters<typeof signInAs>[3];

/** What the button of the start page answered. */
export interface StartAnswer {
  readonly response: Response;
  readonly text: string;
  /** As the browser sends it back: `name=value`; empty when none was set. */
  readonly cookie: string;
  /** Where the page leads on to. */
  readonly link: string | undefined;
}

/** One browser's way up to the callback, which it has not opened yet. */
export interface Flow {
  readonly authorization: Json;
  readonly cookie: string;
  readonly signInUrl: URL;
  readonly callback: URL;
}

/** The way of a browser through a sign-in, one step at a time. */
export interface BrowserSteps {
  /** Pushes the button of the start page. */
  start(authorization: Json): Promise<StartAnswer>;
  /** From the button to the provider and back, up to the callback. */
  upToCallback(authorization: Json, person: SigningPerson, choice?: Choice): Promise<Flow>;
  /** Opens an address without following where it leads. */
  open(url: URL | string, cookie?: string): Promise<Response>;
}

export function createBrowserSteps(world: Pick<OauthWorld, 'url' | 'browser'>): BrowserSteps {
  async function start(authorization: Json): Promise<StartAnswer> {
    const response = await fetch(authorization.authorizationUrl, { method: 'POST', redirect: 'manual' });
    const text = await response.text();
    const cookie = (response.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
    const link = /href="([^"]+)"[^>]*>Continue/.exec(text)?.[1]?.replaceAll('&amp;', '&');
    return { response, cookie, link, text };
  }

  return {
    start,
    async upToCallback(authorization, person, choice) {
      const { cookie, link } = await start(authorization);
      if (link === undefined) throw new Error('The start page leads nowhere.');
      const browser = world.browser((url) => url.startsWith(`${world.url}/oauth/callback/`));
      return { authorization, cookie, signInUrl: new URL(link), callback: await signInAs(browser, link, person, choice) };
    },
    open: (url, cookie = '') => fetch(url, { headers: cookie === '' ? {} : { cookie }, redirect: 'manual' }),
  };
}

/** A copy of the address with other parameters. */
export function changed(url: URL, change: (parameters: URLSearchParams) => void): URL {
  const copy = new URL(url);
  change(copy.searchParams);
  return copy;
}
