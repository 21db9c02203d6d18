import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Mailbox } from '../../src/domain/mailbox.ts';
import { ROLES, type Role } from '../../src/domain/viewer.ts';
import { schema } from '../../src/schema/schema.ts';
import { startGatewayServer, type GatewayServer } from '../http/gateway-server.ts';
import { aMailbox, anAuthorization } from '../support/store.ts';

let server: GatewayServer;
let mailbox: Mailbox;
beforeAll(async () => {
  server = await startGatewayServer();
});
beforeEach(async () => {
  mailbox = await server.addMailbox(server.acme, `${crypto.randomUUID()}@acme.test`);
});
afterAll(() => server.close());

/** The contract's Role: WORKER also reports failures and checks; ADMIN does everything. */
const NEEDS: Readonly<Record<string, readonly Role[]>> = {
  checkMailbox: ['WORKER', 'ADMIN'],
  reportCredentialFailure: ['WORKER', 'ADMIN'],
};
const INPUTS: Readonly<Record<string, string>> = {
  connectMailbox:
    'address: "x@acme.test", provider: OTHER, authMethod: BASIC, password: "p", incoming: { host: "imap.acme.test", port: 993, security: TLS }, outgoing: { host: "smtp.acme.test", port: 465, security: TLS }',
  setPrimary: 'mailboxId: null',
  migrate: 'mailboxId: $id, provider: GMAIL',
  cancelAuthorization: 'authorizationId: $id',
  testCredentials: 'username: "x", password: "y", incoming: { host: "imap.acme.test", port: 993, security: TLS }',
  reportCredentialFailure: 'mailboxId: $id, leg: INCOMING, error: "x"',
  reauth: 'mailboxId: $id, password: "p"',
};
const mutations = Object.keys(schema.getMutationType()!.getFields());

describe.each(mutations)('%s', (name) => {
  const input = INPUTS[name] ?? 'mailboxId: $id';
  const declared = input.includes('$id') ? '($id: ID!)' : '';
  const query = `mutation ${declared} { ${name}(input: { ${input} }) { __typename ... on PermissionDenied { code requiredRole message } } }`;

  test.each(ROLES)('as %s', async (role) => {
    const head = await server.store.head(server.acme.workspace.id);
    const { body } = await server.post(query, { variables: { id: mailbox.id }, token: server.acme.tokens[role] });
    expect(body.errors).toBeUndefined();
    if ((NEEDS[name] ?? ['ADMIN']).includes(role)) {
      expect(body.data[name].__typename).not.toBe('PermissionDenied');
      return;
    }
    expect(body.data[name]).toEqual({
      __typename: 'PermissionDenied',
      code: 'PERMISSION_DENIED',
      requiredRole: expect.stringMatching(/^(WORKER|ADMIN)$/),
      message: expect.stringContaining('role'),
    });
    expect(await server.store.head(server.acme.workspace.id)).toEqual(head);
  });
});

test('without the right role nobody learns whether a mailbox exists', async () => {
  const query = 'mutation ($id: ID!) { pauseMailbox(input: { mailboxId: $id }) { __typename ... on UserError { message } } }';
  const ask = async (id: string): Promise<string> =>
    (await server.post(query, { variables: { id }, token: server.acme.tokens.VIEWER })).text;
  expect(await ask(mailbox.id)).toBe(await ask('unknown'));
});

test('authorizationUrl is for ADMIN, for a sign-in, and as long as it waits for one', async () => {
  const pending = aMailbox(server.acme.workspace.id, 'oauth@acme.test');
  const waiting = anAuthorization(server.acme.workspace.id, pending.id, {
    kind: 'OAUTH2',
    provider: 'GMAIL',
    expiresAt: server.clock.now() + 60_000,
  });
  const password = anAuthorization(server.acme.workspace.id, pending.id, { expiresAt: server.clock.now() + 60_000 });
  const late = anAuthorization(server.acme.workspace.id, pending.id, {
    kind: 'OAUTH2',
    provider: 'GMAIL',
    expiresAt: server.clock.now() - 1,
  });
  const done = anAuthorization(server.acme.workspace.id, pending.id, {
    kind: 'OAUTH2',
    provider: 'GMAIL',
    status: 'COMMITTED',
    expiresAt: server.clock.now() + 60_000,
  });
  const docs = [waiting, password, late, done];
  await server.commit(server.acme, {
    mailboxes: [{ kind: 'insert', doc: pending }],
    authorizations: docs.map((doc) => ({ kind: 'insert', doc }) as const),
  });
  const urlOf = async (id: string, role: Role): Promise<string | null> =>
    (
      await server.post('query ($id: ID!) { authorization(id: $id) { authorizationUrl } }', {
        variables: { id },
        token: server.acme.tokens[role],
      })
    ).body.data.authorization.authorizationUrl;
  const url = new URL((await urlOf(waiting.id, 'ADMIN'))!);
  expect(`${url.origin}${url.pathname}`).toBe(`http://localhost:4000/oauth/start/${waiting.id}`);
  expect(server.gateway.vault.verifyMac('start-link', waiting.id, url.searchParams.get('key')!)).toBe(true);
  expect(await urlOf(waiting.id, 'VIEWER')).toBeNull();
  expect(await urlOf(waiting.id, 'WORKER')).toBeNull();
  for (const { id } of [password, late, done]) expect(await urlOf(id, 'ADMIN')).toBeNull();
});
