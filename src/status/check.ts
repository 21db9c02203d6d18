import type { OpenLogin } from '../credentials/credentials.ts';
import type { Clock } from '../domain/clock.ts';
import type { LoginSetup } from '../domain/credential.ts';
import { diagnose } from '../domain/diagnose/diagnose.ts';
import type { Diagnosis } from '../domain/diagnosis.ts';
import type { Evidence } from '../domain/evidence.ts';
import type { Leg, Observation, ObservationSource } from '../domain/leg.ts';
import type { Log } from '../domain/log.ts';
import type { LegDirection } from '../domain/mail.ts';
import type { Mailbox } from '../domain/mailbox.ts';
import { legOf, legsOfMailbox } from '../domain/mailbox-status.ts';
import type { Probe } from '../providers/probe.ts';
import { StoreUnavailable } from '../store/errors.ts';
import { CHECK_BROKE_OFF, CHECK_TOOK_TOO_LONG } from './broken-check.ts';

/** What checking one leg gave. */
export interface CheckedLeg {
  readonly observation: Observation;
  /** What the server asked for before the next try; null when it said nothing. */
  readonly retryAfterMs: number | null;
}

export interface CheckRequest {
  readonly legs: readonly LegDirection[];
  /** Set for a probe on behalf of an incident: the credential is obtained anew. */
  readonly canary: boolean;
  /** Breaks the check off: its legs are then missing from the result, nothing was observed. */
  readonly signal: AbortSignal;
}

/**
 * Logs in on each leg asked for, at the same time, and says what came of it. Every attempt ends in an observation, also
 * one that throws or hangs: the outer deadline is `longestCheckMs`. Rejects only with StoreUnavailable.
 */
export type Check = (mailbox: Mailbox, request: CheckRequest) => Promise<readonly CheckedLeg[]>;

export interface CheckParts {
  readonly openLogin: OpenLogin;
  readonly probe: Probe;
  readonly clock: Clock;
  readonly log: Log;
  readonly checkTimeoutMs: number;
}

/** Opening the login may refresh a grant (one HTTP exchange of at most 20 s) before the probe begins. */
const OPENING_MS = 25_000;
/** The probe ends itself at its own deadline; this much later it is taken to hang. */
const MARGIN_MS = 2_000;
/** A deadline that fires this late was held up by this process, not by the server: the answer may be waiting already. */
const HELD_UP_MS = 1_000;

/** After this long a check has ended, whatever its parts do. */
export function longestCheckMs(checkTimeoutMs: number): number {
  return checkTimeoutMs + OPENING_MS + HELD_UP_MS;
}

interface Attempt {
  readonly diagnosis: Diagnosis | null;
  readonly fresh: boolean;
  readonly retryAfterMs: number | null;
}

