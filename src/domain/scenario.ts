import { isOpen, type Authorization } from './authorization.ts';
import type { LoginSetup } from './credential.ts';
import type { Diagnosis } from './diagnosis.ts';
import type { Leg } from './leg.ts';
import type { Mailbox } from './mailbox.ts';
import { legsOfMailbox, severityOf } from './mailbox-status.ts';
import { isBeingHandedOver, proposesHandOver, type PrimaryCircumstances } from './proposal.ts';
import type { Reason } from './reason.ts';
import { SCENARIO_KINDS, type ScenarioKind } from './scenario-kind.ts';
import { outsideStepOf } from './outside-steps.ts';
import { scenarioText, type ScenarioText, type StepSubject } from './scenario-text.ts';
import type { StepText } from './step-text.ts';
import type { HandOver } from './workspace.ts';

export const STEP_STATES = ['DONE', 'CURRENT', 'TODO'] as const;
export type StepState = (typeof STEP_STATES)[number];

export interface ScenarioStep extends StepText {
  readonly state: StepState;
}

/** What repairs a mailbox, in order. Exactly one step is CURRENT. */
export interface ReauthScenario {
  readonly kind: ScenarioKind;
  readonly title: string;
  readonly summary: string;
  readonly steps: readonly ScenarioStep[];
}

export interface ScenarioCircumstances extends PrimaryCircumstances {
  /** The mailbox's own; null when none is open. */
  readonly openAuthorization: Authorization | null;
}

/** A leg that somebody may have to repair: a confirmed cause, or a rejection that is being confirmed. */
function isBroken(leg: Leg): boolean {
  return leg.health === 'ACTION_REQUIRED' || (leg.health === 'DEGRADED' && leg.suspicion !== null);
}

function brokenLegs(mailbox: Mailbox): readonly Leg[] {
  return legsOfMailbox(mailbox)
    .filter(isBroken)
    .toSorted((a, b) => severityOf(b.health) - severityOf(a.health));
}

/** The cause without what a suspicion's presentation takes away from it. */
function causeOf(leg: Leg): Diagnosis | null {
  return leg.health === 'DEGRADED' ? (leg.suspicion?.diagnosis ?? leg.diagnosis) : leg.diagnosis;
}

function isBasicAtMicrosoft(setup: LoginSetup): boolean {
  return setup.provider === 'MICROSOFT_365' && setup.credential.kind === 'BASIC';
}

/** What repairs this login, given what is wrong with it; null when no credential does (an expired certificate is not cured by a password). */
function repairOf(setup: LoginSetup, diagnosis: Diagnosis): ScenarioKind | null {
  if (diagnosis.scenario === null) return null;
  if (setup.credential.kind === 'OAUTH2') return 'SIGN_IN_AGAIN';
  return diagnosis.scenario === 'MIGRATE_TO_OAUTH' ? 'MIGRATE_TO_OAUTH' : 'REENTER_PASSWORD';
}

/** What is wrong with the account as such shows on both legs, in whatever words. */
const OF_THE_ACCOUNT: readonly Reason[] = ['ACCOUNT_DISABLED', 'ACCOUNT_LOCKED', 'ACCOUNT_NOT_FOUND'];

/** The worst leg's cause that a scenario repairs. Beside a confirmed fault of the account a suspicion is most likely the same one. */
function repairableCause(mailbox: Mailbox, setup: LoginSetup): Diagnosis | null {
  const broken = brokenLegs(mailbox);
  const confirmed = broken.filter(({ health }) => health === 'ACTION_REQUIRED');
  const isOfTheAccount = confirmed.some(({ diagnosis }) => diagnosis !== null && OF_THE_ACCOUNT.includes(diagnosis.reason));
  const causes = (isOfTheAccount ? confirmed : broken).map(causeOf).filter((cause) => cause !== null);
  return causes.find((cause) => repairOf(setup, cause) !== null) ?? null;
}

/**
 * The scenario of a mailbox by itself, for the index. Without PRIMARY_HANDOVER, which depends on the workspace.
 * Basic authentication at Microsoft migrates whatever its health: it is retired there (source article, scenario 1),
 * and a password that Microsoft refuses is not worth re-entering.
 */
export function ownScenarioKind(mailbox: Mailbox): ScenarioKind | null {
  const setup = mailbox.active;
  if (!mailbox.live || mailbox.paused || setup === null) return null;
  if (isBasicAtMicrosoft(setup)) return 'MIGRATE_TO_OAUTH';
  const cause = repairableCause(mailbox, setup);
  return cause === null ? null : repairOf(setup, cause);
}

/** The article's case: a broken mailbox that a new sign-in, a password or a migration repairs. */
export function needsReauthorization(mailbox: Mailbox): boolean {
  const setup = mailbox.active;
  if (setup === null || ownScenarioKind(mailbox) === null) return false;
  const cause = repairableCause(mailbox, setup);
  // Signing in or entering the password again would not help where something has to be done at the provider.
  return cause === null || outsideStepOf(cause.action) === null;
}

