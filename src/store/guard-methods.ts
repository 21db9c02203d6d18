import type { Store } from './store.ts';

/**
 * The same store with every asynchronous method guarded in one place: `admit` may throw before the call, `translate` makes
 * of a library's error what the port promises. `follow` and `close` have their own rules and are left alone.
 */
export function guardMethods(store: Store, admit: () => void, translate: (error: unknown) => unknown): Store {
  const guarded = Object.entries(store).map(([name, member]: [string, unknown]) => {
    if (typeof member !== 'function' || name === 'follow' || name === 'close') return [name, member] as const;
    const method = async (...args: readonly unknown[]): Promise<unknown> => {
      admit();
      try {
        return await (Reflect.apply(member, store, args) as Promise<unknown>);
      } catch (error) {
        throw translate(error);
      }
    };
    return [name, method] as const;
  });
  // Same names, same signatures: the type is what went in.
  return Object.fromEntries(guarded) as unknown as Store;
}
