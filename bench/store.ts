/** Times of the SQLite store with 100,000 mailboxes: `npx tsx bench/store.ts [count]`. Goals: due-claim < 5 ms, list page p99 < 10 ms. */
import { join } from 'node:path';
import type { Diagnosis } from '../src/domain/diagnosis.ts';
import type { WorkspaceId } from '../src/domain/ids.ts';
import type { Mailbox } from '../src/domain/mailbox.ts';
import { openSqliteStore } from '../src/store/sqlite/open-sqlite-store.ts';
import { MAILBOX_ORDERS, type MailboxFilter, type PagePosition, type Store } from '../src/store/store.ts';
import { aLeg, aMailbox, aSetup, aStatusChange, createShiftedClock, newId, silentLog, temporaryFolder } from '../test/support/store.ts';

const REJECTED: Diagnosis = {
  reason: 'BAD_CREDENTIALS',
  retryable: false,
  actor: 'MAILBOX_OWNER',
  action: 'UPDATE_PASSWORD',
  scenario: 'REENTER_PASSWORD',
  message: 'The password is wrong.',
  confidence: 'CERTAIN',
  alternatives: [],
  providerMessage: null,
};

async function main(): Promise<void> {
  const count = Number(process.argv[2] ?? 100_000);
  const folder = temporaryFolder();
  const clock = createShiftedClock();
  const store = await openSqliteStore({ path: join(folder.path, 'bench.db'), clock, newId, log: silentLog, serve: true, holder: newId() });
  const { id: workspaceId } = await store.ensureWorkspace('bench', clock.now());
  const filling = performance.now();
  await fill(store, workspaceId, count, clock.now());
  print(`filled with ${count} mailboxes`, [performance.now() - filling]);

  for (const orderBy of MAILBOX_ORDERS) print(`page of 50, ${orderBy}`, await pages(store, workspaceId, orderBy, {}, 200));
  const filters: readonly (readonly [string, MailboxFilter])[] = [
    ['health', { health: ['ACTION_REQUIRED'] }],
    ['reason', { reason: ['BAD_CREDENTIALS'] }],
    ['attention', { attention: true }],
    ['address, rare', { addressContains: 'mailbox-77777@' }],
    ['scenario', { scenario: ['REENTER_PASSWORD'] }],
  ];
  for (const [name, filter] of filters) {
    print(`page of 50 by severity, filter ${name}`, await pages(store, workspaceId, 'SEVERITY_DESC', filter, 50));
    print(`count, filter ${name}`, await repeat(20, () => store.countMailboxes(workspaceId, filter)));
  }
  print('count of all', await repeat(20, () => store.countMailboxes(workspaceId, {})));
  print('health counts', await repeat(20, () => store.healthCounts(workspaceId)));
  const request = { holder: 'bench', limit: 50, leaseMs: 600_000 };
  const release = () => store.releaseClaims('bench');
  print('claim of 50 due', await repeat(100, () => store.claimDue({ ...request, exceptHosts: [] }), release));
  const half = { ...request, exceptHosts: ['imap.0.test'] };
  print('claim of 50 due, a busy host with half of all excepted', await repeat(50, () => store.claimDue(half), release));
  print('next due', await repeat(100, () => store.nextDueAt()));
  print('cohort size', await repeat(20, () => store.cohortSize('OTHER|imap.0.test')));
  print('commit of one change', await repeat(200, () => change(store, workspaceId)));
  print('100 commits at once', await repeat(20, () => Promise.all(Array.from({ length: 100 }, () => change(store, workspaceId)))));
  process.stdout.write(`memory: ${Math.round(process.memoryUsage.rss() / 1024 / 1024)} MB\n`);
  await store.close();
  folder.remove();
}

async function fill(store: Store, workspaceId: WorkspaceId, count: number, now: number): Promise<void> {
  for (let start = 0; start < count; start += 1000) {
    await store.commit(
      Array.from({ length: Math.min(1000, count - start) }, (_, offset) => {
        const doc = mailboxNumber(workspaceId, start + offset, now);
        return { workspaceId, at: now, mailboxes: [{ kind: 'insert' as const, doc }] };
      }),
    );
  }
}

function mailboxNumber(workspaceId: WorkspaceId, index: number, now: number): Mailbox {
  const address = `mailbox-${index}@acme-${index % 97}.test`;
  const broken = index % 200 === 7;
  return aMailbox(workspaceId, address, {
    active: aSetup(address, { incomingServer: { host: `imap.${index % 2}.test`, port: 993, security: 'TLS' } }),
    incoming: aLeg('INCOMING', {
      nextCheckAt: now - (index % 600) * 1000,
      ...(broken ? { health: 'ACTION_REQUIRED', diagnosis: REJECTED } : {}),
    }),
    changedAt: now - index,
  });
}

async function pages(
  store: Store,
  workspaceId: WorkspaceId,
  orderBy: (typeof MAILBOX_ORDERS)[number],
  filter: MailboxFilter,
  most: number,
): Promise<number[]> {
  const times: number[] = [];
  let after: PagePosition | undefined;
  while (times.length < most) {
    const startedAt = performance.now();
    const page = await store.mailboxPage(workspaceId, {
      filter,
      orderBy,
      limit: 50,
      fromEnd: false,
      ...(after === undefined ? {} : { after }),
    });
    times.push(performance.now() - startedAt);
    after = page.hasNext ? page.items.at(-1)?.position : undefined;
  }
  return times;
}

async function repeat(times: number, work: () => Promise<unknown>, between?: () => Promise<void>): Promise<number[]> {
  const measured: number[] = [];
  for (let round = 0; round < times; round += 1) {
    const startedAt = performance.now();
    await work();
    measured.push(performance.now() - startedAt);
    await between?.();
  }
  return measured;
}

async function change(store: Store, workspaceId: WorkspaceId): Promise<void> {
  const doc = aMailbox(workspaceId, `${newId()}@acme.test`);
  await store.commit([{ workspaceId, at: 1, mailboxes: [{ kind: 'insert', doc }], events: [aStatusChange(doc.id)] }]);
}

function print(name: string, times: readonly number[]): void {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share: number): string => (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(2);
  process.stdout.write(`${name.padEnd(60)} p50 ${at(0.5)} ms  p99 ${at(0.99)} ms\n`);
}

await main();
