import type { InputIssue } from '../domain/errors.ts';
import type { MailServer } from '../domain/mail.ts';

type Path = readonly string[];
type Issues = readonly InputIssue[];

const NONE: Issues = [];
const LONGEST_ADDRESS = 254;
const LONGEST_NAME = 200;
const LONGEST_USERNAME = 320;
const LONGEST_PASSWORD = 1024;
const LONGEST_KEY = 200;

/** GraphQL's absent and null as one. */
export function given<T>(value: T | null | undefined): T | null {
  return value ?? null;
}

/** RFC 5321 without quoted local parts and address literals, which no mail provider gives out. */
export function addressIssues(path: Path, address: string): Issues {
  const at = address.lastIndexOf('@');
  const [local, domain] = [address.slice(0, Math.max(at, 0)), address.slice(at + 1)];
  const sound = at > 0 && address.length <= LONGEST_ADDRESS && /^[^\s\p{C}@<>()[\],:;\\"]{1,64}$/u.test(local) && isHostName(domain);
  return sound ? NONE : [{ path, message: 'Give an e-mail address such as support@example.com.' }];
}

export function nameIssues(path: Path, name: string | null): Issues {
  if (name === null) return NONE;
  if (hasControls(name)) return [controls(path)];
  return name.length <= LONGEST_NAME ? NONE : [{ path, message: `Use at most ${LONGEST_NAME} characters.` }];
}

export function usernameIssues(path: Path, username: string | null): Issues {
  if (username === null) return NONE;
  if (username.trim() === '') return [{ path, message: 'Give the user name, or leave it out.' }];
  if (hasControls(username)) return [controls(path)];
  return username.length <= LONGEST_USERNAME ? NONE : [{ path, message: `Use at most ${LONGEST_USERNAME} characters.` }];
}

/** Says nothing of the password but its kind of fault. */
export function passwordIssues(path: Path, password: string | null): Issues {
  if (password === null) return NONE;
  if (password === '') return [{ path, message: 'Enter the password.' }];
  if (hasControls(password)) return [controls(path)];
  return password.length <= LONGEST_PASSWORD ? NONE : [{ path, message: `Use at most ${LONGEST_PASSWORD} characters.` }];
}

/** Syntax only; what may be dialled is decided when it is dialled. */
export function serverIssues(path: Path, server: MailServer | null): Issues {
  if (server === null) return NONE;
  const host =
    isHostName(server.host) || isIpv6(server.host)
      ? NONE
      : [{ path: [...path, 'host'], message: 'Give a host name such as imap.example.com.' }];
  const port =
    Number.isInteger(server.port) && server.port >= 1 && server.port <= 65_535
      ? NONE
      : [{ path: [...path, 'port'], message: 'Give a port from 1 to 65535.' }];
  return [...host, ...port];
}

export function returnToIssues(path: Path, returnTo: string | null, allowedOrigins: readonly string[]): Issues {
  if (returnTo === null) return NONE;
  const url = URL.canParse(returnTo) ? new URL(returnTo) : null;
  const allowed =
    url !== null &&
    ['http:', 'https:'].includes(url.protocol) &&
    url.username === '' &&
    url.password === '' &&
    allowedOrigins.includes(url.origin);
  return allowed
    ? NONE
    : [{ path, message: 'This address is not on the list of places that a sign-in may return to (RETURN_TO_ORIGINS).' }];
}

export function idempotencyKeyIssues(key: string | null): Issues {
  if (key === null || (key.length >= 1 && key.length <= LONGEST_KEY && /^[\x20-\x7e]+$/.test(key))) return NONE;
  return [{ path: ['idempotencyKey'], message: `Use 1 to ${LONGEST_KEY} printable ASCII characters.` }];
}

/** What must not be there, e.g. a password for a sign-in. */
export function unwantedIssues(path: Path, value: string | null, message: string): Issues {
  return value === null ? NONE : [{ path, message }];
}

function controls(path: Path): InputIssue {
  return { path, message: 'Control characters such as line breaks are not allowed.' };
}

function hasControls(text: string): boolean {
  return /[\p{Cc}\u2028\u2029]/u.test(text);
}

function isHostName(text: string): boolean {
  const name = text.endsWith('.') ? text.slice(0, -1) : text;
  return name.length >= 1 && name.length <= 253 && name.split('.').every((label) => /^(?!-)[\p{L}\p{N}\p{M}_-]{1,63}(?<!-)$/u.test(label));
}

function isIpv6(text: string): boolean {
  return /^\[?[0-9a-f]*:[0-9a-f:.]*\]?$/i.test(text) && text.startsWith('[') === text.endsWith(']') && text.length <= 47;
}
