import type { OauthServer } from '../oauth/oauth-server.ts';
import type { Sandbox, SandboxServer } from '../sandbox.ts';
import type { DemoApi } from './api.ts';

export const DEMO_PASSWORD = 'secret';

/** Who has a mailbox at the sandbox's servers. */
export const DEMO_ACCOUNTS = [
  'support@acme.test',
  'billing@acme.test',
  'news@acme.test',
  'archive@acme.test',
  'team@gmail.test',
  'office@contoso.test',
  'sales@contoso.test',
  'hello@contoso.test',
  'orders@gmail.test',
].map((address) => ({ address, password: DEMO_PASSWORD }));

/** Shared mailboxes have no password: somebody else signs in for them. */
export const DEMO_SHARED = [{ address: 'info@contoso.test', delegates: ['sales@contoso.test'] }];

export const DEMO_MICROSOFT_PEOPLE = ['sales@contoso.test', 'hello@contoso.test', 'office@contoso.test', 'somebody-else@contoso.test'].map(
  (address) => ({ address, password: DEMO_PASSWORD }),
);
export const DEMO_GOOGLE_PEOPLE = ['orders@gmail.test', 'team@gmail.test'].map((address) => ({ address, password: DEMO_PASSWORD }));

/** Connects a mailbox for every scenario through the public API, then breaks what has to be broken, at the servers. */
export async function seedDemo(
  api: DemoApi,
  sandbox: Sandbox,
  sign: { readonly microsoft: OauthServer },
  tell: (line: string) => void,
): Promise<void> {
  const password = { authMethod: 'BASIC', password: DEMO_PASSWORD };
  const own = { provider: 'OTHER', ...password, incoming: server(sandbox.servers.imap), outgoing: server(sandbox.servers.smtp) };

  tell('connecting mailboxes with passwords');
  const [support, billing, news, archive, team] = await Promise.all([
    api.connect({ address: 'support@acme.test', displayName: 'Support', ...own }),
    api.connect({ address: 'billing@acme.test', displayName: 'Billing', ...own }),
    api.connect({ address: 'news@acme.test', displayName: 'Newsletter', ...own, direction: 'OUTGOING', incoming: null }),
    api.connect({ address: 'archive@acme.test', displayName: 'Archive', ...own, direction: 'INCOMING', outgoing: null }),
    api.connect({ address: 'team@gmail.test', displayName: 'Team', provider: 'GMAIL', ...password }),
    api.connect({ address: 'office@contoso.test', displayName: 'Office', provider: 'MICROSOFT_365', ...password }),
  ]);
  tell('connecting mailboxes by signing in');
  const sales = await api.connectBySignIn(
    { address: 'sales@contoso.test', displayName: 'Sales', provider: 'MICROSOFT_365' },
    { address: 'sales@contoso.test', password: DEMO_PASSWORD },
  );
  await api.connectBySignIn(
    {
      address: 'info@contoso.test',
      displayName: 'Info (shared)',
      provider: 'MICROSOFT_365',
      signInAddress: 'sales@contoso.test',
      direction: 'INCOMING',
    },
    { address: 'sales@contoso.test', password: DEMO_PASSWORD },
  );
  await api.connectBySignIn(
    { address: 'hello@contoso.test', displayName: 'Hello', provider: 'MICROSOFT_365' },
    { address: 'hello@contoso.test', password: DEMO_PASSWORD },
  );
  await api.connectBySignIn(
    { address: 'orders@gmail.test', displayName: 'Orders', provider: 'GMAIL' },
    { address: 'orders@gmail.test', password: DEMO_PASSWORD },
  );
  await api.setPrimary(support.id);

  tell('breaking some of them, as life does');
  sandbox.setPassword('billing@acme.test', 'new');
  sandbox.setFault('team@gmail.test', { kind: 'app-password-required' });
  sandbox.setFault('news@acme.test', { kind: 'unavailable' });
  sign.microsoft.endGrants('sales@contoso.test', 'revoked');
  await api.pause(archive.id);
  await Promise.all([billing, news, team, sales].map(({ id }) => api.check(id)));
}

function server({ port, security }: SandboxServer): { host: string; port: number; security: string } {
  return { host: 'localhost', port, security: security.toUpperCase() };
}
