import { isDuplicateKey } from './connection.ts';

/** Two upserts of one key at once: the loser sees a duplicate, and succeeds when it tries again. */
export async function retryDuplicate<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isDuplicateKey(error)) throw error;
    return work();
  }
}
