import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Json } from '../json.ts';
import { changed, createBrowserSteps, type BrowserSteps, type Flow } from '../../support/browser-steps.ts';
import { startOauthWorld, type OauthWorld } from '../../support/oauth-world.ts';

const ALICE = { address: 'alice@contoso.test', password: 'alice-1' };
const BOB = { address: 'bob@contoso.test', password: 'bob-1' };
const CAROL = { address: 'carol@gmail.test', password: 'carol-1' };

const manual = { redirect: 'manual' } as const;
const SECURITY_HEADERS = {
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'cross-origin-opener-policy': 'same-origin',
};

describe('the way of a browser through a sign-in', () => {
  let world: OauthWorld;
  let steps: BrowserSteps;
  const mailboxes: Record<string, Json> = {};

  beforeAll(async () => {
    world = await startOauthWorld({
      accounts: [ALICE, BOB, CAROL],
      microsoft: [ALICE, BOB],
      google: [CAROL],
      environment: { RETURN_TO_ORIGINS: 'https://desk.test' },
    });
    steps = createBrowserSteps(world);
    mailboxes['alice'] = await world.connect({ provider: 'MICROSOFT_365', address: ALICE.address }, ALICE);
    mailboxes['bob'] = await world.connect({ provider: 'MICROSOFT_365', address: BOB.address }, BOB);
    mailboxes['carol'] = await world.connect({ provider: 'GMAIL', address: CAROL.address }, CAROL);
  });
  afterAll(() => world.end());
  // Attempts are limited by the minute.
  beforeEach(() => world.clock.shift(61_000));

  async function ask(name: 'alice' | 'bob' | 'carol', input: Record<string, unknown> = {}): Promise<Json> {
    const answer = await world.admin.act('SignInAgain', { mailboxId: mailboxes[name].id, ...input });
    if (answer.authorization === undefined) throw new Error(JSON.stringify(answer));
    return answer.authorization;
  }

  const start: BrowserSteps['start'] = (authorization) => steps.start(authorization);
  const open: BrowserSteps['open'] = (url, cookie) => steps.open(url, cookie);
  const flowOf = (authorization: Json, person = ALICE, choice?: Parameters<BrowserSteps['upToCallback']>[2]): Promise<Flow> =>
    steps.upToCallback(authorization, person, choice);
  /** The callback is taken; waits for what comes of it, so that it is not in the next test's way. */
  async function takes(flow: Flow): Promise<void> {
    expect((await open(flow.callback, flow.cookie)).status).toBe(303);
    await world.settled(flow.authorization);
  }
  const exchanges = (): number =>
    (world.microsoft.tokenRequests()['authorization_code'] ?? 0) + (world.google.tokenRequests()['authorization_code'] ?? 0);
  const statusOf = async (authorization: Json): Promise<string> =>
    (await world.admin.ask('query ($id: ID!) { authorization(id: $id) { status } }', { id: authorization.id })).authorization.status;

  describe('the start page', () => {
    test('names the mailbox and who asks, and neither begins a flow nor sets a cookie by being looked at (O6)', async () => {
      const authorization = await ask('alice');
      const page = await open(authorization.authorizationUrl);
      const text = await page.text();
      expect(page.status).toBe(200);
      expect(text).toContain(ALICE.address);
      expect(text).toContain('Ada Admin');
      expect(text).toMatch(/<button[^>]*>Sign in with Microsoft<\/button>/);
      expect(page.headers.get('set-cookie')).toBeNull();
      expect(text).not.toContain(world.microsoft.origin);
    });

    test('answers its button with a link that is followed at once, a cookie for this flow alone, and no redirect', async () => {
      const { response, cookie, link } = await start(await ask('alice'));
      expect(response.status).toBe(200);
      expect(cookie).toMatch(/^mg_flow_[0-9a-f]{16}=[\w-]{43}$/);
      expect(response.headers.get('set-cookie')).toMatch(/; Path=\/; Max-Age=600; HttpOnly; SameSite=Lax$/);
      expect(new URL(link!).origin).toBe(world.microsoft.origin);
    });

    test('cannot be pushed from another site', async () => {
      const { authorizationUrl } = await ask('alice');
      for (const site of ['cross-site', 'same-site', 'none']) {
        const response = await fetch(authorizationUrl, { method: 'POST', headers: { 'sec-fetch-site': site }, ...manual });
        expect(response.status, site).toBe(403);
        expect(response.headers.get('set-cookie')).toBeNull();
      }
      expect((await fetch(authorizationUrl, { method: 'POST', headers: { 'sec-fetch-site': 'same-origin' } })).status).toBe(200);
    });

    test('is not there for a wrong key or a guessed id, and both look alike', async () => {
      const { authorizationUrl } = await ask('alice');
      const wrongKey = changed(new URL(authorizationUrl), (query) => query.set('key', 'A'.repeat(43)));
      const noKey = changed(new URL(authorizationUrl), (query) => query.delete('key'));
      const guessed = new URL(authorizationUrl);
      guessed.pathname = '/oauth/start/00000000-0000-4000-8000-000000000000';
      const texts = await Promise.all(
        [wrongKey, noKey, guessed].map(async (url) => {
          const [looked, pushed] = [await open(url), await fetch(url, { method: 'POST' })];
          expect([looked.status, pushed.status]).toEqual([404, 404]);
          return looked.text();
        }),
      );
      expect(new Set(texts).size).toBe(1);
    });

    test('every sign-in URL carries PKCE S256, a state and a nonce, each time new ones (O3)', async () => {
      const seen = new Set<string>();
      for (const name of ['alice', 'carol'] as const) {
        const authorization = await ask(name);
        for (let round = 0; round < 3; round += 1) {
          const { searchParams } = new URL((await start(authorization)).link!);
          expect(searchParams.get('code_challenge_method')).toBe('S256');
          for (const parameter of ['code_challenge', 'state', 'nonce']) {
            expect(searchParams.get(parameter)).toMatch(/^[\w-]{43}$/);
            seen.add(searchParams.get(parameter)!);
          }
        }
      }
      expect(seen.size).toBe(18);
    });
  });

  describe('the callback refuses, with one and the same page, without asking the provider and without a trace (O1, O4)', () => {
    let expected: string;
    beforeAll(async () => {
      expected = await (await open(`${world.url}/oauth/callback/microsoft?code=C&state=unknown`)).text();
    });

    async function refuses(url: URL | string, cookie: string, authorization: Json, status = 'AWAITING_USER'): Promise<void> {
      const before = exchanges();
      const response = await open(url, cookie);
      expect(response.status).toBe(400);
      expect(await response.text()).toBe(expected);
      expect(exchanges()).toBe(before);
      expect(await statusOf(authorization)).toBe(status);
    }

    test('without the cookie, with a wrong one, and with that of another flow', async () => {
      const flow = await flowOf(await ask('alice'));
      const other = await flowOf(await ask('bob'), BOB);
      const name = flow.cookie.split('=')[0]!;
      await refuses(flow.callback, '', flow.authorization);
      await refuses(flow.callback, `${name}=${'A'.repeat(43)}`, flow.authorization);
      await refuses(flow.callback, other.cookie, flow.authorization);
      await refuses(flow.callback, `${name}=${other.cookie.split('=')[1]!}`, flow.authorization);
    });

    test('a state that nobody made, none, and no code', async () => {
      const flow = await flowOf(await ask('alice'));
      await refuses(
        changed(flow.callback, (query) => query.set('state', 'S'.repeat(43))),
        flow.cookie,
        flow.authorization,
      );
      await refuses(
        changed(flow.callback, (query) => query.delete('state')),
        flow.cookie,
        flow.authorization,
      );
      await refuses(
        changed(flow.callback, (query) => query.set('state', 'S'.repeat(4_000))),
        flow.cookie,
        flow.authorization,
      );
      await refuses(
        changed(flow.callback, (query) => query.delete('code')),
        flow.cookie,
        flow.authorization,
      );
      await refuses(
        changed(flow.callback, (query) => query.set('code', '')),
        flow.cookie,
        flow.authorization,
      );
    });

    test('what comes after ten minutes', async () => {
      const flow = await flowOf(await ask('alice'));
      world.clock.shift(601_000);
      await refuses(flow.callback, flow.cookie, flow.authorization);
    });

    test('a second use', async () => {
      const flow = await flowOf(await ask('alice'));
      await takes(flow);
      await refuses(flow.callback, flow.cookie, flow.authorization, await statusOf(flow.authorization));
    });

    test('the flow of an earlier tab, once the start page was used again', async () => {
      const authorization = await ask('alice');
      const first = await flowOf(authorization);
      const second = await flowOf(authorization);
      await refuses(first.callback, first.cookie, authorization);
      await takes(second);
    });

    test("a state of Google's on Microsoft's callback, and the other way round", async () => {
      const google = await flowOf(await ask('carol'), CAROL);
      const microsoft = await flowOf(await ask('alice'));
      const swapped = (url: URL, name: string): URL => {
        const copy = new URL(url);
        copy.pathname = `/oauth/callback/${name}`;
        return copy;
      };
      await refuses(swapped(google.callback, 'microsoft'), google.cookie, google.authorization);
      await refuses(swapped(microsoft.callback, 'google'), microsoft.cookie, microsoft.authorization);
    });

    test('an issuer that is not the one the flow was begun with (RFC 9207)', async () => {
      const flow = await flowOf(await ask('alice'));
      for (const issuer of [
        'https://evil.example',
        world.google.origin,
        `${world.microsoft.origin}/common/v2.0/x`,
        `${world.microsoft.origin}.evil.example/common/v2.0`,
        `${world.microsoft.origin}/a/b/v2.0`,
        '',
      ])
        await refuses(
          changed(flow.callback, (query) => query.set('iss', issuer)),
          flow.cookie,
          flow.authorization,
        );
      await takes(flow);
    });

    test('a sign-in that was cancelled or superseded meanwhile', async () => {
      const cancelled = await flowOf(await ask('alice'));
      await world.admin.act('CancelSignIn', { authorizationId: cancelled.authorization.id });
      await refuses(cancelled.callback, cancelled.cookie, cancelled.authorization, 'CANCELLED');
      const superseded = await flowOf(await ask('alice'));
      await ask('alice');
      await refuses(superseded.callback, superseded.cookie, superseded.authorization, 'SUPERSEDED');
    });

    test('any method but GET', async () => {
      const flow = await flowOf(await ask('alice'));
      for (const method of ['POST', 'HEAD', 'PUT'])
        expect((await fetch(flow.callback, { method, headers: { cookie: flow.cookie }, ...manual })).status).toBe(405);
      await takes(flow);
    });
  });

  test('of a hundred callbacks at once exactly one is taken, and the code is exchanged once', async () => {
    const flow = await flowOf(await ask('alice'));
    const before = exchanges();
    const answers = await Promise.all(Array.from({ length: 100 }, () => open(flow.callback, flow.cookie)));
    expect(answers.filter(({ status }) => status === 303)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 400)).toHaveLength(99);
    expect((await world.settled(flow.authorization)).status).toBe('COMMITTED');
    expect(exchanges() - before).toBe(1);
  });

  test('a code that was taken from another flow gives nothing: it does not fit the verifier (O2)', async () => {
    const one = await flowOf(await ask('alice'));
    const other = await flowOf(await ask('bob'), BOB);
    const before = await world.mailbox(mailboxes['alice'].id);
    const crossed = changed(one.callback, (query) => query.set('code', other.callback.searchParams.get('code')!));
    expect((await open(crossed, one.cookie)).status).toBe(303);
    expect(await world.settled(one.authorization)).toMatchObject({ status: 'REJECTED' });
    expect((await world.mailbox(mailboxes['alice'].id)).version).toBe(before.version);
  });

  describe('when the provider sends the browser back with an error', () => {
    test('a declined consent rejects the authorization, in our own words', async () => {
      for (const [name, person] of [
        ['alice', ALICE],
        ['carol', CAROL],
      ] as const) {
        const flow = await flowOf(await ask(name), person, { consent: 'CANCEL' });
        expect(flow.callback.searchParams.get('error')).toBe('access_denied');
        const answer = await open(flow.callback, flow.cookie);
        expect(answer.status).toBe(303);
        const { status, rejection, message } = await world.settled(flow.authorization);
        expect({ status, reason: rejection.reason }).toEqual({ status: 'REJECTED', reason: 'CONSENT_DENIED' });
        expect(message).toContain('The credential in use was not touched.');
        const page = await (await open(answer.headers.get('location')!)).text();
        expect(page).toContain('The sign-in was cancelled or its permissions were declined.');
      }
    });

    test('what stands in error_description is in no page (O9)', async () => {
      const payload = '<img src=x onerror=alert(1)>';
      for (const error of ['access_denied', 'server_error', 'x', payload]) {
        const flow = await flowOf(await ask('alice'));
        const url = changed(flow.callback, (query) => {
          query.delete('code');
          query.set('error', error);
          query.set('error_description', `Unmistakable ${payload}`);
        });
        const answer = await open(url, flow.cookie);
        expect(answer.status).toBe(303);
        const page = await (await open(answer.headers.get('location')!)).text();
        expect(page).not.toContain('onerror');
        expect(page).not.toContain('Unmistakable');
      }
    });

    test('a fault that passes leaves the link as it was: the result page starts it again', async () => {
      const flow = await flowOf(await ask('alice'));
      const url = changed(flow.callback, (query) => {
        query.delete('code');
        query.set('error', 'temporarily_unavailable');
      });
      const answer = await open(url, flow.cookie);
      expect(await statusOf(flow.authorization)).toBe('AWAITING_USER');
      const page = await (await open(answer.headers.get('location')!)).text();
      expect(page).toContain('You can try again.');
      const action = /action="([^"]+)"/.exec(page)?.[1]?.replaceAll('&amp;', '&');
      expect(new URL(action!, answer.headers.get('location')!).href).toBe(flow.authorization.authorizationUrl);
      await world.signIn(flow.authorization, ALICE);
      expect((await world.settled(flow.authorization)).status).toBe('COMMITTED');
    });

    test('a stranger cannot end somebody’s sign-in with an error', async () => {
      const flow = await flowOf(await ask('alice'));
      const url = changed(flow.callback, (query) => query.set('error', 'access_denied'));
      expect((await open(url)).status).toBe(400);
      expect(await statusOf(flow.authorization)).toBe('AWAITING_USER');
    });
  });

  describe('afterwards', () => {
    test('the browser is at an address without code or state (O8)', async () => {
      const flow = await flowOf(await ask('alice'));
      const answer = await open(flow.callback, flow.cookie);
      expect(answer.status).toBe(303);
      const location = new URL(answer.headers.get('location')!);
      expect(location.origin).toBe(world.url);
      expect([...location.searchParams.keys()]).toEqual(['key']);
      expect(location.href).not.toContain(flow.callback.searchParams.get('code')!);
      await world.settled(flow.authorization);
      const page = await (await open(location)).text();
      expect(page).toContain('Signed in and verified. The mailbox now uses OAuth.');
      expect(page).not.toMatch(/<script|http-equiv="refresh"/);
    });

    test('or at the page of the help desk, which learns the id and not the outcome', async () => {
      const flow = await flowOf(await ask('alice', { returnTo: 'https://desk.test/settings?tab=email#mailboxes' }));
      const answer = await open(flow.callback, flow.cookie);
      expect(answer.headers.get('location')).toBe(`https://desk.test/settings?tab=email&authorization=${flow.authorization.id}#mailboxes`);
      await world.settled(flow.authorization);
    });

    test('never elsewhere: only addresses of listed origins are taken (O7)', async () => {
      const vectors = [
        '//evil.example',
        '///evil.example',
        '/\\evil.example',
        '\\\\evil.example',
        '/settings',
        'settings',
        '',
        'https:evil.example',
        'https:/evil.example',
        'https:\\\\evil.example',
        'https://evil.example',
        'https://evil.example/desk.test',
        'https://evil.example?https://desk.test',
        'https://evil.example#https://desk.test',
        'https://desk.test@evil.example',
        'https://desk.test:x@evil.example',
        'https://user@desk.test',
        'https://user:pass@desk.test',
        'https://desk.test.evil.example',
        'https://evildesk.test',
        'https://desk.test%2eevil.example',
        'https://desk.test%00.evil.example',
        'https://desk.test\u3002evil.example',
        'https://desk.test:8443',
        'http://desk.test',
        'HTTP://DESK.TEST',
        'ftp://desk.test',
        'file:///etc/passwd',
        'javascript:alert(1)',
        'javascript://desk.test/%0aalert(1)',
        'java\tscript:alert(1)',
        ' javascript:alert(1)',
        'data:text/html,<script>alert(1)</script>',
        'blob:https://desk.test/1',
        'vbscript:msgbox(1)',
        '%2f%2fevil.example',
        'https://evil.example\r\nLocation: https://desk.test',
        'https://evil.example\\@desk.test',
        'https://[::1]/',
        'null',
      ];
      expect(vectors).toHaveLength(40);
      for (const returnTo of vectors) {
        world.clock.shift(61_000);
        const answer = await world.admin.act(
          'mutation ($input: ReauthInput!) { reauth(input: $input) { __typename ... on InvalidInput { issues { path } } } }',
          { input: { mailboxId: mailboxes['alice'].id, returnTo } },
        );
        expect(answer, returnTo).toEqual({ __typename: 'InvalidInput', issues: [{ path: ['returnTo'] }] });
      }
    });
  });

  describe('a link that is over', () => {
    const pageOf = async (authorization: Json): Promise<string> => (await open(authorization.authorizationUrl)).text();

    test('says how it ended, and its button does nothing any more', async () => {
      const done = await ask('alice');
      await world.signIn(done, ALICE);
      await world.settled(done);
      expect(await pageOf(done)).toContain('Signed in and verified.');

      const superseded = await ask('alice');
      const cancelled = await ask('alice');
      await world.admin.act('CancelSignIn', { authorizationId: cancelled.id });
      expect(await pageOf(superseded)).toContain('Another repair of this mailbox took the place of this one.');
      expect(await pageOf(cancelled)).toContain('This was cancelled.');

      for (const authorization of [done, superseded, cancelled]) {
        const { response, link } = await start(authorization);
        expect(link).toBeUndefined();
        expect(response.headers.get('set-cookie')).toBeNull();
      }
    });

    test('is over after 24 hours, whether or not anybody has written that down yet', async () => {
      const authorization = await ask('bob');
      world.clock.shift(24 * 3_600_000 + 1_000);
      const page = await pageOf(authorization);
      expect(page).toContain('This link has expired');
      expect(page).toContain('Nobody finished this in time.');
      expect((await start(authorization)).link).toBeUndefined();
      expect((await world.reaches(authorization, 'EXPIRED')).authorizationUrl).toBeNull();
    });
  });

  test('every answer of these pages is kept by nobody, framed by nobody, and tells nobody where it came from (O8, O10)', async () => {
    const authorization = await ask('alice');
    const flow = await flowOf(authorization);
    const redirected = await open(flow.callback, flow.cookie);
    const answers = [
      await open(authorization.authorizationUrl),
      (await start(await ask('bob'))).response,
      redirected,
      await open(redirected.headers.get('location')!),
      await open(flow.callback, flow.cookie),
      await open(`${world.url}/oauth/start/unknown?key=x`),
      await open(`${world.url}/oauth/result/unknown?key=x`),
      await open(`${world.url}/oauth/elsewhere`),
      await fetch(authorization.authorizationUrl, { method: 'DELETE' }),
      await fetch(authorization.authorizationUrl, { method: 'POST', headers: { 'sec-fetch-site': 'cross-site' } }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 303, 200, 400, 404, 404, 404, 405, 403]);
    for (const { headers, url } of answers) {
      for (const [name, value] of Object.entries(SECURITY_HEADERS)) expect(headers.get(name), `${name} of ${url}`).toBe(value);
      const policy = headers.get('content-security-policy') ?? '';
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).toContain("base-uri 'none'");
      expect(policy).not.toMatch(/unsafe|script-src/);
    }
  });

  test('no code, state, verifier, token or cookie is in the log', async () => {
    const flow = await flowOf(await ask('alice'));
    await open(flow.callback, flow.cookie);
    await world.settled(flow.authorization);
    const secrets = ['code', 'state'].map((name) => flow.callback.searchParams.get(name)!);
    for (const secret of [...secrets, flow.cookie.split('=')[1]!, world.adminToken]) expect(world.log()).not.toContain(secret);
  });
});
