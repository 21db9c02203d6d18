import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import type { Json } from '../../http/json.ts';
import { operationText } from '../../support/graphql-client.ts';

const LIBRARY = join(import.meta.dirname, '../../../node_modules/graphql-ws/dist');

/** A help desk's settings page as a single-page app: on an origin of its own, with the npm client of graphql-ws and nothing else. */
export interface HelpDesk {
  readonly origin: string;
  stop(): Promise<void>;
}

/** What the page's script offers to whoever drives it. */
export interface HelpDeskWindow {
  /** Subscribes to the progress of one authorization; what it says is added to `progress`. */
  follow(gateway: string, token: string, id: string): void;
  readonly progress: readonly Json[];
  /** Opens the sign-in as a popup. */
  popUp(url: string): void;
  /** What a message from the popup would be. */
  readonly messages: readonly unknown[];
}

const PAGE = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Help desk</title><link rel="icon" href="data:,"></head>
<body><h1>Email settings</h1><script type="module">
import { createClient } from '/graphql-ws/client.js';
const desk = { progress: [], messages: [] };
desk.follow = (gateway, token, id) => {
  const client = createClient({ url: gateway.replace('http', 'ws') + '/graphql', connectionParams: { authorization: 'Bearer ' + token }, retryAttempts: 5 });
  client.subscribe({ query: ${JSON.stringify(operationText('SignInProgress'))}, variables: { id } }, {
    next: ({ data }) => desk.progress.push(data.authorizationUpdated), error: (error) => desk.progress.push({ status: 'ERROR', error: String(error) }), complete: () => undefined,
  });
};
desk.popUp = (url) => { desk.popup = window.open(url, 'sign-in', 'popup,width=520,height=640'); };
window.addEventListener('message', (event) => desk.messages.push(event.data));
window.desk = desk;
document.body.dataset.ready = 'yes';
</script></body></html>`;

export async function startHelpDesk(): Promise<HelpDesk> {
  const server = createServer((request, response) => {
    const library = /^\/graphql-ws\/([\w-]+\.js)$/.exec(request.url ?? '')?.[1];
    if (library === undefined) response.setHeader('content-type', 'text/html; charset=utf-8').end(PAGE);
    else response.setHeader('content-type', 'text/javascript').end(readFileSync(join(LIBRARY, library)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The help desk has no port.');
  return {
    origin: `http://localhost:${address.port}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
