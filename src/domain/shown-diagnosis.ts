import type { Diagnosis } from './diagnosis.ts';
import type { Leg, Suspicion } from './leg.ts';
import { reasonInfo } from './reasons.ts';

/** How long a leg may be DEGRADED before a workspace admin should look. */
export const DEGRADED_LIMIT_MS = 6 * 60 * 60_000;

/** Whether a DEGRADED leg is so for longer than anybody should wait in silence. */
export function isLastingDegradation(leg: Leg, now: number): boolean {
  return leg.health === 'DEGRADED' && now - (leg.firstFailureAt ?? leg.since) >= DEGRADED_LIMIT_MS;
}

/** A rejection that is being confirmed: visible, but nobody is asked to act on it yet. */
function unconfirmed(suspicion: Suspicion): Diagnosis {
  const message = suspicion.held
    ? 'Many mailboxes at this server are refused at the same time, which looks like a fault of the server. The gateway waits before it asks anybody to act.'
    : 'The server refused the login. The gateway is confirming that before it asks anybody to act.';
  return { ...suspicion.diagnosis, actor: 'NOBODY', action: 'WAIT_AND_RETRY', message };
}

/** A transient failure cures itself: whatever its reason would ask for, nobody has to do it yet. */
function passing(diagnosis: Diagnosis): Diagnosis {
  return { ...diagnosis, actor: 'NOBODY', action: 'WAIT_AND_RETRY' };
}

function lasting(diagnosis: Diagnosis): Diagnosis {
  return {
    ...diagnosis,
    actor: 'WORKSPACE_ADMIN',
    message: `${diagnosis.message} This has lasted for more than 6 hours: a workspace admin should look.`,
  };
}

/** What a DEGRADED leg shows: its suspicion, else its transient failure; after 6 hours addressed to the workspace's admin. */
export function degradedDiagnosis(leg: Leg, transient: Diagnosis | null, now: number): Diagnosis | null {
  const isLasting = isLastingDegradation(leg, now);
  if (leg.suspicion === null)
    return transient === null
      ? null
      : isLasting
        ? lasting({ ...transient, action: reasonInfo(transient.reason).action })
        : passing(transient);
  const cause = unconfirmed(leg.suspicion);
  // The repair that the suspicion names is the best hint for whoever looks now.
  return isLasting ? lasting(leg.suspicion.held ? cause : { ...cause, action: leg.suspicion.diagnosis.action }) : cause;
}
