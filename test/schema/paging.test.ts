import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Mailbox } from '../../src/domain/mailbox.ts';
import { startGatewayServer, type GatewayServer } from '../http/gateway-server.ts';
import { aLeg, aMailbox, anIncident, aSetup, aStatusChange } from '../support/store.ts';
import type { Diagnosis } from '../../src/domain/diagnosis.ts';
import type { Json } from '../http/json.ts';

let server: GatewayServer;
let first: Mailbox;
const COUNT = 25;
const address = (index: number): string => `box${String(index).padStart(2, '0')}@acme.test`;

const refused: Diagnosis = {
  reason: 'BAD_CREDENTIALS',
  retryable: false,
  actor: 'MAILBOX_OWNER',
  action: 'UPDATE_PASSWORD',
  scenario: 'REENTER_PASSWORD',
  message: 'The password was refused.',
  confidence: 'CERTAIN',
  alternatives: [],
  providerMessage: null,
};

beforeAll(async () => {
  server = await startGatewayServer();
  const { id } = server.acme.workspace;
  const docs = Array.from({ length: COUNT }, (_, index) =>
    aMailbox(id, address(index), index % 5 === 0 ? { incoming: aLeg('INCOMING', { health: 'ACTION_REQUIRED', diagnosis: refused }) } : {}),
  );
  first = docs[0]!;
  await server.commit(server.acme, { mailboxes: docs.map((doc) => ({ kind: 'insert', doc }) as const) });
  await server.commit(server.acme, {
    events: docs.flatMap((doc) => [aStatusChange(doc.id), aStatusChange(doc.id)]),
    incidents: Array.from(
      { length: COUNT },
      (_, index) =>
        ({
          kind: 'insert',
          doc: anIncident(id, { scope: `host:${index}`, openedAt: index, closedAt: index % 2 === 0 ? null : 99 }),
        }) as const,
    ),
  });
});
afterAll(() => server.close());

interface List {
  readonly field: string;
  readonly key: string;
  readonly path: readonly string[];
  readonly args: string;
  readonly length: number;
  readonly backwards: boolean;
}

const lists: readonly List[] = [
  { field: 'mailboxes', key: 'address', path: ['mailboxes'], args: '', length: COUNT, backwards: true },
  { field: 'mailboxes', key: 'address', path: ['mailboxes'], args: 'orderBy: SEVERITY_DESC', length: COUNT, backwards: true },
  { field: 'mailboxes', key: 'address', path: ['mailboxes'], args: 'orderBy: CHANGED_DESC', length: COUNT, backwards: true },
  { field: 'mailboxes', key: 'address', path: ['mailboxes'], args: 'filter: { addressContains: "BOX1" }', length: 10, backwards: true },
  { field: 'statusChanges', key: 'sequence', path: ['statusChanges'], args: '', length: 2 * COUNT, backwards: true },
  { field: 'incidents', key: 'scope', path: ['workspace', 'incidents'], args: 'open: null', length: COUNT, backwards: false },
  { field: 'incidents', key: 'scope', path: ['workspace', 'incidents'], args: '', length: 13, backwards: false },
  { field: 'mailboxes', key: 'address', path: ['workspace', 'banner', 'mailboxes'], args: '', length: 5, backwards: false },
];

async function page(list: List, args: string): Promise<{ keys: readonly string[]; cursors: readonly string[]; pageInfo: Json }> {
  const all = [list.args, args].filter((part) => part !== '').join(', ');
  const inner = `${list.field}${all === '' ? '' : `(${all})`} { nodes { ${list.key} } edges { cursor node { ${list.key} } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } }`;
  const query = list.path.slice(0, -1).reduceRight((selection, name) => `${name} { ${selection} }`, inner);
  const { body } = await server.post(`{ ${query} }`);
  if (body.errors !== undefined) throw new Error(JSON.stringify(body.errors));
  let found = body.data;
  for (const name of list.path) found = found[name];
  const keys = found.nodes.map((node: Json) => String(node[list.key]));
  expect(found.edges.map((edge: Json) => String(edge.node[list.key]))).toEqual(keys);
  return { keys, cursors: found.edges.map((edge: Json) => edge.cursor), pageInfo: found.pageInfo };
}

