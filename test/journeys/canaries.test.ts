import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { gatewayCommand, startGatewayProcess, type GatewayEnvironment, type GatewayProcess } from '../../sandbox/demo/gateway-process.ts';
import { loadConfig } from '../../src/config.ts';
import type { Sealed } from '../../src/domain/sealed.ts';
import { openStore } from '../../src/store/open.ts';
import { addKey, readKeyRing, removeKey, activateKey } from '../../src/vault/keyring-file.ts';
import { createVault } from '../../src/vault/open-vault.ts';
import { Secret } from '../../src/vault/secret.ts';
import type { Json } from '../http/json.ts';
import { formsOf, leaksIn } from '../support/canary.ts';
import { createTestDatabase, type TestDatabase } from '../support/gateway.ts';
import { createGraphqlClient, type GraphqlClient } from '../support/graphql-client.ts';
import { connectWithPassword, environmentOf, sandboxServers, type SandboxServers } from '../support/journey.ts';
import { mailServerOf, startTestSandbox, type Sandbox } from '../support/sandbox.ts';
import { createShiftedClock, newId, silentLog } from '../support/store.ts';

/** Characters that every encoding writes in its own way. */
const PASSWORD = 'Kan4rie "Vogel" \\ 1/2+3?=&%';
const OUTGOING_PASSWORD = 'Zaunkönig>hüpft<7~x';
const WRONG_PASSWORD = "Wr0ng'Sperling|im_Nest 42";
const ACCOUNT = { address: 'support@acme.test', password: PASSWORD };
const THIRD = { address: 'third@acme.test', password: PASSWORD };
const SECOND = { address: 'billing@acme.test', password: PASSWORD };

