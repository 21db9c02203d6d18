import type { Socket } from 'node:net';
import { SMTPServer } from 'smtp-server';
import type { SMTPServerAuthentication, SMTPServerAuthenticationResponse, SMTPServerSession } from 'smtp-server';
import type { Certificates } from '../certificates.ts';
import { smtpRefusal } from '../flavours.ts';
import type { Judge } from '../judge.ts';
import { countLogin, hasFault } from '../server-switches.ts';
import type { ServerSwitches } from '../server-switches.ts';
import type { ServerSpec } from '../server-spec.ts';
import type { LoginProof } from '../verdict.ts';

export interface SmtpServerParts {
  readonly spec: ServerSpec;
  readonly switches: ServerSwitches;
  readonly judge: Judge;
  readonly certificates: Certificates;
  /** Cuts the connection that came from this port of the client. */
  readonly cut: (remotePort: number) => void;
}

export interface SmtpSessions {
  serve(socket: Socket): void;
  close(): void;
}

type Reply = (error: Error | null, response?: SMTPServerAuthenticationResponse) => void;

/** The npm smtp-server behind a door of ours. Takes mail and forgets it. */
export function createSmtpSessions({ spec, switches, judge, certificates, cut }: SmtpServerParts): SmtpSessions {
  const server = new SMTPServer({
    secure: spec.security === 'tls',
    key: certificates.keyPem,
    cert: certificates.certificatePem,
    authMethods: [...spec.mechanisms],
    disableReverseLookup: true,
    logger: false,
    closeTimeout: 100,
    banner: 'sandbox',
    onConnect(session, done) {
      disableCommands(session);
      done(hasFault(switches, 'bye-greeting') ? replyError('421 4.3.2 Service is shutting down, try again later.') : null);
    },
    onSecure(_socket, session, done) {
      disableCommands(session);
      done(null);
    },
    onAuth(auth, session, done) {
      countLogin(switches, session.secure);
      void answerLogin(auth, session, done);
    },
    onData(stream, _session, done) {
      stream.resume();
      stream.once('end', () => {
        done(null, 'Accepted and forgotten');
      });
    },
  });
  // A failed handshake or a reset concerns one client only.
  server.on('error', () => undefined);

  function disableCommands(session: SMTPServerSession): void {
    if (hasFault(switches, 'no-starttls')) session.disabledCommands = ['STARTTLS'];
    if (hasFault(switches, 'login-disabled')) session.disabledCommands = ['AUTH'];
  }

  async function answerLogin(auth: SMTPServerAuthentication, session: SMTPServerSession, reply: Reply): Promise<void> {
    const verdict = await judge.judge({
      protocol: 'smtp',
      username: auth.username ?? '',
      proof: proofOf(auth),
      serverFault: switches.fault,
    });
    switch (verdict.kind) {
      case 'ACCEPT':
        reply(null, { user: auth.username });
        return;
      case 'REFUSE':
        if (verdict.refusal === 'token-refused' && spec.flavour !== 'microsoft') {
          // smtp-server sends this as the 334 challenge and ends with 535. Exchange sends none.
          reply(null, { data: { status: '401', schemes: 'bearer', scope: 'mail' } });
        } else {
          reply(replyError(smtpRefusal(spec.flavour, verdict.refusal)));
        }
        return;
      case 'THROTTLE':
        reply(replyError('454 4.7.0 Too many login attempts, please try again later.'));
        return;
      case 'REPLY':
        reply(replyError(verdict.text));
        return;
      case 'BYE':
        reply(replyError('421 4.3.2 Service is shutting down, try again later.'));
        return;
      case 'DROP':
        cut(session.remotePort);
        return;
      case 'HANG':
        return;
    }
  }

  return {
    serve(socket) {
      server.server.emit('connection', socket);
    },
    close() {
      server.close();
    },
  };
}

function proofOf(auth: SMTPServerAuthentication): LoginProof {
  return auth.accessToken === undefined ? { kind: 'password', password: auth.password ?? '' } : { kind: 'token', token: auth.accessToken };
}

/** smtp-server puts the code before the message by itself. */
function replyError(line: string): Error {
  return Object.assign(new Error(line.slice(4)), { responseCode: Number(line.slice(0, 3)) });
}
