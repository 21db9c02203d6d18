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

/**
 * Tells a scenario on every engine, against the sandbox's mail servers and against a real Dovecot. What this machine does not have
 * is a visible skip (never with REQUIRE_REAL=1).
 */
export function tell(scenario: string, suite: (telling: Telling) => void): void {
  for (const mail of MAIL_KINDS) {
    describe(`${scenario}, against ${MAIL_NAMES[mail]}`, () => {
      if (mail === 'dovecot' && !hasDovecot()) {
        test.skip('needs Dovecot: apt-get install dovecot-imapd dovecot-submissiond', () => undefined);
        return;
      }
      for (const engine of ENGINES) describeOnEngine(engine, 'told', () => suite({ engine, mail }));
    });
  }
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
