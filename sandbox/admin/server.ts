import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AccountInput } from '../accounts.ts';
import { parseLoginFault, parseServerFault, SandboxInputError } from '../faults.ts';
import type { LoginFault, ServerFault } from '../faults.ts';
import type { Introspection } from '../introspection.ts';
import { isServerName, SERVER_NAMES } from '../server-spec.ts';
import type { ServerName } from '../server-spec.ts';
import { isSignInFault, isSignInServer, parseSignInServerFault } from '../sign-in.ts';
import type { SignIn } from '../sign-in.ts';

/** What the admin port may do; the sandbox gives it. */
export interface AdminControls {
  state(): unknown;
  addAccount(account: AccountInput): void;
  removeAccount(address: string): void;
  setPassword(address: string, password: string): void;
  setDisabled(address: string, disabled: boolean): void;
  setFault(address: string, fault: LoginFault | null): void;
  setServerFault(server: ServerName, fault: LoginFault | ServerFault | null): void;
  setIntrospection(endpoint: Introspection | null): void;
  readonly signIn: SignIn;
  reset(): void;
}

export interface Admin {
  readonly url: string;
  close(): Promise<void>;
}

const MAX_BODY_BYTES = 64 * 1024;

/**
 * The admin port: JSON over HTTP, loopback only. Routes: GET /state; POST /reset; POST /accounts {address, password?, …};
 * POST and DELETE /accounts/:address {password?, disabled?, fault?}; POST and DELETE /servers/:name/fault {kind, ms?};
 * POST /accounts/:address/revoke {inactive?}; POST /introspection {url, clientId, clientSecret, scope?}. Accounts are mailboxes
 * and people who sign in; servers are mail servers, "microsoft" and "google". A body must be sent as application/json, which no
 * web page can do across origins without asking; and the Host must be this one, against rebinding.
 */
