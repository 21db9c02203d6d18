import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { text as readText } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { parseArgs, type ParseArgsConfig } from 'node:util';
import { isRefusal, openKeyRing, startGateway, VERSION } from './app.ts';
import { doctorParts } from './doctor-parts.ts';
import { doctor } from './commands/doctor.ts';
import { explainJsonl, explainText } from './commands/explain.ts';
import { contextOfHints } from './commands/explain-hints.ts';
import { keysActivate, keysAdd, keysRemove, keysRotate, keysStatus, type KeysOutcome } from './commands/keys.ts';
import { createTokenCommand, listTokensCommand, revokeTokenCommand, type TokenCommandOutcome } from './commands/tokens.ts';
import { USAGE, type CommandName } from './commands/usage.ts';
import { loadConfig, type Config } from './config.ts';
import { createLog } from './log.ts';
import { StoreUnavailable } from './store/errors.ts';
import { migrateStore, openStore } from './store/open.ts';
import type { Store } from './store/store.ts';
import { systemClock } from './system-clock.ts';
import { createKeyRing } from './vault/keyring-file.ts';

/** sysexits.h: EX_CONFIG, EX_USAGE. */
const EXIT_CONFIG = 78;
const EXIT_USAGE = 64;

class UsageError extends Error {
  readonly command: CommandName;
  constructor(command: CommandName, message: string) {
    super(message);
    this.name = 'UsageError';
    this.command = command;
  }
}

const print = (line: string): void => void process.stdout.write(`${line}\n`);
const complain = (line: string): void => void process.stderr.write(`${line}\n`);

/** Runs one command and sets the exit code: 0 done, 1 refused or wrong, 64 misused, 78 cannot start as configured. */
export async function run(argv: readonly string[]): Promise<void> {
  // Files that the gateway makes are its own: the database, the key ring, temporary files beside them.
  process.umask(0o077);
  try {
    process.exitCode = await dispatch(argv);
  } catch (error) {
    if (error instanceof UsageError) {
      complain(`${error.message}\n\n${USAGE[error.command]}`);
      process.exitCode = EXIT_USAGE;
    } else if (isRefusal(error)) {
      complain(error.message);
      process.exitCode = EXIT_CONFIG;
    } else if (error instanceof StoreUnavailable) {
      complain(
        `The database cannot be reached: ${error.message} Check DATABASE_URL (the address; for MongoDB also the name after replicaSet=).`,
      );
      process.exitCode = 1;
    } else {
      const problem = listenProblem(error);
      if (problem === null) throw error;
      complain(problem);
      process.exitCode = EXIT_CONFIG;
    }
  }
}

async function dispatch(argv: readonly string[]): Promise<number> {
  const [command, ...rest] = argv;
  if (command === undefined || command === '--help' || command === '-h' || command === 'help') {
    print(USAGE.main);
    return command === undefined ? EXIT_USAGE : 0;
  }
  if (command === '--version' || command === '-v') {
    print(VERSION);
    return 0;
  }
  if (!isCommand(command)) throw new UsageError('main', `There is no command "${command}".`);
  if (rest.includes('--help') || rest.includes('-h')) {
    print(USAGE[command]);
    return 0;
  }
  switch (command) {
    case 'main':
      throw new UsageError('main', 'There is no command "main".');
    case 'serve':
      return serve(rest);
    case 'tokens':
      return tokens(rest);
    case 'keys':
      return keys(rest);
    case 'explain':
      return explain(rest);
    case 'migrate':
      arguments_('migrate', rest, {}, 0);
      await migrateStore(configuration().databaseUrl, createLog('info'));
      print('The database is up to date.');
      return 0;
    case 'doctor':
      return examine(rest);
  }
}

async function serve(rest: readonly string[]): Promise<number> {
  arguments_('serve', rest, {}, 0);
  const config = configuration();
  const log = createLog(config.logLevel);
  process.on('unhandledRejection', (error) => log.error('A promise was rejected and nobody handled it.', { error }));
  const gateway = await startGateway(config, { log, clock: systemClock, random: Math.random });
  const url = config.settings.publicUrl.href.replace(/\/$/, '');
  complain(
    `mailbox-gateway ${VERSION} serves on http://${gateway.host}:${gateway.port}  (GraphQL: ${url}/graphql, GraphiQL: ${url}/graphiql)`,
  );
  const signal = await new Promise<string>((resolve) => {
    for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, resolve);
  });
  log.info('Stopping.', { signal });
  await gateway.stop();
  return 0;
}

