import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSchema, isInterfaceType } from 'graphql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Json } from '../http/json.ts';
import type { GraphqlClient } from '../support/graphql-client.ts';
import { sandboxServers, startJourney, type Journey, type SandboxServers } from '../support/journey.ts';

const schema = buildSchema(readFileSync(join(import.meta.dirname, '../../schema.graphql'), 'utf8'));
const SUPPORT = { address: 'support@acme.test', password: 'support password' };
const BILLING = { address: 'billing@acme.test', password: 'billing password' };

describe('every error that a person can cause comes as data, with what to do', () => {
  let servers: SandboxServers;
  let journey: Journey;
  let admin: GraphqlClient;
  let support: Json;
  let billing: Json;

  beforeAll(async () => {
    servers = await sandboxServers([SUPPORT, BILLING]);
    journey = await startJourney('sqlite', servers, { CHECK_INTERVAL_SECONDS: '3600' });
    admin = journey.admin;
    support = await journey.connect(SUPPORT);
    billing = await journey.connect(BILLING);
  });
  afterAll(async () => {
    await journey.end();
    await servers.stop();
  });

  const serversOf = (): Record<string, unknown> => ({ incoming: servers.incoming, outgoing: servers.outgoing });

  const provoked: Readonly<Record<string, () => Promise<Json>>> = {
    MailboxNotFound: () => admin.act('CheckNow', { mailboxId: 'nobody' }),
    MailboxAlreadyExists: () =>
      admin.act('ConnectMailbox', { input: { ...SUPPORT, provider: 'OTHER', authMethod: 'BASIC', ...serversOf() } }),
    InvalidInput: () =>
      admin.act('ConnectMailbox', { input: { ...SUPPORT, address: 'no address', provider: 'OTHER', authMethod: 'BASIC', ...serversOf() } }),
    VersionConflict: () => admin.act('EditMailbox', { input: { mailboxId: support.id, displayName: 'Support', expectedVersion: 99 } }),
    PrimaryConflict: () => admin.act('ChoosePrimary', { mailboxId: support.id, expectedPrimaryId: billing.id }),
    ProviderNotConfigured: () => admin.act('MigrateToOAuth', { input: { mailboxId: support.id, provider: 'GMAIL' } }),
    NotApplicable: () => admin.act('RollBack', { mailboxId: support.id }),
    AuthorizationNotFound: () => admin.act('CancelSignIn', { authorizationId: 'none' }),
    PermissionDenied: async () => (await journey.person('viewer')).act('PauseMailbox', { mailboxId: support.id }),
    async RollBackRejected() {
      servers.sandbox.setPassword(BILLING.address, 'second password');
      await admin.act('ReenterPassword', { mailboxId: billing.id, password: 'second password' });
      return admin.act('RollBack', { mailboxId: billing.id });
    },
    async RateLimited() {
      let answer: Json;
      do answer = await admin.act('CheckNow', { mailboxId: support.id });
      while (answer.__typename === undefined);
      return answer;
    },
  };

  const SAYS: Readonly<Record<string, Record<string, unknown>>> = {
    InvalidInput: { code: 'INVALID_INPUT', issues: [{ path: ['address'], message: expect.stringContaining('support@example.com') }] },
    VersionConflict: { code: 'VERSION_CONFLICT', currentVersion: expect.any(Number) },
    PrimaryConflict: { code: 'PRIMARY_CONFLICT', currentPrimaryId: null },
    RollBackRejected: { code: 'ROLL_BACK_REJECTED', diagnosis: { reason: 'BAD_CREDENTIALS', message: expect.any(String) } },
    RateLimited: { code: 'RATE_LIMITED', retryAfterSeconds: expect.any(Number) },
  };

  test.each(Object.keys(provoked))('%s', async (type) => {
    const answer = await provoked[type]!();
    expect(answer).toMatchObject({ __typename: type, message: expect.stringMatching(/^[A-Za-z].{15,}[.]$/u), ...SAYS[type] });
    expect(answer.code).toBe(type.replaceAll(/(?<=[a-z])(?=[A-Z])/gu, '_').toUpperCase());
  });

  test('no type of error is without a test', () => {
    const userError = schema.getType('UserError');
    const types = isInterfaceType(userError) ? schema.getPossibleTypes(userError).map(({ name }) => name) : [];
    expect(Object.keys(provoked).toSorted()).toEqual(types.toSorted());
  });

  test('the rolled-back attempt changed nothing: the mailbox works with its new password', async () => {
    expect((await admin.ask('MailboxPage', { id: billing.id })).mailbox.status.health).toBe('HEALTHY');
  });
});
