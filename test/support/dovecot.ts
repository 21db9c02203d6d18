import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chown, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCertificates } from '../../sandbox/certificates.ts';
import type { Certificates } from '../../sandbox/certificates.ts';
import { createAccountFiles, SERVICES } from './dovecot-accounts.ts';
import type { DovecotUser, Service } from './dovecot-accounts.ts';
import { configurationText, oauthFiles, runnerOf } from './dovecot-config.ts';
import type { DovecotPorts, IntrospectionPlace } from './dovecot-config.ts';
import { greetingOf, isListening, logsIn } from './dovecot-conversation.ts';
import type { LoginTarget } from './dovecot-conversation.ts';
import { freePorts } from './ports.ts';

export type { DovecotUser };

export interface DovecotOptions {
  readonly users: readonly DovecotUser[];
  readonly certificates?: Certificates;
  /** False: no TLS at all, so STARTTLS is not offered. Default true. */
  readonly tls?: boolean;
  /** Default: plain login xoauth2 oauthbearer. */
  readonly mechanisms?: readonly string[];
  /** Where tokens are verified, asked in turn: one that is down does not keep the others from letting somebody in. */
  readonly introspection?: readonly IntrospectionPlace[];
}

/** A real Dovecot: IMAP and submission, with implicit TLS and with STARTTLS. */
export interface Dovecot {
  readonly ports: DovecotPorts;
  readonly caPem: string;
  /** Each of these resolves once every login from then on meets the change. */
  setPassword(address: string, password: string): Promise<void>;
  setDisabled(address: string, disabled: boolean): Promise<void>;
  setRefusedBy(address: string, services: readonly Service[]): Promise<void>;
  addUser(user: DovecotUser): Promise<void>;
  removeUser(address: string): Promise<void>;
  /** Nobody is disabled or refused any more; passwords stay. */
  reset(): Promise<void>;
  /** Logins that were let in since the start, from Dovecot's own log. */
  acceptedLogins(address: string): Promise<Readonly<Record<Service, number>>>;
  /** Ends the server; `comeBack` starts it again with the same ports and accounts. */
  goAway(): Promise<void>;
  comeBack(): Promise<void>;
  stop(): Promise<void>;
}

/** Whether this machine has one. Without one, and with REQUIRE_REAL=1, throws. */
export function hasDovecot(): boolean {
  if (spawnSync('dovecot', ['--version']).status === 0) return true;
  if (process.env['REQUIRE_REAL'] === '1') {
    throw new Error('Dovecot is not installed (apt-get install dovecot-imapd dovecot-submissiond), and REQUIRE_REAL=1 forbids skipping.');
  }
  return false;
}

/** Its logins mark how far the log has come. */
const MARKER = { address: 'marker@dovecot.test', password: randomBytes(12).toString('hex') };

/**
 * Starts Dovecot as a child in a folder of its own, as an ordinary user (as nobody when run by root).
 * Null when it is not installed; with REQUIRE_REAL=1 that is an error instead.
 */
