import { describe, expect, test } from 'vitest';
import type { WorkspaceId } from '../../../src/domain/ids.ts';
import type { IdempotencyKey } from '../../../src/store/store.ts';
import { newId } from '../../support/store.ts';
import { databases, type EngineUnderTest } from './harness.ts';

const HOUR_MS = 3_600_000;

export function coordinationContract(engine: EngineUnderTest): void {
  const open = databases(engine);

  describe('leases', () => {
    test('of many that ask at once exactly one holds a lease', async () => {
      const { store, another } = await open();
      const second = await another();
      const asked = await Promise.all(
        Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? store : second).acquireLease('monitor', `holder-${index}`, 60_000)),
      );
      expect(asked.filter(({ acquired }) => acquired)).toHaveLength(1);
      expect(new Set(asked.map(({ fence }) => fence)).size).toBe(1);
    });

    test('its holder renews it without a new fence; others get it when it was released or has expired, with a higher one', async () => {
      const { store, passTime } = await open();
      const first = await store.acquireLease('a', 'one', 60_000);
      expect(first.acquired).toBe(true);
      expect(await store.acquireLease('a', 'one', 60_000)).toEqual(first);
      expect(await store.acquireLease('a', 'two', 60_000)).toEqual({ acquired: false, fence: first.fence });
      await store.releaseLease('a', 'two');
      expect((await store.acquireLease('a', 'two', 60_000)).acquired).toBe(false);
      await store.releaseLease('a', 'one');
      const second = await store.acquireLease('a', 'two', 30);
      expect(second.acquired).toBe(true);
      expect(second.fence).toBeGreaterThan(first.fence);
      await passTime(50);
      const third = await store.acquireLease('a', 'three', 60_000);
      expect(third.acquired).toBe(true);
      expect(third.fence).toBeGreaterThan(second.fence);
      expect((await store.acquireLease('b', 'four', 60_000)).acquired).toBe(true);
    });
  });

  describe('idempotency', () => {
    const aKey = (parts: Partial<IdempotencyKey> = {}): IdempotencyKey => ({
      workspaceId: 'workspace' as WorkspaceId,
      key: newId(),
      operation: 'reauth',
      fingerprint: 'fingerprint',
      holder: 'one',
      ...parts,
    });

    test('of 50 that begin with one key exactly one starts, and all others get its result once there is one', async () => {
      const { store, another } = await open();
      const second = await another();
      const key = aKey();
      const states = await Promise.all(
        Array.from({ length: 50 }, (_, index) => (index % 2 === 0 ? store : second).beginIdempotent(key, 1000)),
      );
      expect(states.filter(({ kind }) => kind === 'started')).toHaveLength(1);
      expect(states.filter(({ kind }) => kind === 'in-progress')).toHaveLength(49);
      await store.finishIdempotent(key, '{"ok":true}');
      expect(await second.beginIdempotent({ ...key, holder: 'two' }, 2000)).toEqual({ kind: 'finished', result: '{"ok":true}' });
    });

    test('the same key with another input or for another operation is a mismatch; in another workspace it is another key', async () => {
      const { store } = await open();
      const key = aKey();
      await store.beginIdempotent(key, 1000);
      expect(await store.beginIdempotent({ ...key, fingerprint: 'other' }, 1000)).toEqual({ kind: 'mismatch' });
      expect(await store.beginIdempotent({ ...key, operation: 'migrate' }, 1000)).toEqual({ kind: 'mismatch' });
      expect(await store.beginIdempotent({ ...key, workspaceId: 'elsewhere' as WorkspaceId }, 1000)).toEqual({ kind: 'started' });
      expect(await store.beginIdempotent(aKey(), 1000)).toEqual({ kind: 'started' });
    });

    test('an abandoned key may be tried again, a finished one is not abandoned', async () => {
      const { store } = await open();
      const key = aKey();
      await store.beginIdempotent(key, 1000);
      await store.abandonIdempotent(key);
      expect(await store.beginIdempotent(key, 1000)).toEqual({ kind: 'started' });
      await store.finishIdempotent(key, 'done');
      await store.abandonIdempotent(key);
      expect(await store.beginIdempotent(key, 1000)).toEqual({ kind: 'finished', result: 'done' });
    });

    test('one that did not finish within 60 s is started again by one caller, and its late result is not taken', async () => {
      const { store } = await open();
      const key = aKey();
      await store.beginIdempotent(key, 1000);
      expect(await store.beginIdempotent(key, 60_999)).toEqual({ kind: 'in-progress' });
      const retries = await Promise.all(['two', 'three', 'four'].map((holder) => store.beginIdempotent({ ...key, holder }, 61_000)));
      expect(retries.map(({ kind }) => kind).sort()).toEqual(['in-progress', 'in-progress', 'started']);
      await store.finishIdempotent(key, 'late');
      expect(await store.beginIdempotent(key, 61_000)).toEqual({ kind: 'in-progress' });
    });

    test('a result is remembered for 24 hours', async () => {
      const { store } = await open();
      const key = aKey();
      await store.beginIdempotent(key, 1000);
      await store.finishIdempotent(key, 'done');
      expect(await store.beginIdempotent(key, 1000 + 24 * HOUR_MS - 1)).toEqual({ kind: 'finished', result: 'done' });
      expect(await store.beginIdempotent({ ...key, fingerprint: 'other' }, 1000 + 24 * HOUR_MS)).toEqual({ kind: 'started' });
    });

    test('prune forgets old keys and old suspicions', async () => {
      const { store } = await open();
      const key = aKey();
      await store.beginIdempotent(key, 1000);
      await store.addSuspicion('OTHER|h', newId() as never, 1000);
      await store.prune(0);
      expect(await store.beginIdempotent({ ...key, fingerprint: 'other' }, 1001)).toEqual({ kind: 'started' });
      expect(await store.suspicionsSince('OTHER|h', 0)).toBe(0);
    });
  });

  describe('the installation', () => {
    test('serving processes are listed while they beat', async () => {
      const { store } = await open();
      const instance = { id: 'one', startedAt: 1, seenAt: 100, version: '0.1.0', keyIds: ['k1'] };
      await store.heartbeat(instance);
      await store.heartbeat({ ...instance, id: 'two', seenAt: 50 });
      await store.heartbeat({ ...instance, seenAt: 200, keyIds: ['k1', 'k2'] });
      expect(await store.instances(100)).toEqual([{ ...instance, seenAt: 200, keyIds: ['k1', 'k2'] }]);
      expect(await store.instances(0)).toHaveLength(2);
      await store.removeInstance('one');
      expect(await store.instances(100)).toEqual([]);
    });

    test('a fact is set, or kept when it must not be replaced, with one winner under a race', async () => {
      const { store, another } = await open();
      const second = await another();
      expect(await store.meta('k')).toBeNull();
      const values = await Promise.all(
        Array.from({ length: 10 }, (_, index) => (index % 2 === 0 ? store : second).setMeta('k', `v${index}`, { ifAbsent: true })),
      );
      expect(new Set(values).size).toBe(1);
      expect(await store.meta('k')).toBe(values[0]);
      expect(await store.setMeta('k', 'new')).toBe('new');
      expect(await second.meta('k')).toBe('new');
    });

    test('a database that answers is pinged', async () => {
      const { store } = await open();
      await expect(store.ping(2000)).resolves.toBeUndefined();
    });
  });
}
