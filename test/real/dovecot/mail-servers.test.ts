import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createCertificates } from '../../../sandbox/certificates.ts';
import { diagnose } from '../../../src/domain/diagnose/diagnose.ts';
import type { LegDirection } from '../../../src/domain/mail.ts';
import type { Reason } from '../../../src/domain/reason.ts';
import { createProbe } from '../../../src/providers/login-probe.ts';
import type { LegLogin, Probe } from '../../../src/providers/probe.ts';
import { startIntrospectionServer, type IntrospectionServer } from '../../contract/protocol/introspection-server.ts';
import { passwordLogin, pinToLoopback, tokenLogin } from '../../contract/protocol/logins.ts';
import { hasDovecot } from '../../support/dovecot.ts';
import { MAIL_KINDS, MAIL_NAMES, type MailKind, type MailServers } from '../../support/mail-servers.ts';
import { startMailServers } from '../../support/telling.ts';

const SUPPORT = { address: 'support@acme.test', password: 'support password' };
const BILLING = { address: 'billing@acme.test', password: 'billing password' };
const LEGS: readonly LegDirection[] = ['INCOMING', 'OUTGOING'];

/** What the journeys rely on: both kinds of mail servers do what their switches say, with a password and with a token. */
describe.each(MAIL_KINDS.map((kind) => ({ kind, name: MAIL_NAMES[kind] })))('the switches of $name', ({ kind }) => {
  if (kind === 'dovecot' && !hasDovecot()) test.skip('needs Dovecot', () => undefined);
  else switches(kind);
});