describe('canaries: no secret is in any log, answer, event, file or error', () => {
  let servers: SandboxServers;
  /** Servers whose certificates nobody trusts. */
  let strangers: Sandbox;
  let database: TestDatabase;
  let environment: GatewayEnvironment;
  let gateway: GatewayProcess;
  let admin: GraphqlClient;
  let canaries: Record<string, string>;
  let mailbox: Json;
  const heard: string[] = [];
  const logs: string[] = [];

  beforeAll(async () => {
    servers = await sandboxServers([ACCOUNT, SECOND, THIRD, { address: 'sender@acme.test', password: OUTGOING_PASSWORD }]);
    strangers = await startTestSandbox({ accounts: [ACCOUNT] });
    database = await createTestDatabase('sqlite');
    environment = await environmentOf(database, servers, {
      LOG_LEVEL: 'debug',
      CHECK_TIMEOUT_SECONDS: '2',
      CHECK_INTERVAL_SECONDS: '3600',
      // No check by itself: it would log in with one password while the server is told to echo another one.
      CONFIRM_AFTER_SECONDS: '3600',
    });
    const token = await database.createToken({ role: 'admin' });
    gateway = await startGatewayProcess(environment);
    canaries = {
      password: PASSWORD,
      outgoingPassword: OUTGOING_PASSWORD,
      wrongPassword: WRONG_PASSWORD,
      token,
      tokenSecret: token.slice(token.lastIndexOf('_') + 1),
      ...keys(),
    };
    admin = createGraphqlClient(gateway.url, token, (text) => heard.push(text));
    admin.subscribe('LiveStatus');
    admin.subscribe('LiveList');
    admin.stream('LiveBanner');
    mailbox = await connectWithPassword(admin, servers, ACCOUNT, {
      outgoingUsername: 'sender@acme.test',
      outgoingPassword: OUTGOING_PASSWORD,
    });
  });
  afterAll(async () => {
    await admin.close();
    await gateway.stop();
    await strangers.stop();
    await servers.stop();
    await database.remove();
  });

  /** The keys of the ring as they are in the file, and as bytes would print. */
  function keys(): Record<string, string> {
    const { keys: ring } = JSON.parse(readFileSync(environment['KEYRING_FILE']!, 'utf8')) as { keys: Record<string, string> };
    return Object.fromEntries(
      Object.entries(ring).flatMap(([id, text]) => [
        [`key ${id}`, text],
        [`bytes of key ${id}`, Buffer.from(text, 'base64url').toString('hex')],
      ]),
    );
  }

  const serversOf = (input: Record<string, unknown> = {}): Record<string, unknown> => ({
    incoming: servers.incoming,
    outgoing: servers.outgoing,
    ...input,
  });
  const fault = (imap: string, smtp: string): void => servers.sandbox.setFault(ACCOUNT.address, { kind: 'reply', imap, smtp });
  const plain = (password: string): string => Buffer.from(`\0${ACCOUNT.address}\0${password}`).toString('base64');

  describe('failures', () => {
    test('a password that is wrong', async () => {
      const { authorization } = await admin.act('ReenterPassword', { mailboxId: mailbox.id, password: WRONG_PASSWORD });
      expect(authorization.status).toBe('REJECTED');
      await admin.act('TestPassword', {
        input: { username: ACCOUNT.address, password: WRONG_PASSWORD, outgoingPassword: OUTGOING_PASSWORD, ...serversOf() },
      });
    });

    const echoes: readonly (readonly [string, (password: string) => string])[] = [
      ['the LOGIN command', (password) => `LOGIN "${ACCOUNT.address}" "${password.replaceAll(/["\\]/gu, String.raw`\$&`)}" failed`],
      ['the AUTH line', (password) => `AUTH PLAIN ${plain(password)} was refused`],
      ['the bare SASL answer', (password) => `cannot decode ${plain(password)}`],
      ['the password in words', (password) => `password ${password} does not match`],
      ['the password in a URL', (password) => `see https://help.test/login?p=${encodeURIComponent(password)}`],
      ['the password in base64', (password) => `bad string ${Buffer.from(password).toString('base64')}`],
      ['the password in hex', (password) => `bad bytes ${Buffer.from(password).toString('hex')}`],
    ];
    test.each(echoes)('a server that echoes %s in its refusal', async (_, echo) => {
      fault(`NO [AUTHENTICATIONFAILED] ${echo(PASSWORD)}`, `535 5.7.8 ${echo(PASSWORD)}`);
      await admin.act('CheckNow', { mailboxId: mailbox.id });
      fault(`NO [AUTHENTICATIONFAILED] ${echo(WRONG_PASSWORD)}`, `535 5.7.8 ${echo(WRONG_PASSWORD)}`);
      const { authorization } = await admin.act('ReenterPassword', { mailboxId: mailbox.id, password: WRONG_PASSWORD });
      expect(authorization).toMatchObject({ status: 'REJECTED', rejection: { providerMessage: expect.any(String) } });
      expect((await admin.ask('MailboxPage', { id: mailbox.id })).mailbox.incoming.status.providerMessage).toEqual(expect.any(String));
      servers.sandbox.setFault(ACCOUNT.address, null);
    });

    test('a worker who reports what a server echoed, and somebody who asks what it means', async () => {
      for (const [, echo] of echoes) {
        const error = `535 5.7.8 ${echo(PASSWORD)}`;
        await admin.act('WhatDoesThisErrorMean', { input: { error } });
        await admin.act('ReportFailure', { mailboxId: mailbox.id, leg: 'OUTGOING', error });
      }
    });

    test('TLS that is not to be trusted, a server that hangs, one that hangs up', async () => {
      const answer = await admin.act('TestPassword', {
        input: {
          username: ACCOUNT.address,
          password: PASSWORD,
          incoming: mailServerOf(strangers, 'imap'),
          outgoing: mailServerOf(strangers, 'smtp'),
        },
      });
      expect(answer.incoming.diagnosis.reason).toBe('TLS_CERTIFICATE_INVALID');
      for (const kind of ['hang', 'drop', 'bye'] as const) {
        servers.sandbox.setFault(ACCOUNT.address, { kind });
        await admin.act('TestPassword', { input: { username: ACCOUNT.address, password: PASSWORD, ...serversOf() } });
      }
      servers.sandbox.setFault(ACCOUNT.address, null);
    });

    test('input that the schema refuses: the answer does not repeat it', async () => {
      const input = { address: 'new@acme.test', provider: 'OTHER', authMethod: 'BASIC', password: WRONG_PASSWORD };
      const refused = [
        await admin.post('ConnectMailbox', { input: { ...input, pasword: OUTGOING_PASSWORD } }),
        await admin.post('ConnectMailbox', { input: { ...input, outgoingPassword: [WRONG_PASSWORD] } }),
        await admin.post('ConnectMailbox', { input: { ...input, provider: WRONG_PASSWORD } }),
        await admin.post('ConnectMailbox', { input: JSON.stringify(input) }),
        await admin.post('ReenterPassword', { mailboxId: mailbox.id, password: { text: WRONG_PASSWORD } }),
        await admin.post(
          `mutation { reauth(input: { mailboxId: "x", password: ${JSON.stringify(WRONG_PASSWORD)}, nonsense: 1 }) { __typename } }`,
        ),
        await admin.post(`mutation { reauth(input: ${JSON.stringify(WRONG_PASSWORD)}) { __typename } }`),
      ];
      expect(refused.map(({ body }) => body.errors.length)).toEqual(refused.map(() => expect.any(Number)));
    });

    test('an error that is masked', async () => {
      const { id } = await connectWithPassword(admin, servers, THIRD);
      await admin.act('PauseMailbox', { mailboxId: id });
      const file = new Database(environment['DATABASE_URL']!.slice('sqlite:'.length));
      const { doc } = file.prepare<[string], { doc: string }>('SELECT doc FROM mailboxes WHERE id = ?').get(id)!;
      file.prepare("UPDATE mailboxes SET doc = json_set(doc, '$.active.credential', json('null')) WHERE id = ?").run(id);
      const { body } = await admin.post('ReenterPassword', { mailboxId: id, password: WRONG_PASSWORD, idempotencyKey: 'once' });
      file.prepare('UPDATE mailboxes SET doc = ? WHERE id = ?').run(doc, id);
      file.close();
      expect(body.errors[0].message).toBe('Unexpected error.');
    });

    test('a token that was revoked, and one that never was', async () => {
      const doomed = await database.createToken({ role: 'viewer' });
      canaries['revoked token'] = doomed;
      await gatewayCommand(['tokens', 'revoke', doomed], environment);
      for (const text of [doomed, `${doomed}x`, `mgk_${WRONG_PASSWORD}`]) {
        const client = createGraphqlClient(gateway.url, encodeURI(text), (said) => heard.push(said));
        expect((await client.post('Banner')).status).toBe(401);
        await client.subscribe('LiveStatus').ended;
        await client.close();
      }
    });

    test('a key that is gone: the gateway says so and asks nobody for a password', async () => {
      const ring = environment['KEYRING_FILE']!;
      const old = readKeyRing(ring).activeKeyId;
      await gateway.stop();
      logs.push(gateway.log());
      const { keyId } = addKey(ring);
      activateKey(ring, keyId);
      Object.assign(canaries, keys());
      gateway = await startGatewayProcess(environment);
      await connectWithPassword(admin, servers, SECOND);
      await gateway.stop();
      logs.push(gateway.log());
      removeKey(ring, old);
      gateway = await startGatewayProcess(environment);
      const { mailbox: checked } = await admin.act('CheckNow', { mailboxId: mailbox.id });
      expect(checked.status).toMatchObject({ reason: 'SECRET_UNAVAILABLE', actor: 'GATEWAY_OPERATOR' });
    });
  });

  describe('sinks', () => {
    test('the search finds every form (negative control)', () => {
      for (const form of formsOf(PASSWORD)) expect(leaksIn(`before ${form} after`, { PASSWORD })).not.toEqual([]);
      expect(leaksIn(`AUTH PLAIN ${plain(PASSWORD)}`, { PASSWORD })).not.toEqual([]);
      expect(leaksIn(`nothing of ${ACCOUNT.address}`, canaries)).toEqual([]);
    });

    test('the log at its most talkative', () => {
      const text = [...logs, gateway.log()].join('\n');
      expect(text).toContain('An unexpected error was masked.');
      expect(leaksIn(text, canaries)).toEqual([]);
    });

    test('every answer and every event', async () => {
      for (const operation of ['SettingsPage', 'Banner', 'WorkspaceHistory']) await admin.ask(operation, { last: 100 });
      for (const operation of ['MailboxPage', 'MailboxHistory']) await admin.ask(operation, { id: mailbox.id, last: 100 });
      expect(heard.length).toBeGreaterThan(50);
      expect(heard.join('')).toContain('[redacted]');
      expect(leaksIn(heard.join('\n'), canaries)).toEqual([]);
    });

    test('metrics and readiness', async () => {
      const headers = { authorization: `Bearer ${canaries['token']!}` };
      for (const path of ['/metrics', '/readyz', '/healthz'])
        expect(leaksIn(await (await fetch(gateway.url + path, { headers })).text(), canaries)).toEqual([]);
    });

    test('the database file and its write-ahead log, byte by byte', () => {
      const files = readdirSync(database.folder).filter((name) => name.startsWith('gateway.db'));
      expect(files).toContain('gateway.db-wal');
      for (const name of files) expect([name, leaksIn(readFileSync(join(database.folder, name)), canaries)]).toEqual([name, []]);
    });

    test('errors that are inspected', async () => {
      const vault = createVault(() => readKeyRing(environment['KEYRING_FILE']!));
      const binding = { workspaceId: 'w', mailboxId: 'm', credentialId: 'c', field: 'password', secretVersion: 1 } as never;
      const sealed = vault.seal(new Secret(PASSWORD), binding);
      const broken = join(database.folder, 'broken.json');
      writeFileSync(broken, readFileSync(environment['KEYRING_FILE']!, 'utf8').slice(0, -10), { mode: 0o600 });
      const url = `mongodb://user:${encodeURIComponent(PASSWORD)}@127.0.0.1:1/?serverSelectionTimeoutMS=100`;
      const options = { clock: createShiftedClock(), newId, random: Math.random, log: silentLog, serve: false, holder: newId() };
      const attempts: readonly (() => unknown)[] = [
        () => vault.open(sealed, { ...(binding as object), secretVersion: 2 } as never),
        () => vault.open(`${sealed.slice(0, -2)}AA` as Sealed, binding),
        () => readKeyRing(broken),
        () => openStore(url, options),
        () => openStore(`postgres://user:${encodeURIComponent(PASSWORD)}@host`, options),
      ];
      for (const attempt of attempts) {
        const error = await Promise.resolve()
          .then(attempt)
          .then(
            () => null,
            (thrown: unknown) => thrown,
          );
        expect(error).toBeInstanceOf(Error);
        expect(leaksIn(inspect(error, { depth: 12, showHidden: true }), { ...canaries, ...keys() })).toEqual([]);
      }
      const loaded = loadConfig({
        METRICS_TOKEN: WRONG_PASSWORD.slice(0, 15),
        MICROSOFT_CLIENT_SECRET: PASSWORD,
        MICROSOFT_CLIENT_ID: 'x',
        PORT: 'no',
        DATABASE_URL: `mysql://x:${PASSWORD}@y`,
      });
      expect(loaded.kind).toBe('problems');
      expect(leaksIn(inspect([loaded, new Secret(PASSWORD)], { depth: 12, showHidden: true }), canaries)).toEqual([]);
    });
  });
});
