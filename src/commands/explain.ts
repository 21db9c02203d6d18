import { diagnose } from '../domain/diagnose/diagnose.ts';
import { evidenceOf, evidenceOfText } from '../domain/diagnose/evidence-of.ts';
import type { Diagnosis } from '../domain/diagnosis.ts';
import type { Evidence } from '../domain/evidence.ts';
import type { Actor, RepairAction } from '../domain/reason.ts';
import type { ScenarioKind } from '../domain/scenario-kind.ts';
import { contextOfHints } from './explain-hints.ts';
import type { ExplainHints } from './explain-hints.ts';

/** The machine's answer, in the lower-case names of error-corpus.json. */
export interface Explanation {
  readonly reason: string;
  readonly retryable: boolean;
  readonly actor: string;
  readonly action: string;
  readonly scenario: 'S1' | 'S2' | 'S3' | 'S4' | null;
  readonly confidence: string;
  readonly alternatives: readonly string[];
}

export interface ExplainedText {
  /** Several lines for a person: what it means, who acts, what to do. */
  readonly text: string;
  readonly explanation: Explanation;
}

/** What an error text, or the JSON of an error, means. Touches no mailbox. Never throws. */
export function explainText(error: string, hints: ExplainHints = {}): ExplainedText {
  const diagnosis = diagnose(evidenceOfText(error, contextOfHints(hints)));
  return { text: inWords(diagnosis), explanation: explanationOf(diagnosis) };
}

/**
 * One JSON object a line in, one a line out, in order: `{id, provider?, protocol?, authType?, host?, raw}` gives
 * `{id, reason, retryable, actor, action, scenario, confidence, alternatives}`. A line that cannot be read gives
 * `{id, error}` and the next one goes on. Empty lines are skipped. Rejects only when `lines` does.
 */
export async function* explainJsonl(lines: AsyncIterable<string>): AsyncIterable<string> {
  for await (const line of lines) {
    if (line.trim() !== '') yield JSON.stringify(explainLine(line));
  }
}

type ExplainedLine = ({ readonly id: Id } & Explanation) | { readonly id: Id; readonly error: string };
type Id = string | number | null;

function explainLine(line: string): ExplainedLine {
  const parsed = parseLine(line);
  if (parsed === null)
    return { id: null, error: 'This line is not a JSON object. Write one object a line, such as {"id":"1","raw":"535 5.7.8 …"}.' };
  const id = typeof parsed['id'] === 'string' || typeof parsed['id'] === 'number' ? parsed['id'] : null;
  const { raw } = parsed as { readonly raw?: unknown };
  if (raw === undefined || raw === null)
    return { id, error: 'This object has no "raw". Put the error there: its text, or the object as the library gave it.' };
  return { id, ...explanationOf(diagnose(evidenceOfRaw(raw, parsed))) };
}

function evidenceOfRaw(raw: unknown, hints: Readonly<Record<string, unknown>>): Evidence {
  const context = contextOfHints(hints);
  return typeof raw === 'string' ? evidenceOfText(raw, context) : evidenceOf(raw, context);
}

function parseLine(line: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Readonly<Record<string, unknown>>) : null;
  } catch {
    return null;
  }
}

export function explanationOf(diagnosis: Diagnosis): Explanation {
  return {
    reason: diagnosis.reason.toLowerCase(),
    retryable: diagnosis.retryable,
    actor: diagnosis.actor.toLowerCase(),
    action: diagnosis.action.toLowerCase(),
    scenario: diagnosis.scenario === null ? null : SCENARIOS[diagnosis.scenario],
    confidence: diagnosis.confidence.toLowerCase(),
    alternatives: diagnosis.alternatives.map((reason) => reason.toLowerCase()),
  };
}

const SCENARIOS: Readonly<Record<ScenarioKind, 'S1' | 'S2' | 'S3' | 'S4'>> = {
  MIGRATE_TO_OAUTH: 'S1',
  REENTER_PASSWORD: 'S2',
  SIGN_IN_AGAIN: 'S3',
  PRIMARY_HANDOVER: 'S4',
};

