import type { LoginFault, ServerFault, ServerFaultKind } from './faults.ts';

/** One server's switches and counters, shared by its connections and the admin port. */
export interface ServerSwitches {
  fault: LoginFault | ServerFault | null;
  connections: number;
  loginAttempts: number;
  /** Logins whose user name and secret came without TLS. */
  credentialsInClear: number;
}

export function createSwitches(): ServerSwitches {
  return { fault: null, connections: 0, loginAttempts: 0, credentialsInClear: 0 };
}

export function hasFault(switches: ServerSwitches, kind: ServerFaultKind): boolean {
  return switches.fault?.kind === kind;
}

export function countLogin(switches: ServerSwitches, secure: boolean): void {
  switches.loginAttempts += 1;
  if (!secure) switches.credentialsInClear += 1;
}
