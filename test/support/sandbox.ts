import { startSandbox } from '../../sandbox/sandbox.ts';
import type { Sandbox, SandboxOptions } from '../../sandbox/sandbox.ts';
import type { ServerName } from '../../sandbox/server-spec.ts';
import type { MailServer } from '../../src/domain/mail.ts';

export type { Sandbox, SandboxOptions };

/** A sandbox on free ports. Stop it in afterAll. */
export function startTestSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  return startSandbox(options);
}

/** How a mailbox's settings name this server of the sandbox; the certificate is good for localhost. */
export function mailServerOf(sandbox: Sandbox, name: ServerName): MailServer {
  const { port, security } = sandbox.servers[name];
  return { host: 'localhost', port, security: security === 'tls' ? 'TLS' : 'STARTTLS' };
}
