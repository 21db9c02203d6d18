import { faultFields, SandboxInputError } from './faults.ts';
import type { OauthServer } from './oauth/oauth-server.ts';
import { SIGN_IN_FAULTS, type SignInFault } from './oauth/people.ts';
import type { OauthFlavour } from './oauth/refusals.ts';
import { parseTokenFault, type TokenFault } from './oauth/token-faults.ts';

export type SignInServers = Readonly<Record<OauthFlavour, OauthServer>>;

export interface SignInState {
  readonly name: OauthFlavour;
  readonly origin: string;
  readonly fault: TokenFault | null;
  readonly tokenRequests: Readonly<Record<string, number>>;
  readonly people: readonly { readonly address: string; readonly fault: SignInFault | null; readonly livingGrants: number }[];
}

/**
 * The switches of Microsoft's and Google's sign-in beside the mail servers. An address may be a mailbox, somebody who signs
 * in, or both: every switch says whether anybody of that address signs in. Without servers nobody does.
 */
export interface SignIn {
  knows(address: string): boolean;
  /** As with the real ones, a new password also ends what was granted under the old one. */
  setPassword(address: string, password: string): void;
  setFault(address: string, fault: SignInFault | null): void;
  /** Null: no such fault now, or another one. */
  faultOf(address: string): SignInFault | null;
  /** Ends every grant of somebody. Returns how many there were. Throws SandboxInputError when nobody of that address signs in. */
  revoke(address: string, cause: 'revoked' | 'inactive'): number;
  setTokenFault(server: OauthFlavour, fault: TokenFault | null): void;
  reset(): void;
  state(): readonly SignInState[];
}

export function isSignInServer(name: string): name is OauthFlavour {
  return name === 'microsoft' || name === 'google';
}

export function isSignInFault(kind: unknown): kind is SignInFault {
  return typeof kind === 'string' && Object.hasOwn(SIGN_IN_FAULTS, kind);
}

/** Reads a fault of a sign-in server as the admin port gets it. Throws SandboxInputError naming what is allowed. */
export function parseSignInServerFault(input: unknown): TokenFault {
  const { kind, ms } = faultFields(input);
  return parseTokenFault(kind, ms);
}

/** @param servers Asked at each use, so that they may start after the mail servers. Null: none run. */
export function createSignIn(servers: () => SignInServers | null): SignIn {
  const tokenFaults = new Map<OauthFlavour, TokenFault>();

  function named(): readonly { readonly name: OauthFlavour; readonly server: OauthServer }[] {
    const present = servers();
    return present === null ? [] : (['microsoft', 'google'] as const).map((name) => ({ name, server: present[name] }));
  }
  const where = (address: string): readonly OauthServer[] =>
    named()
      .map(({ server }) => server)
      .filter((server) => server.people.all().some((person) => sameAddress(person.address, address)));

  const signIn: SignIn = {
    knows: (address) => where(address).length > 0,
    setPassword(address, password) {
      for (const server of where(address)) {
        server.people.require(address).password = password;
        server.endGrants(address, 'revoked');
      }
    },
    setFault(address, fault) {
      for (const server of where(address)) server.setSignInFault(address, fault);
    },
    faultOf: (address) => where(address)[0]?.people.require(address).fault ?? null,
    revoke(address, cause) {
      const holding = where(address);
      if (holding.length === 0) throw new SandboxInputError(`Nobody signs in as ${address}. ${known()}`);
      return holding.reduce((sum, server) => sum + server.endGrants(address, cause), 0);
    },
    setTokenFault(name, fault) {
      const present = servers();
      if (present === null) throw new SandboxInputError('This sandbox runs without sign-in servers.');
      present[name].setTokenFault(fault);
      if (fault === null) tokenFaults.delete(name);
      else tokenFaults.set(name, fault);
    },
    reset() {
      for (const { name, server } of named()) {
        signIn.setTokenFault(name, null);
        for (const person of server.people.all()) server.setSignInFault(person.address, null);
      }
    },
    state: () =>
      named().map(({ name, server }) => ({
        name,
        origin: server.origin,
        fault: tokenFaults.get(name) ?? null,
        tokenRequests: server.tokenRequests(),
        people: server.people.all().map(({ address, fault }) => ({ address, fault, livingGrants: server.livingGrants(address) })),
      })),
  };

  function known(): string {
    const people = named().flatMap(({ server }) => server.people.all().map((person) => person.address));
    return people.length === 0 ? 'This sandbox runs without sign-in servers.' : `Known: ${people.join(', ')}.`;
  }
  return signIn;
}

function sameAddress(left: string, right: string): boolean {
  return left.trim().toLowerCase() === right.trim().toLowerCase();
}
