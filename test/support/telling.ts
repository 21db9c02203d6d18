import { describe, test } from 'vitest';
import { hasDovecot } from './dovecot.ts';
import { describeOnEngine, ENGINES, type EngineName } from './gateway.ts';
import {
  MAIL_KINDS,
  MAIL_NAMES,
  SANDBOX_ALONE,
  type MailKind,
  type MailServers,
  type MailServersOptions,
  type SandboxAlone,
} from './mail-servers.ts';
import { startDovecotServers } from './mail-servers-dovecot.ts';
import { startSandboxServers } from './mail-servers-sandbox.ts';

/** What one telling of a scenario runs on. */
export interface Telling {
  readonly engine: EngineName;
  readonly mail: MailKind;
}

/** Every engine with every kind of mail servers. */
const ALL: readonly Telling[] = MAIL_KINDS.flatMap((mail) => ENGINES.map((engine) => ({ engine, mail })));

/** Every engine once and every kind of mail servers once. */
const EACH_ONCE: readonly Telling[] = [
  { engine: 'mongodb', mail: 'sandbox' },
  { engine: 'sqlite', mail: 'dovecot' },
];

/**
 * Tells a scenario on every engine, against the sandbox's mail servers and against a real Dovecot. What this machine does not have
 * is a visible skip (never with REQUIRE_REAL=1).
 */
export function tell(scenario: string, suite: (telling: Telling) => void): void {
  for (const telling of ALL) tellOn(telling, scenario, suite);
}

/** The same for a story in which the mail servers have no part but to be there. */
export function tellEachOnce(story: string, suite: (telling: Telling) => void): void {
  for (const telling of EACH_ONCE) tellOn(telling, story, suite);
}

function tellOn(telling: Telling, title: string, suite: (telling: Telling) => void): void {
  describe(`${title}, against ${MAIL_NAMES[telling.mail]}`, () => {
    if (telling.mail === 'sandbox' || hasDovecot()) describeOnEngine(telling.engine, 'told', () => suite(telling));
    else test.skip(`needs Dovecot (apt-get install dovecot-imapd dovecot-submissiond), on ${telling.engine}`, () => undefined);
  });
}

/** Mail servers of this kind. Tell nothing against a kind that this machine does not have. */
export async function startMailServers(kind: MailKind, options: MailServersOptions): Promise<MailServers> {
  const servers = kind === 'sandbox' ? await startSandboxServers(options) : await startDovecotServers(options);
  if (servers === null) throw new Error(`This machine has no ${MAIL_NAMES[kind]}.`);
  return servers;
}

/** A test of what only the sandbox can do; where the mail servers are real there is no such test, and its title says why. */
export function testOfSandbox({ mail }: Telling, alone: SandboxAlone, title: string, work: () => Promise<void>): void {
  if (mail === 'sandbox') test(`${title} (${SANDBOX_ALONE[alone]})`, work);
}
