import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';

export interface BrowserAnswer {
  readonly status: number;
  readonly location: string | null;
  readonly body: string;
  readonly url: string;
}

export interface OauthBrowser {
  get(url: string): Promise<BrowserAnswer>;
  post(url: string, form: Readonly<Record<string, string | readonly string[]>>): Promise<BrowserAnswer>;
}

/** The part of a browser that a sign-in needs: cookies by host, redirects followed until `stopAt` matches, forms posted. */
export function createOauthBrowser(ca: string, stopAt: (url: string) => boolean): OauthBrowser {
  const jar = new Map<string, Map<string, string>>();

  async function send(method: 'GET' | 'POST', url: string, body: string | null): Promise<BrowserAnswer> {
    const target = new URL(url);
    const cookies = jar.get(target.host) ?? new Map<string, string>();
    jar.set(target.host, cookies);
    const answer = await new Promise<BrowserAnswer>((resolve, reject) => {
      const outgoing = (target.protocol === 'https:' ? requestHttps : requestHttp)(
        target,
        {
          method,
          ...(target.protocol === 'https:' ? { ca } : {}),
          headers: {
            cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; '),
            ...(body === null ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
          },
        },
        (response) => {
          for (const line of response.headers['set-cookie'] ?? []) {
            const [pair = ''] = line.split(';');
            const at = pair.indexOf('=');
            if (/expires=Thu, 01 Jan 1970/i.test(line)) cookies.delete(pair.slice(0, at));
            else cookies.set(pair.slice(0, at), pair.slice(at + 1));
          }
          let text = '';
          response.setEncoding('utf8');
          response.on('data', (chunk: string) => (text += chunk));
          response.on('end', () =>
            resolve({
              status: response.statusCode ?? 0,
              location: response.headers.location === undefined ? null : new URL(response.headers.location, target).href,
              body: text,
              url,
            }),
          );
          response.on('error', reject);
        },
      );
      outgoing.on('error', reject);
      outgoing.end(body ?? undefined);
    });
    if (answer.location === null || ![301, 302, 303].includes(answer.status) || stopAt(answer.location)) return answer;
    return send('GET', answer.location, null);
  }

  return {
    get: (url) => send('GET', url, null),
    post: (url, form) => {
      const fields = new URLSearchParams();
      for (const [name, value] of Object.entries(form)) for (const each of [value].flat()) fields.append(name, each);
      return send('POST', url, fields.toString());
    },
  };
}

export interface SigningPerson {
  readonly address: string;
  readonly password: string;
}

/** Signs in and consents (or cancels, or unticks a scope); answers with where the browser is sent back to. */
export async function signInAs(
  browser: OauthBrowser,
  signInUrl: string,
  person: SigningPerson,
  choice: { readonly consent: 'ACCEPT' | 'CANCEL'; readonly untick?: string } = { consent: 'ACCEPT' },
): Promise<URL> {
  let page = await browser.get(signInUrl);
  if (page.body.includes('name="login"'))
    page = await browser.post(actionOf(page, 'login'), { login: person.address, password: person.password });
  if (page.location === null && page.body.includes('/consent"')) {
    const scopes = [...page.body.matchAll(/name="scope" value="([^"]+)"/g)].map((match) => match[1] ?? '');
    page =
      choice.consent === 'CANCEL'
        ? await browser.post(actionOf(page, 'abort'), {})
        : await browser.post(actionOf(page, 'consent'), {
            scope: scopes.filter((scope) => choice.untick === undefined || !scope.includes(choice.untick)),
          });
  }
  if (page.location === null)
    throw new Error(`The sign-in stopped at a page: ${page.status} ${/<h1>([^<]*)/.exec(page.body)?.[1] ?? page.body.slice(0, 200)}`);
  return new URL(page.location);
}

function actionOf(page: BrowserAnswer, step: string): string {
  const action = new RegExp(`(?:action|formaction)="(/interaction/[^"]+/${step})"`).exec(page.body)?.[1];
  if (action === undefined) throw new Error(`The page has no "${step}".`);
  return new URL(action, page.url).href;
}
