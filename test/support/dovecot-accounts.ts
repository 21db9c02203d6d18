import { chown, rename, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Runner } from './dovecot-config.ts';

/** How Dovecot names its two services in file names and in its log. */
export const SERVICES = ['imap', 'submission'] as const;
export type Service = (typeof SERVICES)[number];

export interface DovecotUser {
  readonly address: string;
  /** Without one, only tokens log in. */
  readonly password?: string;
  /** Nobody gets in, however right the password or token is. */
  readonly disabled?: boolean;
  /** Refused as a wrong password is, by these services only. */
  readonly refusedBy?: readonly Service[];
}

/** The accounts of one Dovecot, in the files that its passdbs read. */
export interface AccountFiles {
  find(address: string): DovecotUser | undefined;
  put(user: DovecotUser): void;
  remove(address: string): void;
  all(): readonly DovecotUser[];
  /** Writes all of them. Resolves once every login from now on meets them. */
  write(): Promise<void>;
}

export function createAccountFiles(folder: string, runner: Runner, users: readonly DovecotUser[]): AccountFiles {
  const accounts = new Map(users.map((user) => [user.address, user]));
  let seconds = Math.floor(Date.now() / 1000) - 3600;

  async function replace(name: string, lines: readonly string[]): Promise<void> {
    const path = join(folder, name);
    await writeFile(`${path}.new`, lines.map((line) => `${line}\n`).join(''));
    await chown(`${path}.new`, runner.uid, runner.gid);
    await utimes(`${path}.new`, seconds, seconds);
    await rename(`${path}.new`, path);
  }

  return {
    find: (address) => accounts.get(address),
    put: (user) => void accounts.set(user.address, user),
    remove: (address) => void accounts.delete(address),
    all: () => [...accounts.values()],
    async write() {
      // Dovecot looks at whole seconds of mtime only: two changes within one second must differ.
      seconds += 1;
      const all = [...accounts.values()];
      await replace(
        'passwd',
        all
          .filter(({ password }) => password !== undefined)
          .map(({ address, password, disabled }) => `${address}:{PLAIN}${password ?? ''}::::::${disabled === true ? ' nologin=y' : ''}`),
      );
      const closed = all.filter(({ disabled }) => disabled === true);
      await replace(
        'closed',
        closed.map(({ address }) => `${address}::::::: nopassword=y nologin=y`),
      );
      for (const service of SERVICES) {
        const refused = all.filter(({ refusedBy }) => refusedBy?.includes(service) === true);
        await replace(
          `refused-${service}`,
          refused.map(({ address }) => `${address}:`),
        );
      }
      await nextSecond();
    },
  };
}

/** Dovecot looks for a changed file at most once in each second of the clock, so in the next one it does. */
async function nextSecond(): Promise<void> {
  const written = Math.floor(Date.now() / 1000);
  while (Math.floor(Date.now() / 1000) === written) await new Promise((resolve) => setTimeout(resolve, 1000 - (Date.now() % 1000)));
}