async function tokens(rest: readonly string[]): Promise<number> {
  const { values, positionals } = arguments_(
    'tokens',
    rest,
    { workspace: { type: 'string' }, role: { type: 'string' }, name: { type: 'string' }, expires: { type: 'string' } },
    2,
  );
  const [action, id] = positionals;
  if (action !== 'create' && action !== 'list' && action !== 'revoke')
    throw new UsageError('tokens', 'Say what to do: tokens create, tokens list or tokens revoke ID.');
  if (action !== 'revoke' && id !== undefined) throw new UsageError('tokens', `"${id}" is not expected here.`);
  const outcome = await withStore(async (store): Promise<TokenCommandOutcome> => {
    const now = systemClock.now();
    switch (action) {
      case 'create':
        return createTokenCommand(
          store,
          { workspace: one(values['workspace']), role: one(values['role']), name: one(values['name']), expires: one(values['expires']) },
          now,
        );
      case 'list':
        return listTokensCommand(store, now);
      case 'revoke':
        return revokeTokenCommand(store, id, now);
    }
  });
  for (const line of outcome.kind === 'done' ? outcome.lines : []) print(line);
  for (const line of outcome.kind === 'refused' ? outcome.problems : []) complain(line);
  return outcome.kind === 'done' ? 0 : 1;
}

async function keys(rest: readonly string[]): Promise<number> {
  const { positionals } = arguments_('keys', rest, {}, 2);
  const [action, keyId] = positionals;
  // The clock's timers do not keep a process alive; a command that waits for others must not end meanwhile.
  const awake = setInterval(() => undefined, 60_000);
  try {
    return await withStore(async (store, config) => {
      const parts = { store, keyRingPath: config.keyringFile, clock: systemClock, print };
      switch (action) {
        case 'status':
          (await openKeyRing(config, store, createLog('warn'))).close();
          await keysStatus(parts);
          return 0;
        case 'add':
          if (await isFirstKey(store, config)) {
            createKeyRing(config.keyringFile);
            print(`Made the key ring ${config.keyringFile} with its first key, which is active. Back it up, apart from the database.`);
            return 0;
          }
          return finished(await keysAdd(parts));
        case 'activate':
          return finished(await keysActivate(parts, keyId ?? null));
        case 'rotate':
          return finished(await keysRotate(parts));
        case 'remove':
          if (keyId === undefined) throw new UsageError('keys', 'Which key? keys status shows the ones that may be removed.');
          return finished(await keysRemove(parts, keyId));
        case undefined:
        default:
          throw new UsageError('keys', 'Say what to do: keys status, add, activate, rotate or remove KEY.');
      }
    });
  } finally {
    clearInterval(awake);
  }
}

/** No ring yet, and nothing that another ring has sealed. */
async function isFirstKey(store: Store, config: Config): Promise<boolean> {
  if (existsSync(config.keyringFile)) return false;
  const { mailboxes, authorizations } = await store.sealedHolders(null, 1);
  return mailboxes.length + authorizations.length === 0;
}

function finished(outcome: KeysOutcome): number {
  if (outcome.kind === 'done') return 0;
  complain(outcome.message);
  return 1;
}

