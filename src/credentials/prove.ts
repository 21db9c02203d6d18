import type { Proof } from '../domain/authorization.ts';
import type { Clock } from '../domain/clock.ts';
import type { LoginSetup } from '../domain/credential.ts';
import { diagnose } from '../domain/diagnose/diagnose.ts';
import type { Diagnosis } from '../domain/diagnosis.ts';
import { legsOf, type LegDirection } from '../domain/mail.ts';
import type { LegLogin, Probe } from '../providers/probe.ts';
import type { OpenLogin, SecretOwner } from './credentials.ts';

/** What came of one login of one leg. */
export interface LegProof {
  readonly leg: LegDirection;
  /** Null when the login succeeded. */
  readonly diagnosis: Diagnosis | null;
  /** Epoch milliseconds, when it was known. */
  readonly at: number;
}

export interface LegFailure {
  readonly leg: LegDirection;
  readonly diagnosis: Diagnosis;
}

export interface ProveParts {
  readonly openLogin: OpenLogin;
  readonly probe: Probe;
  readonly clock: Clock;
  /** For each login. */
  readonly timeoutMs: number;
}

/** Logs in on every leg of the setup's direction, all at the same time; incoming first in the answer. Rejects with StoreUnavailable only. */
export async function proveSetup(
  parts: ProveParts,
  owner: SecretOwner,
  setup: LoginSetup,
  signal?: AbortSignal,
): Promise<readonly LegProof[]> {
  return Promise.all(
    legsOf(setup.direction).map(async (leg): Promise<LegProof> => {
      const opened = await parts.openLogin(owner, setup, leg, { forceRefresh: false });
      const diagnosis = opened.kind === 'FAILED' ? diagnose(opened.evidence) : await tryLogin(parts, opened.login, signal);
      return { leg, diagnosis, at: parts.clock.now() };
    }),
  );
}

/** One real login, nothing stored. Null when it succeeded. Never rejects. */
export async function tryLogin(
  parts: Pick<ProveParts, 'probe' | 'timeoutMs'>,
  login: LegLogin,
  signal?: AbortSignal,
): Promise<Diagnosis | null> {
  const outcome = await parts.probe(login, { timeoutMs: parts.timeoutMs, ...(signal === undefined ? {} : { signal }) });
  return outcome.kind === 'PROVEN' ? null : diagnose(outcome.evidence);
}

/** The failure that decides: one that no retry cures before one that a retry may; incoming before outgoing. Null when all succeeded. */
export function decidingFailure(proofs: readonly LegProof[]): LegFailure | null {
  const failures = proofs.flatMap(({ leg, diagnosis }) => (diagnosis === null ? [] : [{ leg, diagnosis }]));
  return failures.find(({ diagnosis }) => !diagnosis.retryable) ?? failures[0] ?? null;
}

/** As an authorization remembers it. */
export function toProof({ leg, diagnosis, at }: LegProof): Proof {
  return { leg, succeeded: diagnosis === null, reason: diagnosis?.reason ?? null, at };
}
