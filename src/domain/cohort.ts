import type { LoginSetup } from './credential.ts';
import type { LegDirection } from './mail.ts';

/** Who would fail together: a provider's mailboxes at one host. */
export function cohortOf(setup: LoginSetup, leg: LegDirection): string | null {
  const server = leg === 'INCOMING' ? setup.incomingServer : setup.outgoingServer;
  return server === null ? null : `${setup.provider}|${server.host.toLowerCase()}`;
}

export function cohortsOf(setup: LoginSetup): readonly string[] {
  const cohorts = [cohortOf(setup, 'INCOMING'), cohortOf(setup, 'OUTGOING')].filter((cohort) => cohort !== null);
  return [...new Set(cohorts)];
}
