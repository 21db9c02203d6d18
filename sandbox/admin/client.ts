import type { AccountInput } from '../accounts.ts';
import { SandboxInputError } from '../faults.ts';
import type { LoginFault, ServerFault } from '../faults.ts';
import type { SignInFault } from '../oauth/people.ts';
import type { TokenFault } from '../oauth/token-faults.ts';
import type { SandboxState } from '../sandbox.ts';

/** Talks to the admin port of a sandbox that runs in another process. */
export interface AdminClient {
  state(): Promise<SandboxState>;
  reset(): Promise<void>;
  addAccount(account: AccountInput): Promise<void>;
  removeAccount(address: string): Promise<void>;
  changeAccount(
    address: string,
    change: { password?: string; disabled?: boolean; fault?: LoginFault | { readonly kind: SignInFault } | null },
  ): Promise<void>;
  /** Ends what somebody granted. Returns how many grants there were. */
  revoke(address: string, inactive: boolean): Promise<number>;
  setServerFault(server: string, fault: LoginFault | ServerFault | TokenFault | null): Promise<void>;
}

/** There is nobody at the admin address. */
export class SandboxNotRunning extends Error {
  constructor(url: string) {
    super(`No sandbox answers at ${url}. Start one with "npm run demo", or name another with SANDBOX_ADMIN_URL.`);
    this.name = 'SandboxNotRunning';
  }
}

/** Every call throws SandboxNotRunning, or SandboxInputError with the sandbox's own words. */
export function createAdminClient(url: string): AdminClient {
  async function call(method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown): Promise<unknown> {
    let response: Response;
    try {
      response = await fetch(new URL(path, url), {
        method,
        ...(method === 'POST' ? { body: JSON.stringify(body ?? {}), headers: { 'content-type': 'application/json' } } : {}),
      });
    } catch {
      throw new SandboxNotRunning(url);
    }
    const answer: unknown = await response.json().catch(() => null);
    if (response.ok) return answer;
    const message =
      typeof answer === 'object' && answer !== null && 'error' in answer
        ? String(answer.error)
        : `The sandbox answered ${response.status}.`;
    throw new SandboxInputError(message);
  }
  const account = (address: string): string => `/accounts/${encodeURIComponent(address)}`;
  return {
    state: async () => (await call('GET', '/state')) as SandboxState,
    async reset() {
      await call('POST', '/reset');
    },
    async addAccount(input) {
      await call('POST', '/accounts', input);
    },
    async removeAccount(address) {
      await call('DELETE', account(address));
    },
    async changeAccount(address, change) {
      await call('POST', account(address), change);
    },
    async revoke(address, inactive) {
      const { ended } = (await call('POST', `${account(address)}/revoke`, { inactive })) as { readonly ended: number };
      return ended;
    },
    async setServerFault(server, fault) {
      const path = `/servers/${encodeURIComponent(server)}/fault`;
      await (fault === null ? call('DELETE', path) : call('POST', path, fault));
    },
  };
}
