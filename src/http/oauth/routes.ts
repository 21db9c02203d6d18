import type { IncomingMessage, ServerResponse } from 'node:http';
import type { SignInFlowUseCases, StartPage } from '../../credentials/sign-in-flow.ts';
import { isOpen, type Authorization } from '../../domain/authorization.ts';
import { authorizationMessage } from '../../domain/authorization-message.ts';
import type { Provider } from '../../domain/mail.ts';
import type { Gateway } from '../../resolvers/gateway.ts';
import { sendError, sendMethodNotAllowed } from '../answers.ts';
import { below, exactly, type Route, type RouteCall } from '../routes.ts';
import { html, sendPage } from './page.ts';

const NAME: Readonly<Record<Provider, string>> = { MICROSOFT_365: 'Microsoft', GMAIL: 'Google', OTHER: 'your provider' };
const FLOW_SECONDS = 600;
const LOOK_AGAIN_SECONDS = 2;

/** The browser's way through a sign-in: start page, callback of each provider, result page. */
export function oauthRoutes(parts: { readonly gateway: Gateway; readonly signInFlow: SignInFlowUseCases }): readonly Route[] {
  const { gateway, signInFlow } = parts;
  const { publicUrl } = gateway.settings;
  const callback = (name: string, provider: Provider): Route => ({
    name: 'oauth-callback',
    match: exactly(`/oauth/callback/${name}`),
    handle: reading(async (request, response, call) => {
      const finished = await signInFlow.finish(provider, call.url.searchParams, cookiesOf(request));
      if (finished.kind === 'REFUSED') {
        sendPage(response, {
          status: 400,
          title: 'This sign-in cannot be used',
          body: '<p>It was started in another browser, took too long, or was used already. Nothing was changed.</p><p>Go back to your help desk and start again.</p>',
        });
        return;
      }
      redirect(response, afterwards(gateway, finished.authorization));
    }),
  });

  return [
    {
      name: 'oauth-start',
      match: below('/oauth/start/'),
      handle: async (request, response, call) => {
        const id = call.params['rest'] ?? '';
        const key = call.url.searchParams.get('key') ?? '';
        if (request.method === 'POST') return begin(request, response, id, key);
        if (request.method !== 'GET' && request.method !== 'HEAD') return sendMethodNotAllowed(response, ['GET', 'POST']);
        const page = await signInFlow.show(id, key);
        showStart(response, page, await mailboxAddress(gateway, page), key);
      },
    },
    callback('microsoft', 'MICROSOFT_365'),
    callback('google', 'GMAIL'),
    {
      name: 'oauth-result',
      match: below('/oauth/result/'),
      handle: reading(async (_, response, call) =>
        showResult(response, await signInFlow.show(call.params['rest'] ?? '', call.url.searchParams.get('key') ?? '')),
      ),
    },
  ];

  async function begin(request: IncomingMessage, response: ServerResponse, id: string, key: string): Promise<void> {
    // A page elsewhere may not push this button. Origin says nothing here: without a referrer browsers send "null".
    const site = request.headers['sec-fetch-site'];
    if (site !== undefined && site !== 'same-origin') return sendError(response, 403, 'FORBIDDEN', 'Open the sign-in link itself.');
    request.resume();
    const begun = await signInFlow.begin(id, key);
    switch (begun.kind) {
      case 'GO': {
        const secure = publicUrl.protocol === 'https:' ? '; Secure' : '';
        response.setHeader(
          'Set-Cookie',
          `${begun.cookie.name}=${begun.cookie.value}; Path=/; Max-Age=${FLOW_SECONDS}; HttpOnly; SameSite=Lax${secure}`,
        );
        const name = NAME[begun.authorization.provider];
        return sendPage(response, {
          status: 200,
          title: `On to ${name}`,
          body: `<p>You are taken to ${name} to sign in.</p><p><a class="button" href="${html(begun.url)}">Continue to ${name}</a></p>`,
          refresh: { seconds: 0, url: begun.url },
        });
      }
      case 'FAILED':
        return sendPage(response, {
          status: 502,
          title: 'The sign-in cannot start now',
          body: `<p>${html(begun.diagnosis.message)}</p><p class="quiet">Nothing was changed. Reload this page to try again.</p>`,
        });
      case 'OVER':
      case 'UNKNOWN':
        return showStart(response, begun, '', key);
    }
  }
}

