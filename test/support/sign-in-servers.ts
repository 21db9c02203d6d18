import type { Certificates } from '../../sandbox/certificates.ts';
import { SANDBOX_APP, signInEnvironment } from '../../sandbox/demo/gateway-environment.ts';
import type { GatewayEnvironment } from '../../sandbox/demo/gateway-process.ts';
import type { Introspection } from '../../sandbox/introspection.ts';
import { startOauthServer, type OauthServer, type OauthServerOptions } from '../../sandbox/oauth/oauth-server.ts';
import type { PersonInput } from '../../sandbox/oauth/people.ts';
import { startRelay, type Relay } from './relay.ts';
import { endAll } from './within.ts';

export type Flavour = OauthServerOptions['flavour'];
const FLAVOURS = ['microsoft', 'google'] as const satisfies readonly Flavour[];

export interface SignInServers {
  readonly microsoft: OauthServer;
  readonly google: OauthServer;
  /** Where mail servers verify tokens: each flavour's own endpoint, by a way that can be cut while signing in goes on. */
  readonly introspection: readonly Introspection[];
  cutIntrospection(flavour: Flavour): void;
  mendIntrospection(): void;
  /** What points a gateway at them. */
  readonly environment: GatewayEnvironment;
  stop(): Promise<void>;
}

export interface SignInServersOptions {
  readonly certificates: Certificates;
  /** Where the gateway will be. */
  readonly publicUrl: string;
  readonly people: Readonly<Record<Flavour, readonly PersonInput[]>>;
  readonly server?: Partial<OauthServerOptions>;
}

/** Microsoft's and Google's sign-in, each with its app and people. */
export async function startSignInServers(options: SignInServersOptions): Promise<SignInServers> {
  const { caPem, keyPem, certificatePem } = options.certificates;
  const start = (flavour: Flavour): Promise<OauthServer> =>
    startOauthServer({
      flavour,
      port: 0,
      tls: { key: keyPem, cert: certificatePem },
      app: { ...SANDBOX_APP, redirectUris: [`${options.publicUrl}/oauth/callback/${flavour}`] },
      people: options.people[flavour],
      ...options.server,
    });
  const servers = { microsoft: await start('microsoft'), google: await start('google') };
  const relayTo = (server: OauthServer): Promise<Relay> => startRelay(Number(new URL(server.origin).port));
  const relays = { microsoft: await relayTo(servers.microsoft), google: await relayTo(servers.google) };
  return {
    ...servers,
    introspection: FLAVOURS.map((flavour) => {
      const { introspection } = servers[flavour];
      const url = new URL(introspection.url);
      url.port = String(relays[flavour].port);
      return { ...introspection, url: url.href, caPem };
    }),
    cutIntrospection: (flavour) => relays[flavour].cut(),
    mendIntrospection() {
      for (const flavour of FLAVOURS) relays[flavour].mend();
    },
    environment: signInEnvironment(servers.microsoft, servers.google),
    stop: () =>
      endAll({
        'the way to the introspection': () => Promise.all(FLAVOURS.map((flavour) => relays[flavour].stop())),
        'the sign-in servers': () => Promise.all(FLAVOURS.map((flavour) => servers[flavour].stop())),
      }),
  };
}
