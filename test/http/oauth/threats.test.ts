import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Json } from '../json.ts';
import { changed, createBrowserSteps, type BrowserSteps } from '../../support/browser-steps.ts';
import { leaksIn } from '../../support/canary.ts';
import { startOauthWorld, type OauthWorld } from '../../support/oauth-world.ts';
import { startScriptedProvider, TENANT, type ScriptedProvider } from '../../support/scripted-provider.ts';

/** Threats against a sign-in at the public door, in numbers: what a single try of each does is in sign-in-flow.test.ts. SECURITY.md lists all. */

const account = (address: string) => ({ address, password: `password of ${address}` });
const ALICE = account('alice@contoso.test');
const BOB = account('bob@contoso.test');
const CAROL = account('carol@gmail.test');
const ROUNDS = 100;

const beginsFor =
  (world: OauthWorld) =>
  async (mailbox: Json, input: Record<string, unknown> = {}) => {
    world.waitOutLimits();
    const answer = await world.admin.act('SignInAgain', { mailboxId: mailbox.id, ...input });
    if (answer.authorization === undefined) throw new Error(JSON.stringify(answer));
    return answer.authorization;
  };

describe('with providers as they are', () => {
  let world: OauthWorld;
  let steps: BrowserSteps;
  let begin: ReturnType<typeof beginsFor>;
  let alice: Json;
  let bob: Json;
  let carol: Json;

  beforeAll(async () => {
    world = await startOauthWorld({
      accounts: [ALICE, BOB, CAROL],
      microsoft: [ALICE, BOB],
      google: [CAROL],
      environment: { RETURN_TO_ORIGINS: 'https://desk.test' },
    });
    steps = createBrowserSteps(world);
    begin = beginsFor(world);
    alice = await world.connect({ provider: 'MICROSOFT_365', address: ALICE.address }, ALICE);
    bob = await world.connect({ provider: 'MICROSOFT_365', address: BOB.address }, BOB);
    carol = await world.connect({ provider: 'GMAIL', address: CAROL.address }, CAROL);
  });
  afterAll(() => world.end());
  beforeEach(() => world.waitOutLimits());

  const exchanges = (): number => world.microsoft.tokenRequests()['authorization_code'] ?? 0;
  const stateOf = (link: string | undefined): string => new URL(link!).searchParams.get('state')!;

  test(`${ROUNDS} times two callbacks at once: one is taken, and one code is exchanged (O1)`, { timeout: 300_000 }, async () => {
    const before = exchanges();
    const authorizations: Json[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const authorization = await begin(alice);
      const { cookie, link } = await steps.start(authorization);
      const callback = `${world.url}/oauth/callback/microsoft?code=made-up-${round}&state=${stateOf(link)}`;
      const statuses = (await Promise.all([steps.open(callback, cookie), steps.open(callback, cookie)])).map(({ status }) => status);
      expect(statuses.sort()).toEqual([303, 400]);
      authorizations.push(authorization);
    }
    for (const authorization of authorizations) expect((await world.settled(authorization)).status).toMatch(/REJECTED|SUPERSEDED/);
    expect(exchanges() - before).toBe(ROUNDS);
  });

  test(`${ROUNDS} codes in flows that they do not belong to: none is accepted (O2)`, { timeout: 300_000 }, async () => {
    const before = await world.mailbox(alice.id);
    for (let round = 0; round < ROUNDS / 2; round += 1) {
      // The code of the first flow in the second, and the other way round: an attacker has one of each.
      const [one, other] = [await steps.upToCallback(await begin(alice), ALICE), await steps.upToCallback(await begin(bob), BOB)];
      const crossed = [
        { flow: one, code: other.callback.searchParams.get('code')! },
        { flow: other, code: one.callback.searchParams.get('code')! },
      ];
      for (const { flow, code } of crossed)
        expect(
          (
            await steps.open(
              changed(flow.callback, (query) => query.set('code', code)),
              flow.cookie,
            )
          ).status,
        ).toBe(303);
      for (const { flow } of crossed) expect((await world.settled(flow.authorization)).status).toBe('REJECTED');
    }
    expect(await world.mailbox(alice.id)).toMatchObject({ authMethod: before.authMethod, previousAuthMethod: before.previousAuthMethod });
    expect((await world.mailbox(alice.id)).incoming.status.health).toBe('HEALTHY');
  });

  test('and with their own code they are (the control)', async () => {
    const { authorization, callback, cookie } = await steps.upToCallback(await begin(alice), ALICE);
    expect((await steps.open(callback, cookie)).status).toBe(303);
    expect((await world.settled(authorization)).status).toMatch(/^CO(MMITT|NFIRM)ED$/);
  });

  test(
    'whatever is asked for, the sign-in URL carries S256, a state and a nonce, none of them seen before (O3)',
    { timeout: 300_000 },
    async () => {
      const seen = new Set<string>();
      const requests = fc.record({
        mailbox: fc.constantFrom('alice', 'carol'),
        kind: fc.constantFrom('SIGN_IN_AGAIN', 'MIGRATE'),
        direction: fc.constantFrom('INCOMING', 'OUTGOING', 'BOTH'),
        returnTo: fc.constantFrom(undefined, 'https://desk.test/a?b=c&code_challenge_method=plain', 'https://desk.test/#state=1'),
        signInAddress: fc.constantFrom(undefined, 'someone+else@contoso.test', '"a&code_challenge_method=plain"@contoso.test'),
      });
      await fc.assert(
        fc.asyncProperty(requests, async ({ mailbox: name, kind, direction, returnTo, signInAddress }) => {
          world.waitOutLimits();
          const [mailbox, provider] = name === 'alice' ? [alice, 'MICROSOFT_365'] : [carol, 'GMAIL'];
          const input = { mailboxId: mailbox.id, provider, direction, returnTo, signInAddress };
          const authorization =
            kind === 'MIGRATE'
              ? (await world.admin.act('MigrateToOAuth', { input })).authorization
              : await begin(mailbox, returnTo === undefined ? {} : { returnTo });
          if (authorization === undefined) return;
          const { searchParams } = new URL((await steps.start(authorization)).link!);
          expect(searchParams.getAll('code_challenge_method')).toEqual(['S256']);
          expect(searchParams.getAll('response_type')).toEqual(['code']);
          for (const parameter of ['code_challenge', 'state', 'nonce']) {
            const [value, ...more] = searchParams.getAll(parameter);
            expect(more).toEqual([]);
            expect(value).toMatch(/^[\w-]{43}$/);
            expect(seen.has(value!)).toBe(false);
            seen.add(value!);
          }
        }),
        { numRuns: 60 },
      );
      expect(seen.size).toBeGreaterThan(120);
      await world.admin.act('CancelSignIn', { authorizationId: (await world.mailbox(alice.id)).openAuthorization?.id ?? '' });
    },
  );

  test('50 accounts that are not the one: none is taken, whatever they are called (O5)', { timeout: 300_000 }, async () => {
    const real = world.microsoft.people.require(ALICE.address);
    const before = await world.mailbox(alice.id);
    for (let round = 0; round < 50; round += 1) {
      // Half of them are Bob; the others took Alice's name and address, and have an object id of their own (nOAuth).
      const isNamesake = round % 2 === 1;
      const id = `00000000-0000-4000-8000-${String(round).padStart(12, '0')}`;
      if (isNamesake) world.microsoft.people.put({ ...ALICE, id });
      const authorization = await begin(alice);
      await world.signIn(authorization, isNamesake ? ALICE : BOB);
      const { status, rejection } = await world.settled(authorization);
      // Not before: an identity token is made from what the account is when the code is redeemed.
      world.microsoft.people.put({ ...ALICE, id: real.id });
      expect({ status, reason: rejection?.reason }).toEqual({ status: 'REJECTED', reason: 'ACCOUNT_MISMATCH' });
      expect(rejection).toMatchObject({ expectedAddress: ALICE.address, actualAddress: isNamesake ? ALICE.address : BOB.address });
    }
    const { authMethod, previousAuthMethod } = await world.mailbox(alice.id);
    expect({ authMethod, previousAuthMethod }).toMatchObject({
      authMethod: { username: before.authMethod.username },
      previousAuthMethod: before.previousAuthMethod,
    });
    world.clock.shift(3_600_000);
    expect(await world.logsIn(alice.id, ALICE.address)).toEqual({ imap: 1, smtp: 1 });
  });

  test('a victim who follows an attacker’s link gives nothing away: it is the wrong account (O6)', async () => {
    // The attacker is an admin of the gateway who has a mailbox of his own, Bob's, and sends its link to Alice.
    const link = await begin(bob);
    await world.signIn(link, ALICE);
    expect(await world.settled(link)).toMatchObject({ status: 'REJECTED', rejection: { reason: 'ACCOUNT_MISMATCH' } });
    expect((await world.mailbox(bob.id)).authMethod.username).toBe(BOB.address);
  });

  test('no text as returnTo leads anywhere but to a listed origin (O7)', { timeout: 300_000 }, async () => {
    const reauth =
      'mutation ($input: ReauthInput!) { reauth(input: $input) { __typename ... on ReauthPayload { authorization { id authorizationUrl } } } }';
    const piece = fc.constantFrom(
      'https:',
      'http:',
      'javascript:',
      '//',
      '/',
      '\\',
      '@',
      'desk.test',
      'evil.example',
      ':443',
      ':8443',
      '.',
      '%2f',
      '\t',
      '\r\n',
      '?',
      '#',
      ' ',
      '\u3002',
    );
    const texts = fc.oneof(
      fc.array(piece, { maxLength: 7 }).map((pieces) => pieces.join('')),
      fc.array(piece, { maxLength: 5 }).map((pieces) => `https://desk.test${pieces.join('')}`),
      fc.string({ maxLength: 40 }),
    );
    let taken = 0;
    await fc.assert(
      fc.asyncProperty(texts, async (returnTo) => {
        world.waitOutLimits();
        const answer = await world.admin.act(reauth, { input: { mailboxId: bob.id, returnTo } });
        if (answer.__typename !== 'ReauthPayload') {
          expect(answer.__typename).toBe('InvalidInput');
          return;
        }
        taken += 1;
        const { cookie, link } = await steps.start(answer.authorization);
        const back = await steps.open(`${world.url}/oauth/callback/microsoft?error=access_denied&state=${stateOf(link)}`, cookie);
        expect(new URL(back.headers.get('location')!).origin).toBe('https://desk.test');
      }),
      { numRuns: 150, examples: [['https://desk.test/x']] },
    );
    expect(taken).toBeGreaterThan(0);
  });
});

