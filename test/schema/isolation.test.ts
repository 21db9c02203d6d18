import { GraphQLNonNull, isEnumType, isInputObjectType, isListType, isScalarType, type GraphQLInputType } from 'graphql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Mailbox } from '../../src/domain/mailbox.ts';
import { schema } from '../../src/schema/schema.ts';
import { startGatewayServer, type GatewayServer, type Tenant } from '../http/gateway-server.ts';
import { openSocket } from '../http/socket-client.ts';
import { anAuthorization, anIncident, aStatusChange } from '../support/store.ts';

let server: GatewayServer;
let mailbox: Mailbox;
/** Ids of everything that acme has, by the type they belong to. */
const acmeIds: Record<string, string> = {};

beforeAll(async () => {
  server = await startGatewayServer();
  mailbox = await server.addMailbox(server.acme, 'secret@acme.test', {}, [aStatusChange('' as Mailbox['id'])]);
  const authorization = anAuthorization(server.acme.workspace.id, mailbox.id);
  const incident = anIncident(server.acme.workspace.id);
  await server.commit(server.acme, {
    authorizations: [{ kind: 'insert', doc: authorization }],
    incidents: [{ kind: 'insert', doc: incident }],
    events: [{ kind: 'INCIDENT', incidentId: incident.id }],
  });
  const events = await server.store.eventsAfter(server.acme.workspace.id, 0, 100);
  Object.assign(acmeIds, {
    Workspace: server.acme.workspace.id,
    Mailbox: mailbox.id,
    Authorization: authorization.id,
    Incident: incident.id,
    StatusChange: events.find(({ facts }) => facts.kind === 'STATUS')!.id,
  });
  await server.addMailbox(server.globex, 'support@globex.test');
});
afterAll(() => server.close());

const as = (tenant: Tenant) => ({ token: tenant.tokens.ADMIN });
const NODE = 'query ($id: ID!) { node(id: $id) { __typename id } }';

describe('a node', () => {
  test.each(['Workspace', 'Mailbox', 'Authorization', 'Incident', 'StatusChange'])(
    '%s is found by its id in its own workspace, and nothing in another',
    async (type) => {
      const id = acmeIds[type]!;
      const own = await server.post(NODE, { variables: { id }, ...as(server.acme) });
      expect(own.body.data.node).toEqual({ __typename: type, id });
      const foreign = await server.post(NODE, { variables: { id }, ...as(server.globex) });
      const unknown = await server.post(NODE, { variables: { id: crypto.randomUUID() }, ...as(server.globex) });
      expect(foreign.text).toBe(unknown.text);
      expect(foreign.body.data.node).toBeNull();
    },
  );

  test('every type that has ids is one of those tested', () => {
    const types = schema.getPossibleTypes(schema.getType('Node') as never).map(({ name }) => name);
    expect(types.toSorted()).toEqual(Object.keys(acmeIds).toSorted());
  });

  test('nodes answers in order, null for what is not readable', async () => {
    const { body } = await server.post('query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', {
      variables: { ids: [acmeIds['Mailbox'], 'x', acmeIds['Incident']] },
      ...as(server.acme),
    });
    expect(body.data.nodes).toEqual([{ id: acmeIds['Mailbox'] }, null, { id: acmeIds['Incident'] }]);
  });

  test('at most 100 nodes are asked for at a time', async () => {
    const { body } = await server.post('query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', {
      variables: { ids: Array.from({ length: 101 }, String) },
    });
    expect(body.errors[0]).toMatchObject({ message: 'ids may hold at most 100 ids; it holds 101.', extensions: { code: 'PAGE_SIZE' } });
  });
});

/** A value of the type in which every id is acme's; the rest is whatever is valid. */
function valueFor(type: GraphQLInputType, name: string): unknown {
  if (type instanceof GraphQLNonNull) return valueFor(type.ofType, name);
  if (isListType(type)) return [valueFor(type.ofType, name)];
  if (isEnumType(type)) return type.getValues()[0]!.name;
  if (isInputObjectType(type)) {
    // No idempotency key: the same input is asked with foreign and with unknown ids.
    const fields = Object.values(type.getFields()).filter(
      ({ name: field }) => !['idempotencyKey', 'expectedVersion', 'clientMutationId'].includes(field),
    );
    return Object.fromEntries(fields.map((field) => [field.name, valueFor(field.type, field.name)]));
  }
  if (!isScalarType(type)) throw new Error(`no value for ${name}`);
  switch (type.name) {
    case 'ID':
      return /authorization/i.test(name) ? acmeIds['Authorization'] : acmeIds['Mailbox'];
    case 'EmailAddress':
      return 'secret@acme.test';
    case 'Int':
      return name.endsWith('port') ? 993 : 1;
    case 'Boolean':
      return true;
    default:
      return name.endsWith('host') ? 'imap.example.test' : name.endsWith('addressContains') ? 'acme' : 'text';
  }
}

const PAGING = new Set(['first', 'after', 'last', 'before']);