function inWords(diagnosis: Diagnosis): string {
  const lines = [
    `${diagnosis.reason} (${CERTAINTY[diagnosis.confidence]})`,
    `  What it means: ${diagnosis.message}`,
    `  Who acts:      ${diagnosis.retryable && diagnosis.actor === 'NOBODY' ? 'nobody, it is tried again' : WHO[diagnosis.actor]}`,
    `  What to do:    ${WHAT[diagnosis.action]}`,
    `  Tried again:   ${diagnosis.retryable ? 'yes, by itself' : 'no, somebody has to act first'}`,
  ];
  if (diagnosis.alternatives.length > 0) lines.push(`  Could also be: ${diagnosis.alternatives.join(', ')}`);
  if (diagnosis.scenario !== null) lines.push(`  Scenario:      ${SCENARIOS[diagnosis.scenario]} ${diagnosis.scenario}`);
  return lines.join('\n');
}

const CERTAINTY: Readonly<Record<Diagnosis['confidence'], string>> = {
  CERTAIN: 'certain',
  LIKELY: 'likely',
  AMBIGUOUS: 'one of several causes',
  UNKNOWN: 'not recognized',
};

const WHO: Readonly<Record<Actor, string>> = {
  NOBODY: 'nobody',
  MAILBOX_OWNER: 'the owner of the mailbox',
  WORKSPACE_ADMIN: 'an admin of the help desk',
  TENANT_ADMIN: 'an administrator of the mail organization',
  GATEWAY_OPERATOR: 'the operator of the gateway',
};

const WHAT: Readonly<Record<RepairAction, string>> = {
  REAUTHORIZE: 'sign in again',
  REFRESH_THEN_REAUTHORIZE: 'get a fresh access token; if that is refused too, sign in again',
  MIGRATE_TO_OAUTH: 'move the mailbox to OAuth by signing in',
  UPDATE_PASSWORD: 'enter the present password',
  CREATE_APP_PASSWORD: 'create an app password and enter it',
  UNLOCK_IN_BROWSER: 'log in with a web browser once and confirm what it asks',
  ENABLE_IMAP: 'enable IMAP for the mailbox',
  ENABLE_SMTP_AUTH: 'enable Authenticated SMTP for the mailbox and the organization',
  UNLOCK_ACCOUNT: 'unlock the account, or wait until the lock ends',
  ENABLE_ACCOUNT: 'enable or activate the account',
  CHECK_ACCOUNT: 'check the name of the account',
  USE_RIGHT_ACCOUNT: 'sign in with the right account',
  GRANT_ADMIN_CONSENT: 'grant admin consent to the application',
  CONTACT_ADMIN_POLICY: 'ask the administrator to allow it in the policy',
  UPDATE_CLIENT_SECRET: 'set a valid client secret or certificate',
  FIX_APP_REGISTRATION: 'correct the registration of the application',
  PUBLISH_APP: 'publish the application',
  FIX_TENANT: 'correct the configured tenant or cloud',
  ASSIGN_LICENCE_OR_PERMISSION: 'assign a licence or the permission to use the mailbox',
  FIX_SENDER_PERMISSION: 'give the account the permission to send as this address',
  CHECK_HOST_PORT: 'check server name and port',
  CHECK_TLS_MODE: 'check port and encryption (TLS or STARTTLS)',
  CHECK_CERTIFICATE: "have the server's certificate repaired; never ignore it",
  CHECK_AUTH_METHOD: 'check the authentication method',
  CHECK_SENDER_IP: 'have the network address of the gateway unblocked',
  CHECK_NETWORK_THEN_RETRY: 'check the network of the gateway; it tries again by itself',
  RESTART_SIGN_IN: 'start the sign-in again',
  WAIT_AND_RETRY: 'wait; the gateway tries again by itself',
  CONTACT_PROVIDER_SUPPORT: "ask the provider's support",
  RESTORE_KEYRING: 'restore the key ring of the gateway',
  INSPECT: "look at the provider's message",
};