function showStart(response: ServerResponse, page: StartPage, address: string, key: string): void {
  switch (page.kind) {
    case 'UNKNOWN':
      return sendPage(response, {
        status: 404,
        title: 'This link is not valid',
        body: '<p>It may have been cut off on the way. Ask for it again in your help desk.</p>',
      });
    case 'OVER':
      return showResult(response, page);
    case 'READY': {
      const { authorization } = page;
      const { provider, target, startedBy } = authorization;
      const name = NAME[provider];
      const shared =
        target.signInAddress.toLowerCase() === target.address.toLowerCase()
          ? ''
          : ` with the account <span class="address">${html(target.signInAddress)}</span>`;
      return sendPage(response, {
        status: 200,
        title: `Sign in with ${name}`,
        body: `<p>${html(startedBy)} asks you to let the help desk use the mailbox</p><p class="address">${html(address === '' ? target.address : address)}</p>
          <p>Sign in${shared}. Mail keeps flowing while you do; nothing is replaced before the new sign-in has been proven.</p>
          <form method="post" action="?key=${html(encodeURIComponent(key))}"><button class="button">Sign in with ${name}</button></form>
          <p class="quiet">If you did not expect this, close the page. Nothing happens then.</p>`,
      });
    }
  }
}

function showResult(response: ServerResponse, page: StartPage): void {
  if (page.kind === 'UNKNOWN') return showStart(response, page, '', '');
  const { authorization } = page;
  const message = html(authorizationMessage(authorization));
  const busy = isOpen(authorization.status);
  const succeeded = authorization.status === 'COMMITTED' || authorization.status === 'CONFIRMED';
  sendPage(response, {
    status: 200,
    title: busy ? 'Checking the new sign-in' : succeeded ? 'Done' : 'The sign-in was not taken over',
    body: `<p class="${busy ? '' : succeeded ? 'good' : 'bad'}">${message}</p><p class="address">${html(authorization.target.address)}</p><p class="quiet">You can close this window.</p>`,
    ...(busy ? { refresh: { seconds: LOOK_AGAIN_SECONDS } } : {}),
  });
}

async function mailboxAddress(gateway: Gateway, page: StartPage): Promise<string> {
  if (page.kind !== 'READY') return '';
  const mailbox = await gateway.store.mailbox(page.authorization.workspaceId, page.authorization.mailboxId);
  return mailbox?.address ?? page.authorization.target.address;
}

/** Where the browser goes with a clean address: the caller's page, or our own. The outcome is in neither URL. */
function afterwards(gateway: Gateway, authorization: Authorization): string {
  if (authorization.returnTo !== null) {
    const url = new URL(authorization.returnTo);
    url.searchParams.set('authorization', authorization.id);
    return url.href;
  }
  const url = new URL(`oauth/result/${encodeURIComponent(authorization.id)}`, gateway.settings.publicUrl.href.replace(/\/?$/, '/'));
  url.searchParams.set('key', gateway.vault.mac('start-link', authorization.id));
  return url.href;
}

function redirect(response: ServerResponse, location: string): void {
  response.statusCode = 303;
  response.setHeader('Location', location);
  response.end();
}

function reading(handle: (request: IncomingMessage, response: ServerResponse, call: RouteCall) => Promise<void>): Route['handle'] {
  return (request, response, call) =>
    request.method === 'GET' ? handle(request, response, call) : sendMethodNotAllowed(response, ['GET']);
}

function cookiesOf(request: IncomingMessage): ReadonlyMap<string, string> {
  const pairs = (request.headers.cookie ?? '').split(';').map((part): [string, string] => {
    const at = part.indexOf('=');
    return [part.slice(0, at).trim(), part.slice(at + 1).trim()];
  });
  return new Map(pairs);
}