/** What the provider's token endpoint says of who signed in; `over` is what a liar changes. */
interface Claims {
  readonly nonce: string | undefined;
  readonly over: Readonly<Record<string, unknown>>;
}

describe.each(['microsoft', 'google'] as const)('with a provider that lies, as %s', (flavour) => {
  const provider = flavour === 'microsoft' ? 'MICROSOFT_365' : 'GMAIL';
  const person = flavour === 'microsoft' ? ALICE : CAROL;
  const TOKENS = { accessToken: 'Kan4rie-access/+=~token', refreshToken: 'Kan4rie-refresh/+=~token' };
  const CODE = 'Kan4rie-code/+=~1';
  let world: OauthWorld;
  let liar: ScriptedProvider;
  let steps: BrowserSteps;
  let mailbox: Json;
  const heard: string[] = [];

  beforeAll(async () => {
    world = await startOauthWorld({ accounts: [person], [flavour]: [person] });
    steps = createBrowserSteps(world);
    mailbox = await world.connectWithPassword({ provider, ...person });
    liar = await startScriptedProvider(flavour);
    liar.answerAt('/gmail/v1/users/me/profile', { status: 200, body: { emailAddress: person.address } });
    await world.stopGateway();
    appendFileSync(join(world.database.folder, 'ca.pem'), `\n${liar.caPem}`);
    await world.startGateway({ ...liar.environment, LOG_LEVEL: 'debug' });
  });
  afterAll(async () => {
    await liar.stop();
    await world.end();
  });
  beforeEach(() => world.waitOutLimits());

  async function begin(): Promise<{ authorization: Json; cookie: string; asked: URLSearchParams }> {
    world.waitOutLimits();
    const { authorization } = await world.admin.act('MigrateToOAuth', { input: { mailboxId: mailbox.id, provider } });
    const { cookie, link } = await steps.start(authorization);
    return { authorization, cookie, asked: new URL(link!).searchParams };
  }

  async function answerOf({ nonce, over }: Claims, scope = scopes()): Promise<object> {
    const own = { sub: 'subject', oid: 'object', tid: TENANT, email: person.address, preferred_username: person.address, name: 'Alice' };
    return {
      token_type: 'Bearer',
      access_token: TOKENS.accessToken,
      refresh_token: TOKENS.refreshToken,
      expires_in: 3_600,
      scope,
      id_token: await liar.idToken({ ...own, ...(nonce === undefined ? {} : { nonce }), ...over }),
      client_info: Buffer.from(JSON.stringify({ uid: 'object', utid: TENANT })).toString('base64url'),
    };
  }

  const scopes = (): string =>
    flavour === 'google'
      ? 'https://mail.google.com/ openid'
      : 'https://outlook.office.com/IMAP.AccessAsUser.All https://outlook.office.com/SMTP.Send';

  /** The callback with a made-up code: what follows is up to the provider. */
  async function outcomeOf(begun: Awaited<ReturnType<typeof begin>>, extra = ''): Promise<Json> {
    const url = `${world.url}/oauth/callback/${flavour}?code=${encodeURIComponent(CODE)}&state=${begun.asked.get('state')!}${extra}`;
    expect((await steps.open(url, begun.cookie)).status).toBe(303);
    const outcome = await world.settled(begun.authorization);
    heard.push(JSON.stringify(outcome));
    expect((await world.mailbox(mailbox.id)).authMethod.kind).toBe('BASIC');
    return outcome;
  }

  test('the truth gets as far as the mail servers (the control), and the verifier was sent (O3)', async () => {
    const begun = await begin();
    liar.seen();
    liar.answer({ status: 200, body: await answerOf({ nonce: begun.asked.get('nonce')!, over: {} }) });
    expect((await outcomeOf(begun)).rejection).toMatchObject({ leg: 'INCOMING' });
    const redeemed = liar.seen().filter(({ form }) => form.get('grant_type') === 'authorization_code');
    expect(redeemed.map(({ form }) => form.get('code_verifier')?.length)).toEqual([43]);
  });

  test.each([
    ['a wrong nonce (O2)', { nonce: 'N'.repeat(43), over: {} }],
    ['no nonce (O2)', { nonce: undefined, over: {} }],
  ] as const)('an identity token with %s is refused', async (_, claims) => {
    const begun = await begin();
    liar.answer({ status: 200, body: await answerOf(claims) });
    expect((await outcomeOf(begun)).rejection).toMatchObject({ reason: 'CLIENT_STATE_ERROR', leg: null });
  });

  test('an identity token of another issuer is refused (O4)', async () => {
    const others = [
      'https://evil.example',
      'https://accounts.google.com',
      `${liar.origin}/other/v2.0`,
      `${liar.origin}.evil.example/${TENANT}/v2.0`,
    ];
    for (const iss of others) {
      const begun = await begin();
      liar.answer({ status: 200, body: await answerOf({ nonce: begun.asked.get('nonce')!, over: { iss } }) });
      const { status, rejection } = await outcomeOf(begun);
      expect({ status, leg: rejection?.leg }, iss).toEqual({ status: 'REJECTED', leg: null });
    }
  });

  test('fewer permissions than asked for are not enough, and it is said which are missing (O12)', async () => {
    const begun = await begin();
    const granted = flavour === 'google' ? 'openid email' : 'https://outlook.office.com/IMAP.AccessAsUser.All';
    liar.answer({ status: 200, body: await answerOf({ nonce: begun.asked.get('nonce')!, over: {} }, granted) });
    const { rejection } = await outcomeOf(begun);
    expect(rejection).toMatchObject({ reason: 'CONSENT_REQUIRED', leg: null });
    expect(rejection.providerMessage).toContain(flavour === 'google' ? 'mail.google.com' : 'SMTP.Send');
  });

  describe('no secret of a sign-in is in any log, answer or database, whatever the provider says with it (O11)', () => {
    const echo = (form: string): string => `AADSTS70000: bad request: ${form}`;

    test.each([
      [
        'an error that echoes the request',
        (form: string) => ({ status: 400, body: { error: 'invalid_grant', error_description: echo(form) } }),
      ],
      ['a page that echoes the request', (form: string) => ({ status: 502, body: `<html><body>${form}</body></html>` })],
      [
        'an answer without an identity token',
        () => ({
          status: 200,
          body: { token_type: 'Bearer', access_token: TOKENS.accessToken, refresh_token: TOKENS.refreshToken, expires_in: 1 },
        }),
      ],
      [
        'tokens beside an error',
        () => ({
          status: 400,
          body: { error: 'invalid_client', error_description: 'No.', refresh_token: TOKENS.refreshToken, access_token: TOKENS.accessToken },
        }),
      ],
    ] as const)('%s', async (_, answer) => {
      const begun = await begin();
      liar.seen();
      // It learns the verifier from the first request, and throws it back at the second one and those that follow.
      liar.answer({ kind: 'drop' });
      const url = `${world.url}/oauth/callback/${flavour}?code=${encodeURIComponent(CODE)}&state=${begun.asked.get('state')!}`;
      expect((await steps.open(url, begun.cookie)).status).toBe(303);
      let sent: URLSearchParams | undefined;
      await expect
        .poll(() => (sent ??= liar.seen().find(({ form }) => form.has('code_verifier'))?.form), { timeout: 30_000 })
        .toBeDefined();
      liar.answer(answer(String(sent)));
      world.clock.shift(601_000);
      heard.push(JSON.stringify(await world.settled(begun.authorization)));
      const verifier = sent!.get('code_verifier')!;
      const canaries = {
        ...TOKENS,
        code: CODE,
        verifier,
        secret: 'app-secret',
        state: begun.asked.get('state')!,
        cookie: begun.cookie.split('=')[1]!,
        password: person.password,
      };
      expect(leaksIn(world.log(), canaries)).toEqual([]);
      expect(leaksIn(heard.join('\n'), canaries)).toEqual([]);
      const text = await world.database.withStore(async (store) => {
        const [workspace] = await store.workspaces();
        return JSON.stringify([
          await store.mailbox(workspace!.id, mailbox.id),
          await store.authorization(workspace!.id, begun.authorization.id),
        ]);
      });
      expect(leaksIn(text, canaries)).toEqual([]);
    });

    test('and the search would find them (the control)', () => {
      expect(leaksIn(echo(new URLSearchParams({ code: CODE }).toString()), { code: CODE })).not.toEqual([]);
      expect(leaksIn(`auth=Bearer ${TOKENS.accessToken}`, TOKENS)).not.toEqual([]);
    });
  });
});
