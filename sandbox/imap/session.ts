import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { SecureContext } from 'node:tls';
import { imapRefusal } from '../flavours.ts';
import type { Judge } from '../judge.ts';
import { countLogin, hasFault } from '../server-switches.ts';
import type { ServerSwitches } from '../server-switches.ts';
import type { Mechanism, ServerSpec } from '../server-spec.ts';
import { readCommand } from './command.ts';
import type { Command } from './command.ts';
import { readSasl, tokenChallenge } from './sasl.ts';
import type { SaslLogin } from './sasl.ts';
import { createWire } from './wire.ts';

export interface ImapServerParts {
  readonly spec: ServerSpec;
  readonly switches: ServerSwitches;
  readonly judge: Judge;
  readonly secureContext: SecureContext;
}

const FOLDERS = ['INBOX', 'Archive', 'Drafts', 'Sent', 'Trash'] as const;
const GREETINGS = {
  generic: 'OK IMAP4rev1 sandbox ready.',
  microsoft: 'OK The Microsoft Exchange IMAP4 service is ready. (sandbox)',
  gmail: 'OK Gimap ready for requests (sandbox)',
} as const;

/** Serves one IMAP connection to its end. Never rejects: whatever the client does concerns this connection only. */
export async function serveImap(socket: Socket, parts: ImapServerParts): Promise<void> {
  const { spec, switches, judge, secureContext } = parts;
  let secure = spec.security === 'tls';
  let loggedIn = false;
  let connected = true;
  const encrypt = (): TLSSocket => new TLSSocket(socket, { isServer: true, secureContext });
  const wire = createWire(secure ? encrypt() : socket);

  function capabilities(): string {
    const offersStarttls = spec.security === 'starttls' && !secure && !hasFault(switches, 'no-starttls');
    const offersLogin = !offersStarttls && !hasFault(switches, 'login-disabled');
    const words = ['IMAP4rev1', 'SASL-IR', 'LITERAL+', 'ID', 'ENABLE', 'NAMESPACE'];
    if (offersStarttls) words.push('STARTTLS');
    if (loggedIn) return words.join(' ');
    return [...words, ...(offersLogin ? spec.mechanisms.map((mechanism) => `AUTH=${mechanism}`) : ['LOGINDISABLED'])].join(' ');
  }

  function offersLogin(): boolean {
    return !capabilities().includes('LOGINDISABLED');
  }

  /** False when the connection is over. */
  async function judgeLogin(tag: string, login: SaslLogin, mechanism: Mechanism): Promise<boolean> {
    countLogin(switches, secure);
    const verdict = await judge.judge({ protocol: 'imap', ...login, serverFault: switches.fault });
    switch (verdict.kind) {
      case 'ACCEPT':
        loggedIn = true;
        connected = verdict.connected;
        wire.send(`${tag} OK [CAPABILITY ${capabilities()}] Logged in`);
        return true;
      case 'REFUSE':
        if (verdict.refusal === 'token-refused') {
          wire.send(`+ ${tokenChallenge(mechanism)}`);
          if ((await wire.readLine()) === null) return false;
        }
        wire.send(`${tag} ${imapRefusal(spec.flavour, verdict.refusal, mechanism)}`);
        return true;
      case 'THROTTLE':
        wire.send(`${tag} BAD Request is throttled. Suggested Backoff Time: ${verdict.ms} milliseconds`);
        return true;
      case 'REPLY':
        wire.send(verdict.text.startsWith('BYE') ? `* ${verdict.text}` : `${tag} ${verdict.text}`);
        return !verdict.text.startsWith('BYE');
      case 'BYE':
        wire.send(spec.flavour === 'microsoft' ? '* BYE Connection closed. 14' : '* BYE Temporary problem, please try again later.');
        return false;
      case 'DROP':
        socket.destroy();
        return false;
      case 'HANG':
        await wire.closed;
        return false;
    }
  }

  async function authenticate({ tag, args }: Command): Promise<boolean> {
    const asked = args[0]?.toUpperCase();
    const mechanism = spec.mechanisms.find((offered) => offered === asked);
    if (mechanism === undefined || !offersLogin()) {
      wire.send(`${tag} NO [CANNOT] Unsupported authentication mechanism.`);
      return true;
    }
    const login = await readSasl(wire, mechanism, args[1]);
    if (login === null) return false;
    if (login === 'cancelled') {
      wire.send(`${tag} BAD Authentication cancelled.`);
      return true;
    }
    return judgeLogin(tag, login, mechanism);
  }

  function openMailbox({ tag, name, args }: Command): void {
    if (!loggedIn) {
      wire.send(`${tag} BAD Please log in first.`);
      return;
    }
    if (!connected) {
      wire.send(`${tag} BAD User is authenticated but not connected.`);
      return;
    }
    for (const line of contentOf(name, args)) wire.send(`* ${line}`);
    wire.send(`${tag} OK ${name} completed.`);
  }

  /** False when the connection is over. */
  async function answer(command: Command): Promise<boolean> {
    const { tag, name, args } = command;
    switch (name) {
      case 'CAPABILITY':
        wire.send(`* CAPABILITY ${capabilities()}`);
        break;
      case 'ID':
        wire.send('* ID ("name" "sandbox" "version" "1")');
        break;
      case 'NOOP':
      case 'ENABLE':
        break;
      case 'STARTTLS':
        if (!capabilities().includes('STARTTLS')) {
          wire.send(`${tag} BAD STARTTLS is not available.`);
          return true;
        }
        wire.send(`${tag} OK Begin TLS negotiation now.`);
        wire.release();
        wire.attach(encrypt());
        secure = true;
        return true;
      case 'LOGIN': {
        const [username, password] = args;
        if (!offersLogin()) wire.send(`${tag} NO [PRIVACYREQUIRED] Logging in is disabled on this connection.`);
        else if (username === undefined || password === undefined) wire.send(`${tag} BAD LOGIN takes a user name and a password.`);
        else return judgeLogin(tag, { username, proof: { kind: 'password', password } }, 'LOGIN');
        return true;
      }
      case 'AUTHENTICATE':
        return authenticate(command);
      case 'NAMESPACE':
      case 'LIST':
      case 'LSUB':
      case 'STATUS':
      case 'SELECT':
      case 'EXAMINE':
        openMailbox(command);
        return true;
      case 'LOGOUT':
        wire.send('* BYE Logging out');
        wire.send(`${tag} OK Logout completed.`);
        return false;
      default:
        wire.send(`${tag === '' ? '*' : tag} BAD Unknown command.`);
        return true;
    }
    wire.send(`${tag} OK ${name} completed.`);
    return true;
  }

  if (hasFault(switches, 'bye-greeting')) {
    wire.send('* BYE Server is shutting down, try again later.');
    wire.end();
    return;
  }
  wire.send(`* ${GREETINGS[spec.flavour]}`);
  for (;;) {
    const command = await readCommand(wire);
    if (command === null) return;
    if (!(await answer(command))) break;
  }
  wire.end();
}

function contentOf(name: string, args: readonly string[]): string[] {
  const [folder = 'INBOX'] = args;
  switch (name) {
    case 'NAMESPACE':
      return ['NAMESPACE (("" "/")) NIL NIL'];
    case 'LIST':
    case 'LSUB':
      // LIST "" "" asks for the delimiter only (RFC 9051 section 6.3.9).
      return args[1] === '' ? [`${name} (\\Noselect) "/" ""`] : FOLDERS.map((path) => `${name} (\\HasNoChildren) "/" "${path}"`);
    case 'STATUS':
      return [`STATUS "${folder}" (MESSAGES 0 UIDNEXT 1 UIDVALIDITY 1 UNSEEN 0)`];
    default:
      return ['FLAGS (\\Seen \\Deleted)', '0 EXISTS', 'OK [UIDVALIDITY 1] UIDs valid', 'OK [UIDNEXT 1] Predicted next UID'];
  }
}