export function createCheck({ openLogin, probe, clock, log, checkTimeoutMs }: CheckParts): Check {
  async function logIn(
    mailbox: Mailbox,
    setup: LoginSetup,
    leg: LegDirection,
    forceRefresh: boolean,
    signal: AbortSignal,
  ): Promise<Attempt> {
    const owner = { workspaceId: mailbox.workspaceId, mailboxId: mailbox.id };
    const opened = await openLogin(owner, setup, leg, { forceRefresh });
    // A refused refresh is as fresh as evidence gets: the grant itself was judged.
    if (opened.kind === 'FAILED') return failed(opened.evidence, true);
    const outcome = await probe(opened.login, { timeoutMs: checkTimeoutMs, signal });
    if (outcome.kind === 'FAILED') return failed(outcome.evidence, opened.fresh);
    return { diagnosis: null, fresh: opened.fresh, retryAfterMs: null };
  }

  async function attempt(mailbox: Mailbox, setup: LoginSetup, leg: Leg, request: CheckRequest): Promise<Attempt | null> {
    const broken = new AbortController();
    let breakOff = (): void => undefined;
    const stopped = new Promise<null>((resolve) => {
      breakOff = () => {
        broken.abort();
        resolve(null);
      };
    });
    if (request.signal.aborted) return null;
    request.signal.addEventListener('abort', breakOff, { once: true });
    const deadline = startDeadline(clock, checkTimeoutMs + (setup.credential.kind === 'OAUTH2' ? OPENING_MS : MARGIN_MS));
    try {
      const login = logIn(mailbox, setup, leg.direction, wantsFreshCredential(leg, request, clock.now()), broken.signal);
      const first = await Promise.race([login, deadline.passed, stopped]);
      if (first !== 'PASSED') return first;
      log.warn('a check did not end by itself', { mailboxId: mailbox.id, leg: leg.direction });
      return { diagnosis: CHECK_TOOK_TOO_LONG, fresh: false, retryAfterMs: null };
    } catch (error) {
      if (error instanceof StoreUnavailable) throw error;
      if (broken.signal.aborted) return null;
      log.error('a check broke off', { mailboxId: mailbox.id, leg: leg.direction, error });
      return { diagnosis: CHECK_BROKE_OFF, fresh: false, retryAfterMs: null };
    } finally {
      deadline.cancel();
      request.signal.removeEventListener('abort', breakOff);
      broken.abort();
    }
  }

  async function checkLeg(mailbox: Mailbox, setup: LoginSetup, leg: Leg, request: CheckRequest): Promise<CheckedLeg | null> {
    const result = await attempt(mailbox, setup, leg, request);
    if (result === null) return null;
    return {
      retryAfterMs: result.retryAfterMs,
      observation: {
        mailboxId: mailbox.id,
        leg: leg.direction,
        loginVersion: mailbox.loginVersion,
        at: clock.now(),
        source: sourceOf(leg, request),
        outcome: result.diagnosis === null ? { kind: 'PROVEN' } : { kind: 'FAILED', diagnosis: result.diagnosis },
        freshCredential: result.fresh,
      },
    };
  }

  return async (mailbox, request) => {
    const setup = mailbox.active;
    if (setup === null) return [];
    const legs = request.legs.map((direction) => legOf(mailbox, direction)).filter((leg) => leg !== null);
    const checked = await Promise.all(legs.map((leg) => checkLeg(mailbox, setup, leg, request)));
    return checked.filter((leg) => leg !== null);
  };
}

/** The legs whose time has come: the others are left alone, because a login more than once an interval is one too many. */
export function legsDue(mailbox: Mailbox, now: number): readonly LegDirection[] {
  return legsOfMailbox(mailbox)
    .filter((leg) => leg.nextCheckAt !== null && leg.nextCheckAt <= now)
    .map((leg) => leg.direction);
}

function failed(evidence: Evidence, fresh: boolean): Attempt {
  return { diagnosis: diagnose(evidence), fresh, retryAfterMs: evidence.retryAfterMs };
}

/** A cached token proves nothing about the grant: a verdict and the end of an incident need a new one. */
function wantsFreshCredential(leg: Leg, request: CheckRequest, now: number): boolean {
  return request.canary || leg.health === 'BLOCKED' || (leg.suspicion !== null && now >= leg.suspicion.confirmableAt);
}

function sourceOf(leg: Leg, request: CheckRequest): ObservationSource {
  if (request.canary) return 'CANARY';
  return leg.suspicion === null ? 'CHECK' : 'CONFIRMATION';
}

/** One deadline on the injected clock. A process that was held up gives the answer that is waiting one more second. */
function startDeadline(clock: Clock, limitMs: number): { readonly passed: Promise<'PASSED'>; cancel(): void } {
  const dueAt = clock.monotonicMs() + limitMs;
  let timer = { cancel: (): void => undefined };
  const passed = new Promise<'PASSED'>((resolve) => {
    timer = clock.schedule(limitMs, () => {
      const heldUp = clock.monotonicMs() - dueAt > HELD_UP_MS;
      if (!heldUp) resolve('PASSED');
      else timer = clock.schedule(HELD_UP_MS, () => resolve('PASSED'));
    });
  });
  return { passed, cancel: () => timer.cancel() };
}