/**
 * What repairs this mailbox, step by step, in the state that it is in; null when nothing is to be done. An authorization
 * under way decides the current step. PRIMARY_HANDOVER while a hand-over of this mailbox runs, or when it is proposed.
 */
export function scenarioOf(mailbox: Mailbox, circumstances: ScenarioCircumstances): ReauthScenario | null {
  const setup = mailbox.active;
  if (!mailbox.live || mailbox.paused || setup === null) return null;
  const { handOver, openAuthorization } = circumstances;
  const own = ownScenarioKind(mailbox);
  const cause = repairableCause(mailbox, setup);
  if (isBeingHandedOver(mailbox, handOver) || (own !== null && proposesHandOver(mailbox, circumstances))) {
    const text = scenarioText('PRIMARY_HANDOVER', subjectOf(mailbox, setup, cause, openAuthorization));
    return scenarioAt('PRIMARY_HANDOVER', text, handOverStep(mailbox, handOver, openAuthorization));
  }
  if (own === null) return null;
  const kind = isMigrating(openAuthorization) ? 'MIGRATE_TO_OAUTH' : own;
  const text = scenarioText(kind, subjectOf(mailbox, setup, cause, openAuthorization));
  return scenarioAt(kind, text, repairStep(text, openAuthorization, cause));
}

/** Somebody chose to migrate although a password or a sign-in would have done. */
function isMigrating(authorization: Authorization | null): authorization is Authorization {
  return authorization !== null && isOpen(authorization.status) && authorization.purpose === 'MIGRATE';
}

function subjectOf(mailbox: Mailbox, setup: LoginSetup, cause: Diagnosis | null, authorization: Authorization | null): StepSubject {
  const { credential } = setup;
  const broken = brokenLegs(mailbox);
  const isSending = broken.length > 0 && broken.every(({ direction }) => direction === 'OUTGOING');
  const sending = isSending && credential.kind === 'BASIC' ? credential.outgoingLogin : null;
  const mayBeDisabled =
    cause !== null && [cause.reason, ...cause.alternatives].some((reason) => reason === 'IMAP_DISABLED' || reason === 'SMTP_AUTH_DISABLED');
  return {
    provider: isMigrating(authorization) ? authorization.target.provider : setup.provider,
    address: mailbox.address,
    username: sending?.username ?? (credential.kind === 'BASIC' ? credential.login.username : credential.username),
    isSendingLogin: sending !== null,
    cause,
    // "If you encounter errors in verifying the server name, port, and credentials" (source article, scenario 1).
    offersEnabling: mayBeDisabled || mailbox.repairRejected,
    repairMutation: isMigrating(authorization) || ownScenarioKind(mailbox) === 'MIGRATE_TO_OAUTH' ? 'migrate' : 'reauth',
  };
}

/** Which step a migration, a sign-in or a password is at: an authorization under way decides, then what has to be done outside. */
function repairStep(text: ScenarioText, authorization: Authorization | null, cause: Diagnosis | null): string {
  if (authorization?.status === 'VERIFYING') return 'VERIFY';
  if (authorization?.status === 'AWAITING_USER') return 'SIGN_IN';
  return (cause === null ? null : outsideStepOf(cause.action))?.key ?? text.startKey;
}

function handOverStep(mailbox: Mailbox, handOver: HandOver | null, authorization: Authorization | null): string {
  if (!isBeingHandedOver(mailbox, handOver)) return 'MAKE_NON_PRIMARY';
  const isUnderWay = authorization !== null && isOpen(authorization.status);
  const isWell = legsOfMailbox(mailbox).every((leg) => !isBroken(leg) && leg.health !== 'BLOCKED');
  return isWell && !isUnderWay ? 'MAKE_PRIMARY_AGAIN' : 'REAUTHORIZE';
}

function scenarioAt(kind: ScenarioKind, text: ScenarioText, currentKey: string): ReauthScenario {
  const isKnown = text.steps.some((step) => step.key === currentKey);
  return { kind, title: text.title, summary: text.summary, steps: withStates(text.steps, isKnown ? currentKey : text.startKey) };
}

/** Everything before the current step is done, everything after it is to be done. */
function withStates(steps: readonly StepText[], currentKey: string): readonly ScenarioStep[] {
  const current = steps.findIndex((step) => step.key === currentKey);
  return steps.map((step, index) => ({ ...step, state: index < current ? 'DONE' : index === current ? 'CURRENT' : 'TODO' }));
}

/** The four scenarios as a manual for a help page, every instruction of the source article included; the first step is CURRENT. */
export function scenarioManual(): readonly ReauthScenario[] {
  return SCENARIO_KINDS.map((kind) => {
    const text = scenarioText(kind, null);
    return scenarioAt(kind, text, text.steps[0]?.key ?? text.startKey);
  });
}
