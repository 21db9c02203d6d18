import { SERVER_NAMES } from '../../sandbox/server-spec.ts';
import { startSandbox } from '../../sandbox/sandbox.ts';
import { providerEnvironment } from './mail-servers.ts';
import type { MailServersOptions, SandboxServers } from './mail-servers.ts';
import { mailServerOf } from './sandbox.ts';

/** The sandbox's mail servers, which speak in the providers' words. */
export async function startSandboxServers(options: MailServersOptions): Promise<SandboxServers> {
  const sandbox = await startSandbox(options);
  const providers = {
    microsoft: {
      incoming: mailServerOf(sandbox, 'microsoft-imap'),
      outgoing: mailServerOf(sandbox, 'microsoft-smtp'),
      personalOutgoing: mailServerOf(sandbox, 'smtp-starttls'),
    },
    gmail: { incoming: mailServerOf(sandbox, 'gmail-imap'), outgoing: mailServerOf(sandbox, 'gmail-smtp') },
  };
  return {
    kind: 'sandbox',
    sandbox,
    caPem: sandbox.caPem,
    incoming: mailServerOf(sandbox, 'imap'),
    outgoing: mailServerOf(sandbox, 'smtp'),
    providers,
    environment: (caFile) => providerEnvironment(providers, caFile),
    setPassword: async (address, password) => sandbox.setPassword(address, password),
    addAccount: async (account) => sandbox.addAccount(account),
    removeAccount: async (address) => sandbox.removeAccount(address),
    setDisabled: async (address, disabled) => sandbox.setDisabled(address, disabled),
    async setRefusal(address, leg) {
      const words =
        leg === 'INCOMING' ? { imap: 'NO [AUTHENTICATIONFAILED] Authentication failed.' } : { smtp: '535 5.7.8 Authentication failed.' };
      sandbox.setFault(address, leg === null ? null : { kind: 'reply', ...words });
    },
    async goAway() {
      for (const name of SERVER_NAMES) sandbox.setServerFault(name, { kind: 'unavailable' });
    },
    async comeBack() {
      for (const name of SERVER_NAMES) sandbox.setServerFault(name, null);
    },
    outage: 'PROVIDER_UNAVAILABLE',
    acceptedLogins: async (address) =>
      sandbox.state().accounts.find((account) => account.address === address)?.loginsAccepted ?? { imap: 0, smtp: 0 },
    async reset() {
      for (const { address, disabled } of sandbox.state().accounts) if (disabled) sandbox.setDisabled(address, false);
      sandbox.reset();
    },
    stop: () => sandbox.stop(),
  };
}
