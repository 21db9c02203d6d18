/** Everything that can be switched wrong, for one account or for a whole server. One table; the command's help is printed from it. */

/** What a login meets. Works for one account, and for a server: then every account there meets it. */
export const LOGIN_FAULTS = {
  unavailable: 'the login fails for now: [UNAVAILABLE], 454 4.7.0',
  limit: 'too many connections: [LIMIT], 421 4.7.0',
  busy: 'the mailbox is in use: [INUSE], 454 4.7.0',
  'server-bug': 'the server broke: [SERVERBUG], 451 4.3.0',
  throttle: 'the provider throttles and says for how long (--ms, default 60000)',
  bye: 'the server says BYE or 421 instead of an answer and hangs up',
  drop: 'the connection is cut instead of an answer',
  hang: 'there is never an answer',
  delay: 'the answer is right but late (--ms, default 2000)',
  'app-password-required': 'the provider wants an app password',
  'web-login-required': 'the provider wants a login in the browser',
  'password-expired': 'the password is too old: [EXPIRED]',
  'basic-auth-disabled': 'the provider refuses every password, as Exchange Online does',
  'smtp-auth-disabled': 'SMTP only: "SmtpClientAuthentication is disabled for the Tenant"',
  'imap-disabled': 'IMAP only: IMAP is switched off for this account',
  'not-connected': 'IMAP only: the login works, the mailbox does not open ("User is authenticated but not connected")',
  reply: 'a reply of your own (--imap "NO [CODE] text", --smtp "535 5.7.8 text")',
} as const;
export type LoginFaultKind = keyof typeof LOGIN_FAULTS;

/** What a connection meets before anybody logs in. Works for a server only. */
export const SERVER_FAULTS = {
  'bye-greeting': 'the greeting is BYE or 421',
  'drop-connection': 'connections are cut before the greeting',
  'hang-connection': 'connections are accepted, then there is silence',
  'delay-greeting': 'the greeting comes late (--ms, default 2000)',
  'no-starttls': 'STARTTLS is not offered',
  'login-disabled': 'no login is offered: LOGINDISABLED, no AUTH',
} as const;
export type ServerFaultKind = keyof typeof SERVER_FAULTS;

export interface LoginFault {
  readonly kind: LoginFaultKind;
  /** For throttle and delay, milliseconds. */
  readonly ms?: number;
  /** For reply: what follows the tag on IMAP, e.g. "NO [AUTHENTICATIONFAILED] Nope". */
  readonly imap?: string;
  /** For reply: the whole SMTP line, e.g. "535 5.7.8 Nope". */
  readonly smtp?: string;
}

export interface ServerFault {
  readonly kind: ServerFaultKind;
  readonly ms?: number;
}

/** Thrown for what a person asked wrongly; the message says what would be right. */
export class SandboxInputError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'SandboxInputError';
  }
}

export function isLoginFaultKind(kind: string): kind is LoginFaultKind {
  return Object.hasOwn(LOGIN_FAULTS, kind);
}

export function isServerFaultKind(kind: string): kind is ServerFaultKind {
  return Object.hasOwn(SERVER_FAULTS, kind);
}

/** Reads a fault as the admin port gets it. Throws SandboxInputError naming what is allowed. */
export function parseLoginFault(input: unknown): LoginFault {
  const { kind, ms, imap, smtp } = faultFields(input);
  if (!isLoginFaultKind(kind)) {
    const hint = isServerFaultKind(kind) ? `"${kind}" is for a server, not for an account.` : `There is no fault "${kind}".`;
    throw new SandboxInputError(`${hint} An account can have: ${Object.keys(LOGIN_FAULTS).join(', ')}.`);
  }
  if (kind === 'reply') return replyFault(imap, smtp);
  return ms === undefined ? { kind } : { kind, ms };
}

/** Reads a fault of a server: its own kinds, and every kind of an account. */
export function parseServerFault(input: unknown): LoginFault | ServerFault {
  const { kind, ms } = faultFields(input);
  if (isServerFaultKind(kind)) return ms === undefined ? { kind } : { kind, ms };
  if (isLoginFaultKind(kind)) return parseLoginFault(input);
  const known = [...Object.keys(SERVER_FAULTS), ...Object.keys(LOGIN_FAULTS)];
  throw new SandboxInputError(`There is no fault "${kind}". A server can have: ${known.join(', ')}.`);
}

function replyFault(imap: string | undefined, smtp: string | undefined): LoginFault {
  if (imap === undefined && smtp === undefined)
    throw new SandboxInputError('A reply needs its text: --imap "NO …", --smtp "535 …", or both.');
  if (imap !== undefined && !/^(?:NO|BAD|BYE)\b/u.test(imap)) throw new SandboxInputError('An IMAP reply starts with NO, BAD or BYE.');
  if (smtp !== undefined && !/^[45]\d\d[ -]/u.test(smtp))
    throw new SandboxInputError('An SMTP reply starts with a code of the 400s or 500s, e.g. "535 5.7.8 Nope".');
  return { kind: 'reply', ...(imap === undefined ? {} : { imap }), ...(smtp === undefined ? {} : { smtp }) };
}

/** What every fault is made of, as the admin port gets it. Throws SandboxInputError naming what is allowed. */
export function faultFields(input: unknown): { kind: string; ms: number | undefined; imap: string | undefined; smtp: string | undefined } {
  const fields: Record<string, unknown> = typeof input === 'object' && input !== null ? { ...input } : { kind: input };
  const { kind, ms, imap, smtp } = fields;
  if (typeof kind !== 'string') throw new SandboxInputError('A fault is {"kind": "…"}.');
  if (ms !== undefined && !(typeof ms === 'number' && Number.isInteger(ms) && ms >= 0 && ms <= 600_000)) {
    throw new SandboxInputError('"ms" is a whole number of milliseconds up to 600000.');
  }
  return { kind, ms, imap: lineOf('imap', imap), smtp: lineOf('smtp', smtp) };
}

/** One line, so that a reply cannot become two. */
function lineOf(name: string, value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'string' || /[\r\n]/u.test(value)) throw new SandboxInputError(`"${name}" is one line of text.`);
  return value;
}