describe.each(lists)('$path ($args)', (list) => {
  test('is read forwards page by page: everything once, in one order', async () => {
    const whole = (await page(list, 'first: 100')).keys;
    expect(whole).toHaveLength(list.length);
    expect(new Set(whole).size).toBe(list.length);
    const seen: string[] = [];
    let after: string | null = null;
    for (;;) {
      const { keys, pageInfo } = await page(list, `first: 4${after === null ? '' : `, after: "${after}"`}`);
      expect(pageInfo.hasPreviousPage).toBe(after !== null);
      seen.push(...keys);
      after = pageInfo.endCursor;
      if (!pageInfo.hasNextPage) break;
      expect(keys).toHaveLength(4);
    }
    expect(seen).toEqual(whole);
  });

  test('the page after its last item is empty', async () => {
    const { cursors } = await page(list, 'first: 100');
    const { keys, pageInfo } = await page(list, `first: 4, after: "${cursors.at(-1)}"`);
    expect(keys).toEqual([]);
    expect(pageInfo).toMatchObject({ hasNextPage: false, startCursor: null, endCursor: null });
  });
});

describe.each(lists.filter(({ backwards }) => backwards))('$path ($args), backwards', (list) => {
  test('everything comes once, in the same order', async () => {
    const whole = (await page(list, 'first: 100')).keys;
    let seen: readonly string[] = [];
    let before: string | null = null;
    for (;;) {
      const { keys, pageInfo } = await page(list, `last: 4${before === null ? '' : `, before: "${before}"`}`);
      expect(pageInfo.hasNextPage).toBe(before !== null);
      seen = [...keys, ...seen];
      before = pageInfo.startCursor;
      if (!pageInfo.hasPreviousPage) break;
    }
    expect(seen).toEqual(whole);
  });

  test('between two cursors only what lies between comes', async () => {
    const { keys, cursors } = await page(list, 'first: 8');
    const between = await page(list, `first: 100, after: "${cursors[2]}", before: "${cursors[6]}"`);
    expect(between.keys).toEqual(keys.slice(3, 6));
  });
});

describe('lists', () => {
  test('have 20 items unless told otherwise', async () => {
    expect((await page(lists[0]!, '')).keys).toHaveLength(20);
  });

  test('logs without arguments give the newest 20, oldest first', async () => {
    const { keys, pageInfo } = await page(lists[4]!, '');
    expect(keys).toEqual(Array.from({ length: 20 }, (_, index) => String(2 * COUNT - 19 + index)));
    expect(pageInfo).toMatchObject({ hasPreviousPage: true, hasNextPage: false });
  });

  test('a log with first begins at its oldest entry', async () => {
    expect((await page(lists[4]!, 'first: 3')).keys).toEqual(['1', '2', '3']);
  });

  test('the history of a mailbox is its part of the log', async () => {
    const query =
      'query ($id: ID!) { mailbox(id: $id) { history { nodes { mailboxId sequence } } } statusChanges(mailboxId: $id) { nodes { mailboxId sequence } } }';
    const { body } = await server.post(query, { variables: { id: first.id } });
    expect(body.data.mailbox.history.nodes).toEqual([1, 2].map((sequence) => ({ mailboxId: first.id, sequence })));
    expect(body.data.statusChanges).toEqual(body.data.mailbox.history);
  });

  test('totalCount counts what the filter matches', async () => {
    const { body } = await server.post(
      '{ all: mailboxes(first: 1) { totalCount } red: mailboxes(first: 1, filter: { health: [ACTION_REQUIRED] }) { totalCount } }',
    );
    expect(body.data).toEqual({ all: { totalCount: COUNT }, red: { totalCount: 5 } });
  });

  test.each([
    ['of another order', async () => (await page({ ...lists[0]!, args: 'orderBy: CHANGED_DESC' }, 'first: 1')).cursors[0]!],
    ['of another list', async () => (await page(lists[4]!, 'first: 1')).cursors[0]!],
    ['that is none', async () => 'nonsense'],
    ['that was made up', async () => Buffer.from('["mailboxes:ADDRESS_ASC",{"$ne":null},"x"]').toString('base64url')],
  ])('a cursor %s is refused with words', async (_, cursor) => {
    const { body } = await server.post('query ($after: String) { mailboxes(after: $after) { totalCount } }', {
      variables: { after: await cursor() },
    });
    expect(body.errors[0].extensions.code).toBe('INVALID_CURSOR');
    expect(body.errors[0].message).toContain('does not belong to this list');
  });
});

