import { createCertificates } from '../../../sandbox/certificates.ts';
import { startIntrospectionServer } from '../../contract/protocol/introspection-server.ts';
import { loginContract } from '../../contract/protocol/login-contract.ts';
import type { ServersUnderTest } from '../../contract/protocol/login-contract.ts';
import { startDovecot } from '../../support/dovecot.ts';
import type { Dovecot } from '../../support/dovecot.ts';

loginContract('Dovecot', async (): Promise<ServersUnderTest | null> => {
  const account = { address: 'support@acme.test', password: 'correct horse' };
  const disabled = { address: 'gone@acme.test', password: account.password, disabled: true };
  const introspection = await startIntrospectionServer();
  introspection.grant('own-token', account.address);
  introspection.grant('foreign-token', 'somebody-else@acme.test');
  const certificates = await createCertificates();
  const common = { users: [account, disabled], certificates, introspection: [introspection] };
  const started: (Dovecot | null)[] = await Promise.all([
    startDovecot(common),
    startDovecot({ ...common, mechanisms: ['plain', 'login', 'xoauth2'] }),
    startDovecot({ ...common, tls: false }),
  ]);
  const [main, xoauth2, withoutTls] = started;
  if (!main || !xoauth2 || !withoutTls) {
    await introspection.stop();
    return null;
  }
  return {
    caPem: certificates.caPem,
    ports: {
      INCOMING: { tls: main.ports.imaps, starttls: main.ports.imap, withoutTls: withoutTls.ports.imap },
      OUTGOING: { tls: main.ports.submissions, starttls: main.ports.submission, withoutTls: withoutTls.ports.submission },
    },
    xoauth2Port: xoauth2.ports.imaps,
    account,
    disabled: disabled.address,
    tokens: { own: 'own-token', foreign: 'foreign-token', revoked: 'revoked-token' },
    setIntrospectionBroken: (broken) => introspection.setBroken(broken),
    setPassword: (password) => main.setPassword(account.address, password),
    async stop() {
      await Promise.all([main.stop(), xoauth2.stop(), withoutTls.stop(), introspection.stop()]);
    },
  };
});
