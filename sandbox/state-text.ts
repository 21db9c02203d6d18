import type { SandboxState } from './sandbox.ts';

/** The state as two tables for a terminal. */
export function stateText({ servers, accounts }: SandboxState): string {
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
  return [
    table(['SERVER', 'ADDRESS', 'SECURITY', 'LOGINS', 'FAULT'], serverRows),
    table(['ACCOUNT', 'STATE', 'IMAP OK/ALL', 'SMTP OK/ALL', 'FAULT'], accountRows),
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