export async function startAdmin(address: { host: string; port: number }, controls: AdminControls): Promise<Admin> {
  const server = createServer((request, response) => {
    void handle(request, response, controls);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(address.port, address.host, resolve);
  });
  const bound = server.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : address.port;
  return {
    url: `http://${address.host}:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

async function handle(request: IncomingMessage, response: ServerResponse, controls: AdminControls): Promise<void> {
  try {
    assertLocal(request);
    const body = request.method === 'POST' ? await readJson(request) : {};
    const path = new URL(request.url ?? '/', 'http://localhost').pathname.split('/').slice(1).map(decodeURIComponent);
    answer(response, 200, perform(request.method ?? 'GET', path, body, controls));
  } catch (error) {
    if (error instanceof SandboxInputError) answer(response, 400, { error: error.message });
    else if (error instanceof URIError) answer(response, 400, { error: 'The address is not a valid URL.' });
    else answer(response, 500, { error: 'The sandbox failed to do that.' });
  }
}

type Fields = Readonly<Record<string, unknown>>;

function perform(method: string, path: readonly string[], body: Fields, controls: AdminControls): unknown {
  const [collection = '', name = '', part = ''] = path;
  switch (`${method} ${collection}${name === '' ? '' : '/:name'}${part === '' ? '' : `/${part}`}`) {
    case 'GET state':
      return controls.state();
    case 'POST reset':
      controls.reset();
      break;
    case 'POST introspection':
      controls.setIntrospection(introspectionOf(body));
      break;
    case 'POST accounts':
      controls.addAccount(accountOf(body));
      break;
    case 'POST accounts/:name':
      changeAccount(name, body, controls);
      break;
    case 'DELETE accounts/:name':
      controls.removeAccount(name);
      break;
    case 'POST accounts/:name/revoke':
      return { ended: controls.signIn.revoke(name, optionalFlag(body, 'inactive') === true ? 'inactive' : 'revoked') };
    case 'POST servers/:name/fault':
      if (isSignInServer(name)) controls.signIn.setTokenFault(name, parseSignInServerFault(body));
      else controls.setServerFault(serverNamed(name), parseServerFault(body));
      break;
    case 'DELETE servers/:name/fault':
      if (isSignInServer(name)) controls.signIn.setTokenFault(name, null);
      else controls.setServerFault(serverNamed(name), null);
      break;
    default:
      throw new SandboxInputError(`There is no ${method} /${path.join('/')}.`);
  }
  return { ok: true };
}

/** Everything is read before anything is changed: a bad field changes nothing. */
function changeAccount(address: string, body: Fields, controls: AdminControls): void {
  const password = optionalText(body, 'password');
  const disabled = optionalFlag(body, 'disabled');
  if (password === undefined && disabled === undefined && body['fault'] === undefined) {
    throw new SandboxInputError('Nothing to change: give "password", "disabled" or "fault".');
  }
  const setFault = body['fault'] === undefined ? null : faultChange(address, body['fault'], controls);
  if (password !== undefined) controls.setPassword(address, password);
  if (disabled !== undefined) controls.setDisabled(address, disabled);
  setFault?.();
}

/** A fault is met at the mail servers or at the sign-in; no fault is met at neither. */
function faultChange(address: string, input: unknown, controls: AdminControls): () => void {
  const { signIn } = controls;
  if (input === null) return () => controls.setFault(address, null);
  const kind = typeof input === 'object' && 'kind' in input ? input.kind : input;
  if (isSignInFault(kind)) {
    if (!signIn.knows(address)) throw new SandboxInputError(`Nobody signs in as ${address}, so "${kind}" cannot be met.`);
    return () => signIn.setFault(address, kind);
  }
  const fault = parseLoginFault(input);
  return () => controls.setFault(address, fault);
}

function accountOf(body: Fields): AccountInput {
  const { address, delegates } = body;
  if (typeof address !== 'string' || !address.includes('@')) throw new SandboxInputError('An account needs an "address" with an @.');
  const password = optionalText(body, 'password');
  const disabled = optionalFlag(body, 'disabled');
  return {
    address,
    ...(password === undefined ? {} : { password }),
    ...(disabled === undefined ? {} : { disabled }),
    ...(Array.isArray(delegates) ? { delegates: delegates.filter((entry) => typeof entry === 'string') } : {}),
    ...(body['fault'] === undefined || body['fault'] === null ? {} : { fault: parseLoginFault(body['fault']) }),
  };
}

function introspectionOf(body: Fields): Introspection | null {
  const { url, clientId, clientSecret } = body;
  if (url === null) return null;
  if (typeof url !== 'string' || typeof clientId !== 'string' || typeof clientSecret !== 'string') {
    throw new SandboxInputError('Introspection needs "url", "clientId" and "clientSecret".');
  }
  const scope = optionalText(body, 'scope');
  return { url, clientId, clientSecret, ...(scope === undefined ? {} : { scope }) };
}

function serverNamed(name: string): ServerName {
  if (isServerName(name)) return name;
  throw new SandboxInputError(`There is no server ${name}. Known: ${SERVER_NAMES.join(', ')}.`);
}

function optionalText(body: Fields, name: string): string | undefined {
  const value = body[name];
  if (value === undefined) return undefined;
  if (typeof value !== 'string' || value === '') throw new SandboxInputError(`"${name}" is a text that is not empty.`);
  return value;
}

function optionalFlag(body: Fields, name: string): boolean | undefined {
  const value = body[name];
  if (value === undefined || typeof value === 'boolean') return value;
  throw new SandboxInputError(`"${name}" is true or false.`);
}

function assertLocal(request: IncomingMessage): void {
  const host = (request.headers.host ?? '').replace(/:\d+$/u, '');
  if (host !== '127.0.0.1' && host !== 'localhost') throw new SandboxInputError('The admin port answers to 127.0.0.1 and localhost only.');
}

async function readJson(request: IncomingMessage): Promise<Fields> {
  if (request.headers['content-type']?.split(';')[0] !== 'application/json') {
    throw new SandboxInputError('Send the body as content-type application/json.');
  }
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new SandboxInputError('The body is too large.');
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString('utf8');
  if (text === '') return {};
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new SandboxInputError('The body is not JSON.');
  }
  if (typeof parsed !== 'object' || parsed === null) throw new SandboxInputError('The body is not a JSON object.');
  return parsed as Fields;
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(JSON.stringify(body));
}
