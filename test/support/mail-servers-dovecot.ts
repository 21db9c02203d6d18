import type { Introspection } from '../../sandbox/introspection.ts';
import type { MailServer, TransportSecurity } from '../../src/domain/mail.ts';
import { startDovecot } from './dovecot.ts';
import type { IntrospectionPlace } from './dovecot-config.ts';
import { providerEnvironment } from './mail-servers.ts';
import type { MailServers, MailServersOptions } from './mail-servers.ts';

/** A real Dovecot; null where it is not installed (never with REQUIRE_REAL=1). */
export async function startDovecotServers(options: MailServersOptions): Promise<MailServers | null> {
  const dovecot = await startDovecot({
    users: options.accounts,
    introspection: (options.introspection ?? []).map(placeOf),
    ...(options.certificates === undefined ? {} : { certificates: options.certificates }),
  });
  if (dovecot === null) return null;
  const { ports } = dovecot;
  const at = (port: number, security: TransportSecurity): MailServer => ({ host: 'localhost', port, security });
  const providers = {
    microsoft: {
      incoming: at(ports.imaps, 'TLS'),
      outgoing: at(ports.submission, 'STARTTLS'),
      personalOutgoing: at(ports.submissions, 'TLS'),
    },
    gmail: { incoming: at(ports.imap, 'STARTTLS'), outgoing: at(ports.submissions, 'TLS') },
  };
  return {
    kind: 'dovecot',
    caPem: dovecot.caPem,
    incoming: at(ports.imaps, 'TLS'),
    outgoing: at(ports.submissions, 'TLS'),
    providers,
    environment: (caFile) => providerEnvironment(providers, caFile),
    setPassword: (address, password) => dovecot.setPassword(address, password),
    addAccount: (account) => dovecot.addUser(account),
    removeAccount: (address) => dovecot.removeUser(address),
    setDisabled: (address, disabled) => dovecot.setDisabled(address, disabled),
    setRefusal: (address, leg) => dovecot.setRefusedBy(address, leg === null ? [] : [leg === 'INCOMING' ? 'imap' : 'submission']),
    goAway: () => dovecot.goAway(),
    comeBack: () => dovecot.comeBack(),
    outage: 'CONNECTION_REFUSED',
    async acceptedLogins(address) {
      const { imap, submission } = await dovecot.acceptedLogins(address);
      return { imap, smtp: submission };
    },
    reset: () => dovecot.reset(),
    stop: () => dovecot.stop(),
  };
}

function placeOf({ url, clientId, clientSecret, caPem }: Introspection): IntrospectionPlace {
  const withClient = new URL(url);
  withClient.username = clientId;
  withClient.password = clientSecret;
  return { urlWithClient: withClient.href, ...(caPem === undefined ? {} : { caPem }) };
}
