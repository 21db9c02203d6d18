import { describe, expect, test } from 'vitest';
import {
  beginHandOver,
  choosePrimary,
  handOverAfter,
  handOverFollows,
  primaryAfterRemoval,
  restorePrimary,
} from '../../src/domain/hand-over.ts';
import type { AuthorizationId, MailboxId, WorkspaceId } from '../../src/domain/ids.ts';
import type { Workspace } from '../../src/domain/workspace.ts';

const support = 'support' as MailboxId;
const sales = 'sales' as MailboxId;
const repair = 'repair' as AuthorizationId;

const workspace: Workspace = { id: 'w' as WorkspaceId, revision: 4, name: 'acme', primaryMailboxId: support, handOver: null, createdAt: 1 };
const running = beginHandOver(workspace, {
  mailboxId: support,
  interimMailboxId: sales,
  startedBy: 'Ann',
  startedAt: 10,
  restoresAt: 99,
  authorizationId: repair,
}).workspace;

const changes = (step: { readonly events: readonly { readonly change: string }[] } | null) =>
  step?.events.map(({ change }) => change) ?? null;

describe('a hand-over', () => {
  test('makes the interim primary and remembers whom it stands in for', () => {
    expect(running.primaryMailboxId).toBe(sales);
    expect(running.handOver).toMatchObject({ mailboxId: support, interimMailboxId: sales, startedBy: 'Ann' });
  });

  test('ends where it began when its authorization ends', () => {
    const step = handOverAfter(running, repair);
    expect(step?.workspace).toMatchObject({ primaryMailboxId: support, handOver: null });
    expect(changes(step)).toEqual(['PRIMARY', 'HAND_OVER']);
  });

  test('is not touched by the end of another authorization', () => {
    expect(handOverAfter(running, 'other' as AuthorizationId)).toBeNull();
  });

  test('follows a newer repair of the same mailbox, and only of that one', () => {
    const next = 'next' as AuthorizationId;
    expect(handOverFollows(running, support, next, 200)?.workspace.handOver).toMatchObject({ authorizationId: next, restoresAt: 200 });
    expect(handOverFollows(running, sales, next, 200)).toBeNull();
  });

  test('is over once somebody chooses a primary, also the interim itself', () => {
    expect(choosePrimary(running, sales)?.workspace).toMatchObject({ primaryMailboxId: sales, handOver: null });
    expect(changes(choosePrimary(running, sales))).toEqual(['HAND_OVER']);
  });

  test('gives the role back when the interim is removed, and leaves it there when the repaired one is', () => {
    expect(primaryAfterRemoval(running, sales)?.workspace).toMatchObject({ primaryMailboxId: support, handOver: null });
    expect(primaryAfterRemoval(running, support)?.workspace).toMatchObject({ primaryMailboxId: sales, handOver: null });
  });

  test('cannot be restored when none runs', () => {
    expect(restorePrimary(workspace)).toBeNull();
  });
});

describe('the primary', () => {
  test('chosen again changes nothing', () => {
    expect(choosePrimary(workspace, support)).toBeNull();
  });

  test('is none once it is removed; removing another mailbox does not matter', () => {
    expect(primaryAfterRemoval(workspace, support)?.workspace.primaryMailboxId).toBeNull();
    expect(primaryAfterRemoval(workspace, sales)).toBeNull();
  });
});
