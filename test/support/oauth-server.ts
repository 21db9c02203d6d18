import { createHash, randomBytes } from 'node:crypto';
import { createOauthBrowser, signInAs, type SigningPerson } from '../../sandbox/browser.ts';
import { createCertificates } from '../../sandbox/certificates.ts';
import { startOauthServer, type OauthServer, type OauthServerOptions } from '../../sandbox/oauth/oauth-server.ts';
import { createGoogleProvider, type GoogleOptions } from '../../src/providers/google/google-provider.ts';
import { createMicrosoftProvider } from '../../src/providers/microsoft/microsoft-provider.ts';
import type { HttpsProxy } from '../../src/network/proxy.ts';
import type { RedeemOutcome, SignInProvider } from '../../src/providers/provider.ts';
import { Secret } from '../../src/vault/secret.ts';

export const REDIRECT = 'http://localhost:4000/oauth/callback';

export interface TestOauth {
  readonly server: OauthServer;
  readonly caPem: string;
  /** A provider of its own, as another process would have; with a proxy when one is given. */
  provider(proxy?: HttpsProxy): SignInProvider;
  /** A whole sign-in in a browser; what redeeming it gave. */
  signIn(person: SigningPerson, own?: SignInProvider): Promise<Extract<RedeemOutcome, { kind: 'GRANTED' }>>;
}

/** The sandbox's sign-in server of one flavour, and the gateway's provider configured for it. */
export async function startTestOauth(
  options: Pick<OauthServerOptions, 'flavour' | 'people'> & Partial<OauthServerOptions>,
): Promise<TestOauth> {
  const certificates = await createCertificates();
  const ca = certificates.caPem;
  const server = await startOauthServer({
    port: 0,
    tls: { key: certificates.keyPem, cert: certificates.certificatePem },
    app: { clientId: 'gateway', clientSecret: 'app-secret', redirectUris: [REDIRECT], name: 'Acme Help Desk' },
    ...options,
  });
  const secret = (): Secret => new Secret('app-secret');
  const { authority, auth, token, revoke, certs, api } = server.endpoints;
  const provider = (proxy: HttpsProxy | null = null): SignInProvider =>
    providerWith({ clientId: 'gateway', secret, ca: [ca], proxy, now: () => Date.now() });
  const providerWith = (
    shared: Pick<GoogleOptions, 'clientId' | 'secret' | 'ca' | 'now'> & { readonly proxy: HttpsProxy | null },
  ): SignInProvider =>
    options.flavour === 'microsoft'
      ? createMicrosoftProvider({ ...shared, authority, knownAuthorities: [new URL(server.origin).host] })
      : createGoogleProvider({
          ...shared,
          issuer: server.origin,
          authUrl: auth,
          tokenUrl: token,
          revokeUrl: revoke,
          certsUrl: certs,
          gmailApiUrl: api,
        });

  async function signIn(person: SigningPerson, own = provider()): Promise<Extract<RedeemOutcome, { kind: 'GRANTED' }>> {
    const [verifier, nonce] = [randomBytes(32).toString('base64url'), randomBytes(16).toString('base64url')];
    const url = await own.signInUrl({
      redirectUri: REDIRECT,
      state: 'the-state',
      nonce,
      codeChallenge: createHash('sha256').update(verifier).digest('base64url'),
      loginHint: person.address,
      selectAccount: false,
      direction: 'BOTH',
    });
    if (url.kind === 'FAILED') throw new Error(url.evidence.text);
    const callback = await signInAs(
      createOauthBrowser(ca, (location) => location.startsWith(REDIRECT)),
      url.url,
      person,
    );
    const code = new Secret(callback.searchParams.get('code') ?? '');
    const outcome = await own.redeem({ code, verifier: new Secret(verifier), nonce, redirectUri: REDIRECT, direction: 'BOTH' }, 10_000);
    if (outcome.kind === 'FAILED') throw new Error(outcome.evidence.text);
    return outcome;
  }

  return { server, caPem: ca, provider, signIn };
}
