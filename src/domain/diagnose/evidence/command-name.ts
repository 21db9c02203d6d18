const MECHANISMS = new Set([
  'PLAIN',
  'LOGIN',
  'CRAM-MD5',
  'DIGEST-MD5',
  'SCRAM-SHA-1',
  'SCRAM-SHA-256',
  'NTLM',
  'XOAUTH',
  'XOAUTH2',
  'OAUTHBEARER',
]);
const VERB =
  /^(?:[A-Z]{1,6}\d{1,9} )?(AUTHENTICATE|AUTH|LOGIN|CAPABILITY|NAMESPACE|SELECT|EXAMINE|ID|NOOP|LIST|EHLO|HELO|LHLO|CONN|STARTTLS|MAIL FROM|RCPT TO|DATA|QUIT|USER|PASS)\b[: ]*(\S*)/i;

/** A command without its arguments, which may hold a password: "AUTH PLAIN", "LOGIN", "MAIL FROM". Null when it is none that we know. */
export function commandName(command: string | null): string | null {
  const found = command === null ? null : VERB.exec(command.trim());
  const verb = found?.[1]?.toUpperCase();
  if (verb === undefined) return null;
  const mechanism = found?.[2]?.toUpperCase() ?? '';
  return (verb === 'AUTH' || verb === 'AUTHENTICATE') && MECHANISMS.has(mechanism) ? `${verb} ${mechanism}` : verb;
}
