import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCertificates } from './certificates.ts';
import { createDemoApi } from './demo/api.ts';
import { sandboxEnvironment, SANDBOX_APP } from './demo/gateway-environment.ts';
import { gatewayCommand, startGatewayProcess } from './demo/gateway-process.ts';
import { DEMO_ACCOUNTS, DEMO_GOOGLE_PEOPLE, DEMO_MICROSOFT_PEOPLE, DEMO_PASSWORD, DEMO_SHARED, seedDemo } from './demo/seed.ts';
import { startOauthServer, type OauthServer, type OauthServerOptions } from './oauth/oauth-server.ts';
import { startSandbox, type Sandbox } from './sandbox.ts';

/** `npm run demo`: a gateway on embedded SQLite beside a sandbox, with a mailbox in every scenario. Works offline; leaves nothing behind. */

const PORT = process.env['PORT'] ?? '4000';
const DEFAULT_ADMIN_PORT = 4900;
const ADMIN_PORT = Number(process.env['SANDBOX_ADMIN_PORT'] ?? DEFAULT_ADMIN_PORT);
const URL_OF_GATEWAY = `http://localhost:${PORT}`;

/** The gateway renews five minutes before the end: here every half a minute, so that what is broken at the sign-in is met soon. */
const ACCESS_TOKEN_SECONDS = 330;

const folder = mkdtempSync(join(tmpdir(), 'mailbox-gateway-demo-'));
const closers: (() => Promise<void> | void)[] = [() => rmSync(folder, { recursive: true, force: true })];
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const tell = (line: string): void => say(`  … ${line}`);

let stopping: Promise<never> | null = null;

/** Idempotent: one Ctrl-C reaches this process twice, from the terminal and from tsx. */
function stop(code: number): Promise<never> {
  return (stopping ??= end(code));
}

async function end(code: number): Promise<never> {
  for (const close of closers.splice(0).reverse()) await close();
  process.exit(code);
}

async function signInServer(flavour: OauthServerOptions['flavour'], tls: OauthServerOptions['tls'], path: string): Promise<OauthServer> {
  const server = await startOauthServer({
    flavour,
    port: 0,
    tls,
    app: { ...SANDBOX_APP, redirectUris: [`${URL_OF_GATEWAY}${path}`] },
    people: flavour === 'microsoft' ? DEMO_MICROSOFT_PEOPLE : DEMO_GOOGLE_PEOPLE,
    accessTokenSeconds: ACCESS_TOKEN_SECONDS,
  });
  closers.push(() => server.stop());
  return server;
}

async function startServers(): Promise<{
  readonly sandbox: Sandbox;
  readonly microsoft: OauthServer;
  readonly google: OauthServer;
  readonly caPem: string;
}> {
  const certificates = await createCertificates();
  const tls = { key: certificates.keyPem, cert: certificates.certificatePem };
  const sandbox = await startSandbox({ accounts: [...DEMO_ACCOUNTS, ...DEMO_SHARED], ports: { admin: ADMIN_PORT }, certificates });
  closers.push(() => sandbox.stop());
  const microsoft = await signInServer('microsoft', tls, '/oauth/callback/microsoft');
  const google = await signInServer('google', tls, '/oauth/callback/google');
  sandbox.attachSignIn({ microsoft, google });
  return { sandbox, microsoft, google, caPem: certificates.caPem };
}

async function run(): Promise<void> {
  say('mailbox-gateway demo: starting the sandbox and the gateway');
  const { sandbox, microsoft, google, caPem } = await startServers();
  const caFile = join(folder, 'sandbox-ca.pem');
  writeFileSync(caFile, caPem);
  const environment = {
    ...sandboxEnvironment(sandbox, caFile, { microsoft, google }),
    DATABASE_URL: `sqlite:${join(folder, 'gateway.db')}`,
    KEYRING_FILE: join(folder, 'keyring.json'),
    PORT,
    PUBLIC_URL: URL_OF_GATEWAY,
    // Everything that takes minutes in earnest takes seconds here.
    CHECK_INTERVAL_SECONDS: '15',
    CONFIRM_AFTER_SECONDS: '3',
    CHECK_TIMEOUT_SECONDS: '10',
    LOG_LEVEL: process.env['LOG_LEVEL'] ?? 'error',
  };
  const token = await gatewayCommand(['tokens', 'create', '--workspace', 'acme', '--role', 'admin', '--name', 'Demo admin'], environment);
  const gateway = await startGatewayProcess(environment, (code) => {
    if (code !== 0 && code !== null) say(`The gateway ended with code ${code}.`);
  });
  closers.push(() => gateway.stop());
  await seedDemo(createDemoApi(URL_OF_GATEWAY, token, caPem), sandbox, { microsoft }, tell);
  say(introduction(token, microsoft, google));
}

function introduction(token: string, microsoft: OauthServer, google: OauthServer): string {
  const sandbox = ADMIN_PORT === DEFAULT_ADMIN_PORT ? 'npm run sandbox --' : `SANDBOX_ADMIN_PORT=${ADMIN_PORT} npm run sandbox --`;
  return `
Ready. A workspace with a mailbox in every scenario is being watched.

  GraphiQL, signed in:   ${URL_OF_GATEWAY}/graphiql#token=${token}
  GraphQL:               ${URL_OF_GATEWAY}/graphql
  Token (admin):         ${token}
  Microsoft sign-in:     ${microsoft.origin}   (everybody's password is "${DEMO_PASSWORD}")
  Google sign-in:        ${google.origin}
  The four scenarios:    ${URL_OF_GATEWAY}/help

Open the first link, run the tab "LiveStatus", and break something in another terminal:

  ${sandbox} set-password support@acme.test new

Within 20 seconds the event arrives. Open the link in a second window and run "ReenterPassword" there: HEALTHY arrives in
the first one. (Its variables name a mailbox whose password is "new" already: billing@acme.test waits for it, too.)

More to break, and to mend:

  ${sandbox} fault office@contoso.test smtp-auth-disabled
  ${sandbox} fault imap unavailable
  ${sandbox} revoke orders@gmail.test
  ${sandbox} fault microsoft secret-expired
  ${sandbox} clear microsoft
  ${sandbox} state
  ${sandbox} --help

Stop with Ctrl-C; nothing is kept.
`;
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void stop(0));
// Whoever read the output has gone.
process.stdout.on('error', () => void stop(1));
try {
  await run();
} catch (error) {
  const inUse = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
  say(
    inUse
      ? `A port is in use. Set PORT (now ${PORT}) or SANDBOX_ADMIN_PORT (now ${ADMIN_PORT}) to free ones.`
      : `The demo cannot run: ${error instanceof Error ? error.message : String(error)}`,
  );
  await stop(1);
}
