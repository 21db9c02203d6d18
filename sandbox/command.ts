import { parseArgs } from 'node:util';
import type { AdminClient } from './admin/client.ts';
import { LOGIN_FAULTS, parseLoginFault, parseServerFault, SandboxInputError, SERVER_FAULTS } from './faults.ts';
import { SIGN_IN_FAULTS } from './oauth/people.ts';
import { TOKEN_FAULTS } from './oauth/token-faults.ts';
import { isServerName, SERVER_NAMES } from './server-spec.ts';
import { isSignInFault, isSignInServer, parseSignInServerFault } from './sign-in.ts';
import { stateText } from './state-text.ts';

/**
 * Performs one command line and returns the sentence (or the text) to print.
 * Throws SandboxInputError for what was asked wrongly, SandboxNotRunning when nobody answers.
 */
export async function runSandboxCommand(args: readonly string[], admin: AdminClient): Promise<string> {
  const { positionals, values } = readArgs(args);
  const [command, target, third] = positionals;
  if (values.help === true || command === undefined || command === 'help') return HELP;
  switch (command) {
    case 'state':
      return stateText(await admin.state());
    case 'reset':
      await admin.reset();
      return 'Every fault and counter is cleared; accounts and passwords stay as they are.';
    case 'add': {
      const [address, password] = need(command, 'ADDRESS PASSWORD', target, third);
      await admin.addAccount({ address, password });
      return `${address} exists now and logs in with the password you gave.`;
    }
    case 'remove': {
      const [address] = need(command, 'ADDRESS', target);
      await admin.removeAccount(address);
      return `${address} does not exist any more.`;
    }
    case 'set-password': {
      const [address, password] = need(command, 'ADDRESS PASSWORD', target, third);
      await admin.changeAccount(address, { password });
      return `The password of ${address} is changed: the old one no longer logs in.`;
    }
    case 'disable':
    case 'enable': {
      const [address] = need(command, 'ADDRESS', target);
      await admin.changeAccount(address, { disabled: command === 'disable' });
      return command === 'disable' ? `${address} is disabled: no login works.` : `${address} is enabled again.`;
    }
    case 'revoke': {
      const [address] = need(command, 'ADDRESS [--inactive]', target);
      const ended = await admin.revoke(address, values.inactive === true);
      return ended === 0 ? `${address} has granted nothing.` : `${ended} of ${address}'s grants ended: the next refresh is refused.`;
    }
    case 'fault': {
      const [where, kind] = need(command, 'ADDRESS|SERVER FAULT', target, third);
      return setFault(where, faultOf(kind, values), admin);
    }
    case 'clear': {
      const [where] = need(command, 'ADDRESS|SERVER', target);
      if (isSignInServer(where) || isServer(where)) await admin.setServerFault(where, null);
      else await admin.changeAccount(where, { fault: null });
      return `${where} works normally again.`;
    }
    default:
      throw new SandboxInputError(`There is no command "${command}". See: npm run sandbox -- --help`);
  }
}

async function setFault(where: string, input: { readonly kind: string }, admin: AdminClient): Promise<string> {
  if (isSignInServer(where)) {
    const fault = parseSignInServerFault(input);
    await admin.setServerFault(where, fault);
    return `The sign-in of ${where} has a fault now: ${TOKEN_FAULTS[fault.kind]}.`;
  }
  if (isServer(where)) {
    const fault = parseServerFault(input);
    await admin.setServerFault(where, fault);
    return `The server ${where} has a fault now: ${{ ...LOGIN_FAULTS, ...SERVER_FAULTS }[fault.kind]}.`;
  }
  if (isSignInFault(input.kind)) {
    await admin.changeAccount(where, { fault: { kind: input.kind } });
    return `${where} has a fault now: ${SIGN_IN_FAULTS[input.kind]}.`;
  }
  const fault = parseLoginFault(input);
  await admin.changeAccount(where, { fault });
  return `${where} has a fault now: ${LOGIN_FAULTS[fault.kind]}.`;
}

