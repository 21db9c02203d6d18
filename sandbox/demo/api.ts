import type { OauthBrowser, SigningPerson } from '../browser.ts';
import { createOauthBrowser, signInAs } from '../browser.ts';

export interface ConnectedMailbox {
  readonly id: string;
  readonly address: string;
}

type Fields = Readonly<Record<string, unknown>>;

/** The demo's hands: the public API, as any front end uses it. */
export interface DemoApi {
  connect(input: Fields): Promise<ConnectedMailbox>;
  /** Connects by signing in, in a browser of its own. */
  connectBySignIn(input: Fields, person: SigningPerson): Promise<ConnectedMailbox>;
  setPrimary(mailboxId: string): Promise<void>;
  pause(mailboxId: string): Promise<void>;
  check(mailboxId: string): Promise<void>;
}

const CONNECT = `mutation Connect($input: ConnectMailboxInput!) {
  connectMailbox(input: $input) {
    __typename
    ... on ConnectMailboxPayload { mailbox { id address } authorization { id status message authorizationUrl } }
    ... on UserError { message }
  }
}`;

interface ConnectAnswer {
  readonly connectMailbox: {
    readonly message?: string;
    readonly mailbox?: ConnectedMailbox;
    readonly authorization?: {
      readonly id: string;
      readonly status: string;
      readonly message: string;
      readonly authorizationUrl: string | null;
    };
  };
}

export function createDemoApi(url: string, token: string, ca: string): DemoApi {
  async function ask<Data>(query: string, variables: Fields): Promise<Data> {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({ query, variables }),
    });
    const answer = (await response.json()) as { data?: Data; errors?: readonly { message: string }[] };
    if (answer.data === undefined || answer.errors !== undefined)
      throw new Error(answer.errors?.map((error) => error.message).join('; ') ?? `The API answered ${response.status}.`);
    return answer.data;
  }

  async function act(name: string, input: Fields): Promise<void> {
    const type = name.charAt(0).toUpperCase() + name.slice(1);
    const data = await ask<Record<string, { message?: string }>>(
      `mutation Act($input: ${type}Input!) { ${name}(input: $input) { __typename ... on UserError { message } } }`,
      { input },
    );
    const message = data[name]?.message;
    if (message !== undefined) throw new Error(message);
  }

  async function connect(input: Fields): Promise<Required<ConnectAnswer['connectMailbox']>> {
    const { connectMailbox } = await ask<ConnectAnswer>(CONNECT, { input });
    const { mailbox, authorization, message } = connectMailbox;
    if (mailbox === undefined || authorization === undefined) throw new Error(message ?? 'The mailbox was not connected.');
    return { mailbox, authorization, message: message ?? '' };
  }

  async function outcome(id: string): Promise<string> {
    for (let tries = 0; tries < 100; tries += 1) {
      const { authorization } = await ask<{ authorization: { status: string; message: string } }>(
        'query Outcome($id: ID!) { authorization(id: $id) { status message } }',
        { id },
      );
      if (authorization.status !== 'VERIFYING' && authorization.status !== 'AWAITING_USER') {
        if (authorization.status === 'COMMITTED' || authorization.status === 'CONFIRMED') return authorization.status;
        throw new Error(authorization.message);
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error('The sign-in was not verified in time.');
  }

  return {
    async connect(input) {
      const { mailbox, authorization } = await connect(input);
      if (authorization.status !== 'COMMITTED') throw new Error(authorization.message);
      return mailbox;
    },
    async connectBySignIn(input, person) {
      const { mailbox, authorization } = await connect({ ...input, authMethod: 'OAUTH2' });
      if (authorization.authorizationUrl === null) throw new Error(authorization.message);
      await signInThroughStartPage(
        createOauthBrowser(ca, (next) => next.includes('/oauth/result/')),
        authorization.authorizationUrl,
        person,
      );
      await outcome(authorization.id);
      return mailbox;
    },
    setPrimary: (mailboxId) => act('setPrimary', { mailboxId }),
    pause: (mailboxId) => act('pauseMailbox', { mailboxId }),
    check: (mailboxId) => act('checkMailbox', { mailboxId }),
  };
}

/** Start page, its button, the provider's pages, the callback. Answers with where the browser ends up. */
export async function signInThroughStartPage(
  browser: OauthBrowser,
  authorizationUrl: string,
  person: SigningPerson,
  choice?: Parameters<typeof signInAs>[3],
): Promise<URL> {
  const page = await browser.post(authorizationUrl, {});
  const link = /href="([^"]+)"[^>]*>Continue/.exec(page.body)?.[1]?.replaceAll('&amp;', '&');
  if (link === undefined) throw new Error(`The start page answered ${page.status}.`);
  return signInAs(browser, link, person, choice);
}
