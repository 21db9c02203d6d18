/** The texts of --help: what a command does, and examples that can be pasted. */
export const USAGE = {
  main: `mailbox-gateway: knows, live, whether every help-desk mailbox can really log in, and repairs it.

Usage: mailbox-gateway <command> [options]

  serve            run the gateway (same as npm start)
  tokens           create, list and revoke API tokens
  keys             status, add, activate and rotate the keys that seal every secret
  explain          say what an error of a mail server or sign-in service means
  migrate          bring the database up to date (needed for MongoDB; serve does it for SQLite)
  doctor           check configuration, database, keys, sign-in apps, clock and network

Every command takes --help. Configuration comes from the environment: see .env.example.

Examples:
  mailbox-gateway tokens create --workspace acme --role admin
  mailbox-gateway serve
  mailbox-gateway explain "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant."
`,
  serve: `Usage: mailbox-gateway serve

Runs the gateway until SIGTERM or SIGINT; both stop it gracefully within 30 seconds.

Examples:
  mailbox-gateway serve
  DATABASE_URL=mongodb://127.0.0.1/gateway?replicaSet=rs0 PORT=8080 mailbox-gateway serve
`,
  tokens: `Usage:
  mailbox-gateway tokens create --workspace NAME --role viewer|worker|admin [--name TEXT] [--expires 90d]
  mailbox-gateway tokens list
  mailbox-gateway tokens revoke ID

create makes the workspace if it is new and prints the token, and only the token, on standard output. It is shown once;
only its hash is stored. --expires takes a number and h, d or w: 12h, 90d, 8w. Without it the token does not expire.
A revoked token's connections close within 5 seconds, on every process.

Examples:
  TOKEN=$(mailbox-gateway tokens create --workspace acme --role admin)
  mailbox-gateway tokens create --workspace acme --role worker --name fetcher-1 --expires 90d
  mailbox-gateway tokens list
`,
  keys: `Usage:
  mailbox-gateway keys status
  mailbox-gateway keys add
  mailbox-gateway keys activate [KEY]
  mailbox-gateway keys rotate
  mailbox-gateway keys remove KEY

status shows the keys, which one is active, and how many secrets each still seals. add makes a new key. activate lets new
secrets use it, once every serving process has it. rotate re-wraps all secrets under the active key while the gateway
serves; afterwards status says which keys may be removed, and remove does it.

Examples:
  mailbox-gateway keys add && mailbox-gateway keys activate && mailbox-gateway keys rotate
`,
  explain: `Usage:
  mailbox-gateway explain [TEXT]        the text, or standard input when there is none
  mailbox-gateway explain --jsonl       one JSON object a line on standard input, one answer a line on standard output

Options:
  --provider microsoft|google|other   --protocol imap|smtp|oauth|network   --auth password|oauth   --host NAME
  --json                              the answer as JSON

Examples:
  mailbox-gateway explain "NO [AUTHENTICATIONFAILED] Invalid credentials (Failure)" --provider google --protocol imap
  echo '{"id":1,"protocol":"smtp","raw":{"code":"EAUTH","responseCode":454,"response":"454 4.7.0 Try again later"}}' | mailbox-gateway explain --jsonl
`,
  migrate: `Usage: mailbox-gateway migrate

Brings the database up to date: numbered migrations and indexes. Safe to repeat; a stopped run goes on where it was.

Example:
  DATABASE_URL=mongodb://127.0.0.1/gateway?replicaSet=rs0 mailbox-gateway migrate
`,
  doctor: `Usage: mailbox-gateway doctor

Checks configuration, database, keys, sign-in apps, clock and network: one line each, with the fix. Ends with code 1 if
something is wrong.

Example:
  mailbox-gateway doctor
`,
} as const;

export type CommandName = keyof typeof USAGE;
