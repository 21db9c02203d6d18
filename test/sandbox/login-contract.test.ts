import { startIntrospectionServer } from '../contract/protocol/introspection-server.ts';
import { loginContract } from '../contract/protocol/login-contract.ts';
import type { ServersUnderTest } from '../contract/protocol/login-contract.ts';
import { startTestSandbox } from '../support/sandbox.ts';

loginContract('the sandbox', async (): Promise<ServersUnderTest> => {
  const account = { address: 'support@acme.test', password: 'correct horse' };
  const disabled = 'gone@acme.test';
  const introspection = await startIntrospectionServer();
  introspection.grant('own-token', account.address);
  introspection.grant('foreign-token', 'somebody-else@acme.test');
  const accounts = [account, { address: disabled, password: account.password, disabled: true }];
  const sandbox = await startTestSandbox({ accounts, introspection });
  const withoutTls = await startTestSandbox({ accounts });
  withoutTls.setServerFault('imap-starttls', { kind: 'no-starttls' });
  withoutTls.setServerFault('smtp-starttls', { kind: 'no-starttls' });
  return {
    caPem: sandbox.caPem,
    ports: {
      INCOMING: {
        tls: sandbox.servers.imap.port,
        starttls: sandbox.servers['imap-starttls'].port,
        withoutTls: withoutTls.servers['imap-starttls'].port,
      },
      OUTGOING: {
        tls: sandbox.servers.smtp.port,
        starttls: sandbox.servers['smtp-starttls'].port,
        withoutTls: withoutTls.servers['smtp-starttls'].port,
      },
    },
    xoauth2Port: sandbox.servers['imap-xoauth2'].port,
    account,
    disabled,
    tokens: { own: 'own-token', foreign: 'foreign-token', revoked: 'revoked-token' },
    setIntrospectionBroken: (broken) => introspection.setBroken(broken),
    setPassword(password) {
      sandbox.setPassword(account.address, password);
      return Promise.resolve();
    },
    async stop() {
      await Promise.all([sandbox.stop(), withoutTls.stop(), introspection.stop()]);
    },
  };
});
