import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { chown, mkdir, mkdtemp, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { connect as connectTcp } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { createCertificates } from '../../sandbox/certificates.ts';
import type { Certificates } from '../../sandbox/certificates.ts';

export interface DovecotUser {
  readonly address: string;
  readonly password: string;
  readonly disabled?: boolean;
}

export interface DovecotOptions {
  readonly users: readonly DovecotUser[];
  readonly certificates?: Certificates;
  /** False: no TLS at all, so STARTTLS is not offered. Default true. */
  readonly tls?: boolean;
  /** Default: plain login xoauth2 oauthbearer. */
  readonly mechanisms?: readonly string[];
  /** Where tokens are verified: an introspection endpoint with client id and secret in its URL. */
  readonly introspectionUrl?: string;
}

/** A real Dovecot: IMAP and submission, with implicit TLS and with STARTTLS. */
export interface Dovecot {
  readonly ports: { readonly imap: number; readonly imaps: number; readonly submission: number; readonly submissions: number };
  readonly caPem: string;
  /** Resolves once a login with the new password works. */
  setPassword(address: string, password: string): Promise<void>;
  /** Resolves once the right password is refused. */
  disable(address: string): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts Dovecot as a child in a folder of its own, as an ordinary user (as nobody when run by root).
 * Null when it is not installed; with REQUIRE_REAL=1 that is an error instead.
 */
export async function startDovecot(options: DovecotOptions): Promise<Dovecot | null> {
  if (spawnSync('dovecot', ['--version']).status !== 0) {
    if (process.env['REQUIRE_REAL'] === '1') {
      throw new Error('Dovecot is not installed (apt-get install dovecot-imapd dovecot-submissiond), and REQUIRE_REAL=1 forbids skipping.');
    }
    return null;
  }
  const certificates = options.certificates ?? (await createCertificates());
  const runner = runnerOf();
  // Not below TMPDIR: the other user must be able to walk there.
  const folder = await mkdtemp(join(process.getuid?.() === 0 ? '/tmp' : tmpdir(), 'dovecot-'));
  const users = new Map(options.users.map((user) => [user.address, user]));
  const passwd = passwdFile(folder, runner);
  const [imap, imaps, submission, submissions] = (await freePorts(4)) as [number, number, number, number];
  const ports = { imap, imaps, submission, submissions };

  for (const name of ['run', 'state', 'mail', 'home']) await mkdir(join(folder, name));
  await writeFile(join(folder, 'cert.pem'), certificates.certificatePem);
  await writeFile(join(folder, 'key.pem'), certificates.keyPem, { mode: 0o600 });
  await writeFile(join(folder, 'oauth2.conf'), oauthText(options.introspectionUrl));
  await writeFile(join(folder, 'dovecot.conf'), configurationText({ folder, ports, runner, options }));
  await passwd.write(users.values());
  for (const name of ['.', 'run', 'state', 'mail', 'home', 'cert.pem', 'key.pem', 'oauth2.conf', 'dovecot.conf']) {
    await chown(join(folder, name), runner.uid, runner.gid);
  }

  const child = spawn('dovecot', ['-F', '-c', join(folder, 'dovecot.conf')], {
    stdio: ['ignore', 'ignore', 'pipe'],
    ...(process.getuid?.() === 0 ? { uid: runner.uid, gid: runner.gid } : {}),
  });
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => {
    complaint += chunk.toString('utf8');
  });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const stop = async (): Promise<void> => {
    if (isRunning(child)) child.kill('SIGTERM');
    await exited;
    await rm(folder, { recursive: true, force: true });
  };
  const login: LoginTarget = options.tls === false ? { port: imap } : { port: imaps, ca: certificates.caPem };
  try {
    await until(async () => {
      if (!isRunning(child)) throw new Error('Dovecot ended at its start.');
      return (await talk(login, [])).startsWith('* OK');
    }, 'Dovecot to greet');
  } catch (error) {
    const log = await readFile(join(folder, 'log'), 'utf8').catch(() => '');
    await stop();
    throw new Error(`Dovecot did not start: ${complaint}${log.slice(-2000)}`, { cause: error });
  }

  async function change(user: DovecotUser, accepted: boolean): Promise<void> {
    users.set(user.address, user);
    await passwd.write(users.values());
    // The file is read again at most once a second, so the switch is waited for and not assumed.
    await until(async () => {
      const answer = await talk(login, [`a LOGIN "${user.address}" "${user.password}"`]);
      return /^a OK/mu.test(answer) === accepted;
    }, `Dovecot to take the change of ${user.address}`);
  }
  return {
    ports,
    caPem: certificates.caPem,
    setPassword: (address, password) => change({ address, password }, true),
    disable: (address) => change({ address, password: users.get(address)?.password ?? '', disabled: true }, false),
    stop,
  };
}

interface Runner {
  readonly name: string;
  readonly group: string;
  readonly uid: number;
  readonly gid: number;
}

/** Dovecot's processes run as one user; root is refused by it as mail user, so CI uses nobody. */
function runnerOf(): Runner {
  if (process.getuid?.() === 0) return { name: 'nobody', group: 'nogroup', uid: 65_534, gid: 65_534 };
  const { username, uid, gid } = userInfo();
  const group = spawnSync('id', ['-gn'], { encoding: 'utf8' }).stdout.trim();
  return { name: username, group, uid, gid };
}

function passwdFile(folder: string, runner: Runner): { write(users: Iterable<DovecotUser>): Promise<void> } {
  const path = join(folder, 'passwd');
  let seconds = Math.floor(Date.now() / 1000) - 3600;
  return {
    async write(users) {
      const lines = [...users].map(
        ({ address, password, disabled }) => `${address}:{PLAIN}${password}::::::${disabled === true ? ' nologin=y' : ''}\n`,
      );
      await writeFile(`${path}.new`, lines.join(''));
      await chown(`${path}.new`, runner.uid, runner.gid);
      // Dovecot looks at whole seconds of mtime only: two changes within one second must differ.
      seconds += 1;
      await utimes(`${path}.new`, seconds, seconds);
      await rename(`${path}.new`, path);
    },
  };
}

function oauthText(introspectionUrl: string | undefined): string {
  return [
    'introspection_mode = post',
    `introspection_url = ${introspectionUrl ?? 'http://client:secret@127.0.0.1:1/'}`,
    'username_attribute = email',
    'active_attribute = active',
    'active_value = true',
    'force_introspection = yes',
    'timeout_msecs = 2000',
    '',
  ].join('\n');
}

function configurationText(parts: { folder: string; ports: Dovecot['ports']; runner: Runner; options: DovecotOptions }): string {
  const { folder, ports, runner, options } = parts;
  const tls = options.tls !== false;
  const encrypted = (name: string, port: number): string =>
    `inet_listener ${name} {\n    port = ${tls ? port : 0}\n    ssl = ${tls ? 'yes' : 'no'}\n  }`;
  return `
base_dir = ${folder}/run
state_dir = ${folder}/state
log_path = ${folder}/log
mail_location = maildir:${folder}/mail/%u
protocols = imap submission
listen = 127.0.0.1
ssl = ${tls ? 'yes' : 'no'}
ssl_cert = <${folder}/cert.pem
ssl_key = <${folder}/key.pem
default_internal_user = ${runner.name}
default_internal_group = ${runner.group}
default_login_user = ${runner.name}
first_valid_uid = 1
first_valid_gid = 1
auth_mechanisms = ${(options.mechanisms ?? ['plain', 'login', 'xoauth2', 'oauthbearer']).join(' ')}
auth_username_format = %Lu
auth_verbose = yes
auth_failure_delay = 0
mail_max_userip_connections = 0
submission_relay_host = 127.0.0.1
submission_relay_port = 1
passdb {
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = ${folder}/oauth2.conf
}
passdb {
  driver = passwd-file
  mechanisms = plain login
  args = scheme=PLAIN ${folder}/passwd
}
userdb {
  driver = static
  args = uid=${runner.uid} gid=${runner.gid} home=${folder}/home/%u allow_all_users=yes
}
service imap-login {
  chroot =
  service_count = 0
  process_min_avail = 1
  inet_listener imap {
    port = ${ports.imap}
  }
  ${encrypted('imaps', ports.imaps)}
}
service submission-login {
  chroot =
  service_count = 0
  inet_listener submission {
    port = ${ports.submission}
  }
  ${encrypted('submissions', ports.submissions)}
}
service imap {
  service_count = 256
}
# Without this, failures from one address are delayed for longer and longer.
service anvil {
  chroot =
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
service stats {
  chroot =
}
`;
}

interface LoginTarget {
  readonly port: number;
  readonly ca?: string;
}

/** Greets, sends the lines, and returns everything said until the last one is answered (or the connection ends). */
function talk({ port, ca }: LoginTarget, lines: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    const socket = ca === undefined ? connectTcp(port, '127.0.0.1') : connectTls({ port, host: '127.0.0.1', ca });
    let heard = '';
    const end = (): void => {
      socket.destroy();
      resolve(heard);
    };
    socket.setTimeout(5_000, end);
    socket.on('error', end);
    socket.on('close', end);
    socket.on('data', (chunk: Buffer) => {
      const greeted = heard !== '';
      heard += chunk.toString('utf8');
      if (!greeted && heard.startsWith('* OK') && lines.length > 0) socket.write(`${lines.join('\r\n')}\r\n`);
      else if (lines.length === 0 || /^a (?:OK|NO|BAD)/mu.test(heard)) end();
    });
  });
}

async function until(condition: () => Promise<boolean>, what: string): Promise<void> {
  const giveUpAt = performance.now() + 20_000;
  while (!(await condition())) {
    if (performance.now() > giveUpAt) throw new Error(`Waited too long for ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<ReturnType<typeof createServer>>((resolve) => {
          const server = createServer();
          server.listen(0, '127.0.0.1', () => resolve(server));
        }),
    ),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

function isRunning(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null;
}
