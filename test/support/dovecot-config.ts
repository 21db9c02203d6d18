import { spawnSync } from 'node:child_process';
import { userInfo } from 'node:os';

/** Where Dovecot asks whether a token is good. */
export interface IntrospectionPlace {
  /** With client id and secret, as Dovecot wants it. */
  readonly urlWithClient: string;
  /** Of the authority that signed an https endpoint's certificate. */
  readonly caPem?: string;
}

export interface DovecotPorts {
  readonly imap: number;
  readonly imaps: number;
  readonly submission: number;
  readonly submissions: number;
}

export interface Runner {
  readonly name: string;
  readonly group: string;
  readonly uid: number;
  readonly gid: number;
}

/** Dovecot's processes run as one user; root is refused by it as mail user, so CI uses nobody. */
export function runnerOf(): Runner {
  if (process.getuid?.() === 0) return { name: 'nobody', group: 'nogroup', uid: 65_534, gid: 65_534 };
  const { username, uid, gid } = userInfo();
  const group = spawnSync('id', ['-gn'], { encoding: 'utf8' }).stdout.trim();
  return { name: username, group, uid, gid };
}

/** The settings of each oauth2 passdb, as the names and texts of its files. */
export function oauthFiles(folder: string, places: readonly IntrospectionPlace[]): Readonly<Record<string, string>> {
  const files: Record<string, string> = {};
  for (const [index, { urlWithClient, caPem }] of places.entries()) {
    const lines = [
      'introspection_mode = post',
      `introspection_url = ${urlWithClient}`,
      'username_attribute = email',
      'active_attribute = active',
      'active_value = true',
      'force_introspection = yes',
      'timeout_msecs = 2000',
    ];
    if (caPem !== undefined) {
      files[`oauth2-${index}.pem`] = caPem;
      lines.push(`tls_ca_cert_file = ${folder}/oauth2-${index}.pem`);
    }
    files[`oauth2-${index}.conf`] = `${lines.join('\n')}\n`;
  }
  return files;
}

export interface ConfigurationParts {
  readonly folder: string;
  readonly ports: DovecotPorts;
  readonly runner: Runner;
  readonly tls: boolean;
  readonly mechanisms: readonly string[];
  /** How many oauth2 passdbs are asked in turn. */
  readonly introspectionPlaces: number;
}

export function configurationText({ folder, ports, runner, tls, mechanisms, introspectionPlaces }: ConfigurationParts): string {
  const encrypted = (name: string, port: number): string =>
    `inet_listener ${name} {\n    port = ${tls ? port : 0}\n    ssl = ${tls ? 'yes' : 'no'}\n  }`;
  const tokenPassdbs = Array.from(
    { length: introspectionPlaces },
    (_, index) => `passdb {
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = ${folder}/oauth2-${index}.conf
  skip = authenticated
  result_success = continue-ok
}`,
  );
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
auth_mechanisms = ${mechanisms.join(' ')}
auth_username_format = %Lu
auth_verbose = yes
auth_failure_delay = 0
mail_max_userip_connections = 0
submission_relay_host = 127.0.0.1
submission_relay_port = 1
# %s is the service: one leg of an account can be refused and the other let in.
passdb {
  driver = passwd-file
  deny = yes
  args = ${folder}/refused-%s
}
${tokenPassdbs.join('\n')}
# A good token of an account that is closed meets what its password meets.
passdb {
  driver = passwd-file
  mechanisms = xoauth2 oauthbearer
  args = ${folder}/closed
  skip = unauthenticated
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
# One process each, so that the log has the logins in their order.
service imap-login {
  chroot =
  service_count = 0
  process_min_avail = 1
  process_limit = 1
  inet_listener imap {
    port = ${ports.imap}
  }
  ${encrypted('imaps', ports.imaps)}
}
service submission-login {
  chroot =
  service_count = 0
  process_limit = 1
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
