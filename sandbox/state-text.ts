import type { SandboxState } from './sandbox.ts';

/** The state as tables for a terminal. */
export function stateText({ servers, accounts, signIn }: SandboxState): string {
  const serverRows = servers.map((server) => [
    server.name,
    `${server.host}:${server.port}`,
    server.security,
    String(server.loginAttempts),
    server.fault?.kind ?? '-',
  ]);
  const accountRows = accounts.map((account) => [
    account.address,
    account.disabled ? 'disabled' : 'enabled',
    `${account.loginsAccepted.imap}/${account.loginAttempts.imap}`,
    `${account.loginsAccepted.smtp}/${account.loginAttempts.smtp}`,
    account.fault?.kind ?? '-',
  ]);
  const signInRows = signIn.map(({ name, origin, tokenRequests, fault }) => [
    name,
    origin,
    String(tokenRequests['authorization_code'] ?? 0),
    String(tokenRequests['refresh_token'] ?? 0),
    fault?.kind ?? '-',
  ]);
  const peopleRows = signIn.flatMap(({ name, people }) =>
    people.map((person) => [person.address, name, String(person.livingGrants), person.fault ?? '-']),
  );
  return [
    table(['SERVER', 'ADDRESS', 'SECURITY', 'LOGINS', 'FAULT'], serverRows),
    table(['ACCOUNT', 'STATE', 'IMAP OK/ALL', 'SMTP OK/ALL', 'FAULT'], accountRows),
    ...(signIn.length === 0
      ? []
      : [table(['SIGN-IN', 'ADDRESS', 'CODES', 'REFRESHES', 'FAULT'], signInRows), table(['PERSON', 'AT', 'GRANTS', 'FAULT'], peopleRows)]),
  ].join('\n\n');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)));
  return [head, ...rows]
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
