import type { OauthServer } from '../oauth/oauth-server.ts';
import type { Sandbox, SandboxServer } from '../sandbox.ts';
import type { GatewayEnvironment } from './gateway-process.ts';

export const SANDBOX_APP = { clientId: 'mailbox-gateway', clientSecret: 'sandbox-app-secret', name: 'Acme Help Desk' } as const;

/** What points a gateway at a sandbox: configuration only, nothing in it knows that it is tested. */
export function sandboxEnvironment(
  sandbox: Sandbox,
  caFile: string,
  sign: { readonly microsoft: OauthServer; readonly google: OauthServer } | null,
): GatewayEnvironment {
  const { servers } = sandbox;
  return {
    CA_FILE: caFile,
    NETWORK_ALLOW: 'localhost:*;127.0.0.0/8:*',
    // A proxy of this machine's would be asked for servers that only this machine has.
    HTTPS_PROXY: '',
    https_proxy: '',
    MICROSOFT_IMAP: place(servers['microsoft-imap']),
    MICROSOFT_SMTP: place(servers['microsoft-smtp']),
    MICROSOFT_PERSONAL_SMTP: place(servers['microsoft-smtp']),
    GMAIL_IMAP: place(servers['gmail-imap']),
    GMAIL_SMTP: place(servers['gmail-smtp']),
    ...(sign === null ? {} : signInEnvironment(sign.microsoft, sign.google)),
  };
}

/** What points a gateway at the sign-in servers of the sandbox. */
export function signInEnvironment(microsoft: OauthServer, google: OauthServer): GatewayEnvironment {
  return {
    MICROSOFT_CLIENT_ID: SANDBOX_APP.clientId,
    MICROSOFT_CLIENT_SECRET: SANDBOX_APP.clientSecret,
    MICROSOFT_AUTHORITY: microsoft.endpoints.authority,
    MICROSOFT_KNOWN_AUTHORITIES: new URL(microsoft.origin).host,
    GOOGLE_CLIENT_ID: SANDBOX_APP.clientId,
    GOOGLE_CLIENT_SECRET: SANDBOX_APP.clientSecret,
    GOOGLE_ISSUER: google.origin,
    GOOGLE_AUTH_URL: google.endpoints.auth,
    GOOGLE_TOKEN_URL: google.endpoints.token,
    GOOGLE_REVOKE_URL: google.endpoints.revoke,
    GOOGLE_CERTS_URL: google.endpoints.certs,
    GMAIL_API_URL: google.endpoints.api,
  };
}

function place(server: SandboxServer): string {
  return `localhost:${server.port}:${server.security}`;
}
