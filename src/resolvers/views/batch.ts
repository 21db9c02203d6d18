/** Collects the keys that are asked for in one turn and reads them with one call. */
export type BatchLoader<Key, Value> = (key: Key) => Promise<Value>;

/**
 * Nothing is kept after the call: a later read sees what was written meanwhile, as a mutation's answer and every event
 * of a subscription must. Keys asked for twice in one turn are read once. `readMany` answers in the order of its keys.
 */
export function createBatchLoader<Key, Value>(readMany: (keys: readonly Key[]) => Promise<readonly Value[]>): BatchLoader<Key, Value> {
  let waiting: Map<
    Key,
    { readonly promise: Promise<Value>; readonly resolve: (value: Value) => void; readonly reject: (error: unknown) => void }
  > = new Map();

  async function readWaiting(): Promise<void> {
    const batch = [...waiting.entries()];
    waiting = new Map();
    try {
      const values = await readMany(batch.map(([key]) => key));
      batch.forEach(([, entry], index) => {
        // A short answer would leave a reader waiting for ever.
        if (index < values.length) entry.resolve(values[index] as Value);
        else entry.reject(new Error('A batch read answered fewer values than it was asked for.'));
      });
    } catch (error) {
      for (const [, entry] of batch) entry.reject(error);
    }
  }

  return (key) => {
    const known = waiting.get(key);
    if (known !== undefined) return known.promise;
    // After the microtasks that are queued already, so that siblings resolved a promise later still join this batch.
    if (waiting.size === 0) void Promise.resolve().then(() => process.nextTick(() => void readWaiting()));
    const { promise, resolve, reject } = withResolvers<Value>();
    waiting.set(key, { promise, resolve, reject });
    return promise;
  };
}

function withResolvers<Value>() {
  let resolve: (value: Value) => void = () => undefined;
  let reject: (error: unknown) => void = () => undefined;
  const promise = new Promise<Value>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}
