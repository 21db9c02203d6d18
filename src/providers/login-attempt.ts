import { evidenceOf, gatewayEvidence } from '../domain/diagnose/evidence-of.ts';
import type { Evidence, EvidenceContext } from '../domain/evidence.ts';
import { HostNotAllowed } from '../network/dial.ts';
import type { PinHost, PinnedHost } from '../network/dial.ts';
import { startDeadline, untilAborted } from '../network/deadline.ts';
import type { Secret } from '../vault/secret.ts';
import type { LegLogin, Probe, ProbeOutcome } from './probe.ts';
import { formsOfSecret } from './secret-forms.ts';
import { assertSendable, UnsendableLogin } from './sendable-login.ts';
import { startsWithTls } from './tls-first.ts';

/** What both probes are made of. */
export interface ProbeParts {
  readonly pinHost: PinHost;
  /** Additional CA certificates, PEM; null for the default roots alone. */
  readonly ca: readonly string[] | null;
}

/** One connection that tries to log in. The attempt owns it: it is destroyed in every case. */
export interface LoginConnection {
  /** Resolves once the login is proven; rejects with whatever the library threw. May hang: the attempt does not. */
  readonly proven: Promise<void>;
  /** The error for a deadline that cut the connection short: its code names the phase, in the library's words. */
  expired(): Error;
  /** The decoded SASL challenge, for a library that does not put it on its error; else null. */
  saslError(): Evidence['saslError'];
  /** Destroys the socket at once. Idempotent, never throws. */
  destroy(): void;
}

/** Starts a connection to the pinned address. `remainingMs` is what is left of the deadline. */
export type OpenConnection = (login: LegLogin, pinned: PinnedHost, remainingMs: number) => LoginConnection;

/**
 * Makes a probe of one protocol: checks what is about to be sent, pins the host, logs in under one deadline and
 * turns whatever happened into an outcome. Every path ends with the socket destroyed and the timers cleared.
 */
export function createAttempt(protocol: 'IMAP' | 'SMTP', pinHost: PinHost, open: OpenConnection): Probe {
  return async (login, options) => {
    const context = contextOf(protocol, login);
    const deadline = startDeadline(options.timeoutMs, options.signal);
    let connection: LoginConnection | null = null;
    let pinned: PinnedHost | null = null;
    try {
      assertSendable(login);
      const { host, port } = login.server;
      pinned = await untilAborted(pinHost(host, port, 'mail', deadline.signal), deadline.signal);
      connection = open(login, pinned, deadline.remainingMs());
      await untilAborted(connection.proven, deadline.signal);
      return { kind: 'PROVEN' };
    } catch (thrown) {
      const error = deadline.signal.aborted ? endOf(connection, options.signal) : thrown;
      const evidence = evidenceFrom(error, context, formsOfSecret(secretOf(login)), connection);
      if (pinned !== null && (await isWrongMode(login, pinned, evidence, deadline.signal))) {
        return failed(gatewayEvidence('TLS_MODE_MISMATCH', context, 'The server expects TLS from the start on this port.'));
      }
      return failed(evidence);
    } finally {
      connection?.destroy();
      deadline.dispose();
    }
  };
}

/** No greeting in clear can mean an overloaded server or a port for TLS. Guessing would be wrong half of the time: ask. */
async function isWrongMode(login: LegLogin, pinned: PinnedHost, evidence: Evidence, signal: AbortSignal): Promise<boolean> {
  return login.server.security === 'STARTTLS' && evidence.codes.includes('GREETING_TIMEOUT') && startsWithTls(pinned, signal);
}

/** The caller, not the clock, ended the attempt. Says nothing about the login. */
class AttemptStopped extends Error {
  constructor() {
    super('The gateway stopped this check before it was finished.');
    this.name = 'AttemptStopped';
  }
}

function endOf(connection: LoginConnection | null, caller: AbortSignal | undefined): Error {
  if (caller?.aborted === true) return new AttemptStopped();
  if (connection !== null) return connection.expired();
  return Object.assign(new Error('The host name was not resolved in time.'), { code: 'EAI_AGAIN', syscall: 'getaddrinfo' });
}

function evidenceFrom(error: unknown, context: EvidenceContext, secrets: readonly string[], connection: LoginConnection | null): Evidence {
  if (error instanceof HostNotAllowed) return gatewayEvidence('HOST_NOT_ALLOWED', context, error.message);
  if (error instanceof AttemptStopped) return gatewayEvidence('CONNECTION_CLOSED', context, error.message);
  const evidence = evidenceOf(error, context, secrets);
  if (error instanceof UnsendableLogin) return { ...evidence, library: 'gateway' };
  return { ...evidence, saslError: evidence.saslError ?? connection?.saslError() ?? null };
}

function secretOf({ proof }: LegLogin): Secret {
  return proof.kind === 'PASSWORD' ? proof.password : proof.accessToken;
}

function contextOf(protocol: 'IMAP' | 'SMTP', login: LegLogin): EvidenceContext {
  return {
    protocol,
    provider: login.provider,
    host: login.server.host,
    authMethod: login.proof.kind === 'PASSWORD' ? 'BASIC' : 'OAUTH2',
  };
}

function failed(evidence: Evidence): ProbeOutcome {
  return { kind: 'FAILED', evidence };
}
