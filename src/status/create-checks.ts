import { legsOfMailbox } from '../domain/mailbox-status.ts';
import type { Store } from '../store/store.ts';
import type { Checks } from './checks.ts';
import { hostsOf, type HostBudget } from './host-budget.ts';
import type { RunningChecks } from './running-checks.ts';

export interface ChecksParts {
  readonly store: Store;
  readonly running: RunningChecks;
  readonly hosts: HostBudget;
  readonly wake: () => void;
}

export function createChecks({ store, running, hosts, wake }: ChecksParts): Checks {
  return {
    async checkNow(workspaceId, mailboxId) {
      const mailbox = await store.mailbox(workspaceId, mailboxId);
      if (mailbox === null || !mailbox.live) return null;
      if (mailbox.paused) return mailbox;
      const legs = legsOfMailbox(mailbox).map((leg) => leg.direction);
      // A check under way is joined, and takes no further login.
      const taken = running.isRunning(mailboxId) ? null : await hosts.take(hostsOf(mailbox, legs));
      try {
        await running.run({ mailbox, legs, canary: false });
      } finally {
        taken?.give();
      }
      const after = await store.mailbox(workspaceId, mailboxId);
      return after?.live === true ? after : null;
    },
    wake,
  };
}
