import { ImapFlow } from 'imapflow';
import type { AuthOptions } from 'imapflow';
import { tlsOptions } from '../../network/tls.ts';
import { createAttempt } from '../login-attempt.ts';
import type { OpenConnection, ProbeParts } from '../login-attempt.ts';
import { loginTimeouts, MAX_LINE_BYTES, MAX_LITERAL_BYTES, MAX_RESPONSE_BYTES, MAX_RESPONSE_TOKENS } from '../login-limits.ts';
import type { LegLogin, Probe } from '../probe.ts';
import { listenToServer } from './server-talk.ts';
import type { ServerTalk } from './server-talk.ts';

/**
 * Proves an IMAP login with imapflow: connect, TLS, login, NAMESPACE, LIST, LOGOUT. The list is part of the proof:
 * Exchange accepts a login to a mailbox that it then does not open ("User is authenticated but not connected").
 * Never rejects; see `Probe`.
 */
export function createImapProbe(parts: ProbeParts): Probe {
  return createAttempt('IMAP', parts.pinHost, openImap(parts.ca));
}

function openImap(ca: readonly string[] | null): OpenConnection {
  return (login, pinned, remainingMs) => {
    const timeouts = loginTimeouts(remainingMs);
    const tls = tlsOptions(pinned, ca);
    let end: (error: unknown) => void = () => undefined;
    const ended = new Promise<never>((_resolve, reject) => {
      end = reject;
    });
    const talk = listenToServer(
      (error) => {
        end(error);
      },
      () => client.authenticated !== false,
    );
    const client: ImapFlow = new ImapFlow({
      host: pinned.address,
      port: pinned.port,
      // Also what OAUTHBEARER tells the server about itself (RFC 7628 section 3.1).
      ...(tls.servername === undefined ? {} : { servername: tls.servername }),
      secure: login.server.security === 'TLS',
      // Unset, the library logs in in clear when the server does not offer STARTTLS.
      doSTARTTLS: login.server.security === 'STARTTLS',
      tls,
      auth: authOf(login),
      clientInfo: { name: 'mailbox-gateway', version: false, vendor: false, 'support-url': false },
      verifyOnly: true,
      includeMailboxes: true,
      disableAutoIdle: true,
      logger: talk.logger,
      connectionTimeout: timeouts.connectMs,
      greetingTimeout: timeouts.greetingMs,
      socketTimeout: timeouts.silenceMs,
      maxLineLength: MAX_LINE_BYTES,
      maxLiteralSize: MAX_LITERAL_BYTES,
      maxResponseSize: MAX_RESPONSE_BYTES,
      maxResponseTokens: MAX_RESPONSE_TOKENS,
    });
    // What happens after connect() settled is of no interest, but an error event without a listener ends the process.
    client.on('error', () => undefined);
    return {
      proven: Promise.race([client.connect(), ended]).catch((error: unknown) => {
        throw trueError(error, talk, client.byeReason);
      }),
      expired: () => expiredIn(client),
      // imapflow puts the challenge on its error.
      saslError: () => null,
      destroy() {
        client.close();
      },
    };
  };
}

function authOf(login: LegLogin): AuthOptions {
  switch (login.proof.kind) {
    case 'PASSWORD':
      return { user: login.username, pass: login.proof.password.reveal() };
    case 'ACCESS_TOKEN':
      return { user: login.username, accessToken: login.proof.accessToken.reveal() };
  }
}

/**
 * What really went wrong, with what the server said beside its answer. The library's own conclusions ("Server does not
 * support STARTTLS", "Already logged out") are not believed where it had lost the connection before it drew them:
 * an outage would look like a wrong setting or a refused password.
 */
function trueError(error: unknown, talk: ServerTalk, byeReason: string | undefined): unknown {
  if (!(error instanceof Error)) return error;
  const swallowed = talk.lastSwallowed();
  if (isConclusion(error)) {
    if (swallowed !== null && 'code' in swallowed) return swallowed;
    if (byeReason !== undefined) return Object.assign(new Error('Connection not available'), { code: 'NoConnection', reason: byeReason });
  }
  const untaggedNo = talk.lastUntaggedNo();
  const said = untaggedNo === null ? (isConclusion(error) ? swallowed : null) : new Error(untaggedNo);
  if (said !== null && error.cause === undefined) error.cause = said;
  return error;
}

/** Drawn by the library, not answered by the server and not met on the wire. */
function isConclusion(error: Error): boolean {
  return !('code' in error) && !('responseStatus' in error) && !('response' in error);
}

/** The codes are those that imapflow gives its own time-outs. */
function expiredIn(client: ImapFlow): Error {
  if (client.connectedAt === null) return timeout('Failed to establish connection in required time', 'CONNECT_TIMEOUT');
  if (client.greeting === undefined) return timeout('Failed to receive greeting from server in required time', 'GREETING_TIMEOUT');
  return timeout('The login was not answered in time', 'ETIMEOUT');
}

function timeout(message: string, code: string): Error {
  return Object.assign(new Error(message), { code });
}
