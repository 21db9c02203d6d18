import { expect, test } from 'vitest';
import { diagnose } from '../../../src/domain/diagnose/diagnose.ts';
import { createProbe } from '../../../src/providers/login-probe.ts';
import { startIntrospectionServer } from '../../contract/protocol/introspection-server.ts';
import { pinToLoopback, tokenLogin } from '../../contract/protocol/logins.ts';
import { startDovecot } from '../../support/dovecot.ts';

test('a token logs in by OAUTHBEARER over real SMTP where XOAUTH2 is not offered, and a refused one is told apart', async ({ skip }) => {
  const username = 'support@acme.test';
  const introspection = await startIntrospectionServer();
  introspection.grant('own-token', username);
  const dovecot = await startDovecot({ users: [], mechanisms: ['plain', 'oauthbearer'], introspection: [introspection] });
  if (dovecot === null) {
    await introspection.stop();
    return skip('Dovecot is not installed');
  }
  try {
    const probe = createProbe({ pinHost: pinToLoopback, ca: [dovecot.caPem] });
    const at = { direction: 'OUTGOING', security: 'TLS', port: dovecot.ports.submissions, username } as const;
    expect(await probe(tokenLogin({ ...at, accessToken: 'own-token' }), { timeoutMs: 15_000 })).toEqual({ kind: 'PROVEN' });
    const refused = await probe(tokenLogin({ ...at, accessToken: 'revoked-token' }), { timeoutMs: 15_000 });
    if (refused.kind === 'PROVEN') throw new Error('A revoked token logged in.');
    expect(refused.evidence).toMatchObject({ command: 'AUTH OAUTHBEARER', saslError: { status: 'invalid_token' } });
    expect(diagnose(refused.evidence).reason).toBe('ACCESS_TOKEN_REJECTED');
  } finally {
    await dovecot.stop();
    await introspection.stop();
  }
});