/** Every argument filled, everything selected two levels deep that has an id or an address. */
function operationFor(kind: 'query' | 'mutation', field: string): { readonly query: string; readonly variables: Record<string, unknown> } {
  const root = kind === 'query' ? schema.getQueryType()! : schema.getMutationType()!;
  const args = root.getFields()[field]!.args.filter(({ name }) => !PAGING.has(name));
  const declared = args.map(({ name, type }) => `$${name}: ${String(type)}`).join(', ');
  const given = args.map(({ name }) => `${name}: $${name}`).join(', ');
  const variables = Object.fromEntries(args.map(({ name, type }) => [name, valueFor(type, `${field}.${name}`)]));
  const SELECTIONS: Record<string, string> = {
    node: '{ id }',
    nodes: '{ id }',
    viewer: '{ workspace { id name } }',
    workspace:
      '{ id name primaryMailbox { id } incidents(open: null) { nodes { id scope } } banner { mailboxes { nodes { id address } } } summary { total } }',
    mailbox: '{ id address }',
    mailboxByAddress: '{ id address }',
    mailboxes: '{ totalCount nodes { id address history { nodes { id } } } }',
    statusChanges: '{ nodes { id mailboxId mailbox { address } } }',
    authorization: '{ id mailbox { address } }',
    scenarios: '{ kind }',
    diagnose: '{ reason }',
    discoverMailServers: '{ source }',
  };
  const selection = kind === 'mutation' ? '{ __typename ... on UserError { code message } }' : SELECTIONS[field];
  if (selection === undefined) throw new Error(`the isolation test does not know ${field} yet`);
  return {
    query: `${kind} ${declared === '' ? '' : `(${declared})`} { ${field}${given === '' ? '' : `(${given})`} ${selection} }`,
    variables,
  };
}

/** The same variables with ids that nobody has. */
function unknownIds(value: unknown): unknown {
  if (typeof value === 'string') return Object.values(acmeIds).includes(value) ? '00000000-0000-4000-8000-000000000000' : value;
  if (Array.isArray(value)) return value.map(unknownIds);
  if (value !== null && typeof value === 'object')
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, unknownIds(part)]));
  return value;
}

const withoutIds = (text: string): string => text.replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'ID');

describe('asked by another help desk with acme’s ids', () => {
  test.each(Object.keys(schema.getQueryType()!.getFields()))('the query %s answers as if they did not exist', async (field) => {
    const { query, variables } = operationFor('query', field);
    const foreign = await server.post(query, { variables, ...as(server.globex) });
    const unknown = await server.post(query, { variables: unknownIds(variables), ...as(server.globex) });
    expect(withoutIds(foreign.text)).toBe(withoutIds(unknown.text));
    for (const id of Object.values(acmeIds)) expect(foreign.text).not.toContain(id);
    expect(foreign.text).not.toContain('acme.test');
    expect(foreign.text).not.toContain('host:imap.example.test');
  });

  test('the same queries see acme’s things when acme asks: the test above would notice', async () => {
    const seen = await Promise.all(
      ['mailbox', 'mailboxes', 'mailboxByAddress', 'statusChanges', 'authorization'].map(async (field) => {
        const { query, variables } = operationFor('query', field);
        const filterless = field === 'mailboxes' ? { ...variables, filter: null } : variables;
        return (await server.post(query, { variables: filterless, ...as(server.acme) })).text;
      }),
    );
    expect(seen.filter((text) => !text.includes('acme.test'))).toEqual([]);
  });

  test.each(Object.keys(schema.getMutationType()!.getFields()))(
    'the mutation %s changes nothing of acme and answers as for unknown ids',
    async (field) => {
      const { query, variables } = operationFor('mutation', field);
      const head = await server.store.head(server.acme.workspace.id);
      const foreign = await server.post(query, { variables, ...as(server.globex) });
      expect(foreign.body.errors).toBeUndefined();
      expect(await server.store.head(server.acme.workspace.id)).toEqual(head);
      expect(await server.store.mailbox(server.acme.workspace.id, mailbox.id)).toEqual(mailbox);
      if (['connectMailbox', 'testCredentials'].includes(field)) return;
      const unknown = await server.post(query, { variables: unknownIds(variables), ...as(server.globex) });
      expect(withoutIds(foreign.text)).toBe(withoutIds(unknown.text));
    },
  );
});

describe('subscriptions', () => {
  test('carry nothing of another help desk, whoever’s ids and cursors are given', async () => {
    const cursor = (await server.post('{ mailboxes { asOf } }', as(server.acme))).body.data.mailboxes.asOf as string;
    const socket = await openSocket(server.url);
    await socket.init(server.globex.tokens.ADMIN);
    socket.subscribe(
      'all',
      'subscription { workspaceChanged { __typename ... on StreamOpened { resume } ... on MailboxChanged { mailbox { address } } ... on CredentialStatusChanged { change { mailboxId } } } }',
    );
    await socket.next();
    socket.subscribe('foreign', 'subscription ($after: String) { workspaceChanged(after: $after) { ... on StreamOpened { resume } } }', {
      after: cursor,
    });
    expect((await socket.next()).payload.data.workspaceChanged.resume).toBe('RESET_REQUIRED');
    socket.send({ id: 'foreign', type: 'complete' });
    socket.subscribe('named', 'subscription ($f: StatusChangeFilter) { credentialStatusChanged(filter: $f) { __typename } }', {
      f: { mailboxIds: [mailbox.id] },
    });
    await socket.next();
    socket.subscribe('authorization', 'subscription ($id: ID!) { authorizationUpdated(id: $id) { id } }', { id: acmeIds['Authorization'] });
    expect((await socket.next()).payload.errors[0].extensions.code).toBe('AUTHORIZATION_NOT_FOUND');
    await socket.next();
    for (let count = 0; count < 50; count += 1) await server.commit(server.acme, { events: [aStatusChange(mailbox.id)] });
    const own = await server.addMailbox(server.globex, 'own@globex.test');
    await server.commit(server.globex, { events: [aStatusChange(own.id)] });
    expect(await socket.next()).toMatchObject({
      id: 'all',
      payload: { data: { workspaceChanged: { mailbox: { address: 'own@globex.test' } } } },
    });
    expect(await socket.next()).toMatchObject({ id: 'all', payload: { data: { workspaceChanged: { change: { mailboxId: own.id } } } } });
    socket.close();
  });
});
