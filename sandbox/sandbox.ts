import { createSecureContext } from 'node:tls';
import { createAccountBook } from './accounts.ts';
import type { Account, AccountInput, AccountState } from './accounts.ts';
import { startAdmin } from './admin/server.ts';
import { createCertificates } from './certificates.ts';
import type { Certificates } from './certificates.ts';
import { openDoor } from './door.ts';
import type { Door } from './door.ts';
import type { LoginFault, ServerFault } from './faults.ts';
import { serveImap } from './imap/session.ts';
import { createIntrospection } from './introspection.ts';
import type { Introspection } from './introspection.ts';
import { createJudge } from './judge.ts';
import { createSwitches } from './server-switches.ts';
import type { ServerSwitches } from './server-switches.ts';
import { SERVER_NAMES, SERVER_SPECS } from './server-spec.ts';
import type { ServerName, ServerSpec } from './server-spec.ts';
import { createSignIn } from './sign-in.ts';
import type { SignIn, SignInServers, SignInState } from './sign-in.ts';
import { createSmtpSessions } from './smtp/server.ts';

export interface SandboxOptions {
  readonly accounts?: readonly AccountInput[];
  /** Fixed ports; what is not named gets a free one. */
  readonly ports?: Readonly<Partial<Record<ServerName | 'admin', number>>>;
  /** Default 127.0.0.1. The sandbox is never reachable from another machine. */
  readonly host?: '127.0.0.1' | 'localhost';
  /** Default: made at the start. */
  readonly certificates?: Certificates;
  /** Where access tokens are verified; without it none is accepted. Can be set later. */
  readonly introspection?: Introspection | readonly Introspection[];
}

export interface SandboxServer {
  readonly name: ServerName;
  readonly protocol: 'imap' | 'smtp';
  readonly security: 'tls' | 'starttls';
  readonly flavour: string;
  readonly host: string;
  readonly port: number;
}

export interface ServerState extends SandboxServer {
  readonly fault: LoginFault | ServerFault | null;
  readonly connections: number;
  readonly loginAttempts: number;
  readonly credentialsInClear: number;
}

/** Without any secret. */
export interface SandboxState {
  readonly servers: readonly ServerState[];
  readonly accounts: readonly AccountState[];
  /** Empty without sign-in servers. */
  readonly signIn: readonly SignInState[];
}

/** A running sandbox. Its switches work at once, for the next login or connection. */
export interface Sandbox {
  readonly servers: Readonly<Record<ServerName, SandboxServer>>;
  /** Of the authority that signed the servers' certificate: the gateway's CA_FILE. */
  readonly caPem: string;
  readonly adminUrl: string;
  state(): SandboxState;
  addAccount(account: AccountInput): void;
  removeAccount(address: string): void;
  setPassword(address: string, password: string): void;
  setDisabled(address: string, disabled: boolean): void;
  /** Null ends a fault of the sign-in, too. */
  setFault(address: string, fault: LoginFault | null): void;
  setServerFault(server: ServerName, fault: LoginFault | ServerFault | null): void;
  setIntrospection(endpoints: Introspection | readonly Introspection[] | null): void;
  /** Sign-in servers that were started apart: the mail servers verify tokens there, and the admin port switches them, too. */
  attachSignIn(servers: SignInServers): void;
  readonly signIn: SignIn;
  /** Clears every fault and counter; passwords and accounts stay. */
  reset(): void;
  /** Stops every server and cuts every connection. */
  stop(): Promise<void>;
}

interface RunningServer extends SandboxServer {
  readonly switches: ServerSwitches;
  close(): Promise<void>;
}