async function explain(rest: readonly string[]): Promise<number> {
  const { values, positionals } = arguments_(
    'explain',
    rest,
    {
      jsonl: { type: 'boolean' },
      json: { type: 'boolean' },
      provider: { type: 'string' },
      protocol: { type: 'string' },
      auth: { type: 'string' },
      host: { type: 'string' },
    },
    Number.POSITIVE_INFINITY,
  );
  if (values['jsonl'] === true) {
    for await (const line of explainJsonl(createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY }))) print(line);
    return 0;
  }
  if (positionals.length === 0 && process.stdin.isTTY) throw new UsageError('explain', 'Give the text of the error.');
  const text = positionals.length > 0 ? positionals.join(' ') : await readText(process.stdin);
  if (text.trim() === '') throw new UsageError('explain', 'Give the text of the error.');
  const hints = Object.fromEntries(
    [
      ['provider', one(values['provider'])],
      ['protocol', one(values['protocol'])],
      ['authType', one(values['auth'])],
      ['host', one(values['host'])],
    ].filter(([, value]) => value !== undefined),
  ) as Record<string, string>;
  const { protocol, authMethod } = contextOfHints(hints);
  if (values['protocol'] !== undefined && protocol === null)
    throw new UsageError('explain', `--protocol has to be imap, smtp, oauth or network, not "${one(values['protocol']) ?? ''}".`);
  if (values['auth'] !== undefined && authMethod === null)
    throw new UsageError('explain', `--auth has to be password or oauth, not "${one(values['auth']) ?? ''}".`);
  const explained = explainText(text, hints);
  print(values['json'] === true ? JSON.stringify(explained.explanation) : explained.text);
  return 0;
}

async function examine(rest: readonly string[]): Promise<number> {
  arguments_('doctor', rest, {}, 0);
  const loaded = loadConfig(process.env);
  if (loaded.kind === 'problems') {
    for (const problem of loaded.problems) print(`problem  Configuration: ${problem}`);
    return 1;
  }
  let healthy = true;
  for await (const finding of doctor(await doctorParts(loaded.config, systemClock, createLog('silent')))) {
    print(`${finding.state.padEnd(7)}  ${finding.line}`);
    healthy &&= finding.state !== 'problem';
  }
  return healthy ? 0 : 1;
}

/** The configuration, or exit 78 with a line for every problem. */
function configuration(): Config {
  const loaded = loadConfig(process.env);
  if (loaded.kind === 'ok') return loaded.config;
  throw Object.assign(new Error(loaded.problems.join('\n')), { code: 'START_REFUSED' });
}

async function withStore<T>(work: (store: Store, config: Config) => Promise<T>): Promise<T> {
  const config = configuration();
  if (config.databaseUrl.startsWith('sqlite:'))
    mkdirSync(dirname(config.databaseUrl.slice('sqlite:'.length)), { recursive: true, mode: 0o700 });
  const log = createLog(config.logLevel === 'debug' ? 'debug' : 'warn');
  const store = await openStore(config.databaseUrl, {
    clock: systemClock,
    newId: randomUUID,
    random: Math.random,
    log,
    serve: false,
    holder: randomUUID(),
  });
  try {
    return await work(store, config);
  } finally {
    await store.close();
  }
}

type Options = NonNullable<ParseArgsConfig['options']>;

function arguments_(command: CommandName, rest: readonly string[], options: Options, most: number) {
  try {
    const parsed = parseArgs({ args: [...rest], options, allowPositionals: true });
    if (parsed.positionals.length > most) throw new UsageError(command, `"${parsed.positionals[most] ?? ''}" is not expected here.`);
    return parsed;
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(command, error instanceof Error ? (error.message.split('. ')[0] ?? '') : 'The options cannot be read.');
  }
}

function one(value: string | boolean | (string | boolean)[] | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function isCommand(name: string): name is CommandName {
  return Object.hasOwn(USAGE, name);
}

/** What to do when the system refuses the address that was to be listened on; null when the error is another one. */
function listenProblem(error: unknown): string | null {
  if (!(error instanceof Error) || !('syscall' in error) || !('code' in error)) return null;
  if (error.syscall === 'getaddrinfo' || error.code === 'EADDRNOTAVAIL')
    return 'HOST is no address of this machine. Set it to 127.0.0.1, to 0.0.0.0 for all addresses, or to one of them.';
  if (error.syscall !== 'listen') return null;
  if (error.code === 'EADDRINUSE') return 'The port is in use. Stop what listens there, or set PORT to another one.';
  return error.code === 'EACCES' ? 'This user may not listen on that port. Set PORT to one above 1023.' : null;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await run(process.argv.slice(2));