function switches(kind: MailKind): void {
  let servers: MailServers;
  let signIns: readonly [IntrospectionServer, IntrospectionServer];
  let probe: Probe;

  beforeAll(async () => {
    signIns = [await startIntrospectionServer(), await startIntrospectionServer()];
    signIns[0].grant('first', SUPPORT.address);
    signIns[1].grant('second', SUPPORT.address);
    signIns[1].grant('of another', BILLING.address);
    servers = await startMailServers(kind, { accounts: [SUPPORT, BILLING], introspection: signIns });
    probe = createProbe({ pinHost: pinToLoopback, ca: [servers.caPem] });
  });
  afterAll(async () => {
    await servers.stop();
    for (const signIn of signIns) await signIn.stop();
  });

  async function outcome(login: LegLogin, by = probe): Promise<Reason | 'PROVEN'> {
    const said = await by(login, { timeoutMs: 15_000 });
    return said.kind === 'PROVEN' ? 'PROVEN' : diagnose(said.evidence).reason;
  }
  const at = (direction: LegDirection, username = SUPPORT.address) => {
    const { port, security } = direction === 'INCOMING' ? servers.incoming : servers.outgoing;
    return { direction, port, security, username };
  };
  const byPassword = (direction: LegDirection, password = SUPPORT.password): Promise<Reason | 'PROVEN'> =>
    outcome(passwordLogin({ ...at(direction), password }));
  const byToken = (direction: LegDirection, accessToken = 'first'): Promise<Reason | 'PROVEN'> =>
    outcome(tokenLogin({ ...at(direction), accessToken }));

  test.each(LEGS)('%s: a password and the tokens of either sign-in server log in, and nothing else does', async (leg) => {
    expect(await byPassword(leg)).toBe('PROVEN');
    expect([await byToken(leg, 'first'), await byToken(leg, 'second')]).toEqual(['PROVEN', 'PROVEN']);
    expect(await byPassword(leg, 'wrong')).toBe('BAD_CREDENTIALS');
    expect([await byToken(leg, 'unknown'), await byToken(leg, 'of another')]).toEqual(['ACCESS_TOKEN_REJECTED', 'ACCESS_TOKEN_REJECTED']);
  });

  test('a sign-in server that does not answer keeps its own tokens out for now, and nobody else’s', async () => {
    signIns[0].setBroken(true);
    expect([await byToken('INCOMING', 'first'), await byToken('INCOMING', 'second')]).toEqual(['PROVIDER_UNAVAILABLE', 'PROVEN']);
    signIns[0].setBroken(false);
    expect(await byToken('INCOMING', 'first')).toBe('PROVEN');
  });

  test.each([
    ['INCOMING', 'OUTGOING'],
    ['OUTGOING', 'INCOMING'],
  ] as const)('one leg refuses an account and the other goes on: %s', async (refused, other) => {
    await servers.setRefusal(SUPPORT.address, refused);
    expect(await byPassword(refused)).toBe('BAD_CREDENTIALS');
    expect(await byToken(refused)).not.toBe('PROVEN');
    expect([await byPassword(other), await byToken(other)]).toEqual(['PROVEN', 'PROVEN']);
    await servers.setRefusal(SUPPORT.address, null);
    expect([await byPassword(refused), await byToken(refused)]).toEqual(['PROVEN', 'PROVEN']);
  });

  test('an account that is closed is told apart, by password and by token, until it is open again', async () => {
    await servers.setDisabled(SUPPORT.address, true);
    for (const leg of LEGS) expect([await byPassword(leg), await byToken(leg)]).toEqual(['ACCOUNT_DISABLED', 'ACCOUNT_DISABLED']);
    expect(await outcome(passwordLogin({ ...at('INCOMING', BILLING.address), password: BILLING.password }))).toBe('PROVEN');
    await servers.reset();
    for (const leg of LEGS) expect([await byPassword(leg), await byToken(leg)]).toEqual(['PROVEN', 'PROVEN']);
  });

  test('passwords change, accounts come and go', async () => {
    await servers.setPassword(BILLING.address, 'another');
    const billing = (password: string): Promise<Reason | 'PROVEN'> =>
      outcome(passwordLogin({ ...at('INCOMING', BILLING.address), password }));
    expect([await billing('another'), await billing(BILLING.password)]).toEqual(['PROVEN', 'BAD_CREDENTIALS']);
    await servers.removeAccount(BILLING.address);
    expect(await billing('another')).toBe('BAD_CREDENTIALS');
    await servers.addAccount(BILLING);
    expect(await billing(BILLING.password)).toBe('PROVEN');
  });

  test('logins that were let in are counted for each server, refused ones are not', async () => {
    const before = await servers.acceptedLogins(SUPPORT.address);
    await byPassword('INCOMING');
    await byToken('INCOMING');
    await byToken('OUTGOING');
    await byPassword('OUTGOING', 'wrong');
    const after = await servers.acceptedLogins(SUPPORT.address);
    expect({ imap: after.imap - before.imap, smtp: after.smtp - before.smtp }).toEqual({ imap: 2, smtp: 1 });
  });

  test('they go away and come back, with what they knew and where they were', async () => {
    await servers.goAway();
    for (const leg of LEGS) expect([await byPassword(leg), await byToken(leg)]).toEqual([servers.outage, servers.outage]);
    await servers.comeBack();
    for (const leg of LEGS) expect([await byPassword(leg), await byToken(leg)]).toEqual(['PROVEN', 'PROVEN']);
  });

  test('an introspection endpoint is believed only with the certificate of whom they trust', async () => {
    const [own, foreign] = [await createCertificates(), await createCertificates()];
    const endpoint = createServer({ key: own.keyPem, cert: own.certificatePem }, (_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ active: true, email: SUPPORT.address }));
    });
    await new Promise<void>((resolve) => endpoint.listen(0, '127.0.0.1', resolve));
    const url = `https://localhost:${(endpoint.address() as AddressInfo).port}/introspect`;
    const outcomeTrusting = async (caPem: string): Promise<Reason | 'PROVEN'> => {
      const introspection = [{ url, clientId: 'mail', clientSecret: 'secret', caPem }];
      const others = await startMailServers(kind, { accounts: [SUPPORT], introspection });
      try {
        const { port, security } = others.incoming;
        const login = tokenLogin({ direction: 'INCOMING', port, security, username: SUPPORT.address, accessToken: 'any' });
        return await outcome(login, createProbe({ pinHost: pinToLoopback, ca: [others.caPem] }));
      } finally {
        await others.stop();
      }
    };
    expect(await outcomeTrusting(own.caPem)).toBe('PROVEN');
    expect(await outcomeTrusting(foreign.caPem)).toBe('PROVIDER_UNAVAILABLE');
    endpoint.closeAllConnections();
    await new Promise((resolve) => endpoint.close(resolve));
  });
}