/** A target without an @ can only be a server. */
function isServer(where: string): boolean {
  if (isServerName(where)) return true;
  if (where.includes('@')) return false;
  throw new SandboxInputError(`There is no server ${where}. Servers: ${SERVER_NAMES.join(', ')}, microsoft, google. Accounts have an @.`);
}

interface Flags {
  readonly help?: boolean | undefined;
  readonly inactive?: boolean | undefined;
  readonly ms?: string | undefined;
  readonly imap?: string | undefined;
  readonly smtp?: string | undefined;
}

function readArgs(args: readonly string[]): { positionals: string[]; values: Flags } {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        help: { type: 'boolean', short: 'h' },
        inactive: { type: 'boolean' },
        ms: { type: 'string' },
        imap: { type: 'string' },
        smtp: { type: 'string' },
      },
    });
  } catch (error) {
    throw new SandboxInputError(error instanceof Error ? error.message : 'The command line cannot be read.');
  }
}

function faultOf(kind: string, { ms, imap, smtp }: Flags): { readonly kind: string } {
  return {
    kind,
    ...(ms === undefined ? {} : { ms: Number(ms) }),
    ...(imap === undefined ? {} : { imap }),
    ...(smtp === undefined ? {} : { smtp }),
  };
}

function need(command: string, usage: string, first: string | undefined): [string];
function need(command: string, usage: string, first: string | undefined, second: string | undefined): [string, string];
function need(command: string, usage: string, ...given: (string | undefined)[]): string[] {
  const present = given.filter((argument) => argument !== undefined && argument !== '');
  if (present.length === given.length) return present as string[];
  throw new SandboxInputError(`It is: npm run sandbox -- ${command} ${usage}`);
}

const HELP = `Switches the running sandbox: local IMAP and SMTP servers and the sign-in of Microsoft and Google, whose faults you choose.

  npm run sandbox -- state                                     accounts, servers, faults and counters
  npm run sandbox -- set-password ADDRESS PASSWORD
  npm run sandbox -- disable ADDRESS | enable ADDRESS
  npm run sandbox -- fault ADDRESS|SERVER FAULT [--ms N] [--imap TEXT] [--smtp TEXT]
  npm run sandbox -- clear ADDRESS|SERVER                      ends its fault
  npm run sandbox -- revoke ADDRESS [--inactive]               ends what somebody granted by signing in
  npm run sandbox -- add ADDRESS PASSWORD | remove ADDRESS
  npm run sandbox -- reset                                     ends every fault, zeroes every counter

Examples
  npm run sandbox -- set-password support@acme.test new
  npm run sandbox -- fault support@acme.test smtp-auth-disabled
  npm run sandbox -- fault support@acme.test reply --imap "NO [AUTHENTICATIONFAILED] Nope" --smtp "535 5.7.8 Nope"
  npm run sandbox -- fault imap unavailable
  npm run sandbox -- clear imap
  npm run sandbox -- revoke orders@gmail.test
  npm run sandbox -- fault sales@contoso.test mfa-required
  npm run sandbox -- fault microsoft secret-expired

Servers: ${SERVER_NAMES.join(', ')}
Sign-in: microsoft, google

Faults of an account, or of a server for every account on it
${tableOf(LOGIN_FAULTS)}

Faults of a server
${tableOf(SERVER_FAULTS)}

Faults of an account that signs in
${tableOf(SIGN_IN_FAULTS)}

Faults of a sign-in
${tableOf(TOKEN_FAULTS)}

It talks to http://127.0.0.1:4900, or to the port SANDBOX_ADMIN_PORT, or to what SANDBOX_ADMIN_URL says.`;

function tableOf(faults: Readonly<Record<string, string>>): string {
  return Object.entries(faults)
    .map(([kind, meaning]) => `  ${kind.padEnd(24)} ${meaning}`)
    .join('\n');
}