export async function startDovecot(options: DovecotOptions): Promise<Dovecot | null> {
  if (!hasDovecot()) return null;
  const certificates = options.certificates ?? (await createCertificates());
  const runner = runnerOf();
  const places = options.introspection ?? [];
  const tls = options.tls !== false;
  // Not below TMPDIR: the other user must be able to walk there.
  const folder = await mkdtemp(join(process.getuid?.() === 0 ? '/tmp' : tmpdir(), 'dovecot-'));
  const [imap, imaps, submission, submissions] = (await freePorts(4)) as [number, number, number, number];
  const ports = { imap, imaps, submission, submissions };
  const mechanisms = options.mechanisms ?? ['plain', 'login', 'xoauth2', 'oauthbearer'];

  const files: Readonly<Record<string, string>> = {
    'cert.pem': certificates.certificatePem,
    'key.pem': certificates.keyPem,
    'dovecot.conf': configurationText({ folder, ports, runner, tls, mechanisms, introspectionPlaces: places.length }),
    ...oauthFiles(folder, places),
  };
  const folders = ['run', 'state', 'mail', 'home'];
  for (const name of folders) await mkdir(join(folder, name));
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text, { mode: 0o600 });
  for (const name of ['.', ...folders, ...Object.keys(files)]) await chown(join(folder, name), runner.uid, runner.gid);
  const accounts = createAccountFiles(folder, runner, [...options.users, MARKER]);
  await accounts.write();

  const target = (service: Service): LoginTarget => {
    const [plainPort, tlsPort] = service === 'imap' ? [imap, imaps] : [submission, submissions];
    return tls ? { service, port: tlsPort, caPem: certificates.caPem } : { service, port: plainPort };
  };
  const logText = (): Promise<string> => readFile(join(folder, 'log'), 'utf8').catch(() => '');
  const start = async (): Promise<Running> => {
    const user = process.getuid?.() === 0 ? { uid: runner.uid, gid: runner.gid } : {};
    const begun = run(join(folder, 'dovecot.conf'), user);
    try {
      await until(async () => {
        if (!begun.isRunning()) throw new Error('Dovecot ended at its start.');
        const greetings = await Promise.all(SERVICES.map((service) => greetingOf(target(service))));
        return greetings.every((greeting) => /^(?:\* OK|220 )/u.test(greeting));
      }, 'Dovecot to greet');
      return begun;
    } catch (error) {
      await begun.end();
      throw new Error(`Dovecot did not start: ${begun.complaint()}${(await logText()).slice(-2000)}`, { cause: error });
    }
  };
  let running: Running;
  try {
    running = await start();
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }

  async function change(user: DovecotUser): Promise<void> {
    accounts.put(user);
    await accounts.write();
  }
  const known = (address: string): DovecotUser => accounts.find(address) ?? { address };
  const countIn = (log: string, service: Service, address: string): number =>
    log.split(`${service}-login: Info: Login: user=<${address.toLowerCase()}>,`).length - 1;

  return {
    ports,
    caPem: certificates.caPem,
    setPassword: (address, password) => change({ ...known(address), password }),
    setDisabled: (address, disabled) => change({ ...known(address), disabled }),
    setRefusedBy: (address, refusedBy) => change({ ...known(address), refusedBy }),
    addUser: change,
    async removeUser(address) {
      accounts.remove(address);
      await accounts.write();
    },
    async reset() {
      const marked = accounts.all().filter(({ disabled, refusedBy }) => disabled === true || (refusedBy?.length ?? 0) > 0);
      if (marked.length === 0) return;
      for (const user of marked) accounts.put({ ...user, disabled: false, refusedBy: [] });
      await accounts.write();
    },
    async acceptedLogins(address) {
      // The log is written beside the answers: once the marker's logins are in it, so are all that came before them.
      const before = await logText();
      await Promise.all(SERVICES.map((service) => logsIn(target(service), MARKER.address, MARKER.password)));
      let log = before;
      await until(async () => {
        log = await logText();
        return SERVICES.every((service) => countIn(log, service, MARKER.address) > countIn(before, service, MARKER.address));
      }, "Dovecot's log to have the marker's logins");
      return { imap: countIn(log, 'imap', address), submission: countIn(log, 'submission', address) };
    },
    async goAway() {
      await running.end();
      // Its children outlive it for a moment, with their ports.
      await until(async () => {
        const answers = await Promise.all(Object.values(ports).map((port) => isListening(port)));
        return answers.every((answer) => !answer);
      }, "Dovecot's ports to be closed");
    },
    async comeBack() {
      running = await start();
    },
    async stop() {
      await running.end();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

interface Running {
  isRunning(): boolean;
  /** What it said on its error output. */
  complaint(): string;
  end(): Promise<void>;
}

function run(configuration: string, user: { readonly uid?: number; readonly gid?: number }): Running {
  const child = spawn('dovecot', ['-F', '-c', configuration], { stdio: ['ignore', 'ignore', 'pipe'], ...user });
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => {
    complaint += chunk.toString('utf8');
  });
  const endWithUs = (): void => void child.kill('SIGTERM');
  process.once('exit', endWithUs);
  const exited = new Promise<void>((resolve) =>
    child.once('exit', () => {
      process.off('exit', endWithUs);
      resolve();
    }),
  );
  return {
    isRunning: () => isRunning(child),
    complaint: () => complaint,
    async end() {
      if (isRunning(child)) child.kill('SIGTERM');
      const forced = setTimeout(() => child.kill('SIGKILL'), 10_000);
      await exited;
      clearTimeout(forced);
    },
  };
}

async function until(condition: () => Promise<boolean>, what: string): Promise<void> {
  const giveUpAt = performance.now() + 20_000;
  while (!(await condition())) {
    if (performance.now() > giveUpAt) throw new Error(`Waited too long for ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function isRunning(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null;
}
