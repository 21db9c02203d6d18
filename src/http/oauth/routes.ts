import type { IncomingMessage, ServerResponse } from 'node:http';
import type { SignInFlowUseCases } from '../../credentials/sign-in-flow.ts';
import type { Authorization } from '../../domain/authorization.ts';
import type { Provider } from '../../domain/mail.ts';
import type { Gateway } from '../../resolvers/gateway.ts';
import { sendError, sendMethodNotAllowed } from '../answers.ts';
import { below, exactly, type Route, type RouteCall } from '../routes.ts';
import { sendPage } from './page.ts';
import { cannotStartPage, leavingPage, refusedPage, resultPage, startPage, unknownLinkPage } from './pages.ts';

const FLOW_SECONDS = 600;
const READ = ['GET', 'HEAD'];

/** The browser's way through a sign-in: start page, callback of each provider, result page. */
export function oauthRoutes(parts: { readonly gateway: Gateway; readonly signInFlow: SignInFlowUseCases }): readonly Route[] {
  const { gateway, signInFlow } = parts;
  const { publicUrl } = gateway.settings;

  async function showStart(response: ServerResponse, id: string, key: string): Promise<void> {
    const page = await signInFlow.show(id, key);
    switch (page.kind) {
      case 'READY':
        sendPage(response, startPage(page.authorization, await addressOf(page.authorization), `?${keyQuery(key)}`, false));
        return;
      case 'OVER':
        sendPage(response, resultPage(page.authorization));
        return;
      case 'UNKNOWN':
        sendPage(response, unknownLinkPage);
        return;
    }
  }

  async function begin(request: IncomingMessage, response: ServerResponse, id: string, key: string): Promise<void> {
    // A page elsewhere may not push this button. Origin says nothing here: without a referrer browsers send "null".
    const site = request.headers['sec-fetch-site'];
    if (site !== undefined && site !== 'same-origin') {
      sendError(response, 403, 'FORBIDDEN', 'Open the sign-in link itself.');
      return;
    }
    request.resume();
    const begun = await signInFlow.begin(id, key);
    switch (begun.kind) {
      case 'GO':
        setFlowCookie(response, begun.cookie);
        sendPage(response, leavingPage(begun.authorization.provider, begun.url));
        return;
      case 'FAILED':
        sendPage(response, cannotStartPage(begun.diagnosis));
        return;
      case 'OVER':
        sendPage(response, resultPage(begun.authorization));
        return;
      case 'UNKNOWN':
        sendPage(response, unknownLinkPage);
        return;
    }
  }

  async function showResult(response: ServerResponse, id: string, key: string): Promise<void> {
    const page = await signInFlow.show(id, key);
    // It came back without an outcome that lasts, e.g. because the provider was down: the same link starts it again.
    if (page.kind === 'READY')
      sendPage(
        response,
        startPage(page.authorization, await addressOf(page.authorization), `../start/${encodeURIComponent(id)}?${keyQuery(key)}`, true),
      );
    else sendPage(response, page.kind === 'OVER' ? resultPage(page.authorization) : unknownLinkPage);
  }

  function setFlowCookie(response: ServerResponse, cookie: { readonly name: string; readonly value: string }): void {
    const secure = publicUrl.protocol === 'https:' ? '; Secure' : '';
    response.setHeader('Set-Cookie', `${cookie.name}=${cookie.value}; Path=/; Max-Age=${FLOW_SECONDS}; HttpOnly; SameSite=Lax${secure}`);
  }

  async function addressOf(authorization: Authorization): Promise<string> {
    const mailbox = await gateway.store.mailbox(authorization.workspaceId, authorization.mailboxId);
    return mailbox?.address ?? authorization.target.address;
  }

  /** Where the browser goes with a clean address: the caller's page, or our own. The outcome is in neither URL. */
  function afterwards(authorization: Authorization): string {
    const back = authorization.returnTo === null ? null : new URL(authorization.returnTo);
    // The list may have become shorter since the authorization began.
    if (back !== null && gateway.settings.returnToOrigins.includes(back.origin)) {
      back.searchParams.set('authorization', authorization.id);
      return back.href;
    }
    const url = new URL(`oauth/result/${encodeURIComponent(authorization.id)}`, publicUrl.href.replace(/\/?$/, '/'));
    url.searchParams.set('key', gateway.vault.mac('start-link', authorization.id));
    return url.href;
  }

  const callback = (name: string, provider: Provider): Route => ({
    name: 'oauth-callback',
    match: exactly(`/oauth/callback/${name}`),
    // A HEAD would use the state up and give nobody an answer.
    handle: onlyFor(['GET'], async (request, response, call) => {
      const finished = await signInFlow.finish(provider, call.url.searchParams, cookiesOf(request));
      if (finished.kind === 'REFUSED') sendPage(response, refusedPage);
      else redirect(response, afterwards(finished.authorization));
    }),
  });

  return [
    {
      name: 'oauth-start',
      match: below('/oauth/start/'),
      handle: onlyFor([...READ, 'POST'], (request, response, call) =>
        request.method === 'POST' ? begin(request, response, idOf(call), keyOf(call)) : showStart(response, idOf(call), keyOf(call)),
      ),
    },
    callback('microsoft', 'MICROSOFT_365'),
    callback('google', 'GMAIL'),
    {
      name: 'oauth-result',
      match: below('/oauth/result/'),
      handle: onlyFor(READ, (_, response, call) => showResult(response, idOf(call), keyOf(call))),
    },
  ];
}

function idOf(call: RouteCall): string {
  return call.params['rest'] ?? '';
}

function keyOf(call: RouteCall): string {
  return call.url.searchParams.get('key') ?? '';
}

function keyQuery(key: string): string {
  return new URLSearchParams({ key }).toString();
}

function redirect(response: ServerResponse, location: string): void {
  response.statusCode = 303;
  response.setHeader('Location', location);
  response.end();
}

function onlyFor(methods: readonly string[], handle: Route['handle']): Route['handle'] {
  return (request, response, call) => {
    if (methods.includes(request.method ?? '')) return handle(request, response, call);
    sendMethodNotAllowed(response, methods);
  };
}

function cookiesOf(request: IncomingMessage): ReadonlyMap<string, string> {
  const pairs = (request.headers.cookie ?? '').split(';').map((part): [string, string] => {
    const at = part.indexOf('=');
    return [part.slice(0, at).trim(), part.slice(at + 1).trim()];
  });
  return new Map(pairs);
}
