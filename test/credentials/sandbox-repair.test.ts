import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createProbe } from '../../src/providers/login-probe.ts';
import type { Gateway } from '../../src/resolvers/gateway.ts';
import { connectMailbox } from '../../src/resolvers/mutations/connect-mailbox.ts';
import { reauth } from '../../src/resolvers/mutations/reauth.ts';
import { rollBackCredential } from '../../src/resolvers/mutations/roll-back-credential.ts';
import { testCredentials } from '../../src/resolvers/mutations/test-credentials.ts';
import { pinToLoopback } from '../contract/protocol/logins.ts';
import { connectInput, createWorld, errorOf, payloadOf, type World } from '../resolvers/world.ts';
import { mailServerOf, startTestSandbox, type Sandbox } from '../support/sandbox.ts';

const ADDRESS = 'support@acme.test';
let sandbox: Sandbox;
let world: World;
let gateway: Gateway;
beforeAll(async () => {
  sandbox = await startTestSandbox();
});
afterAll(() => sandbox.stop());
beforeEach(async () => {
  sandbox.reset();
  sandbox.addAccount({ address: ADDRESS, password: 'first-password' });
  world = await createWorld();
  gateway = world.another(createProbe({ pinHost: pinToLoopback, ca: [sandbox.caPem] })).gateway;
});
afterEach(() => world.close());

const servers = () => ({ incoming: mailServerOf(sandbox, 'imap'), outgoing: mailServerOf(sandbox, 'smtp-starttls') });
const connect = async (over = {}) =>
  payloadOf(await connectMailbox(gateway, world.viewer, connectInput(ADDRESS, { ...servers(), ...over })));

describe('with real mail servers', () => {
  test('a password is connected, changed at the provider, re-entered and rolled back', async () => {
    const { mailbox } = await connect();
    expect(mailbox).toMatchObject({ live: true, incoming: { health: 'HEALTHY' }, outgoing: { health: 'HEALTHY' } });

    sandbox.setPassword(ADDRESS, 'second-password');
    const wrong = payloadOf(await reauth(gateway, world.viewer, { mailboxId: mailbox.id, password: 'mistyped' }));
    expect(wrong.authorization).toMatchObject({ status: 'REJECTED', rejection: { reason: 'BAD_CREDENTIALS' } });
    expect(wrong.mailbox.loginVersion).toBe(1);
    const right = payloadOf(await reauth(gateway, world.viewer, { mailboxId: mailbox.id, password: 'second-password' }));
    expect(right.authorization.status).toBe('COMMITTED');

    errorOf(await rollBackCredential(gateway, world.viewer, { mailboxId: mailbox.id }), 'RollBackRejected');
    sandbox.setPassword(ADDRESS, 'first-password');
    expect(payloadOf(await rollBackCredential(gateway, world.viewer, { mailboxId: mailbox.id })).mailbox.loginVersion).toBe(3);
  });

  test('wrong ports are told apart from wrong passwords', async () => {
    const { incoming, outgoing } = servers();
    const payload = payloadOf(
      await testCredentials(gateway, world.viewer, { username: ADDRESS, password: 'wrong', incoming, outgoing: { ...outgoing, port: 1 } }),
    );
    expect(payload.incoming?.diagnosis?.reason).toBe('BAD_CREDENTIALS');
    expect(payload.outgoing?.diagnosis?.reason).toBe('CONNECTION_REFUSED');
  });

  test('a server that is unavailable keeps the candidate waiting, and the old credential in use', async () => {
    const { mailbox } = await connect();
    sandbox.setServerFault('imap', { kind: 'unavailable' });
    const { authorization } = payloadOf(await reauth(gateway, world.viewer, { mailboxId: mailbox.id, password: 'first-password' }));
    expect(authorization.status).toBe('VERIFYING');
    sandbox.setServerFault('imap', null);
    expect((await gateway.repair.verify(mailbox.workspaceId, authorization.id))?.status).toBe('COMMITTED');
  });
});
