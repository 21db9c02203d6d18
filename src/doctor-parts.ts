import { randomUUID } from 'node:crypto';
import type { DoctorParts } from './commands/doctor.ts';
import type { Config } from './config.ts';
import type { Clock } from './domain/clock.ts';
import { diagnose } from './domain/diagnose/diagnose.ts';
import type { Log } from './domain/log.ts';
import type { Provider } from './domain/mail.ts';
import type { Reason } from './domain/reason.ts';
import { createNetwork } from './network.ts';
import { createProviders } from './sign-in-providers.ts';
import { proxyName } from './network/proxy.ts';
import { resolveHost } from './network/resolve.ts';
import { openStore } from './store/open.ts';
import { Secret } from './vault/secret.ts';

const ASK_WITHIN_MS = 5_000;
const NO_WAY_OUT: readonly Reason[] = ['CONNECTION_REFUSED', 'CONNECTION_TIMEOUT', 'CONNECTION_CLOSED', 'DNS_NOT_FOUND'];

/** What doctor looks at, wired as the gateway itself is. */
export async function doctorParts(config: Config, clock: Clock, log: Log): Promise<DoctorParts> {
  const providers = await createProviders(config, clock);
  const network = createNetwork(config, log);
  const { microsoftImap, gmailImap } = config.settings.servers;

  /** A refresh with a token that cannot be good: the answer tells whether the app itself is known and its secret right. */
  const askApp = (provider: Provider): (() => Promise<string | null>) | null => {
    const signIn = providers.of(provider);
    if (signIn === null) return null;
    return async () => {
      const outcome = await signIn.refresh(
        new Secret('doctor-asks-whether-the-app-is-known'),
        signIn.requiredScopes('BOTH'),
        ASK_WITHIN_MS,
      );
      if (outcome.kind === 'GRANTED') return null;
      const { reason, message, retryable } = diagnose(outcome.evidence);
      // Whatever else it says of that token, it has looked at the application first.
      const isAboutApp = reason.startsWith('APP_') || reason === 'TENANT_NOT_FOUND' || reason === 'WRONG_CLOUD';
      if (!isAboutApp && !retryable && outcome.evidence.httpStatus !== null) return null;
      return config.httpsProxy === null && NO_WAY_OUT.includes(reason)
        ? `${message} If this machine needs a proxy, set HTTPS_PROXY.`
        : message;
    };
  };

  const redirectUri = (name: string): string => new URL(`oauth/callback/${name}`, config.settings.publicUrl.href.replace(/\/?$/, '/')).href;

  const reaches = (name: string, server: { readonly host: string; readonly port: number }) => ({
    name: `${name} (${server.host}:${server.port})`,
    ask: async (): Promise<string | null> => {
      try {
        await network.pinHost(server.host, server.port, 'mail', AbortSignal.timeout(ASK_WITHIN_MS));
        return null;
      } catch {
        return 'cannot be resolved or is not allowed. Check DNS, and NETWORK_ALLOW for private hosts.';
      }
    },
  });

  return {
    openStore: () =>
      openStore(config.databaseUrl, { clock, newId: randomUUID, random: Math.random, log, serve: false, holder: randomUUID() }),
    keyringFile: config.keyringFile,
    publicUrl: config.settings.publicUrl,
    apps: [
      {
        name: 'Microsoft',
        ask: askApp('MICROSOFT_365'),
        variable: 'MICROSOFT_CLIENT_ID',
        redirectUri: redirectUri('microsoft'),
        expiresAt: config.settings.appSecretExpiresAt ?? null,
      },
      { name: 'Google', ask: askApp('GMAIL'), variable: 'GOOGLE_CLIENT_ID', redirectUri: redirectUri('google'), expiresAt: null },
    ],
    proxy: config.httpsProxy === null ? null : proxyName(config.httpsProxy),
    network: [
      {
        name: 'name resolution',
        ask: () =>
          resolveHost('localhost', AbortSignal.timeout(ASK_WITHIN_MS)).then(
            () => null,
            () => 'names cannot be resolved. Check the DNS settings of this machine.',
          ),
      },
      reaches('Microsoft IMAP', microsoftImap),
      reaches('Gmail IMAP', gmailImap),
    ],
    now: clock.now(),
  };
}
