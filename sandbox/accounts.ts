import { timingSafeEqual } from 'node:crypto';
import { SandboxInputError } from './faults.ts';
import type { LoginFault } from './faults.ts';
import type { MailProtocol } from './verdict.ts';

export interface AccountInput {
  readonly address: string;
  readonly password?: string;
  /** Accounts other than this one whose tokens open this mailbox: a shared mailbox. */
  readonly delegates?: readonly string[];
  readonly disabled?: boolean;
  readonly fault?: LoginFault;
}

/** What the admin port tells of an account: everything but the password. */
export interface AccountState {
  readonly address: string;
  readonly disabled: boolean;
  readonly fault: LoginFault | null;
  readonly delegates: readonly string[];
  /** Login attempts since the start (or the last reset), whatever their outcome. */
  readonly loginAttempts: Readonly<Record<MailProtocol, number>>;
  readonly loginsAccepted: Readonly<Record<MailProtocol, number>>;
}

export interface Account {
  readonly address: string;
  readonly delegates: readonly string[];
  disabled: boolean;
  fault: LoginFault | null;
  matches(password: string): boolean;
  setPassword(password: string): void;
  countAttempt(protocol: MailProtocol): void;
  countAccepted(protocol: MailProtocol): void;
  resetCounters(): void;
  state(): AccountState;
}

/** The accounts that all servers of a sandbox share. Addresses are compared without regard to case. */
export interface AccountBook {
  /** Null when there is none: what a server asks. */
  find(address: string): Account | null;
  /** Throws SandboxInputError that lists the known accounts: what a person asks. */
  require(address: string): Account;
  /** Adds an account, or replaces the one with this address. */
  put(input: AccountInput): Account;
  remove(address: string): void;
  all(): readonly Account[];
}

export function createAccountBook(inputs: readonly AccountInput[]): AccountBook {
  const accounts = new Map<string, Account>();
  const book: AccountBook = {
    find: (address) => accounts.get(keyOf(address)) ?? null,
    require(address) {
      const account = book.find(address);
      if (account !== null) return account;
      const known = book.all().map((other) => other.address);
      const list = known.length === 0 ? 'There are none yet; add one.' : `Known: ${known.join(', ')}.`;
      throw new SandboxInputError(`There is no account ${address}. ${list}`);
    },
    put(input) {
      const account = createAccount(input);
      accounts.set(keyOf(input.address), account);
      return account;
    },
    remove(address) {
      accounts.delete(keyOf(book.require(address).address));
    },
    all: () => [...accounts.values()],
  };
  for (const input of inputs) book.put(input);
  return book;
}

function createAccount(input: AccountInput): Account {
  let password = input.password ?? null;
  const attempts = { imap: 0, smtp: 0 };
  const accepted = { imap: 0, smtp: 0 };
  const account: Account = {
    address: input.address,
    delegates: input.delegates ?? [],
    disabled: input.disabled ?? false,
    fault: input.fault ?? null,
    // An account without a password takes tokens only.
    matches: (given) => password !== null && sameText(given, password),
    setPassword(next) {
      password = next;
    },
    countAttempt(protocol) {
      attempts[protocol] += 1;
    },
    countAccepted(protocol) {
      accepted[protocol] += 1;
    },
    resetCounters() {
      Object.assign(attempts, { imap: 0, smtp: 0 });
      Object.assign(accepted, { imap: 0, smtp: 0 });
    },
    state: () => ({
      address: account.address,
      disabled: account.disabled,
      fault: account.fault,
      delegates: account.delegates,
      loginAttempts: { ...attempts },
      loginsAccepted: { ...accepted },
    }),
  };
  return account;
}

function keyOf(address: string): string {
  return address.trim().toLowerCase();
}

function sameText(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}
