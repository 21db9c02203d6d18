import { asSaid } from './as-said.ts';
import type { Confidence, Diagnosis } from '../diagnosis.ts';
import type { Provider } from '../mail.ts';
import type { Reason } from '../reason.ts';
import { reasonInfo } from '../reasons.ts';
import type { ScenarioKind } from '../scenario-kind.ts';
import type { Reading } from './reading.ts';
import { excerpt } from './redact.ts';

/** What a rule found: a reason, how sure it is, and where it departs from what the reason table says. */
export interface Finding extends Departures {
  readonly reason: Reason;
  readonly confidence: Confidence;
}

export interface Departures extends Partial<Pick<Diagnosis, 'retryable' | 'action' | 'actor' | 'onlyThisAccount'>> {
  readonly alternatives?: readonly Reason[];
  /** Instead of the reason's own, where that would name somebody who had no part in it. */
  readonly message?: string;
}

/** One step of the decision; null when it has nothing to say. */
export type Step = (reading: Reading) => Finding | null;

export function finding(reason: Reason, confidence: Confidence, departures: Departures = {}): Finding {
  return { reason, confidence, ...departures };
}

/** A fault that heals by itself: nobody has to act. */
export function passing(reason: Reason, departures: Departures = {}): Finding {
  return { reason, confidence: 'LIKELY', retryable: true, action: 'WAIT_AND_RETRY', actor: 'NOBODY', ...departures };
}

export function conclude(found: Finding, reading: Reading): Diagnosis {
  const info = reasonInfo(found.reason);
  const { context } = reading.evidence;
  return {
    reason: found.reason,
    retryable: found.retryable ?? info.reasonClass === 'TRANSIENT',
    actor: found.actor ?? info.actor,
    action: found.action ?? info.action,
    scenario: scenarioOf(found, info.scenario, reading),
    message: found.message ?? info.message({ provider: context.provider ?? providerOf(reading), host: context.host }),
    confidence: found.confidence,
    alternatives: [...new Set(found.alternatives ?? [])].filter((reason) => reason !== found.reason),
    providerMessage: excerpt(asSaid(reading.evidence.text)),
    ...(found.onlyThisAccount === true ? { onlyThisAccount: true } : {}),
  };
}

/** A refused password leads to OAuth at Microsoft and to a new password elsewhere; behind a sign-in page it leads there. */
function scenarioOf(found: Finding, usual: ScenarioKind | null, reading: Reading): ScenarioKind | null {
  const isPassword = found.reason === 'BAD_CREDENTIALS' || found.reason === 'PASSWORD_EXPIRED';
  if (!isPassword) return usual;
  if (reading.usesOAuth) return 'SIGN_IN_AGAIN';
  return reading.vendor === 'MICROSOFT' ? 'MIGRATE_TO_OAUTH' : usual;
}

function providerOf(reading: Reading): Provider | null {
  if (reading.vendor === 'MICROSOFT') return 'MICROSOFT_365';
  return reading.vendor === 'GOOGLE' ? 'GMAIL' : null;
}