describe('filters', () => {
  const addresses = async (filter: string): Promise<readonly string[]> => {
    const { body } = await server.post(`{ mailboxes(first: 100, filter: ${filter}) { nodes { address } } }`);
    if (body.errors !== undefined) throw new Error(JSON.stringify(body.errors));
    return body.data.mailboxes.nodes.map((node: Json) => node.address);
  };
  const fifth = [0, 5, 10, 15, 20].map(address);

  test('by health, reason and scenario', async () => {
    expect(await addresses('{ health: [ACTION_REQUIRED] }')).toEqual(fifth);
    expect(await addresses('{ reason: [BAD_CREDENTIALS] }')).toEqual(fifth);
    expect(await addresses('{ scenario: [REENTER_PASSWORD] }')).toEqual(fifth);
    expect(await addresses('{ scenario: [REENTER_PASSWORD], addressContains: "box1" }')).toEqual([10, 15].map(address));
    expect(await addresses('{ scenario: [PRIMARY_HANDOVER] }')).toEqual([]);
    expect(await addresses('{ health: [] }')).toEqual([]);
  });

  test('by being primary, which the workspace knows', async () => {
    expect(await addresses('{ isPrimary: true }')).toEqual([]);
    await server.post('mutation ($id: ID!) { setPrimary(input: { mailboxId: $id }) { __typename } }', { variables: { id: first.id } });
    expect(await addresses('{ isPrimary: true }')).toEqual([address(0)]);
    expect(await addresses('{ isPrimary: false }')).toHaveLength(COUNT - 1);
    expect(await addresses('{ isPrimary: true, health: [HEALTHY] }')).toEqual([]);
  });

  test('a primary whose repair was refused is handed over, and found under that scenario only', async () => {
    const stored = (await server.store.mailbox(server.acme.workspace.id, first.id))!;
    await server.commit(server.acme, {
      mailboxes: [{ kind: 'replace', doc: { ...stored, repairRejected: true }, expectedRevision: stored.revision }],
    });
    const { body } = await server.post('query ($id: ID!) { mailbox(id: $id) { isPrimary scenario { kind } } }', {
      variables: { id: first.id },
    });
    expect(body.data.mailbox).toEqual({ isPrimary: true, scenario: { kind: 'PRIMARY_HANDOVER' } });
    expect(await addresses('{ scenario: [PRIMARY_HANDOVER] }')).toEqual([address(0)]);
    expect(await addresses('{ scenario: [REENTER_PASSWORD] }')).toEqual(fifth.slice(1));
    expect(await addresses('{ scenario: [PRIMARY_HANDOVER], isPrimary: false }')).toEqual([]);
    expect(await addresses('{ scenario: [PRIMARY_HANDOVER, SIGN_IN_AGAIN] }')).toEqual([address(0)]);
    expect(await addresses('{ scenario: [PRIMARY_HANDOVER, REENTER_PASSWORD] }')).toEqual(fifth);
  });

  test('a filter’s text is only a text', async () => {
    for (const text of ['%', '_', '.*', "' OR 1=1 --"]) expect(await addresses(`{ addressContains: ${JSON.stringify(text)} }`)).toEqual([]);
  });
});

test('a list of 100 mailboxes asks the store a few times, not once for each', async () => {
  await server.commit(server.acme, {
    mailboxes: Array.from(
      { length: 80 },
      (_, index) =>
        ({
          kind: 'insert',
          doc: aMailbox(server.acme.workspace.id, `more${index}@acme.test`, { active: aSetup(`more${index}@acme.test`) }),
        }) as const,
    ),
  });
  const calls: string[] = [];
  const counted = new Proxy(server.store, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => {
        calls.push(String(name));
        return Reflect.apply(value, target, args);
      };
    },
  });
  const { schema } = await import('../../src/schema/schema.ts');
  const { createContext } = await import('../../src/schema/context.ts');
  const { graphql } = await import('graphql');
  const viewer = { id: 't', tokenId: null, name: 't', role: 'ADMIN', workspaceId: server.acme.workspace.id, expiresAt: null } as const;
  const result = await graphql({
    schema,
    source: `{ mailboxes(first: 100) { nodes { id isPrimary scenario { kind } openAuthorization { id } status { message } advisories { kind } } }
      statusChanges(last: 50) { nodes { mailbox { address isPrimary } } } }`,
    contextValue: createContext({ ...server.gateway, store: counted }, viewer, () => undefined),
  });
  expect(result.errors).toBeUndefined();
  expect(calls.length).toBeLessThan(15);
  expect(calls.filter((name) => name === 'mailboxes')).toHaveLength(1);
});