/** Starts the mail servers and the admin port. Rejects when a fixed port is taken, and then nothing is left running. */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const host = options.host ?? '127.0.0.1';
  const certificates = options.certificates ?? (await createCertificates());
  const accounts = createAccountBook(options.accounts ?? []);
  let introspection: readonly Introspection[] = [options.introspection ?? []].flat();
  const judge = createJudge(
    accounts,
    createIntrospection(() => introspection),
    wait,
  );
  let signInServers: SignInServers | null = null;
  const signIn = createSignIn(() => signInServers);
  const secureContext = createSecureContext({ key: certificates.keyPem, cert: certificates.certificatePem });

  async function startServer(name: ServerName): Promise<RunningServer> {
    const spec: ServerSpec = SERVER_SPECS[name];
    const switches = createSwitches();
    const address = { host, port: options.ports?.[name] ?? 0 };
    const { door, close } = spec.protocol === 'imap' ? await startImap(spec, switches, address) : await startSmtp(spec, switches, address);
    return { name, protocol: spec.protocol, security: spec.security, flavour: spec.flavour, host, port: door.port, switches, close };
  }

  async function startImap(
    spec: ServerSpec,
    switches: ServerSwitches,
    address: { host: string; port: number },
  ): Promise<{ door: Door; close: () => Promise<void> }> {
    const door = await openDoor(address, switches, (socket) => void serveImap(socket, { spec, switches, judge, secureContext }));
    return { door, close: () => door.close() };
  }

  async function startSmtp(
    spec: ServerSpec,
    switches: ServerSwitches,
    address: { host: string; port: number },
  ): Promise<{ door: Door; close: () => Promise<void> }> {
    let cut: (remotePort: number) => void = () => undefined;
    const sessions = createSmtpSessions({
      spec,
      switches,
      judge,
      certificates,
      cut: (remotePort) => {
        cut(remotePort);
      },
    });
    const door = await openDoor(address, switches, (socket) => {
      sessions.serve(socket);
    });
    cut = (remotePort) => {
      door.cut(remotePort);
    };
    return {
      door,
      close: async () => {
        await door.close();
        sessions.close();
      },
    };
  }

  const started = await Promise.allSettled(SERVER_NAMES.map(startServer));
  const running = started.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const stopServers = async (): Promise<void> => {
    await Promise.all(running.map((server) => server.close()));
  };
  const failure = started.find((result) => result.status === 'rejected');
  if (failure !== undefined) {
    await stopServers();
    throw failure.reason;
  }

  const serverNamed = (name: ServerName): RunningServer => {
    const server = running.find((candidate) => candidate.name === name);
    if (server === undefined) throw new Error(`The server ${name} was not started.`);
    return server;
  };
  /** Null for somebody who only signs in. */
  const mailbox = (address: string): Account | null => (signIn.knows(address) ? accounts.find(address) : accounts.require(address));
  const controls = {
    state: (): SandboxState => ({
      servers: running.map((server) => ({ ...addressOf(server), ...server.switches })),
      accounts: accounts.all().map((account) => account.state()),
      signIn: signIn.state(),
    }),
    addAccount(account: AccountInput) {
      accounts.put(account);
    },
    removeAccount(address: string) {
      accounts.remove(address);
    },
    setPassword(address: string, password: string) {
      mailbox(address)?.setPassword(password);
      signIn.setPassword(address, password);
    },
    setDisabled(address: string, disabled: boolean) {
      const account = mailbox(address);
      if (account !== null) account.disabled = disabled;
      if (disabled) signIn.setFault(address, 'disabled');
      else if (signIn.faultOf(address) === 'disabled') signIn.setFault(address, null);
    },
    setFault(address: string, fault: LoginFault | null) {
      const account = fault === null ? mailbox(address) : accounts.require(address);
      if (account !== null) account.fault = fault;
      if (fault === null) signIn.setFault(address, null);
    },
    setServerFault(name: ServerName, fault: LoginFault | ServerFault | null) {
      serverNamed(name).switches.fault = fault;
    },
    setIntrospection(endpoints: Introspection | readonly Introspection[] | null) {
      introspection = [endpoints ?? []].flat();
    },
    attachSignIn(attached: SignInServers) {
      signInServers = attached;
      introspection = Object.values(attached).map((server) => ({ ...server.introspection, caPem: certificates.caPem }));
    },
    signIn,
    reset() {
      signIn.reset();
      for (const server of running) Object.assign(server.switches, createSwitches());
      for (const account of accounts.all()) {
        account.fault = null;
        account.resetCounters();
      }
    },
  };
  let admin;
  try {
    admin = await startAdmin({ host, port: options.ports?.admin ?? 0 }, controls);
  } catch (error) {
    await stopServers();
    throw error;
  }
  return {
    ...controls,
    servers: Object.fromEntries(SERVER_NAMES.map((name) => [name, addressOf(serverNamed(name))])) as Record<ServerName, SandboxServer>,
    caPem: certificates.caPem,
    adminUrl: admin.url,
    async stop() {
      await Promise.all([admin.close(), stopServers()]);
    },
  };
}

function addressOf({ name, protocol, security, flavour, host, port }: SandboxServer): SandboxServer {
  return { name, protocol, security, flavour, host, port };
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
