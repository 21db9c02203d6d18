import type { Account, AccountBook } from './accounts.ts';
import { isLoginFaultKind } from './faults.ts';
import type { LoginFault, ServerFault } from './faults.ts';
import type { IntrospectToken } from './introspection.ts';
import type { LoginProof, LoginVerdict, MailProtocol, Refusal } from './verdict.ts';

export interface Judge {
  /** Decides one login attempt and counts it. Waits as long as a delay asks. */
  judge(attempt: {
    protocol: MailProtocol;
    username: string;
    proof: LoginProof;
    serverFault: LoginFault | ServerFault | null;
  }): Promise<LoginVerdict>;
}

const DEFAULT_DELAY_MS = 2_000;
const DEFAULT_THROTTLE_MS = 60_000;

/** The one place that says what a login attempt meets. A server's fault comes before the account's. */
export function createJudge(accounts: AccountBook, introspect: IntrospectToken, wait: (ms: number) => Promise<void>): Judge {
  return {
    async judge({ protocol, username, proof, serverFault }) {
      const account = accounts.find(username);
      account?.countAttempt(protocol);
      const onServer = serverFault !== null && isLoginFault(serverFault) ? serverFault : null;
      for (const fault of [onServer, account?.fault ?? null]) {
        if (fault === null) continue;
        if (fault.kind === 'delay') await wait(fault.ms ?? DEFAULT_DELAY_MS);
        const verdict = verdictOfFault(fault, protocol, proof);
        if (verdict !== null) return verdict;
      }
      const refusal = account === null ? 'unknown-user' : await refusalOf(account, proof, introspect);
      if (refusal !== null) return { kind: 'REFUSE', refusal };
      account?.countAccepted(protocol);
      const connected = !(protocol === 'imap' && [onServer?.kind, account?.fault?.kind].includes('not-connected'));
      return { kind: 'ACCEPT', connected };
    },
  };
}

function isLoginFault(fault: LoginFault | ServerFault): fault is LoginFault {
  return isLoginFaultKind(fault.kind);
}

/** Null when the fault does not concern this login. */
function verdictOfFault(fault: LoginFault, protocol: MailProtocol, proof: LoginProof): LoginVerdict | null {
  switch (fault.kind) {
    case 'unavailable':
    case 'limit':
    case 'busy':
    case 'server-bug':
      return { kind: 'REFUSE', refusal: fault.kind };
    case 'app-password-required':
    case 'web-login-required':
    case 'password-expired':
    case 'basic-auth-disabled':
      return proof.kind === 'password' ? { kind: 'REFUSE', refusal: fault.kind } : null;
    case 'smtp-auth-disabled':
      return protocol === 'smtp' ? { kind: 'REFUSE', refusal: fault.kind } : null;
    case 'imap-disabled':
      return protocol === 'imap' ? { kind: 'REFUSE', refusal: fault.kind } : null;
    case 'throttle':
      return { kind: 'THROTTLE', ms: fault.ms ?? DEFAULT_THROTTLE_MS };
    case 'bye':
      return { kind: 'BYE' };
    case 'drop':
      return { kind: 'DROP' };
    case 'hang':
      return { kind: 'HANG' };
    case 'reply': {
      const text = fault[protocol];
      return text === undefined ? null : { kind: 'REPLY', text };
    }
    case 'delay':
    case 'not-connected':
      return null;
  }
}

async function refusalOf(account: Account, proof: LoginProof, introspect: IntrospectToken): Promise<Refusal | null> {
  if (proof.kind === 'password') {
    if (!account.matches(proof.password)) return 'wrong-password';
    return account.disabled ? 'disabled' : null;
  }
  const finding = await introspect(proof.token);
  switch (finding.kind) {
    case 'failed':
      return 'introspection-failed';
    case 'inactive':
      return 'token-refused';
    case 'active': {
      const owners = [account.address, ...account.delegates].map((address) => address.toLowerCase());
      if (!owners.includes(finding.account.toLowerCase())) return 'token-refused';
      return account.disabled ? 'disabled' : null;
    }
  }
}
