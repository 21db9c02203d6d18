import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { expect } from 'vitest';
import type { MailboxId, WorkspaceId } from '../../src/domain/ids.ts';
import type { Store } from '../../src/store/store.ts';
import { aMailbox } from '../support/store.ts';
import { aWorkspace, insert, wholeLog } from '../contract/store/harness.ts';

/** One process that writes and is killed without warning, some milliseconds after its first acknowledgement. Returns what it had acknowledged. */
async function writeAndKill(
  databaseUrl: string,
  workspaceId: WorkspaceId,
  mailboxId: MailboxId,
  afterMs: number,
): Promise<readonly string[]> {
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', join(import.meta.dirname, 'writer-process.ts'), databaseUrl, workspaceId, mailboxId],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let output = '';
  let errors = '';
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  await new Promise<void>((resolve, reject) => {
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      resolve();
    });
    child.once('close', () => reject(new Error(`the writer ended by itself: ${errors.slice(0, 500)}`)));
  });
  await wait(afterMs);
  child.kill('SIGKILL');
  await ended;
  // The last line may be cut; what was not printed whole was not acknowledged.
  return output
    .slice(0, output.lastIndexOf('\n') + 1)
    .trim()
    .split('\n');
}

/** A process that is killed while its transaction is open and has written the head of the log. Gives the owner of its session. */
export async function killedWithinTransaction(url: string, workspaceId: WorkspaceId): Promise<string> {
  const child = spawn(process.execPath, ['--import', 'tsx', join(import.meta.dirname, 'holding-process.ts'), url, workspaceId], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const owner = await new Promise<string>((resolve, reject) => {
    child.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString().trim()));
    child.once('close', () => reject(new Error('the holder ended by itself')));
  });
  child.kill('SIGKILL');
  await ended;
  return owner;
}

/**
 * Kills writers for `budgetMs`, at least `least` times, and compares after each: everything acknowledged is in the log,
 * the log has no gap, and the document agrees with it.
 */
export async function expectNothingLost(
  databaseUrl: string,
  store: Store,
  budgetMs: number,
  least: number,
): Promise<{ cycles: number; acknowledged: number }> {
  const workspaceId = await aWorkspace(store);
  const [mailbox] = await insert(store, aMailbox(workspaceId, 'a@acme.test'));
  const acknowledged: string[] = [];
  const startedAt = performance.now();
  let cycles = 0;
  while (cycles < least || performance.now() - startedAt < budgetMs) {
    acknowledged.push(...(await writeAndKill(databaseUrl, workspaceId, mailbox!.id, Math.random() * 60)));
    cycles += 1;
    const log = await wholeLog(store, workspaceId);
    expect(log.map(({ position }) => position)).toEqual(log.map((_, index) => index + 1));
    const stored = new Set(log.map(({ position, id }) => `${position} ${id}`));
    expect(acknowledged.filter((line) => !stored.has(line))).toEqual([]);
    const document = await store.mailbox(workspaceId, mailbox!.id);
    expect(document?.revision).toBe(1 + log.length);
    expect(document?.incoming?.sequence).toBe(log.length);
  }
  return { cycles, acknowledged: acknowledged.length };
}
