import { createHash } from 'node:crypto';
import { SandboxInputError } from '../faults.ts';

/** What goes wrong when somebody signs in or a refresh token of theirs is used. One table; the command's help is printed from it. */
export const SIGN_IN_FAULTS = {
  disabled: 'the account is disabled',
  'mfa-required': 'a second factor is demanded now; refreshing fails until the next sign-in',
  'conditional-access': 'a policy of the tenant blocks the app',
  'consent-missing': 'consent was withdrawn; refreshing fails until the next sign-in',
  'session-expired': 'the sign-in frequency policy ended the session',
  'admin-consent': 'only an admin may consent to this app',
} as const;
export type SignInFault = keyof typeof SIGN_IN_FAULTS;

export const PERSONAL_TENANT = '9188040d-6c67-4c5b-b112-36a304b66dad';
export const WORK_TENANT = '5c6d7e8f-0a1b-4c2d-9e3f-405162738495';

export interface PersonInput {
  readonly address: string;
  readonly password: string;
  readonly name?: string;
  /** An Outlook.com or Hotmail account instead of a work one. */
  readonly personal?: boolean;
  readonly fault?: SignInFault;
  /** Of an account that was renamed, or that took another one's name; else made from the address. */
  readonly id?: string;
}

export interface Person {
  readonly id: string;
  readonly tenantId: string;
  readonly address: string;
  readonly name: string;
  password: string;
  fault: SignInFault | null;
}

export interface People {
  find(idOrAddress: string): Person | null;
  /** Throws SandboxInputError that lists who is known. */
  require(address: string): Person;
  put(input: PersonInput): Person;
  all(): readonly Person[];
}

/** Who can sign in at a flavour. An address keeps its object id whatever happens to it. */
export function createPeople(inputs: readonly PersonInput[]): People {
  const people = new Map<string, Person>();
  const keyOf = (address: string): string => address.trim().toLowerCase();
  const find = (idOrAddress: string): Person | null =>
    people.get(keyOf(idOrAddress)) ?? [...people.values()].find((person) => person.id === idOrAddress) ?? null;
  const book: People = {
    find,
    require(address) {
      const person = find(address);
      if (person !== null) return person;
      throw new SandboxInputError(
        `Nobody signs in as ${address}. Known: ${[...people.values()].map((known) => known.address).join(', ')}.`,
      );
    },
    put(input) {
      const person: Person = {
        id: input.id ?? objectIdOf(keyOf(input.address)),
        tenantId: input.personal === true ? PERSONAL_TENANT : WORK_TENANT,
        address: input.address,
        name: input.name ?? input.address.split('@')[0] ?? input.address,
        password: input.password,
        fault: input.fault ?? null,
      };
      people.set(keyOf(input.address), person);
      return person;
    },
    all: () => [...people.values()],
  };
  for (const input of inputs) book.put(input);
  return book;
}

function objectIdOf(address: string): string {
  const hex = createHash('sha256').update(address).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-9${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
