import SMTPConnection from 'nodemailer/lib/smtp-connection';
import type { SMTPConnectionAuth, SMTPConnectionCustomAuthContext } from 'nodemailer/lib/smtp-connection';
import type { Evidence } from '../../domain/evidence.ts';
import { tlsOptions } from '../../network/tls.ts';
import { createAttempt } from '../login-attempt.ts';
import type { OpenConnection, ProbeParts } from '../login-attempt.ts';
import { FAREWELL_MS, loginTimeouts, MAX_LINE_BYTES } from '../login-limits.ts';
import type { LegLogin, Probe } from '../probe.ts';
import { authenticateWithToken } from './oauth-sasl.ts';

/** A name of our own: nodemailer tries a method called XOAUTH2 only when the server offers no password mechanism first. */
const TOKEN_METHOD = 'GATEWAY-TOKEN';

/**
 * Proves an SMTP login with nodemailer's connection: connect, TLS, EHLO, AUTH, QUIT; nothing is sent.
 * The login is always tried (nodemailer's forceAuth): verify() alone is content with a server that offers no AUTH.
 * Never rejects; see `Probe`.
 */
export function createSmtpProbe(parts: ProbeParts): Probe {
  return createAttempt('SMTP', parts.pinHost, openSmtp(parts.ca));
}

function openSmtp(ca: readonly string[] | null): OpenConnection {
  return (login, pinned, remainingMs) => {
    const timeouts = loginTimeouts(remainingMs);
    let saslError: Evidence['saslError'] = null;
    let mechanism: string | null = null;
    const connection = new SMTPConnection({
      host: pinned.address,
      port: pinned.port,
      secure: login.server.security === 'TLS',
      // Unset, the library logs in in clear when the server does not offer STARTTLS.
      requireTLS: login.server.security === 'STARTTLS',
      tls: tlsOptions(pinned, ca),
      // The default would tell every server the name of the machine.
      name: '[127.0.0.1]',
      logger: false,
      connectionTimeout: timeouts.connectMs,
      greetingTimeout: timeouts.greetingMs,
      socketTimeout: timeouts.silenceMs,
      socketCloseTimeout: 0,
      maxResponseSize: MAX_LINE_BYTES,
      customAuth: {
        [TOKEN_METHOD]: async (dialogue: SMTPConnectionCustomAuthContext) => {
          if (login.proof.kind !== 'ACCESS_TOKEN') throw new Error('A password was given to the token login.');
          const reply = await authenticateWithToken(dialogue, {
            username: login.username,
            accessToken: login.proof.accessToken.reveal(),
            host: pinned.servername,
            port: pinned.port,
          });
          ({ saslError, mechanism } = reply);
          if (reply.status !== 235) throw new Error('Invalid login');
        },
      },
    });
    return {
      proven: logIn(connection, authOf(login)).catch((error: unknown) => {
        throw withMechanism(error, mechanism);
      }),
      expired: () => expiredIn(connection),
      saslError: () => saslError,
      destroy() {
        connection.close();
      },
    };
  };
}

function logIn(connection: SMTPConnection, auth: SMTPConnectionAuth): Promise<void> {
  return new Promise((resolve, reject) => {
    let proven = false;
    const settle = (error?: Error): void => {
      if (proven || error === undefined) resolve();
      else reject(error);
    };
    // Stays on for the life of the connection: an error event without a listener ends the process.
    connection.on('error', settle);
    connection.once('end', () => {
      settle(Object.assign(new Error('Connection closed unexpectedly'), { code: 'ECONNECTION', command: 'CONN' }));
    });
    connection.connect((refused) => {
      if (refused !== undefined) {
        settle(refused);
        return;
      }
      connection.login(auth, (error) => {
        if (error !== null) {
          settle(error);
          return;
        }
        proven = true;
        const farewell = setTimeout(settle, FAREWELL_MS);
        connection.once('end', () => {
          clearTimeout(farewell);
        });
        connection.quit();
      });
    });
  });
}

function authOf(login: LegLogin): SMTPConnectionAuth {
  switch (login.proof.kind) {
    case 'PASSWORD':
      return { user: login.username, pass: login.proof.password.reveal() };
    case 'ACCESS_TOKEN':
      return { user: login.username, method: TOKEN_METHOD };
  }
}

/** Code and timeoutType are those that nodemailer gives its own time-outs. */
function expiredIn(connection: SMTPConnection): Error {
  const error = new Error('The server did not answer in time');
  return Object.assign(error, { code: 'ETIMEDOUT', timeoutType: timeoutTypeOf(connection), command: 'CONN' });
}

function timeoutTypeOf(connection: SMTPConnection): string {
  if (connection.stage === 'init') return 'CONNECT_TIMEOUT';
  return connection.lastServerResponse === false ? 'GREETING_TIMEOUT' : 'SOCKET_TIMEOUT';
}

/** nodemailer names the command after our method; readers of the evidence know the mechanism. */
function withMechanism(error: unknown, mechanism: string | null): unknown {
  if (mechanism !== null && error instanceof Error) Object.assign(error, { command: `AUTH ${mechanism}` });
  return error;
}
