import type { LoginSetup } from './credential.ts';
import type { Diagnosis } from './diagnosis.ts';
import type { Leg } from './leg.ts';
import type { Mailbox } from './mailbox.ts';
import { legsOfMailbox, severityOf } from './mailbox-status.ts';
import type { ScenarioKind } from './scenario-kind.ts';

/** A leg that somebody may have to repair: a confirmed cause, or a rejection that is being confirmed. */
function isBroken(leg: Leg): boolean {
  return leg.health === 'ACTION_REQUIRED' || (leg.health === 'DEGRADED' && leg.suspicion !== null);
}

/** What repairs this login, given what is wrong with it; null when no credential does (a full disk is not cured by a password). */
function repairOf(setup: LoginSetup, diagnosis: Diagnosis): ScenarioKind | null {
  if (diagnosis.scenario === null) return null;
  if (setup.credential.kind === 'OAUTH2') return 'SIGN_IN_AGAIN';
  return diagnosis.scenario === 'MIGRATE_TO_OAUTH' ? 'MIGRATE_TO_OAUTH' : 'REENTER_PASSWORD';
}

/**
 * The scenario of a mailbox by itself, for the index. Without PRIMARY_HANDOVER, which depends on the workspace.
 * Basic authentication at Microsoft migrates whatever its health: it is retired there (source article, scenario 1),
 * and a password that Microsoft refuses is not worth re-entering.
 */
export function ownScenarioKind(mailbox: Mailbox): ScenarioKind | null {
  const setup = mailbox.active;
  if (!mailbox.live || mailbox.paused || setup === null) return null;
  if (setup.provider === 'MICROSOFT_365' && setup.credential.kind === 'BASIC') return 'MIGRATE_TO_OAUTH';
  const broken = legsOfMailbox(mailbox)
    .filter(isBroken)
    .toSorted((a, b) => severityOf(b.health) - severityOf(a.health));
  for (const leg of broken) {
    const diagnosis = leg.diagnosis ?? leg.suspicion?.diagnosis ?? null;
    const repair = diagnosis === null ? null : repairOf(setup, diagnosis);
    if (repair !== null) return repair;
  }
  return null;
}
