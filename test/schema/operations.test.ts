import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Kind, parse, print, separateOperations, validate, type DocumentNode } from 'graphql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { EventFacts } from '../../src/domain/event.ts';
import type { Mailbox } from '../../src/domain/mailbox.ts';
import { MAX_COMPLEXITY } from '../../src/schema/limits/cost-rules.ts';
import { createDocuments } from '../../src/schema/limits/prepare.ts';
import { schema } from '../../src/schema/schema.ts';
import { createComplexityRule } from '@pothos/plugin-complexity';
import { openSocket } from '../http/socket-client.ts';
import { startGatewayServer, type GatewayServer } from '../http/gateway-server.ts';
import { aStatusChange } from '../support/store.ts';

const text = readFileSync(join(import.meta.dirname, '../../docs/operations.graphql'), 'utf8');
const documents: Readonly<Record<string, DocumentNode>> = separateOperations(parse(text));
const names = Object.keys(documents);

function kindOf(name: string): string {
  const operation = documents[name]!.definitions.find((node) => node.kind === Kind.OPERATION_DEFINITION);
  return operation?.kind === Kind.OPERATION_DEFINITION ? operation.operation : '';
}

function costOf(document: DocumentNode, variables: Record<string, unknown>): number {
  let cost = 0;
  validate(schema, document, [
    createComplexityRule({ context: {}, variableValues: variables, onResult: ({ complexity }) => (cost = complexity) }),
  ]);
  return cost;
}

describe('docs/operations.graphql', () => {
  test.each(names)('%s passes the limits with pages of 100', (name) => {
    const limits = createDocuments(schema);
    const document = limits.parse(print(documents[name]!));
    const page = { first: 100, ...(name.includes('History') ? { last: 100 } : {}) };
    // Only what costs; required values are another rule's business.
    const errors = limits.validate(document, { operationName: name, variables: { ...required(name), ...page } }, {});
    expect(errors.map(({ message }) => message)).toEqual([]);
  });

  test('the costliest leaves room, and the limit is not out of reach either', () => {
    const costs = names.map((name) => costOf(documents[name]!, { ...required(name), first: 100, last: 100 }));
    expect(Math.max(...costs)).toBeLessThan(MAX_COMPLEXITY);
    expect(Math.max(...costs)).toBeGreaterThan(MAX_COMPLEXITY / 10);
  });

  test('shows every mutation and every subscription of the API', () => {
    const fields = new Set<string>();
    for (const document of Object.values(documents)) {
      for (const node of document.definitions) {
        if (node.kind !== Kind.OPERATION_DEFINITION) continue;
        for (const field of node.selectionSet.selections) if (field.kind === Kind.FIELD) fields.add(field.name.value);
      }
    }
    const wanted = [...Object.keys(schema.getMutationType()!.getFields()), ...Object.keys(schema.getSubscriptionType()!.getFields())];
    expect(wanted.filter((name) => !fields.has(name))).toEqual([]);
  });
});

/** Values for the variables that an operation cannot do without. */
function required(
  name: string,
  mailbox: { readonly id: string } = { id: 'unknown' },
  authorizationId = 'unknown',
): Record<string, unknown> {
  const servers = {
    incoming: { host: 'imap.acme.test', port: 993, security: 'TLS' },
    outgoing: { host: 'smtp.acme.test', port: 465, security: 'TLS' },
  };
  const inputs: Record<string, Record<string, unknown>> = {
    TestPassword: { username: 'anna@acme.test', password: 'right', address: 'anna@acme.test', ...servers },
    ConnectMailbox: { address: 'anna@acme.test', provider: 'OTHER', authMethod: 'BASIC', password: 'right', ...servers },
    MigrateToOAuth: { mailboxId: mailbox.id, provider: 'MICROSOFT_365' },
    HandOverPrimary: { mailboxId: mailbox.id, password: 'right' },
    EditMailbox: { mailboxId: mailbox.id, displayName: 'Support' },
    WhatDoesThisErrorMean: { error: '535 5.7.8 Error: authentication failed' },
  };
  return {
    id: name === 'SignInProgress' ? authorizationId : mailbox.id,
    mailboxId: mailbox.id,
    authorizationId,
    address: 'anna@acme.test',
    password: 'right',
    leg: 'INCOMING',
    error: 'NO [AUTHENTICATIONFAILED] Invalid credentials',
    input: inputs[name],
  };
}

describe('executed on a gateway', () => {
  let server: GatewayServer;
  let mailbox: Mailbox;

  beforeAll(async () => {
    server = await startGatewayServer();
    const change: EventFacts = aStatusChange('' as Mailbox['id']);
    mailbox = await server.addMailbox(server.acme, 'support@acme.test', {}, [change, change]);
    server.passwords.set('support@acme.test', 'right').set('anna@acme.test', 'right');
  });
  afterAll(() => server.close());

  const runnable = names.filter((name) => kindOf(name) !== 'subscription' && name !== 'RemoveMailbox');

  test.each(runnable)('%s answers without an error', async (name) => {
    const { status, body } = await server.post(print(documents[name]!), { operationName: name, variables: required(name, mailbox) });
    expect(body.errors).toBeUndefined();
    expect(status).toBe(200);
    expect(body.data).not.toBeNull();
  });

  test('what a page shows is what the store holds', async () => {
    const { body } = await server.post(print(documents['MailboxPage']!), { variables: { id: mailbox.id } });
    expect(body.data.mailbox).toMatchObject({
      id: mailbox.id,
      address: 'support@acme.test',
      provider: 'OTHER',
      authMethod: { kind: 'BASIC', username: 'support@acme.test' },
      incoming: { server: { host: 'imap.example.test', port: 993, security: 'TLS' } },
      outgoing: { server: { host: 'smtp.example.test', port: 587, security: 'STARTTLS' } },
    });
  });

  test('the password dialog repairs a mailbox', async () => {
    const { body } = await server.post(print(documents['ReenterPassword']!), { variables: { mailboxId: mailbox.id, password: 'right' } });
    expect(body.data.reauth.authorization).toMatchObject({
      status: 'COMMITTED',
      message: 'The password was verified. The mailbox now uses it.',
    });
  });

  test('a subscription of each kind begins with what it promises', async () => {
    const authorizationId = (
      await server.post(print(documents['ReenterPassword']!), { variables: { mailboxId: mailbox.id, password: 'right' } })
    ).body.data.reauth.authorization.id as string;
    const socket = await openSocket(server.url);
    await socket.init(server.acme.tokens.VIEWER);
    for (const name of names.filter((candidate) => kindOf(candidate) === 'subscription')) {
      socket.subscribe(name, print(documents[name]!), required(name, mailbox, authorizationId));
      const { payload } = await socket.until((message) => message.id === name);
      expect(payload.errors).toBeUndefined();
      const first = {
        LiveBanner: 'bannerChanged',
        SignInProgress: 'authorizationUpdated',
        LiveList: 'workspaceChanged',
        LiveStatus: 'credentialStatusChanged',
      }[name]!;
      expect(payload.data[first]).toMatchObject(
        { LiveBanner: { banner: null }, SignInProgress: { status: 'COMMITTED' } }[name] ?? { __typename: 'StreamOpened', resume: 'LIVE' },
      );
      socket.send({ id: name, type: 'complete' });
    }
    socket.close();
  });

  test('RemoveMailbox, last of all', async () => {
    const { body } = await server.post(print(documents['RemoveMailbox']!), { variables: { mailboxId: mailbox.id } });
    expect(body.data.removeMailbox).toMatchObject({ removedMailboxId: mailbox.id, grantRevoked: false });
  });
});
