import type { LegLogin } from './probe.ts';

/**
 * A login that no server ever sees, because it could be read as more than one field or command.
 * The message says which part and never repeats it.
 */
export class UnsendableLogin extends Error {
  readonly code = 'INVALID_LOGIN';
  constructor(message: string) {
    super(message);
    this.name = 'UnsendableLogin';
  }
}

const MAX_USERNAME_LENGTH = 512;
const MAX_PASSWORD_LENGTH = 1024;
const MAX_TOKEN_LENGTH = 32 * 1024;

/** RFC 7628 section 3.1 frames its fields with \x01, and XOAUTH2 copies it: a control character forges fields. */
const CONTROL_CHARACTERS = /[\u0000-\u001f\u007f-\u009f]/u;
/** RFC 4616 frames with NUL; a line break ends a command. Other characters are the password's own business. */
const FRAME_BREAKERS = /[\u0000\r\n]/u;

/**
 * Throws UnsendableLogin for what would break the framing of LOGIN, SASL PLAIN, XOAUTH2 or OAUTHBEARER.
 * imapflow refuses CR and LF, nodemailer strips them, and \x01 goes into XOAUTH2 unchanged: so it is decided here.
 */
export function assertSendable(login: LegLogin): void {
  assertText('user name', login.username, MAX_USERNAME_LENGTH, CONTROL_CHARACTERS);
  switch (login.proof.kind) {
    case 'PASSWORD':
      assertText('password', login.proof.password.reveal(), MAX_PASSWORD_LENGTH, FRAME_BREAKERS);
      return;
    case 'ACCESS_TOKEN':
      assertText('access token', login.proof.accessToken.reveal(), MAX_TOKEN_LENGTH, CONTROL_CHARACTERS);
  }
}

function assertText(part: string, value: string, maxLength: number, forbidden: RegExp): void {
  if (value === '') throw new UnsendableLogin(`The ${part} is empty.`);
  if (value.length > maxLength) throw new UnsendableLogin(`The ${part} is longer than ${maxLength} characters.`);
  if (forbidden.test(value)) throw new UnsendableLogin(`The ${part} contains control characters.`);
}
